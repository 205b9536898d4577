/** Which screen is shown, and which panel of the pay screen: decided from the till's state and the little the cashier chose locally. */
import type { BandPaymentView, CashPaymentView, PaymentView, TillState } from '#shared/contracts/till.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import type { RequestId } from '#shared/domain/ids.ts'

export type Screen = 'sell' | 'pay' | 'done' | 'history'

export type LocalView = {
  /** The cashier opened the history. */
  readonly history: boolean
  /** The cashier pressed Charge and is choosing how the customer pays. */
  readonly paying: boolean
  /** The ended payment whose outcome the cashier has read and put away. */
  readonly dismissed: RequestId | undefined
}

type Shown = Pick<TillState, 'cart' | 'payment' | 'lastReceiptId'>

export type PayPanel =
  | { readonly kind: 'choosing' }
  | { readonly kind: 'asking'; readonly payment: BandPaymentView }
  | { readonly kind: 'ended'; readonly payment: BandPaymentView }
  | { readonly kind: 'in-doubt'; readonly payment: PaymentView | undefined }
  | { readonly kind: 'cash'; readonly payment: CashPaymentView }

/** True while the till is busy with this payment: no other screen may cover it. */
export function isRunning(payment: PaymentView | undefined): boolean {
  return payment !== undefined && !isFinal(payment.state)
}

/** True when a band payment ended without money and the cashier has not put its outcome away yet. */
export function endedUnread(payment: PaymentView | undefined, dismissed: RequestId | undefined): payment is BandPaymentView {
  return payment?.tender === 'band' && isFinal(payment.state) && payment.state !== 'paid' && payment.requestId !== dismissed
}

/** A running or doubtful payment always has the screen; then what the cashier opened; then the receipt of the sale just paid. */
export function screenOf(state: Shown, local: LocalView): Screen {
  if (isRunning(state.payment) || state.cart.state === 'in-doubt') return 'pay'
  if (local.history) return 'history'
  if (state.lastReceiptId !== undefined) return 'done'
  if (endedUnread(state.payment, local.dismissed)) return 'pay'
  return local.paying && state.cart.lines.length > 0 ? 'pay' : 'sell'
}

/** What the pay screen shows in its main panel. */
export function payPanelOf(state: Pick<TillState, 'cart' | 'payment'>, dismissed: RequestId | undefined): PayPanel {
  const { payment } = state
  if (state.cart.state === 'in-doubt' || payment?.state === 'in-doubt') return { kind: 'in-doubt', payment }
  if (payment === undefined) return { kind: 'choosing' }
  if (payment.tender === 'cash') return isRunning(payment) ? { kind: 'cash', payment } : { kind: 'choosing' }
  if (isRunning(payment)) return { kind: 'asking', payment }
  return endedUnread(payment, dismissed) ? { kind: 'ended', payment } : { kind: 'choosing' }
}

export type Progress = { readonly elapsedS: number; readonly remainingS: number; readonly fraction: number }

/** How far a request is through its life, in whole seconds by the terminal's clock. */
export function progressOf(payment: Pick<BandPaymentView, 'startedAt' | 'expiresAt'>, nowMs: number): Progress {
  const startMs = Date.parse(payment.startedAt)
  const endMs = Date.parse(payment.expiresAt)
  const lifeMs = Math.max(1, endMs - startMs)
  const elapsedMs = Math.min(Math.max(0, nowMs - startMs), lifeMs)
  return { elapsedS: Math.floor(elapsedMs / 1_000), remainingS: Math.ceil((lifeMs - elapsedMs) / 1_000), fraction: elapsedMs / lifeMs }
}
