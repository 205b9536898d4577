/** The question who somebody is, as a signed statement. */
import type { JournalHead } from '#main/payments/statements.ts'
import type { Keys } from '#main/ports.ts'
import { idBytes } from '#shared/contracts/bytes.ts'
import { claimBits, identifyStatement } from '#shared/contracts/identity-messages.ts'
import { HEAD_BYTES } from '#shared/contracts/radio-messages.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import type { Claim } from '#shared/domain/claims.ts'
import type { RequestId } from '#shared/domain/ids.ts'

/** Long enough to take a phone out of a pocket and read a question on it. */
export const IDENTIFY_LIFETIME_S = 60

export async function signIdentify(input: {
  readonly keys: Keys
  readonly requestId: RequestId
  readonly claims: readonly Claim[]
  readonly bandNonce: Uint8Array
  /** The newest entry of the journal: this request, too, makes the customer's phone a witness. */
  readonly head: JournalHead
  readonly nowS: number
}): Promise<Uint8Array> {
  const { keys, requestId, claims, bandNonce, head, nowS } = input
  const statement = {
    requestId: idBytes(requestId),
    claims: claimBits(claims),
    bandNonce,
    time: nowS,
    lifetime: IDENTIFY_LIFETIME_S,
    headSeq: head.seq,
    head: head.hash.subarray(0, HEAD_BYTES),
  }
  return sign1(identifyStatement, statement, keys.signer, { withKid: false })
}
