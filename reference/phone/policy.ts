/** What the owner lets the band pay without being asked. Pure: the engine acts on the verdict. */
import type { Reason } from '#shared/domain/reasons.ts'

/** The owner's settings, in minor units of `currency`. */
export type PaymentSettings = {
  readonly currency: string
  /** A payment above this is refused. */
  readonly paymentMax: number
  /** A payment above this needs a confirmation on the phone. */
  readonly confirmAbove: number
}

export type Verdict = { readonly type: 'allow' } | { readonly type: 'confirm' } | { readonly type: 'refuse'; readonly reason: Reason }

export function judgePayment(payment: { readonly amount: number; readonly currency: string }, settings: PaymentSettings): Verdict {
  if (payment.currency !== settings.currency || payment.amount > settings.paymentMax) return { type: 'refuse', reason: 'wallet-refused' }
  return payment.amount > settings.confirmAbove ? { type: 'confirm' } : { type: 'allow' }
}
