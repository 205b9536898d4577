/** Credits each wallet with what each of its days earned: every day once, however often the work is cut and begun again. */
import { setImmediate } from 'node:timers/promises'
import { assert } from '#shared/assert.ts'
import { dayBefore, endOf } from '#shared/calendar-day.ts'
import type { Database, Tx } from '../database/tables.ts'
import {
  allTerms,
  type DueAccount,
  dueAccounts,
  firstPostedAt,
  interestReference,
  lastSettledDay,
  putTerms,
  setSettled,
} from '../repositories/interest-repository.ts'
import { balanceOf, movedSince } from '../repositories/ledger-repository.ts'
import { type Clock, instantOf, type NewId } from '../world.ts'
import { adopted, type DatedTerms, earnedThrough, interestOfDay, nextEarningDay, type Terms } from './interest-rule.ts'
import { INTEREST_EXPENSE, post, transfer, walletOf } from './wallet-ledger.ts'

/** A day is settled this long after it is over: a clock that is set back a little then still dates no posting into a settled day. */
export const SETTLE_AFTER_MS = 5 * 60_000
/** Days of accounts settled in one transaction: few enough for a payment not to notice, enough to share the cost of a commit. */
const BATCH_MAX = 20

export class Interest {
  readonly #db: Database
  readonly #world: { readonly clock: Clock; readonly newId: NewId }
  readonly #wanted: Terms
  /** When the day settled last was over: thousands of accounts in a row settle the same one, and a calendar is slow to ask. */
  #lastEnd: { readonly day: string; readonly timeZone: string; readonly ms: number } | undefined

  /** `wanted`: the terms from today on. Days before today keep those they had. */
  constructor(db: Database, world: { readonly clock: Clock; readonly newId: NewId }, wanted: Terms) {
    this.#db = db
    this.#world = world
    this.#wanted = wanted
  }

  /**
   * Settles every day that is over, for every account, frozen or not: a batch to a transaction, with calls answered in between. Returns
   * how many days of accounts were settled. Ends early, with what is done kept, when `isStopping` says so.
   */
  async sweep(isStopping: () => boolean = () => false): Promise<number> {
    await this.#adoptTerms()
    let settled = 0
    while (!isStopping()) {
      const batch = await this.#db.transaction().execute(async (tx) => this.#settleBatch(tx))
      if (batch === 0) break
      settled += batch
      await setImmediate()
    }
    return settled
  }

  async #adoptTerms(): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      const terms = adopted(await allTerms(tx), this.#wanted, this.#world.clock.nowMs(), await lastSettledDay(tx))
      if (terms) await putTerms(tx, terms)
    })
  }

  async #settleBatch(tx: Tx): Promise<number> {
    const nowMs = this.#world.clock.nowMs()
    const terms = await allTerms(tx)
    const through = earnedThrough(terms, nowMs - SETTLE_AFTER_MS)
    if (through === undefined) return 0
    const accounts = await dueAccounts(tx, through, BATCH_MAX)
    for (const account of accounts) await this.#settleDay(tx, account, terms, through)
    return accounts.length
  }

  /** Settles the next day of one account: what it earned, what it carries on, and that it is settled, all or nothing. */
  async #settleDay(tx: Tx, account: DueAccount, allOfTerms: readonly DatedTerms[], through: string): Promise<void> {
    const { id, currency, carried } = account
    const wallet = walletOf(id)
    const next = nextEarningDay(allOfTerms, account.settledDay || (await this.#dayBeforeFirst(tx, wallet, through)))
    // A wallet that nothing was posted to yet begins with the day of its first posting.
    if (!next || next.day > through) return settle(tx, account, { day: through, carried })
    const { day, terms } = next
    const closing = await closingBalance(tx, { account: wallet, currency }, this.#endOf(day, terms.timeZone))
    const earned = interestOfDay(closing, terms.basisPoints, carried)
    if (earned.credit > 0) {
      await post(tx, {
        id: this.#world.newId(),
        kind: 'interest',
        reference: interestReference(id, day),
        at: instantOf(this.#world.clock.nowMs()),
        entries: transfer(INTEREST_EXPENSE, wallet, earned.credit, currency),
      })
    }
    return settle(tx, account, { day, carried: earned.carried })
  }

  #endOf(day: string, timeZone: string): number {
    const last = this.#lastEnd
    if (last?.day === day && last.timeZone === timeZone) return last.ms
    const ms = endOf(day, timeZone)
    this.#lastEnd = { day, timeZone, ms }
    return ms
  }

  /** A day of which is sure that nothing was posted yet when it ended, in whatever zone. */
  async #dayBeforeFirst(tx: Tx, wallet: string, through: string): Promise<string> {
    const first = await firstPostedAt(tx, wallet)
    return first === undefined ? through : dayBefore(dayBefore(first.slice(0, through.length)))
  }
}

/**
 * What stood in a wallet when a day ended, with the interest of all days before it, whenever that was posted: so it does not matter how
 * late a day is settled. Days are settled in order, so interest in the balance now is that of the days before.
 */
async function closingBalance(tx: Tx, wallet: Parameters<typeof movedSince>[1], endMs: number): Promise<number> {
  const now = await balanceOf(tx, wallet.account, wallet.currency)
  return now - (await movedSince(tx, wallet, instantOf(endMs), { withInterest: false }))
}

async function settle(tx: Tx, account: DueAccount, settled: { readonly day: string; readonly carried: number }): Promise<void> {
  assert(await setSettled(tx, account, settled), 'a transaction sees nobody else settle an account')
}
