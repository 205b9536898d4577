/**
 * What a wallet pays, and what its customer has to do for it: one pure rule for phone, backend and till. Amounts are whole minor units.
 *
 * The rules are judged in the order of POLICY_RULES, and the first that objects decides:
 * 1. `knock` comes first and looks at nothing but the amount, so that a terminal that asks for no knock cannot learn from the answer what a
 *    wallet holds, allows or has spent: whoever wants to know must have the customer act.
 * 2. What nobody at the counter can mend follows: currency, limits, velocity, place.
 * 3. `confirm` is last: nobody is asked to confirm what would be refused all the same.
 */
import type { Currency } from './money.ts'
import { POLICY_RULE_LIST, type PolicyRule } from './policy-rules.ts'

/** What an owner allows. A payment exactly at a limit is within it. */
export type PolicySettings = {
  readonly currency: Currency
  readonly perPayment: number
  readonly perDay: number
  readonly perMerchantPerDay: number
  /** The phone limit: above it, the owner confirms on the phone. */
  readonly confirmAbove: number
  /** Above it, the wrist knocks. It shrinks with the age of the terminal's list: `noKnockLimitAt`. */
  readonly noKnockLimit: number
  /** So many payments within so many minutes. */
  readonly velocity: { readonly payments: number; readonly withinMinutes: number }
  /** How far the phone may be from the terminal's certified place, metres. ANYWHERE_METRES: anywhere. */
  readonly placeMaxMetres: number
}

/** What is known of a payment. `amount` is not counted in anything that was spent before. */
export type PolicyFacts = {
  readonly amount: number
  readonly currency: string
  readonly spentToday: number
  readonly spentTodayAtMerchant: number
  /** Payments made within the velocity's minutes. */
  readonly paymentsInWindow: number
  /** The count the terminal's statement requires, 0 for none, and the count the band's proof says was given. */
  readonly knocks: { readonly required: number; readonly given: number }
  /** Since the terminal could last learn of revocations, minutes, as its statement says. */
  readonly listAgeMinutes: number
  readonly isConfirmed: boolean
  /** Between the phone and the terminal's certified place, metres. Undefined: the phone does not know where it is. */
  readonly distanceMetres: number | undefined
}

export type Verdict = { readonly type: 'allow' } | { readonly type: 'confirm' | 'knock' | 'refuse'; readonly rule: PolicyRule }

/** Half the way round the Earth and some: no two places are further apart. */
export const ANYWHERE_METRES = 20_100_000

/** A list this young is as good as new: a terminal probes its backend every 15 seconds, and mends a short outage by itself. */
export const LIST_FRESH_MINUTES = 15
/** From here on every payment is knocked for: a day is long enough for an owner to have reported a loss. */
export const LIST_STALE_MINUTES = 24 * 60
const LIST_HALVES_EVERY_MINUTES = 60

/**
 * The no-knock limit at a terminal whose list is so old: whole under 15 minutes; from then on half of it, halved again with every further
 * hour and rounded down; nothing from 24 hours on. It never grows with age. 200.00: 100.00 at 15 min, 50.00 at 1 h 15, 25.00 at 2 h 15 …
 */
export function noKnockLimitAt(limit: number, listAgeMinutes: number): number {
  if (listAgeMinutes < LIST_FRESH_MINUTES) return limit
  if (listAgeMinutes >= LIST_STALE_MINUTES) return 0
  const halvings = 1 + Math.floor((listAgeMinutes - LIST_FRESH_MINUTES) / LIST_HALVES_EVERY_MINUTES)
  return Math.floor(limit / 2 ** halvings)
}

/** True when nothing smaller than a knock will do for this amount at a terminal whose list is so old. */
export function needsKnock(amount: number, noKnockLimit: number, listAgeMinutes: number): boolean {
  return amount > noKnockLimitAt(noKnockLimit, listAgeMinutes)
}

/** Allows, or names the first rule that objects and what would satisfy it: a knock, a confirmation, or nothing (`refuse`). */
export function judge(settings: PolicySettings, facts: PolicyFacts): Verdict {
  const rule = POLICY_RULE_LIST.find((each) => objects(each, settings, facts))
  if (rule === undefined) return { type: 'allow' }
  return { type: rule === 'knock' || rule === 'confirm' ? rule : 'refuse', rule }
}

