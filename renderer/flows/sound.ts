import type { PaymentView, TillState } from '#shared/contracts/till.ts'
import { isFinal } from '#shared/domain/attempt.ts'

export type Tone = 'paid' | 'refused'
type Heard = Pick<TillState, 'payment' | 'lastReceiptId'>

/** The tone a change of state calls for: a sale was just paid, or a payment just ended without money. Silence for everything else. */
export function toneOf(before: Heard | undefined, after: Heard): Tone | undefined {
  if (before === undefined) return undefined
  if (after.lastReceiptId !== undefined && after.lastReceiptId !== before.lastReceiptId) return 'paid'
  const { payment } = after
  if (payment?.tender !== 'band' || !isFinal(payment.state) || payment.state === 'paid') return undefined
  return isSame(before.payment, payment) ? undefined : 'refused'
}

function isSame(before: PaymentView | undefined, after: PaymentView): boolean {
  return before?.requestId === after.requestId && before.state === after.state
}
