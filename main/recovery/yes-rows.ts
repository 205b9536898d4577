/** Money the backend holds for requests that this file knows nothing of: rows of the list a manager ends, each once. */
import type { OwnAuthorization, ReadStore, SqlRow, WriteStore } from '#main/ports.ts'
import type { AuthorizationId, ReceiptId, RequestId, StaffId } from '#shared/domain/ids.ts'
import type { Currency, Money } from '#shared/domain/money.ts'

export type UnknownYes = {
  readonly authorizationId: AuthorizationId
  readonly requestId: RequestId
  readonly signed: Uint8Array
  readonly amount: Money
  readonly payerName: string
  /** ISO 8601 UTC, as the backend signed them. */
  readonly approvedAt: string
  readonly captureBy: string
  readonly holds: OwnAuthorization['holds']
  readonly state: 'waiting' | 'recovered' | 'reversed'
  readonly endedAt?: string
  readonly endedBy?: StaffId
}

/** Shown beside those that wait: the last ones that were ended. */
const ENDED_SHOWN_MAX = 20

const IS_KNOWN = `SELECT 1 AS known FROM attempts WHERE request_id = ? AND (statement IS NOT NULL OR hold_ids_json <> '[]')
  UNION ALL SELECT 1 FROM unknown_yeses WHERE request_id = ?`
const IS_ON_RECEIPT = `SELECT 1 AS known FROM receipt_payments WHERE authorization_id = ?
  UNION ALL SELECT 1 FROM pulled_payments WHERE authorization_id = ?`

/**
 * True when this file settles the request itself: an attempt it has sent or pinned seats for, which ends with a receipt or a reversal, or
 * one that is listed already. What it prepared and never sent, only a lost file can have gone on with.
 */
export function isRequestKnown(reads: ReadStore, requestId: RequestId): boolean {
  return reads.get(IS_KNOWN, requestId, requestId) !== undefined
}

export function isOnReceipt(reads: ReadStore, authorizationId: AuthorizationId): boolean {
  return reads.get(IS_ON_RECEIPT, authorizationId, authorizationId) !== undefined
}

/** The receipt, own or pulled back, that this authorization paid. */
export function receiptPaidBy(reads: ReadStore, authorizationId: AuthorizationId): ReceiptId | undefined {
  const row = reads.get(
    `SELECT receipt_id FROM receipt_payments WHERE authorization_id = ?
      UNION ALL SELECT receipt_id FROM pulled_payments WHERE authorization_id = ?`,
    authorizationId,
    authorizationId,
  )
  return row && (String(row['receipt_id']) as ReceiptId)
}

export function addYes(tx: WriteStore, yes: Omit<UnknownYes, 'state' | 'endedAt' | 'endedBy'>, foundAt: string): void {
  tx.run(
    `INSERT INTO unknown_yeses
      (authorization_id, request_id, signed, amount_minor, currency, payer_name, approved_at, capture_by, holds_json, found_at, state)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')`,
    yes.authorizationId,
    yes.requestId,
    yes.signed,
    yes.amount.amount,
    yes.amount.currency,
    yes.payerName,
    yes.approvedAt,
    yes.captureBy,
    JSON.stringify(yes.holds),
    foundAt,
  )
}

export function yesById(reads: ReadStore, authorizationId: AuthorizationId): UnknownYes | undefined {
  const row = reads.get('SELECT * FROM unknown_yeses WHERE authorization_id = ?', authorizationId)
  return row && toYes(row)
}

export function waitingYeses(reads: ReadStore): readonly UnknownYes[] {
  return reads.all("SELECT * FROM unknown_yeses WHERE state = 'waiting' ORDER BY approved_at, authorization_id").map(toYes)
}

export function countWaiting(reads: ReadStore): number {
  return Number(reads.get("SELECT COUNT(*) AS n FROM unknown_yeses WHERE state = 'waiting'")?.['n'])
}

/** Those that wait, oldest first; then the last that were ended. */
export function shownYeses(reads: ReadStore): readonly UnknownYes[] {
  const ended = reads.all(
    "SELECT * FROM unknown_yeses WHERE state IN ('recovered', 'reversed') ORDER BY ended_at DESC, authorization_id LIMIT ?",
    ENDED_SHOWN_MAX,
  )
  return [...waitingYeses(reads), ...ended.map(toYes)]
}

/** Ends one that waits. False when it has ended. */
export function endYes(
  tx: WriteStore,
  authorizationId: AuthorizationId,
  end: { readonly at: string; readonly by?: StaffId } & (
    | { readonly state: 'recovered'; readonly receiptId: ReceiptId }
    | { readonly state: 'reversed' }
  ),
): boolean {
  const { changes } = tx.run(
    "UPDATE unknown_yeses SET state = ?, ended_at = ?, ended_by = ?, receipt_id = ? WHERE authorization_id = ? AND state = 'waiting'",
    end.state,
    end.at,
    end.by ?? null,
    end.state === 'recovered' ? end.receiptId : null,
    authorizationId,
  )
  return changes === 1
}

function toYes(row: SqlRow): UnknownYes {
  const { signed, ended_at: endedAt, ended_by: endedBy } = row
  return {
    authorizationId: String(row['authorization_id']) as AuthorizationId,
    requestId: String(row['request_id']) as RequestId,
    signed: signed instanceof Uint8Array ? signed : new Uint8Array(),
    amount: { amount: Number(row['amount_minor']), currency: String(row['currency']) as Currency },
    payerName: String(row['payer_name']),
    approvedAt: String(row['approved_at']),
    captureBy: String(row['capture_by']),
    holds: JSON.parse(String(row['holds_json'])) as UnknownYes['holds'],
    state: row['state'] as UnknownYes['state'],
    ...(typeof endedAt === 'string' ? { endedAt } : {}),
    ...(typeof endedBy === 'string' ? { endedBy: endedBy as StaffId } : {}),
  }
}
