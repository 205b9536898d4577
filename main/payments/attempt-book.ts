/** Attempts on disk. Each step is written before what it allows to happen. */
import type { ReadStore, SqlRow, WriteStore } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import type { ReversalBody } from '#shared/contracts/backend-api.ts'
import { type AttemptState, mayBecome } from '#shared/domain/attempt.ts'
import type { CartId, HoldId, ReceiptId, RequestId } from '#shared/domain/ids.ts'
import type { Currency, Money } from '#shared/domain/money.ts'
import type { Reason } from '#shared/domain/reasons.ts'

export type Attempt = {
  readonly requestId: RequestId
  readonly cartId: CartId
  readonly tender: 'band' | 'cash'
  readonly state: AttemptState
  readonly amount: Money
  readonly holdIds: readonly HoldId[]
  readonly createdAt: string
  readonly bandLetter: string
  /** From `sent` on: the signed statement as it left, its digest, and the phone certificate it was sealed for. */
  readonly sent?: SentRequest
  readonly reason?: Reason
  readonly receiptId?: ReceiptId
}
export type SentRequest = {
  readonly statement: Uint8Array
  readonly statementDigest: Uint8Array
  readonly phoneCertificate: Uint8Array
  /** Of the sealed request. Empty for one that an earlier version of this program sent. */
  readonly requestDigest: Uint8Array
  readonly sentAt: string
  readonly expiresAt: string
}

export function insertAttempt(tx: WriteStore, attempt: Omit<Attempt, 'state'>): void {
  tx.run(
    `INSERT INTO attempts (request_id, cart_id, tender, state, amount_minor, currency, hold_ids_json, created_at, band_letter)
     VALUES (?, ?, ?, 'prepared', ?, ?, ?, ?, ?)`,
    attempt.requestId,
    attempt.cartId,
    attempt.tender,
    attempt.amount.amount,
    attempt.amount.currency,
    JSON.stringify(attempt.holdIds),
    attempt.createdAt,
    attempt.bandLetter,
  )
}

/** Before the first byte leaves: what will have left. */
export function markSent(tx: WriteStore, requestId: RequestId, sent: SentRequest): void {
  assertMay(tx, requestId, 'sent')
  tx.run(
    "UPDATE attempts SET state = 'sent', statement = ?, statement_digest = ?, offer_certificate = ?, request_digest = ?, sent_at = ?, expires_at = ? WHERE request_id = ?",
    sent.statement,
    sent.statementDigest,
    sent.phoneCertificate,
    sent.requestDigest,
    sent.sentAt,
    sent.expiresAt,
    requestId,
  )
}

/** The outcome is unknown: the request left, and no answer settled it. */
export function markInDoubt(tx: WriteStore, requestId: RequestId): void {
  assertMay(tx, requestId, 'in-doubt')
  tx.run("UPDATE attempts SET state = 'in-doubt' WHERE request_id = ?", requestId)
}

/** A move the state machine forbids is a bug: the caller asks `stateOf` first, in the same transaction. */
function assertMay(tx: WriteStore, requestId: RequestId, state: AttemptState): void {
  const from = stateOf(tx, requestId)
  assert(from !== undefined && mayBecome(from, state), `attempt ${requestId} cannot go from ${from} to ${state}`)
}

export function markEnded(
  tx: WriteStore,
  requestId: RequestId,
  end: {
    readonly state: AttemptState
    readonly at: string
    readonly answer?: Uint8Array
    readonly reason?: Reason
    readonly receiptId?: ReceiptId
    /** The reversal it ended with, when there is one: why it was made, and its place in the outbox. */
    readonly reversal?: { readonly why: ReversalBody['reason']; readonly outboxSeq: number }
  },
): void {
  assertMay(tx, requestId, end.state)
  tx.run(
    'UPDATE attempts SET state = ?, ended_at = ?, answer = ?, reason = ?, receipt_id = ?, why = ?, reversal_seq = ? WHERE request_id = ?',
    end.state,
    end.at,
    end.answer ?? null,
    end.reason ?? null,
    end.receiptId ?? null,
    end.reversal?.why ?? null,
    end.reversal?.outboxSeq ?? null,
    requestId,
  )
}

