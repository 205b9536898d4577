/**
 * Reading the answer to the question who somebody is. The order of checks is the one in docs/protocol.md: shape, algorithm, key and its
 * validity, signature over the received bytes, then every field against what we asked.
 */
import { equalBytes, idBytes } from '#shared/contracts/bytes.ts'
import type { GivenClaim } from '#shared/contracts/identify.ts'
import { CLAIM_BITS, type IdentityAnswer, identityAnswer } from '#shared/contracts/identity-messages.ts'
import { ANSWER_KINDS, answerPlaintext, decline, phoneRefusal } from '#shared/contracts/radio-messages.ts'
import { CLOCK_TOLERANCE_S, type KeySet, type TrustError } from '#shared/crypto/key-set.ts'
import type { VerifyKey } from '#shared/crypto/keys.ts'
import { openSign1 } from '#shared/crypto/sign1.ts'
import type { Claim } from '#shared/domain/claims.ts'
import { type IdentifyReason, identifyReasonOfCode } from '#shared/domain/identify-reasons.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { err, ok, type Result } from '#shared/result.ts'

/** What the answer must agree with: the question as it left. */
export type AskedWho = {
  readonly requestId: RequestId
  readonly statementDigest: Uint8Array
  readonly terminalId: string
  readonly claims: readonly Claim[]
}
export type Told =
  | { readonly kind: 'told'; readonly given: Readonly<Partial<Record<Claim, GivenClaim>>> }
  | { readonly kind: 'untold'; readonly reason: IdentifyReason }

export type IdentityFault =
  | TrustError
  | 'other-request'
  | 'other-statement'
  | 'other-terminal'
  | 'other-claims'
  | 'wrong-time'
  | 'unknown-reason'

type Trust = { readonly keys: KeySet; readonly phoneKey: VerifyKey; readonly nowS: number }

/** `phoneKey` is the key of the certificate the question was sealed for. */
export async function readIdentity(plaintext: Uint8Array, asked: AskedWho, trust: Trust): Promise<Result<Told, IdentityFault>> {
  const answer = answerPlaintext.decode(plaintext)
  if (!answer.ok) return answer
  const { kind, signed } = answer.value
  switch (kind) {
    case ANSWER_KINDS.identity: {
      const said = await trust.keys.open('identity', identityAnswer, signed, trust.nowS)
      if (!said.ok) return said
      const fault = faultOf(said.value, asked, trust.nowS) ?? faultOfClaims(said.value, asked)
      return fault ? err(fault) : ok({ kind: 'told', given: givenBy(said.value) })
    }
    case ANSWER_KINDS.decline: {
      const no = await trust.keys.open('authorizer', decline, signed, trust.nowS)
      return no.ok ? untold(no.value, asked, trust.nowS) : no
    }
    case ANSWER_KINDS.refusal: {
      const no = await openSign1(phoneRefusal, signed, trust.phoneKey)
      return no.ok ? untold(no.value, asked, trust.nowS) : no
    }
    default:
      return err('malformed')
  }
}

type Said = { readonly requestId: Uint8Array; readonly statementDigest: Uint8Array; readonly at: number; readonly terminalId?: string }

function untold(no: Said & { readonly reason: number }, asked: AskedWho, nowS: number): Result<Told, IdentityFault> {
  const fault = faultOf(no, asked, nowS)
  if (fault) return err(fault)
  const reason = identifyReasonOfCode(no.reason)
  return reason ? ok({ kind: 'untold', reason }) : err('unknown-reason')
}

function faultOf({ requestId, statementDigest, terminalId, at }: Said, asked: AskedWho, nowS: number): IdentityFault | undefined {
  if (!equalBytes(requestId, idBytes(asked.requestId))) return 'other-request'
  if (!equalBytes(statementDigest, asked.statementDigest)) return 'other-statement'
  // A phone's refusal names no terminal: it is sealed for this one.
  if (terminalId !== undefined && terminalId !== asked.terminalId) return 'other-terminal'
  return Math.abs(at - nowS) > CLOCK_TOLERANCE_S ? 'wrong-time' : undefined
}

/** Something was said that nobody asked for, or vouched for that was not said. */
function faultOfClaims(said: IdentityAnswer, { claims }: AskedWho): IdentityFault | undefined {
  const entries = entriesOf(said)
  const isUnasked = entries.some(([claim, value]) => value !== undefined && !claims.includes(claim))
  const isVouchedForNothing = entries.some(([claim, value]) => value === undefined && isVouched(said, claim))
  return isUnasked || isVouchedForNothing ? 'other-claims' : undefined
}

/** The pairwise customer id is not among it: whoever stands here needs a name or a number, and nothing that lasts. */
function givenBy(said: IdentityAnswer): Readonly<Partial<Record<Claim, GivenClaim>>> {
  const given = entriesOf(said).flatMap(([claim, value]) =>
    value === undefined ? [] : [[claim, { value, isVouched: isVouched(said, claim) }] as const],
  )
  return Object.fromEntries(given)
}

function entriesOf({ name, memberNumber }: IdentityAnswer): readonly (readonly [Claim, string | undefined])[] {
  return [
    ['name', name],
    ['member-number', memberNumber],
  ]
}

function isVouched({ vouched }: IdentityAnswer, claim: Claim): boolean {
  return (vouched & CLAIM_BITS[claim]) !== 0
}