/** Whether this one rule objects, whatever the others say. */
export function objects(rule: PolicyRule, settings: PolicySettings, facts: PolicyFacts): boolean {
  const { amount, knocks, distanceMetres } = facts
  switch (rule) {
    case 'knock':
      return needsKnock(amount, settings.noKnockLimit, facts.listAgeMinutes) && (knocks.required === 0 || knocks.given !== knocks.required)
    case 'currency':
      return facts.currency !== settings.currency
    case 'limit':
      return amount > settings.perPayment
    case 'day-limit':
      return facts.spentToday + amount > settings.perDay
    case 'merchant-limit':
      return facts.spentTodayAtMerchant + amount > settings.perMerchantPerDay
    case 'velocity':
      return facts.paymentsInWindow >= settings.velocity.payments
    case 'place':
      // A phone without a place refuses nothing by that alone: indoors many have none. What nearness cannot settle then, the knock does.
      return distanceMetres !== undefined && distanceMetres > settings.placeMaxMetres
    case 'confirm':
      return amount > settings.confirmAbove && !facts.isConfirmed
  }
}

/** Each rule as strict as the stricter of the two. They are of one currency. */
export function strictest(a: PolicySettings, b: PolicySettings): PolicySettings {
  return {
    currency: a.currency,
    perPayment: Math.min(a.perPayment, b.perPayment),
    perDay: Math.min(a.perDay, b.perDay),
    perMerchantPerDay: Math.min(a.perMerchantPerDay, b.perMerchantPerDay),
    confirmAbove: Math.min(a.confirmAbove, b.confirmAbove),
    noKnockLimit: Math.min(a.noKnockLimit, b.noKnockLimit),
    velocity: {
      payments: Math.min(a.velocity.payments, b.velocity.payments),
      withinMinutes: Math.max(a.velocity.withinMinutes, b.velocity.withinMinutes),
    },
    placeMaxMetres: Math.min(a.placeMaxMetres, b.placeMaxMetres),
  }
}

/** True when no rule of `after` allows what `before` did not. */
export function isAsStrict(after: PolicySettings, before: PolicySettings): boolean {
  return after.currency === before.currency && isSameSettings(strictest(after, before), after)
}

export function isSameSettings(a: PolicySettings, b: PolicySettings): boolean {
  const { velocity, ...rest } = a
  const same = Object.entries(rest).every(([name, value]) => b[name as keyof typeof rest] === value)
  return same && velocity.payments === b.velocity.payments && velocity.withinMinutes === b.velocity.withinMinutes
}

/**
 * What may be paid without a knock until an owner or an operator says otherwise, minor units; it is also the till's own no-knock limit.
 * CNY 200.00 pays for two and their popcorn, and is what an offline allowance holds at most. EUR 50.00 is the contactless limit of
 * (EU) 2018/389, article 11. The others are about as much.
 */
export const NO_KNOCK_LIMIT: Readonly<Record<Currency, number>> = { CNY: 200_00, EUR: 50_00, USD: 50_00, JPY: 5_000 }

/**
 * What holds for an account that nobody has set limits for, in multiples of the no-knock limit. In CNY: a phone limit of 1,000.00, where
 * UnionPay's contactless cards ask for a PIN; 2,000.00 a payment; 3,000.00 a day at one merchant; 5,000.00 a day, which the
 * People's Bank allows a wallet that is unlocked by two factors (notice 43 of 2015, article 24). Ten payments in ten minutes are more than
 * anyone makes at a counter. Two kilometres cover a large building and a phone that knows only its radio cell.
 */
export function defaultSettings(currency: Currency): PolicySettings {
  const unit = NO_KNOCK_LIMIT[currency]
  return {
    currency,
    perPayment: 10 * unit,
    perDay: 25 * unit,
    perMerchantPerDay: 15 * unit,
    confirmAbove: 5 * unit,
    noKnockLimit: unit,
    velocity: { payments: 10, withinMinutes: 10 },
    placeMaxMetres: 2_000,
  }
}
