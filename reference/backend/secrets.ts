/** Tokens for programs and codes for people: how they are made, and what is kept of them. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { randomBytes } from '#shared/crypto/keys.ts'

const TOKEN_BYTES = 32
/** Crockford's base 32: no letter that looks like a digit, and no U, so that no code spells a rude word. Five bits a letter. */
const CODE_LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const CODE = new RegExp(`^[${CODE_LETTERS}]+$`, 'u')
export const CODE_GROUP_LETTERS = 5

/** 256 random bits, base64url. */
export function newToken(): string {
  return toBase64Url(randomBytes(TOKEN_BYTES))
}

/** Random letters, 25 bits a group, without the hyphens between the groups. */
export function newCode(groups: number): string {
  return Array.from(randomBytes(groups * CODE_GROUP_LETTERS), (byte) => CODE_LETTERS.charAt(byte % CODE_LETTERS.length)).join('')
}

/** As a person reads it: `7Q2MX-9KDFA-…`. */
export function spelled(code: string): string {
  return (code.match(new RegExp(`.{${CODE_GROUP_LETTERS}}`, 'gu')) ?? []).join('-')
}

/** The code a person typed, however they wrote it; undefined when it cannot be one of so many groups. */
export function readCode(typed: string, groups: number): string | undefined {
  const code = typed.toUpperCase().replaceAll(/[\s-]/gu, '').replaceAll('O', '0').replaceAll(/[IL]/gu, '1')
  return code.length === groups * CODE_GROUP_LETTERS && CODE.test(code) ? code : undefined
}

/**
 * What the database keeps of a secret, hex. Plain SHA-256 is enough: each of these secrets is random and of at least 75 bits, so that
 * nobody tries them all, and a slow hash would only slow the backend.
 */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Compares without telling by its time where two texts differ. */
export function isSameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}
