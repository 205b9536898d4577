/**
 * What the owner lets the band pay, judged on the phone before anybody is asked, by the rules of shared/domain/policy.ts that the backend judges
 * by as well. The settings are the backend's; this phone keeps them, and may be stricter, never laxer.
 */
import { dayStartMs, TIME_ZONE_OF } from '#shared/calendar-day.ts'
import { isCurrency } from '#shared/domain/money.ts'
import { distanceMetres, type Place } from '#shared/domain/place.ts'
import { defaultSettings, isSameSettings, judge, type PolicySettings, strictest, type Verdict } from '#shared/domain/policy.ts'
import type { Clock, Outcome, PhoneBackend, PhoneStore, RequestRecord } from './ports.ts'
import { SpendingBook, type Spent } from './spending.ts'

export type OwnLimits = Partial<Omit<PolicySettings, 'currency'>>
export type PolicyParts = {
  readonly clock: Clock
  readonly backend: Pick<PhoneBackend, 'limits'>
  readonly store: Pick<PhoneStore, 'saveLimits'>
  /** What the store kept of the account's limits. */
  readonly limits: PolicySettings | undefined
  readonly records: readonly RequestRecord[]
  /** What this phone adds by itself, read at every payment. */
  readonly ownLimits?: () => OwnLimits
  /** Where the phone is now, when it knows. */
  readonly place?: () => Place | undefined
}

export type AskedPayment = {
  readonly amount: number
  readonly currency: string
  readonly merchantId: string
  /** The terminal's, by its certificate. */
  readonly certifiedPlace: Place
  readonly knocks: { readonly required: number; readonly given: number }
  readonly listAgeMinutes: number
}

const MINUTE_S = 60

export class WalletPolicy {
  readonly #parts: PolicyParts
  readonly #spending: SpendingBook
  #limits: PolicySettings | undefined

  constructor(parts: PolicyParts) {
    this.#parts = parts
    this.#spending = new SpendingBook(parts.records)
    this.#limits = parts.limits
  }

  /**
   * Judges a payment that its owner has not confirmed yet. Before anything is refused the backend is asked once: it knows what was given back,
   * and what the owner has changed on another device. When it does not answer, what this phone knows has to do.
   */
  async judge(payment: AskedPayment): Promise<Verdict> {
    const verdict = this.#judgeBy(payment)
    if (verdict.type !== 'refuse' && verdict.type !== 'knock') return verdict
    const spent = await this.refresh(payment.merchantId)
    return spent ? this.#judgeBy(payment, spent) : verdict
  }

  /** Counts what the backend approved. */
  note(outcome: Outcome): void {
    this.#spending.note(outcome)
  }

  /** Fetches the account's limits and keeps them. Returns what was spent towards them, or undefined without an answer. */
  async refresh(merchantId?: string): Promise<Spent | undefined> {
    const { backend, store } = this.#parts
    const reply = await backend.limits(merchantId)
    if (!reply.ok) return undefined
    const { currency, limits, spent } = reply.value
    const fetched: PolicySettings = { currency, ...limits }
    const isKnown = this.#limits !== undefined && isSameSettings(this.#limits, fetched)
    this.#limits = fetched
    // When the disk refuses, they hold until the next start all the same.
    if (!isKnown) await store.saveLimits(fetched)
    return spent
  }

  #judgeBy(payment: AskedPayment, counted?: Spent): Verdict {
    const settings = this.#settings(payment.currency)
    if (!settings) return { type: 'refuse', rule: 'currency' }
    const spent = counted ?? this.#spent(settings, payment.merchantId)
    const place = this.#parts.place?.()
    return judge(settings, {
      ...payment,
      spentToday: spent.today,
      spentTodayAtMerchant: spent.todayAtMerchant,
      paymentsInWindow: spent.paymentsInWindow,
      isConfirmed: false,
      distanceMetres: place && distanceMetres(place, payment.certifiedPlace),
    })
  }

  /** The account's limits; until they were fetched once, the defaults of the currency asked for. Undefined: not a currency we know. */
  #settings(currency: string): PolicySettings | undefined {
    const limits = this.#limits ?? (isCurrency(currency) ? defaultSettings(currency) : undefined)
    return limits && strictest(limits, { ...limits, ...this.#parts.ownLimits?.() })
  }

  #spent({ currency, velocity }: PolicySettings, merchantId: string): Spent {
    const nowMs = this.#parts.clock.nowMs()
    const nowS = Math.floor(nowMs / 1_000)
    return this.#spending.since(dayStartMs(nowMs, TIME_ZONE_OF[currency]) / 1_000, nowS - velocity.withinMinutes * MINUTE_S, merchantId)
  }
}
