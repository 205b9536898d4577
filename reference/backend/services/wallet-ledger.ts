import { assert } from '#shared/assert.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { Payer } from '../database/allowance-tables.ts'
import type { Tx } from '../database/tables.ts'
import { addPosting, type Posting } from '../repositories/ledger-repository.ts'

/** The world beyond the wallets: money comes from here and goes back to here. */
export const OUTSIDE_BANK = 'outside-bank'
/** What the issuer has paid its customers for leaving money in their wallets: below zero by all the interest there ever was. */
export const INTEREST_EXPENSE = 'interest-expense'
/** What the issuer has paid merchants for its customers: below zero by all of it. */
export const ISSUER_LOSSES = 'issuer-losses'
export const walletOf = (accountId: string): string => `wallet:${accountId}`
export const holdOf = (authorizationId: string): string => `hold:${authorizationId}`
export const allowanceOf = (allowanceId: string): string => `allowance:${allowanceId}`
export const balanceOfMerchant = (merchantId: string): string => `merchant:${merchantId}`

/** Where the money of an authorization came from, and goes back to. */
export function payerOf({ payer, accountId }: { readonly payer: Payer; readonly accountId: string }): string {
  return payer === 'wallet' ? walletOf(accountId) : ISSUER_LOSSES
}

const ENTRIES_MAX = 8

/** Writes one posting. I7: its entries sum to zero in each currency, asserted here and nowhere else, because nothing else writes. */
export async function post(tx: Tx, posting: Posting): Promise<void> {
  const { entries } = posting
  assert(entries.length >= 2 && entries.length <= ENTRIES_MAX, `a posting has 2 to ${ENTRIES_MAX} entries`)
  const sums = new Map<Currency, number>()
  for (const { amount, currency } of entries) {
    assert(Number.isSafeInteger(amount) && amount !== 0, 'an entry is a whole number of minor units, and not nothing')
    sums.set(currency, (sums.get(currency) ?? 0) + amount)
  }
  assert(
    [...sums.values()].every((sum) => sum === 0),
    'a posting must sum to zero',
  )
  assert(new Set(entries.map((entry) => entry.account + entry.currency)).size === entries.length, 'an account stands once in a posting')
  await addPosting(tx, posting)
}

/** Two entries: `amount` minor units leave one account and arrive on the other. */
export function transfer(from: string, to: string, amount: number, currency: Currency): Posting['entries'] {
  return [
    { account: from, amount: -amount, currency },
    { account: to, amount, currency },
  ]
}
