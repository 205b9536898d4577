/**
 * Keys and values of the vectors. Nothing is drawn: a private key is SHA-256 of the text `bandtill vector <part>`, and signatures are those of
 * RFC 6979, so that the file comes out the same on every machine. A verifier must take any valid signature, not only these.
 */
import { createHash } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { kidOf, type Signer } from '#shared/crypto/keys.ts'

export const SIGNERS = [
  'root',
  'terminal-ca',
  'phone-ca',
  'authorizer',
  'release',
  'allowance',
  'identity',
  'terminal',
  'phone',
  'band',
  'band-factory',
  'stranger',
] as const
export type SignerName = (typeof SIGNERS)[number]

/** The first bytes of SHA-256 of this text. */
export function vectorBytes(name: string, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(`bandtill vector ${name}`).digest().subarray(0, length))
}

export function privateKeyOf(name: string): Uint8Array<ArrayBuffer> {
  return vectorBytes(name, 32)
}

export async function vectorSigner(name: string): Promise<Signer> {
  const secret = privateKeyOf(name)
  const point = Uint8Array.from(p256.getPublicKey(secret, true))
  return { kid: await kidOf(point), point, sign: async (data) => Uint8Array.from(p256.sign(data, secret, { lowS: false })) }
}
