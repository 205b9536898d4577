/** PINs as they are kept: a scrypt hash with a salt of its own each. A PIN itself is never written down. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** The least that current advice (OWASP, N = 2^17 or its equals) leaves to a till that must answer at once: 32 MiB and some 70 ms a guess. */
const SCRYPT_COST = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 } as const
const HASH_BYTES = 32
const SALT_BYTES = 16

export type PinHash = { readonly salt: Uint8Array; readonly hash: Uint8Array }
/** Hashes a PIN with a salt. Tests pass one that costs nothing. */
export type HashPin = (pin: string, salt: Uint8Array) => Promise<Uint8Array>

/** scrypt with the costs above, off the main thread. 32 bytes. */
export const scryptPin: HashPin = async (pin, salt) => {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  scrypt(pin, salt, HASH_BYTES, SCRYPT_COST, (fault, hash) => {
    if (fault) reject(fault)
    else resolve(new Uint8Array(hash))
  })
  return promise
}

/** A new salt and the hash made with it. */
export async function newPinHash(hashPin: HashPin, pin: string): Promise<PinHash> {
  const salt = new Uint8Array(randomBytes(SALT_BYTES))
  return { salt, hash: await hashPin(pin, salt) }
}

/** Whether the PIN is the one that was hashed. How long it takes says nothing about how much of it was right. */
export async function isPin(hashPin: HashPin, pin: string, { salt, hash }: PinHash): Promise<boolean> {
  const tried = await hashPin(pin, salt)
  return tried.length === hash.length && timingSafeEqual(tried, hash)
}
