import { createPublicKey, verify } from 'node:crypto'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { decompressPoint, importVerifyKey, type VerifyKey } from '#shared/crypto/keys.ts'

const KEYS_KEPT_MAX = 10_000
/** Of an uncompressed point: one byte that says so, then x and y. */
const COORDINATE_BYTES = 32

/**
 * Imported public keys by their point (base64url), because importing costs more than checking a signature: those of all terminals, phones
 * and bands, which are more than any other part meets.
 */
export class VerifyKeys {
  readonly #kept = new Map<string, VerifyKey>()

  /** The key of a point, or undefined when the text is not a point of the curve. */
  async of(point: string): Promise<VerifyKey | undefined> {
    const known = this.#kept.get(point)
    if (known) return known
    const key = promptKeyOf(point)
    if (!key) return undefined
    if (this.#kept.size >= KEYS_KEPT_MAX) this.#kept.clear()
    this.#kept.set(point, key)
    return key
  }
}

/** Checks on the thread that asks: sent to another, one signature waits longer for its turn and its answer than it takes to be checked. */
function promptKeyOf(text: string): VerifyKey | undefined {
  const point = fromBase64Url(text)
  const whole = point ? decompressPoint(point) : undefined
  if (!point || !whole?.ok) return undefined
  const x = toBase64Url(whole.value.subarray(1, 1 + COORDINATE_BYTES))
  const y = toBase64Url(whole.value.subarray(1 + COORDINATE_BYTES))
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  return { point, verify: async (signature, data) => verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature) }
}

/** The key of a point (base64url) that is seldom needed, or undefined when the text is not a point of the curve. */
export async function keyOfPoint(point: string): Promise<VerifyKey | undefined> {
  const bytes = fromBase64Url(point)
  const key = bytes && (await importVerifyKey(bytes))
  return key?.ok ? key.value : undefined
}
