import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { importVerifyKey, type VerifyKey } from '#shared/crypto/keys.ts'

const KEYS_KEPT_MAX = 10_000

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
    const key = await keyOfPoint(point)
    if (!key) return undefined
    if (this.#kept.size >= KEYS_KEPT_MAX) this.#kept.clear()
    this.#kept.set(point, key)
    return key
  }
}

/** The key of a point (base64url) that is seldom needed, or undefined when the text is not a point of the curve. */
export async function keyOfPoint(point: string): Promise<VerifyKey | undefined> {
  const bytes = fromBase64Url(point)
  const key = bytes && (await importVerifyKey(bytes))
  return key?.ok ? key.value : undefined
}
