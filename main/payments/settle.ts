/**
 * How an attempt ends on disk: each end is one transaction, durable before anyone is told. An attempt ends once: whoever comes second
 * (an answer after a reversal, a query beside an answer) finds it ended and changes nothing.
 */
import type { Carts } from '#main/cart/carts.ts'
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Capture, Ledger } from '#main/ledger/ports.ts'
import type { Clock, Store, StoreFault, WriteStore } from '#main/ports.ts'
import { HOLD_LIFETIME_MS, type ReversalBody } from '#shared/contracts/backend-api.ts'
import { toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import type { Refused } from '#shared/contracts/till.ts'
import type { OfflineEvidence } from '#shared/crypto/offline.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import type { AuthorizationId, RequestId } from '#shared/domain/ids.ts'
import { money, subtract, sum } from '#shared/domain/money.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import type { Payment, Receipt } from '#shared/domain/receipt.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Approval } from './answers.ts'
import { type Attempt, attemptById, keepLateYes, markEnded, recordRadio, stateOf } from './attempt-book.ts'

export type SettleDeps = {
  readonly store: Store
  readonly clock: Clock
  readonly carts: Carts
  readonly ledger: Ledger
  readonly standing: () => Standing
  readonly practice: boolean
  readonly cashierName: () => string
}
export type SettleRefusal =
  /** Another end is already on disk. */
  { readonly code: 'already-ended' } | StoreFault

type RadioRecord = { readonly attRequests: number; readonly segments: number; readonly bytes: number }
type Paid =
  | {
      readonly tender: 'band'
      readonly authorization: Approval
      readonly signed: Uint8Array
      readonly offline?: Omit<OfflineEvidence, 'authorization'>
      readonly radio?: RadioRecord
    }
  | { readonly tender: 'cash'; readonly tenderedMinor: number }

/** The attempt was paid: receipt, journal, head, outbox, attempt and cart in ONE transaction. */
export function settlePaid(deps: SettleDeps, requestId: RequestId, paid: Paid): Result<Receipt, SettleRefusal> {
  const settled = deps.store.write((tx): Result<Receipt, SettleRefusal> => {
    const attempt = openAttempt(tx, requestId)
    if (!attempt) return err({ code: 'already-ended' })
    const receipt = commitReceipt(deps, tx, attempt, paid)
    const answer = paid.tender === 'band' ? { answer: paid.signed } : {}
    markEnded(tx, requestId, { state: 'paid', at: receipt.issuedAt, receiptId: receipt.id, ...answer })
    if (paid.tender === 'band' && paid.radio) recordRadio(tx, requestId, paid.radio)
    deps.carts.markPaid(tx, attempt.cartId)
    return ok(receipt)
  })
  return finish(deps, settled)
}

function commitReceipt(deps: SettleDeps, tx: WriteStore, attempt: Attempt, paid: Paid): Receipt {
  const { profile } = deps.standing()
  const { lines, holds } = deps.carts.byId(tx, attempt.cartId)
  const payment = paymentOf(attempt, paid)
  const captures = paid.tender === 'band' && payment.tender === 'band' ? [captureOf(attempt, payment.authorizationId, paid)] : []
  return deps.ledger.commitReceipt(tx, {
    kind: 'sale',
    practice: deps.practice,
    merchant: profile.merchant as Receipt['merchant'],
    site: {
      id: profile.site.id as Receipt['site']['id'],
      name: profile.site.name,
      address: profile.site.address,
      timeZone: profile.site.timeZone,
    },
    cashierName: deps.cashierName(),
    lines,
    payments: [payment],
    total: attempt.amount,
    tax: sum(
      lines.map((line) => line.tax),
      attempt.amount.currency,
    ),
    captures,
    sells: holds.map(({ holdId, showtimeId, seats }) => ({ holdId, showtimeId, seats })),
  })
}

/** What the backend needs to pay us: without a network nobody has told it anything yet. */
function captureOf(attempt: Attempt, authorizationId: AuthorizationId, paid: Paid & { readonly tender: 'band' }): Capture {
  const { requestId, amount, sent } = attempt
  const offline = paid.offline && sent ? { offline: { ...paid.offline, statement: sent.statement } } : {}
  return { requestId, authorizationId, amount, authorization: paid.signed, ...offline }
}

function paymentOf(attempt: Attempt, paid: Paid): Payment {
  if (paid.tender === 'cash') {
    const tendered = money(paid.tenderedMinor, attempt.amount.currency)
    return { tender: 'cash', amount: attempt.amount, tendered, change: subtract(tendered, attempt.amount) }
  }
  return {
    tender: 'band',
    amount: attempt.amount,
    requestId: attempt.requestId,
    authorizationId: toHex(paid.authorization.authorizationId) as AuthorizationId,
    payerName: paid.authorization.displayName,
  }
}

/**
 * The attempt ended without money. Whatever may have been asked of the backend (a hold of money, pins on seats) is undone by a reversal
 * in the outbox: an advice that is repeated until it is heard, and honoured before or after what it reverses.
 */
export function settleUnpaid(
  deps: SettleDeps,
  requestId: RequestId,
  end: {
    readonly state: 'not-asked' | 'refused' | 'declined' | 'reversed'
    readonly reason?: Reason
    readonly answer?: Uint8Array
    readonly why: ReversalBody['reason']
  },
): Result<void, SettleRefusal> {
  const settled = deps.store.write((tx): Result<void, SettleRefusal> => {
    const attempt = openAttempt(tx, requestId)
    if (!attempt) return err({ code: 'already-ended' })
    const at = new Date(deps.clock.nowMs()).toISOString()
    const { state, reason, answer, why } = end
    const isAsked = attempt.sent !== undefined || attempt.holdIds.length > 0
    const reversal = isAsked ? { why, outboxSeq: deps.ledger.commitReversal(tx, reversalOf(attempt, why, at)) } : undefined
    markEnded(tx, requestId, { state, at, ...(reason ? { reason } : {}), ...(answer ? { answer } : {}), ...(reversal ? { reversal } : {}) })
    deps.carts.lock(tx, attempt.cartId, 'open')
    deps.carts.renewHolds(tx, attempt.cartId, new Date(deps.clock.nowMs() + HOLD_LIFETIME_MS).toISOString())
    return ok()
  })
  return finish(deps, settled)
}

/**
 * A yes for an attempt that was reversed before it came: never a receipt. Kept beside the attempt and in the journal, once. True when
 * this is that once.
 */
export function refuseLateYes(deps: SettleDeps, requestId: RequestId, authorization: Approval, signed: Uint8Array): boolean {
  const kept = deps.store.write((tx) => {
    if (!keepLateYes(tx, requestId, signed)) return false
    const fields = { request_id: requestId, authorization_id: toHex(authorization.authorizationId) }
    deps.ledger.appendEvent(tx, 'late-yes-refused', fields)
    return true
  })
  return kept.ok && kept.value
}

function reversalOf(attempt: Attempt, why: ReversalBody['reason'], at: string): ReversalBody {
  return {
    requestId: attempt.requestId,
    ...(attempt.sent ? { statementDigest: toBase64Url(attempt.sent.statementDigest) } : {}),
    amount: attempt.amount,
    reason: why,
    holdIds: [...attempt.holdIds],
    at,
  }
}

function openAttempt(tx: WriteStore, requestId: RequestId): Attempt | undefined {
  const state = stateOf(tx, requestId)
  return state && !isFinal(state) ? attemptById(tx, requestId) : undefined
}

function finish<T>(deps: SettleDeps, settled: Result<Result<T, SettleRefusal>, StoreFault>): Result<T, SettleRefusal> {
  deps.carts.reload()
  return settled.ok ? settled.value : settled
}

/** A settlement's refusal in the till's closed list. */
export function refusedOf(refusal: SettleRefusal): Refused {
  return refusal.code === 'storage-failed' ? { code: 'storage-failed', subject: refusal.trouble } : { code: 'not-cancellable' }
}
