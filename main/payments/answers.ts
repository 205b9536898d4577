/**
 * Reading an answer. The order of checks is the one in docs/protocol.md: shape, algorithm, key and its validity, signature over the
 * received bytes, then every field against what we asked. A failed check is a fault with a name: the attempt stays in doubt, and is
 * never taken for a no by guess.
 */
import type { RevokedKind } from '#shared/contracts/allowance-api.ts'
import { equalBytes, idBytes, toHex } from '#shared/contracts/bytes.ts'
import {
  ANSWER_KINDS,
  type Authorization,
  answerPlaintext,
  authorization,
  decline,
  neverSeen,
  phoneRefusal,
  presenceAnswer,
} from '#shared/contracts/radio-messages.ts'
import type { SignedStructure } from '#shared/contracts/structure.ts'
import { CLOCK_TOLERANCE_S, isValidAt, type KeySet } from '#shared/crypto/key-set.ts'
import type { VerifyKey } from '#shared/crypto/keys.ts'
import { type OfflineEvidence, type OfflineFault, openOffline } from '#shared/crypto/offline.ts'
import { openSign1, peekSign1 } from '#shared/crypto/sign1.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import type { Money } from '#shared/domain/money.ts'
import { type Reason, reasonOfCode } from '#shared/domain/reasons.ts'
import { err, ok, type Result } from '#shared/result.ts'

/** What a receipt needs of a yes, whoever gave it. */
export type Approval = Pick<Authorization, 'authorizationId' | 'displayName'>

/** The backend holds the money. Other modes are reserved. */
const MODE_ONLINE = 1

/** What the answer must agree with: the request as it left. */
export type Asked = {
  readonly requestId: RequestId
  readonly statementDigest: Uint8Array
  readonly amount: Money
  readonly merchantId: string
  readonly terminalId: string
  readonly knocks: number
  /** Of the sealed request as it left, and of the offer's nonce: what a band's word about a slot is held against. */
  readonly requestDigest: Uint8Array
  readonly bandNonce: Uint8Array
  readonly sentAtS: number
  readonly expiresAtS: number
}

export type Outcome =
  | {
      readonly kind: 'authorized'
      readonly authorization: Approval
      readonly signed: Uint8Array
      /** What it stands on, when it was given without a network. */
      readonly offline?: Omit<OfflineEvidence, 'authorization'>
    }
  /** Good in itself, out of an allowance that its owner has stopped: not taken. */
  | { readonly kind: 'revoked'; readonly signed: Uint8Array }
  | { readonly kind: 'declined'; readonly reason: Reason; readonly signed: Uint8Array }
  | { readonly kind: 'refused'; readonly reason: Reason; readonly signed: Uint8Array }
  | { readonly kind: 'never-seen'; readonly signed: Uint8Array }

/** Whether an allowance, or a phone's key by the pseudonym of its certificate, must not be taken any more. `id` in hex. */
export type IsRevoked = (kind: RevokedKind, id: string) => boolean

/** What an answer is checked by. */
export type Trust = {
  readonly keys: KeySet
  readonly nowS: number
  readonly isRevoked: IsRevoked
}

export type AnswerFault =
  | 'malformed'
  | 'wrong-algorithm'
  | 'bad-signature'
  | 'unknown-key'
  | 'not-valid-now'
  | 'bad-point'
  | 'other-request'
  | 'other-statement'
  | 'other-amount'
  | 'other-currency'
  | 'other-merchant'
  | 'other-terminal'
  | 'other-knocks'
  | 'other-mode'
  | 'wrong-time'
  | 'unknown-reason'
  | OfflineFault

/** Reads the opened ANSWER of a band session. `phoneKey` is the key of the certificate the request was sealed for. */
export async function readAnswer(
  plaintext: Uint8Array,
  asked: Asked,
  trust: Trust & { readonly phoneKey: VerifyKey },
): Promise<Result<Outcome, AnswerFault>> {
  const answer = answerPlaintext.decode(plaintext)
  if (!answer.ok) return answer
  const { kind, signed, slot, slotProof } = answer.value
  switch (kind) {
    case ANSWER_KINDS.authorization:
      return readAuthorization(signed, asked, trust)
    case ANSWER_KINDS.decline:
      return readDecline(signed, asked, trust)
    case ANSWER_KINDS.offline:
      return slot && slotProof ? readOffline({ authorization: signed, slot, slotProof }, asked, trust) : err('malformed')
    case ANSWER_KINDS.refusal: {
      const refusal = await openSign1(phoneRefusal, signed, trust.phoneKey)
      if (!refusal.ok) return refusal
      const reason = reasonOfCode(refusal.value.reason)
      const fault = otherRequest(refusal.value, asked)
      if (fault) return err(fault)
      return reason ? ok({ kind: 'refused', reason, signed }) : err('unknown-reason')
    }
    case ANSWER_KINDS['never-seen']: {
      const never = await openSign1(neverSeen, signed, trust.phoneKey)
      if (!never.ok) return never
      const fault = otherRequest({ requestId: never.value.requestId, statementDigest: never.value.firstDigest }, asked)
      return fault ? err(fault) : ok({ kind: 'never-seen', signed })
    }
    default:
      return err('malformed')
  }
}

/**
 * Reads a yes that was given without a network: slot, band's word and phone's signature hold together, are about this very request, were
 * given in its time, and stand in no list of what must not be taken.
 */
