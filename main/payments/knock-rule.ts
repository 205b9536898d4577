/**
 * Whether whoever pays the open sale has to knock, and why. One rule for what the screens show, for what is charged and for what the knock
 * round finds out: two bands about as near, an amount above the no-knock limit (which shrinks with the age of the news of revocations), or
 * a wallet that has asked for it.
 */
import type { Carts } from '#main/cart/carts.ts'
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Clock } from '#main/ports.ts'
import type { Sightings } from '#main/radio/sightings.ts'
import { LIST_AGE_MINUTES_MAX } from '#shared/contracts/radio-messages.ts'
import type { BandView, KnockWhy } from '#shared/contracts/till.ts'
import type { CartId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { NO_KNOCK_LIMIT, needsKnock, noKnockLimitAt } from '#shared/domain/policy.ts'
import { mayAskBands } from './band-session.ts'

export type KnockRuleDeps = {
  readonly carts: Carts
  readonly sightings: Sightings
  /** Since this terminal could last learn of revocations, whole minutes. */
  readonly listAgeMinutes: () => number
  readonly clock: Clock
  readonly standing: () => Standing
  readonly isClockOff: () => boolean
}

export class KnockRule {
  readonly #deps: KnockRuleDeps
  /** The sale for which a wallet asked for a knock. */
  #askedFor: CartId | undefined

  constructor(deps: KnockRuleDeps) {
    this.#deps = deps
  }

  /** A wallet refused the open sale because nobody had knocked: its own limit is lower than ours. */
  walletAsked(): void {
    this.#askedFor = this.#deps.carts.current().id
  }

  /** Why this sale needs a knock, whoever pays it. Undefined: it needs none by itself. */
  why(): KnockWhy | undefined {
    const { carts, listAgeMinutes } = this.#deps
    // A till that nobody trusts asks no band, and says that instead.
    if (!mayAskBands(this.#deps)) return undefined
    const { amount, currency } = carts.view().total
    const limit = NO_KNOCK_LIMIT[currency]
    if (needsKnock(amount, limit, 0)) return { kind: 'amount', limit: money(limit, currency) }
    const ageMinutes = listAgeMinutes()
    if (needsKnock(amount, limit, ageMinutes)) {
      if (ageMinutes >= LIST_AGE_MINUTES_MAX) return { kind: 'no-news' }
      return { kind: 'old-news', ageMinutes, limit: money(noKnockLimitAt(limit, ageMinutes), currency) }
    }
    return this.#askedFor === carts.current().id ? { kind: 'wallet' } : undefined
  }

  /** The bands in sight, each with whether it is charged only after a knock. */
  bands(why = this.why()): BandView[] {
    const bands = this.#deps.sightings.list()
    return why ? bands.map((band) => ({ ...band, needsKnock: band.needsKnock || couldPay(band) })) : bands
  }
}

/** Of a band that cannot pay nobody asks a knock: charging it charges nobody, and gives the honest answer why. */
function couldPay({ worn, armed, phoneLinked }: BandView): boolean {
  return worn && armed && phoneLinked
}
