/**
 * The two statements of the identity card: a terminal asks who wears the band, and the backend answers with what the customer agreed to.
 * docs/protocol.md §6.1 is this file in words.
 */
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import { DIGEST_BYTES, HEAD_BYTES, ID_BYTES, NONCE_BYTES, REQUEST_LIFETIME_MAX_S, U32_MAX } from './radio-messages.ts'
import { bytes, int, optional, signedStructure, text, uint, type ValueOfStructure } from './structure.ts'

export const CLAIM_NAME_MAX = 40
export const MEMBER_NUMBER_MAX = 24
/** What a merchant knows a customer by. */
export const CUSTOMER_BYTES = 8
const TERMINAL_ID_MAX = 16

/** Bits of the claims asked for, agreed to, or vouched for. */
export const CLAIM_BITS = { name: 1, 'member-number': 2 } as const satisfies Record<Claim, number>
const CLAIM_BITS_ALL = 3

/** The terminal asks who is there. It moves no money, and is sent as a PROBE only. Signed by the certified terminal key. */
export const identifyStatement = signedStructure('bt1i', {
  requestId: bytes(1, ID_BYTES),
  /** At least one. */
  claims: int(2, 1, CLAIM_BITS_ALL),
  bandNonce: bytes(3, NONCE_BYTES),
  time: uint(4, U32_MAX),
  /** Seconds after `time` at which the question expires. */
  lifetime: uint(5, REQUEST_LIFETIME_MAX_S),
  headSeq: uint(6, U32_MAX),
  head: bytes(7, HEAD_BYTES),
})
export type IdentifyStatement = ValueOfStructure<typeof identifyStatement>

/**
 * Signed by an `identity` key (kid in the header). A claim that is not there was not agreed to, or the account has none: the terminal cannot
 * tell which.
 */
export const identityAnswer = signedStructure('bt1y', {
  requestId: bytes(1, ID_BYTES),
  statementDigest: bytes(2, DIGEST_BYTES),
  terminalId: text(3, TERMINAL_ID_MAX),
  customer: bytes(4, CUSTOMER_BYTES),
  name: optional(text(5, CLAIM_NAME_MAX)),
  memberNumber: optional(text(6, MEMBER_NUMBER_MAX)),
  /** The claims given that the operator registered. Of the others the customer says so, and nobody has looked. */
  vouched: uint(7, CLAIM_BITS_ALL),
  at: uint(8, U32_MAX),
})
export type IdentityAnswer = ValueOfStructure<typeof identityAnswer>

export function claimBits(claims: readonly Claim[]): number {
  return claims.reduce((bits, claim) => bits | CLAIM_BITS[claim], 0)
}

export function claimsOfBits(bits: number): readonly Claim[] {
  return CLAIMS.filter((claim) => (bits & CLAIM_BITS[claim]) !== 0)
}
