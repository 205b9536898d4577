/** What the terminal asks, as signed statements. */
import canonicalize from 'canonicalize'
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Keys } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import { idBytes } from '#shared/contracts/bytes.ts'
import {
  HEAD_BYTES,
  LINES_DIGEST_BYTES,
  payStatement,
  presenceStatement,
  queryStatement,
  REQUEST_LIFETIME_MAX_S,
} from '#shared/contracts/radio-messages.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import type { HoldId, RequestId } from '#shared/domain/ids.ts'
import type { Money } from '#shared/domain/money.ts'
import type { SaleLine } from '#shared/domain/sale-line.ts'
import type { Asked } from './answers.ts'
import type { CheckedOffer } from './band-session.ts'

/** The newest entry of the journal: each request carries it, so that every customer's phone becomes a witness. */
export type JournalHead = { readonly seq: number; readonly hash: Uint8Array }

/** The first 16 bytes of SHA-256 of the RFC 8785 form of the lines: what the customer pays for, without showing it to anyone. */
export async function linesDigest(lines: readonly SaleLine[]): Promise<Uint8Array> {
  const text = canonicalize(lines.map(({ name, detail, quantity, total, tax }) => ({ name, detail, quantity, total, tax })))
  assert(text !== undefined, 'lines have a canonical form')
  return (await sha256(new TextEncoder().encode(text))).slice(0, LINES_DIGEST_BYTES)
}

export async function signPay(input: {
  readonly keys: Keys
  readonly offer: CheckedOffer
  readonly requestId: RequestId
  readonly amount: Money
  readonly lines: readonly SaleLine[]
  readonly holdIds: readonly HoldId[]
  /** How often the customer's wrist must have been knocked; 0 asks for none. */
  readonly knocks: number
  /** How old our news of revocations was when the band was charged, minutes. */
  readonly listAgeMinutes: number
  readonly head: JournalHead
  readonly nowS: number
}): Promise<Uint8Array> {
  const { keys, offer, requestId, amount, lines, holdIds, knocks, listAgeMinutes, head, nowS } = input
  const statement = {
    requestId: idBytes(requestId),
    amount: amount.amount,
    currency: amount.currency,
    linesDigest: await linesDigest(lines),
    holds: holdIds.map(idBytes),
    bandNonce: offer.message.bandNonce,
    knocks,
    listAgeMinutes,
    time: nowS,
    lifetime: REQUEST_LIFETIME_MAX_S,
    headSeq: head.seq,
    head: head.hash.subarray(0, HEAD_BYTES),
  }
  return sign1(payStatement, statement, keys.signer, { withKid: false })
}

export async function signQuery(input: {
  readonly keys: Keys
  readonly offer: CheckedOffer
  readonly requestId: RequestId
  readonly firstDigest: Uint8Array
  readonly head: JournalHead
  readonly nowS: number
}): Promise<Uint8Array> {
  const { keys, offer, requestId, firstDigest, head, nowS } = input
  const statement = {
    requestId: idBytes(requestId),
    firstDigest,
    bandNonce: offer.message.bandNonce,
    time: nowS,
    lifetime: QUERY_LIFETIME_S,
    headSeq: head.seq,
    head: head.hash.subarray(0, HEAD_BYTES),
  }
  return sign1(queryStatement, statement, keys.signer, { withKid: false })
}
/** Queries and presences are answered by the phone itself, at once: they need no more than a session's time. */
const QUERY_LIFETIME_S = 20

export async function signPresence(input: {
  readonly keys: Keys
  readonly offer: CheckedOffer
  readonly requestId: RequestId
  readonly head: JournalHead
  readonly nowS: number
}): Promise<Uint8Array> {
  const { keys, offer, requestId, head, nowS } = input
  const statement = {
    requestId: idBytes(requestId),
    bandNonce: offer.message.bandNonce,
    time: nowS,
    lifetime: QUERY_LIFETIME_S,
    headSeq: head.seq,
    head: head.hash.subarray(0, HEAD_BYTES),
  }
  return sign1(presenceStatement, statement, keys.signer, { withKid: false })
}

/** What an answer to this request must agree with. Throws (a bug) when the request had not been sent. */
export function askedOf(
  attempt: {
    readonly requestId: RequestId
    readonly amount: Money
    readonly sent?: {
      readonly statement: Uint8Array
      readonly statementDigest: Uint8Array
      readonly requestDigest: Uint8Array
      readonly sentAt: string
      readonly expiresAt: string
    }
  },
  standing: Standing,
): Asked {
  assert(attempt.sent, 'only a request that was sent can be answered')
  // Our own bytes, as they left: after a restart, too, the answer is held against what was asked.
  const statement = peekSign1(payStatement, attempt.sent.statement)
  assert(statement.ok, 'a request on disk can be read')
  return {
    requestId: attempt.requestId,
    statementDigest: attempt.sent.statementDigest,
    amount: attempt.amount,
    merchantId: standing.profile.merchant.id,
    terminalId: standing.profile.terminalId,
    knocks: statement.value.value.knocks,
    requestDigest: attempt.sent.requestDigest,
    bandNonce: statement.value.value.bandNonce,
    sentAtS: Math.floor(Date.parse(attempt.sent.sentAt) / 1_000),
    expiresAtS: Math.floor(Date.parse(attempt.sent.expiresAt) / 1_000),
  }
}
