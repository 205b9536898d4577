import { sql } from 'kysely'
import type { PostingKind } from '#shared/contracts/wallet-api.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { Database, Tx } from '../database/tables.ts'

export type Entry = { readonly account: string; readonly amount: number; readonly currency: Currency }
export type Posting = {
  readonly id: string
  readonly kind: PostingKind
  /** What it is about: an account, an authorization, or an account and a day. One posting of a kind per reference. */
  readonly reference: string
  /** ISO 8601 UTC. */
  readonly at: string
  readonly entries: readonly Entry[]
}

/** Writes a posting and moves the balances. The rules are in services/wallet-ledger.ts. */
export async function addPosting(tx: Tx, posting: Posting): Promise<void> {
  const { id, kind, reference, at, entries } = posting
  await tx.insertInto('postings').values({ id, kind, reference, at }).execute()
  await tx
    .insertInto('entries')
    .values(entries.map((entry) => ({ posting_id: id, account: entry.account, currency: entry.currency, amount: entry.amount, at })))
    .execute()
  for (const { account, currency, amount } of entries) {
    const moved = await tx
      .updateTable('balances')
      .set((row) => ({ amount: row('amount', '+', amount) }))
      .where('account', '=', account)
      .where('currency', '=', currency)
      .executeTakeFirst()
    if (moved.numUpdatedRows === 0n) await tx.insertInto('balances').values({ account, currency, amount }).execute()
  }
}

/** Minor units on an account; 0 when nothing was ever posted to it. */
export async function balanceOf(db: Database, account: string, currency: Currency): Promise<number> {
  const row = await db
    .selectFrom('balances')
    .select('amount')
    .where('account', '=', account)
    .where('currency', '=', currency)
    .executeTakeFirst()
  return row?.amount ?? 0
}

/** What came to an account from this instant (ISO 8601 UTC) on, less what left it, minor units. */
export async function movedSince(
  db: Database,
  wallet: { readonly account: string; readonly currency: Currency },
  from: string,
  options: { readonly withInterest: boolean },
): Promise<number> {
  const row = await db
    .selectFrom('entries')
    .innerJoin('postings', 'postings.id', 'entries.posting_id')
    .select(({ fn }) => fn.sum<number | null>('entries.amount').as('amount'))
    .where('entries.account', '=', wallet.account)
    .where('entries.currency', '=', wallet.currency)
    .where('entries.at', '>=', from)
    .$if(!options.withInterest, (query) => query.where('postings.kind', '!=', 'interest'))
    .executeTakeFirst()
  return row?.amount ?? 0
}

/** The sum of all entries, minor units of all currencies together. Zero, always (I7). */
export async function sumOfLedger(db: Database): Promise<number> {
  const row = await db.selectFrom('entries').select(sql<number>`coalesce(sum(amount), 0)`.as('amount')).executeTakeFirst()
  return row?.amount ?? 0
}