async function readOffline(evidence: OfflineEvidence, asked: Asked, trust: Trust): Promise<Result<Outcome, AnswerFault>> {
  const opened = await openOffline(evidence, trust.keys)
  if (!opened.ok) return opened
  const { authorization: value, slot, proof } = opened.value
  const isOurRequest = equalBytes(proof.requestDigest, asked.requestDigest) && equalBytes(proof.bandNonce, asked.bandNonce)
  const isInTime = !isOutside(value.approvedAt, asked) && isValidAt(slot, value.approvedAt)
  const fault =
    otherRequest(value, asked) ??
    (isOurRequest ? undefined : 'other-request') ??
    otherTerms(value, asked) ??
    (isInTime && slot.settleBy > trust.nowS ? undefined : 'wrong-time')
  if (fault) return err(fault)
  const signed = evidence.authorization
  if (trust.isRevoked('allowance', toHex(slot.allowanceId))) return ok({ kind: 'revoked', signed })
  const { authorizationId } = value
  const approval = { authorizationId, displayName: slot.displayName }
  const offline = { slot: evidence.slot, slotProof: evidence.slotProof }
  return ok({ kind: 'authorized', authorization: approval, signed, offline })
}

/** Reads an AUTHORIZATION, wherever it came from: through the band, or from the backend when it is asked. */
export async function readAuthorization(
  signed: Uint8Array,
  asked: Asked,
  trust: { readonly keys: KeySet; readonly nowS: number },
): Promise<Result<Outcome, AnswerFault>> {
  const opened = await openByAuthorizer(authorization, signed, trust.keys, (value) => value.approvedAt)
  if (!opened.ok) return opened
  const value = opened.value
  const fault =
    otherRequest(value, asked) ??
    otherTerms(value, asked) ??
    (value.mode === MODE_ONLINE ? undefined : 'other-mode') ??
    (isOutside(value.approvedAt, asked) || value.captureBy <= trust.nowS ? 'wrong-time' : undefined)
  return fault ? err(fault) : ok({ kind: 'authorized', authorization: value, signed })
}

/** Reads a DECLINE, wherever it came from. */
export async function readDecline(
  signed: Uint8Array,
  asked: Asked,
  trust: { readonly keys: KeySet; readonly nowS: number },
): Promise<Result<Outcome, AnswerFault>> {
  const opened = await openByAuthorizer(decline, signed, trust.keys, (value) => value.at)
  if (!opened.ok) return opened
  const fault = otherRequest(opened.value, asked) ?? (opened.value.terminalId !== asked.terminalId ? 'other-terminal' : undefined)
  if (fault) return err(fault)
  const reason = reasonOfCode(opened.value.reason)
  return reason ? ok({ kind: 'declined', reason, signed }) : err('unknown-reason')
}

/**
 * Reads the answer to a presence: how many knocks the band felt, by the word of the phone whose certificate the question was sealed for.
 * A refusal of the phone is none: whoever does not say what was felt, felt nothing.
 */
export async function readPresence(
  plaintext: Uint8Array,
  asked: { readonly requestId: RequestId; readonly statementDigest: Uint8Array },
  trust: { readonly phoneKey: VerifyKey; readonly nowS: number },
): Promise<Result<{ readonly knocks: number }, AnswerFault>> {
  const answer = answerPlaintext.decode(plaintext)
  if (!answer.ok || answer.value.kind !== ANSWER_KINDS.presence) return err('malformed')
  const presence = await openSign1(presenceAnswer, answer.value.signed, trust.phoneKey)
  if (!presence.ok) return presence
  const fault = otherRequest(presence.value, asked)
  if (fault) return err(fault)
  if (Math.abs(presence.value.at - trust.nowS) > CLOCK_TOLERANCE_S) return err('wrong-time')
  return ok({ knocks: presence.value.knocks })
}

/** The authorizer's key must have been valid when it signed, by the time inside the statement. */
async function openByAuthorizer<T>(
  statement: SignedStructure<T>,
  signed: Uint8Array,
  keys: KeySet,
  signedAtS: (value: T) => number,
): Promise<Result<T, AnswerFault>> {
  const peeked = peekSign1(statement, signed)
  return peeked.ok ? keys.open('authorizer', statement, signed, signedAtS(peeked.value.value)) : peeked
}

function otherRequest(
  value: { readonly requestId: Uint8Array; readonly statementDigest: Uint8Array },
  asked: Pick<Asked, 'requestId' | 'statementDigest'>,
): AnswerFault | undefined {
  if (!equalBytes(value.requestId, idBytes(asked.requestId))) return 'other-request'
  return equalBytes(value.statementDigest, asked.statementDigest) ? undefined : 'other-statement'
}

function otherTerms(
  value: Pick<Authorization, 'amount' | 'currency' | 'merchantId' | 'terminalId' | 'knocks'>,
  asked: Asked,
): AnswerFault | undefined {
  if (value.amount !== asked.amount.amount) return 'other-amount'
  if (value.currency !== asked.amount.currency) return 'other-currency'
  if (value.merchantId !== asked.merchantId) return 'other-merchant'
  if (value.terminalId !== asked.terminalId) return 'other-terminal'
  return value.knocks === asked.knocks ? undefined : 'other-knocks'
}

function isOutside(approvedAtS: number, asked: Asked): boolean {
  return approvedAtS < asked.sentAtS - CLOCK_TOLERANCE_S || approvedAtS > asked.expiresAtS + CLOCK_TOLERANCE_S
}
