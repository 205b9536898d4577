/** Which screen is shown, and which panel of the pay screen: decided from the till's state and the little the cashier chose locally. */
import type { BandPaymentView, CashPaymentView, KnockView, PaymentView, TillState } from '#shared/contracts/till.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import type { RequestId } from '#shared/domain/ids.ts'

/** Where the cashier wants to be when no payment asks for the screen. */
export type Place = 'selling' | 'identify' | 'history' | 'attention' | 'settings'
export type Screen = 'set-up' | 'sign-in' | 'interrupted' | 'sell' | 'pay' | 'done' | Exclude<Place, 'selling'>

export type LocalView = {
  readonly place: Place
  /** The cashier pressed Charge and is choosing how the customer pays. */
  readonly paying: boolean
  /** The ended payment whose outcome the cashier has read and put away. */
  readonly dismissed: RequestId | undefined
  /** The end of the knock round that was put away: it names the round. */
  readonly dismissedKnock: string | undefined
}

type Shown = Pick<TillState, 'cart' | 'payment' | 'lastReceiptId' | 'session' | 'interrupted' | 'knock' | 'identify'>

export type PayPanel =
  | { readonly kind: 'choosing' }
  | { readonly kind: 'asking'; readonly payment: BandPaymentView }
  | { readonly kind: 'knock'; readonly knock: KnockView }
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

function knockUnread(knock: KnockView | undefined, dismissed: string | undefined): knock is KnockView {
  return knock !== undefined && knock.endsAt !== dismissed
}

/** True while a sale may neither be left nor edited: its payment, its knock round or its outcome has the screen. */
export function isBusy(state: Pick<Shown, 'cart' | 'payment' | 'knock'>, local: Pick<LocalView, 'dismissedKnock'>): boolean {
  const isListening = state.knock?.state === 'listening' && knockUnread(state.knock, local.dismissedKnock)
  return isRunning(state.payment) || state.cart.state === 'in-doubt' || isListening
}

/**
 * Who stands at the till comes first, then a sale that a stop of the till interrupted. A running or doubtful payment always has the
 * screen; then what the cashier opened; then the receipt of the sale just paid.
 */
export function screenOf(state: Shown, local: LocalView): Screen {
  const { session } = state
  if (session.state === 'setup') return 'set-up'
  if (session.state === 'locked') return 'sign-in'
  if (state.interrupted !== undefined) return 'interrupted'
  if (isBusy(state, local)) return 'pay'
  // Whoever is asked is waited for, also by a page that was loaded anew meanwhile.
  if (state.identify?.state === 'asking') return 'identify'
  if (local.place === 'attention') {
    if (session.staff.role === 'manager') return 'attention'
  } else if (local.place !== 'selling') return local.place
  if (state.lastReceiptId !== undefined) return 'done'
  if (endedUnread(state.payment, local.dismissed) || knockUnread(state.knock, local.dismissedKnock)) return 'pay'
  return local.paying && state.cart.lines.length > 0 ? 'pay' : 'sell'
}

/** What the pay screen shows in its main panel. */
export function payPanelOf(
  state: Pick<TillState, 'cart' | 'payment' | 'knock'>,
  local: Pick<LocalView, 'dismissed' | 'dismissedKnock'>,
): PayPanel {
  const { payment, knock } = state
  if (state.cart.state === 'in-doubt' || payment?.state === 'in-doubt') return { kind: 'in-doubt', payment }
  if (payment !== undefined && isRunning(payment)) {
    return payment.tender === 'cash' ? { kind: 'cash', payment } : { kind: 'asking', payment }
  }
  if (knockUnread(knock, local.dismissedKnock)) return { kind: 'knock', knock }
  return endedUnread(payment, local.dismissed) ? { kind: 'ended', payment } : { kind: 'choosing' }
}

/** Something a band is asked, by the terminal's clock. */
export type Asked = Pick<BandPaymentView, 'startedAt' | 'expiresAt'>
export type Progress = { readonly elapsedS: number; readonly remainingS: number; readonly fraction: number }

/** How far a request is through its life, in whole seconds by the terminal's clock. */
export function progressOf(asked: Asked, nowMs: number): Progress {
  const startMs = Date.parse(asked.startedAt)
  const endMs = Date.parse(asked.expiresAt)
  const lifeMs = Math.max(1, endMs - startMs)
  const elapsedMs = Math.min(Math.max(0, nowMs - startMs), lifeMs)
  return { elapsedS: Math.floor(elapsedMs / 1_000), remainingS: Math.ceil((lifeMs - elapsedMs) / 1_000), fraction: elapsedMs / lifeMs }
}
