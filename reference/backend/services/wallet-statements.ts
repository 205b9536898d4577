/** What an owner reads of a wallet: what is in it, what it earned, and every line that moved it. Reads only; whose it is, the caller knows. */
import { assert } from '#shared/assert.ts'
import { dayAt, dayBefore, endOf } from '#shared/calendar-day.ts'
import { OPEN_HOLDS_MAX } from '#shared/contracts/wallet-api.ts'
import type { Currency } from '#shared/domain/money.ts'
import { ok } from '#shared/result.ts'
import type { Database } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { setAsideOf } from '../repositories/allowances-repository.ts'
import { interestBetween } from '../repositories/interest-repository.ts'
import { balanceOf, movedSince } from '../repositories/ledger-repository.ts'
import { findAccount } from '../repositories/registry-repository.ts'
import {
  heldOf,
  type LineRecord,
  linesAfter,
  movedAfter,
  type OpenHold,
  openHoldsOf,
  type PaymentRecord,
  type Place,
  placeOf,
} from '../repositories/statement-repository.ts'
import { type Clock, instantOf } from '../world.ts'
import type { Terms } from './interest-rule.ts'
import { walletOf } from './wallet-ledger.ts'

/** Amounts are minor units of `currency`. */
export type WalletView = {
  readonly currency: Currency
  readonly balance: number
  readonly held: number
  readonly setAside: number
  readonly interest: { readonly earned: number; readonly year: number; readonly basisPoints: number }
}
export type StatementWish = {
  /** First and last day, both included. */
  readonly from: string
  readonly to: string
  /** The cursor of the last line seen, 0 to begin. */
  readonly after: number
  readonly limit: number
}
export type StatementLine = {
  readonly cursor: number
  /** ISO 8601 UTC. */
  readonly at: string
  readonly kind: LineRecord['kind']
  readonly amount: number
  readonly balance: number
  readonly payment: PaymentRecord | undefined
  /** The day that earned it, of interest. */
  readonly day: string | undefined
}
export type Statement = {
  readonly currency: Currency
  readonly timeZone: string
  readonly opening: number
  readonly closing: number
  readonly lines: readonly StatementLine[]
  readonly more: boolean
  readonly openHolds: readonly OpenHold[]
}

export class WalletStatements {
  readonly #db: Database
  readonly #clock: Clock
  readonly #terms: Terms

  constructor(db: Database, clock: Clock, terms: Terms) {
    this.#db = db
    this.#clock = clock
    this.#terms = terms
  }

  async wallet(accountId: string): Promise<Refusable<WalletView>> {
    const { timeZone, basisPoints } = this.#terms
    const year = dayAt(this.#clock.nowMs(), timeZone).slice(0, 4)
    return this.#db.transaction().execute(async (tx) => {
      const account = await findAccount(tx, accountId)
      if (!account) return refuse('unknown', 'no such account')
      const wallet = walletOf(accountId)
      const days = { from: `${year}-01-01`, to: `${year}-12-31` }
      return ok({
        currency: account.currency,
        balance: await balanceOf(tx, wallet, account.currency),
        held: await heldOf(tx, accountId),
        setAside: await setAsideOf(tx, accountId),
        interest: { earned: await interestBetween(tx, { id: accountId, wallet }, days), year: Number(year), basisPoints },
      })
    })
  }

  /**
   * One page of a statement. Opening balance plus all lines of all pages is the closing balance, to the minor unit; each line says what was
   * in the wallet after it. Days are those of the zone that interest is reckoned in. Refused: `malformed` when the days are in the wrong
   * order, `unknown` when the account or the cursor is.
   */
  async statement(accountId: string, wish: StatementWish): Promise<Refusable<Statement>> {
    if (wish.from > wish.to) return refuse('malformed', 'the first day comes after the last')
    const { timeZone } = this.#terms
    const fromInstant = instantOf(endOf(dayBefore(wish.from), timeZone))
    const before = instantOf(endOf(wish.to, timeZone))
    return this.#db.transaction().execute(async (tx) => {
      const account = await findAccount(tx, accountId)
      if (!account) return refuse('unknown', 'no such account')
      const { currency } = account
      const wallet = { account: walletOf(accountId), currency }
      const cursor = wish.after === 0 ? undefined : await placeOf(tx, wallet, wish.after)
      if (wish.after !== 0 && !cursor) return refuse('unknown', 'no line of this wallet has this cursor')
      // No posting has the place 0, so this is the place before the first line.
      const start: Place = { at: fromInstant, cursor: 0 }
      const place = cursor && isBehind(cursor, start) ? cursor : start
      const now = await balanceOf(tx, wallet.account, currency)
      const found = await linesAfter(tx, wallet, { after: place, before, limit: wish.limit + 1 })
      return ok({
        currency,
        timeZone,
        opening: now - (await movedSince(tx, wallet, fromInstant, { withInterest: true })),
        closing: now - (await movedSince(tx, wallet, before, { withInterest: true })),
        lines: linesFrom(now - (await movedAfter(tx, wallet, place)), found.slice(0, wish.limit)),
        more: found.length > wish.limit,
        openHolds: await openHoldsOf(tx, accountId, OPEN_HOLDS_MAX),
      })
    })
  }
}

function isBehind(one: Place, other: Place): boolean {
  return one.at > other.at || (one.at === other.at && one.cursor > other.cursor)
}

/** Lines with the balance after each, from the balance before the first. */
function linesFrom(before: number, records: readonly LineRecord[]): StatementLine[] {
  let balance = before
  return records.map(({ cursor, at, kind, reference, amount, payment }) => {
    balance += amount
    assert(Number.isSafeInteger(balance), 'a balance is a safe number of minor units')
    return { cursor, at, kind, amount, balance, payment, day: kind === 'interest' ? dayOf(reference) : undefined }
  })
}

/** The day in the reference of an interest posting: what stands behind its last colon. */
function dayOf(reference: string): string {
  return reference.slice(reference.lastIndexOf(':') + 1)
}
