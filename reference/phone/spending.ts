/** What this phone saw approved lately, for limits that count: bounded, and read from the records it keeps anyhow. */
import { authorization } from '#shared/contracts/radio-messages.ts'
import { offlineAuthorization } from '#shared/contracts/slot-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import type { Outcome, RequestRecord } from './ports.ts'

/** Longer than a calendar day and than any window of velocity. */
const KEPT_S = 26 * 3_600
/** Newest first to be kept: a payment every 90 seconds, the whole day. Beyond it the backend alone counts. */
const PAYMENTS_MAX = 1_000

type Paid = { readonly atS: number; readonly merchantId: string; readonly amount: number }
export type Spent = { readonly today: number; readonly todayAtMerchant: number; readonly paymentsInWindow: number }

export class SpendingBook {
  #paid: Paid[] = []

  constructor(records: readonly RequestRecord[]) {
    for (const { outcome } of records) this.note(outcome)
  }

  /** Counts an outcome that is a yes, the backend's or one out of the allowance. That it was given back later, the phone does not hear. */
  note(outcome: Outcome): void {
    const signed = signedYes(outcome)
    if (!signed?.ok) return
    const { approvedAt: atS, merchantId, amount } = signed.value.value
    const oldestS = atS - KEPT_S
    this.#paid = [...this.#paid.filter((paid) => paid.atS > oldestS), { atS, merchantId, amount }].slice(-PAYMENTS_MAX)
  }

  /** `dayS`, `windowS`: since when, seconds. */
  since(dayS: number, windowS: number, merchantId: string): Spent {
    const today = this.#paid.filter(({ atS }) => atS >= dayS)
    return {
      today: sumOf(today),
      todayAtMerchant: sumOf(today.filter((paid) => paid.merchantId === merchantId)),
      paymentsInWindow: this.#paid.filter(({ atS }) => atS > windowS).length,
    }
  }
}

function signedYes(outcome: Outcome) {
  if (outcome.state === 'authorization') return peekSign1(authorization, outcome.signed)
  return outcome.state === 'offline' ? peekSign1(offlineAuthorization, outcome.authorization) : undefined
}

function sumOf(paid: readonly Paid[]): number {
  return paid.reduce((sum, { amount }) => sum + amount, 0)
}
