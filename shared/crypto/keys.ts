/**
 * Keys of the one suite: P-256. This folder is the only shared code that draws randomness, and only through WebCrypto and HPKE,
 * which Node, Electron and browsers all have.
 */
import { p256 } from '@noble/curves/nist.js'
import { sha256 as createSha256 } from '@noble/hashes/sha2.js'
import { toHex } from '#shared/contracts/bytes.ts'
import { KID_BYTES } from '#shared/contracts/cose.ts'
import { POINT_BYTES } from '#shared/contracts/radio-messages.ts'
import { err, ok, type Result } from '#shared/result.ts'

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' } as const
const ES256 = { name: 'ECDSA', hash: 'SHA-256' } as const

/** Signs with a private key it does not show. `kid` is the first 8 bytes of SHA-256 of the compressed point. */
export interface Signer {
  readonly kid: Uint8Array
  readonly point: Uint8Array
  /** ES256: 64 bytes, r then s. */
  sign(data: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** A private key as it is kept: JWK, only ever in a key store. */
export type PrivateJwk = { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string; readonly d: string }

/** Of all parts, one after another. What is hashed here is small: the platform's own would take longer to be asked than to answer. */
export async function sha256(...parts: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const hash = createSha256.create()
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}

export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length))
}

/** The 33-byte form of an uncompressed 65-byte point. */
export function compressPoint(uncompressed: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([2 + ((uncompressed[64] ?? 0) & 1), ...uncompressed.subarray(1, 33)])
}

/** The 65-byte form of a compressed point. `bad-point` when the bytes are not a point of P-256. */
export function decompressPoint(point: Uint8Array): Result<Uint8Array<ArrayBuffer>, 'bad-point'> {
  if (point.length !== POINT_BYTES) return err('bad-point')
  try {
    return ok(Uint8Array.from(p256.Point.fromBytes(point).toBytes(false)))
  } catch {
    return err('bad-point')
  }
}

/** A public key that checks ES256 signatures. The platform's own key type stays inside, so that no part depends on it. */
export interface VerifyKey {
  readonly point: Uint8Array
  /** `signature` is 64 bytes, r then s. */
  verify(signature: Uint8Array, data: Uint8Array): Promise<boolean>
}

/** Keys in use: a backend's, a terminal's, and those of the bands at one counter. */
const IMPORTED_MAX = 256
/** Keys already checked and taken in, the least recently used first: the same few sign everything a part receives. */
const imported = new Map<string, Promise<VerifyKey>>()

/** The verifying key of a compressed point. */
export async function importVerifyKey(point: Uint8Array): Promise<Result<VerifyKey, 'bad-point'>> {
  const name = toHex(point)
  const before = imported.get(name)
  if (before) {
    imported.delete(name)
    imported.set(name, before)
    return ok(await before)
  }
  const uncompressed = decompressPoint(point)
  if (!uncompressed.ok) return uncompressed
  const importing = verifyKeyOf(uncompressed.value)
  imported.set(name, importing)
  for (const oldest of imported.keys()) {
    if (imported.size <= IMPORTED_MAX) break
    imported.delete(oldest)
  }
  return ok(await importing)
}

async function verifyKeyOf(uncompressed: Uint8Array<ArrayBuffer>): Promise<VerifyKey> {
  const key = await crypto.subtle.importKey('raw', uncompressed, ECDSA, true, ['verify'])
  return {
    point: compressPoint(uncompressed),
    verify: async (signature, data) => crypto.subtle.verify(ES256, key, Uint8Array.from(signature), Uint8Array.from(data)),
  }
}

export async function kidOf(point: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return (await sha256(point)).slice(0, KID_BYTES)
}

/** Makes a new private key in the form a key store keeps. */
export async function generatePrivateJwk(): Promise<PrivateJwk> {
  const pair = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])
  const jwk = await crypto.subtle.exportKey('jwk', pair.privateKey)
  if (!jwk.x || !jwk.y || !jwk.d) throw new Error('the platform exported an incomplete key')
  return { kty: 'EC', crv: 'P-256', x: jwk.x, y: jwk.y, d: jwk.d }
}

/** A signer over a private key from a key store. */
export async function signerOf(jwk: PrivateJwk): Promise<Signer> {
  const { kty, crv, x, y } = jwk
  const privateKey = await crypto.subtle.importKey('jwk', { ...jwk }, ECDSA, false, ['sign'])
  const publicKey = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, ECDSA, true, ['verify'])
  return signerOfKeys(privateKey, publicKey)
}

/** A key nobody has used before, kept nowhere: it ends with whoever holds the signer. */
export async function newSigner(): Promise<Signer> {
  return signerOf(await generatePrivateJwk())
}

/** A new pair whose private key the platform gives to nobody: it can be used and kept as it is, and not read. */
export async function generateHiddenKeys(): Promise<{ readonly privateKey: CryptoKey; readonly publicKey: CryptoKey }> {
  return crypto.subtle.generateKey(ECDSA, false, ['sign', 'verify'])
}

/** A signer over a pair of the platform's own keys. */
export async function signerOfKeys(privateKey: CryptoKey, publicKey: CryptoKey): Promise<Signer> {
  const point = compressPoint(new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)))
  return {
    kid: await kidOf(point),
    point,
    sign: async (data) => new Uint8Array(await crypto.subtle.sign(ES256, privateKey, Uint8Array.from(data))),
  }
}