/** Keeps a yes that came after the reversal, as evidence. False when the attempt was not reversed, or one is kept already. */
export function keepLateYes(tx: WriteStore, requestId: RequestId, signed: Uint8Array): boolean {
  const kept = tx.run("UPDATE attempts SET answer = ? WHERE request_id = ? AND state = 'reversed' AND answer IS NULL", signed, requestId)
  return kept.changes === 1
}

/** True while the backend has not acknowledged the reversal this attempt ended with. */
export function isReversalUnheard(store: ReadStore, requestId: RequestId): boolean {
  const unheard = store.get(
    `SELECT 1 AS unheard FROM attempts a JOIN outbox o ON o.seq = a.reversal_seq
     WHERE a.request_id = ? AND o.acked_at IS NULL`,
    requestId,
  )
  return unheard !== undefined
}

/** The request that was paid with this receipt. */
export function requestOfReceipt(store: ReadStore, receiptId: ReceiptId): RequestId | undefined {
  return store.get('SELECT request_id FROM attempts WHERE receipt_id = ?', receiptId)?.['request_id'] as RequestId | undefined
}

/** What the radio did for this attempt, for the record. */
export function recordRadio(tx: WriteStore, requestId: RequestId, radio: { attRequests: number; segments: number; bytes: number }): void {
  tx.run(
    'UPDATE attempts SET att_requests = ?, request_segments = ?, request_bytes = ? WHERE request_id = ?',
    radio.attRequests,
    radio.segments,
    radio.bytes,
    requestId,
  )
}

export function stateOf(store: ReadStore, requestId: RequestId): AttemptState | undefined {
  return store.get('SELECT state FROM attempts WHERE request_id = ?', requestId)?.['state'] as AttemptState | undefined
}

export function attemptById(store: ReadStore, requestId: RequestId): Attempt | undefined {
  const row = store.get('SELECT * FROM attempts WHERE request_id = ?', requestId)
  return row ? toAttempt(row) : undefined
}

/** Attempts whose outcome is not yet on disk: what a start after a crash finds. Oldest first. */
export function openAttempts(store: ReadStore): readonly Attempt[] {
  return store.all("SELECT * FROM attempts WHERE state IN ('prepared', 'sent', 'in-doubt') ORDER BY created_at").map(toAttempt)
}

function toAttempt(row: SqlRow): Attempt {
  const { statement, statement_digest: statementDigest, offer_certificate: phoneCertificate, sent_at: sentAt, expires_at: expiresAt } = row
  const requestDigest = row['request_digest'] instanceof Uint8Array ? row['request_digest'] : new Uint8Array(0)
  const sent =
    statement instanceof Uint8Array && statementDigest instanceof Uint8Array && phoneCertificate instanceof Uint8Array
      ? { statement, statementDigest, phoneCertificate, requestDigest, sentAt: String(sentAt), expiresAt: String(expiresAt) }
      : undefined
  return {
    requestId: row['request_id'] as RequestId,
    cartId: row['cart_id'] as CartId,
    tender: row['tender'] as 'band' | 'cash',
    state: row['state'] as AttemptState,
    amount: { amount: Number(row['amount_minor']), currency: row['currency'] as Currency },
    holdIds: JSON.parse(String(row['hold_ids_json'])) as HoldId[],
    createdAt: String(row['created_at']),
    bandLetter: String(row['band_letter'] ?? ''),
    ...(sent ? { sent } : {}),
    ...(row['reason'] ? { reason: row['reason'] as Reason } : {}),
    ...(row['receipt_id'] ? { receiptId: row['receipt_id'] as ReceiptId } : {}),
  }
}
