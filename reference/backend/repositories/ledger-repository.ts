import { sql } from 'kysely'
import type { PostingKind } from '#shared/contracts/wallet-api.ts'
import type { Currency } from '#shared/domain/money.ts'
import { prepared } from '../database/prepared.ts'
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

const insertPosting = prepared((db, { id, kind, reference, at }: Omit<Posting, 'entries'>) =>
  db.insertInto('postings').values({ id, kind, reference, at }),
)
const insertEntry = prepared(
  (db, { postingId, account, currency, amount, at }: Entry & { readonly postingId: string; readonly at: string }) =>
    db.insertInto('entries').values({ posting_id: postingId, account, currency, amount, at }),
)
const takeFromBalance = prepared((db, { account, currency, amount }: Entry) =>
  db
    .updateTable('balances')
    .set((row) => ({ amount: row('amount', '+', amount) }))
    .where('account', '=', account)
    .where('currency', '=', currency),
)
const addToBalance = prepared((db, { account, currency, amount }: Entry) =>
  db
    .insertInto('balances')
    .values({ account, currency, amount })
    .onConflict((conflict) =>
      conflict.columns(['account', 'currency']).doUpdateSet((row) => ({ amount: row('balances.amount', '+', row.ref('excluded.amount')) })),
    ),
)
const readBalance = prepared((db, { account, currency }: Omit<Entry, 'amount'>) =>
  db.selectFrom('balances').select('amount').where('account', '=', account).where('currency', '=', currency),
)

/** Writes a posting and moves the balances. The rules are in services/wallet-ledger.ts. */
export async function addPosting(tx: Tx, { entries, ...posting }: Posting): Promise<void> {
  await insertPosting(tx, posting)
  for (const entry of entries) {
    await insertEntry(tx, { ...entry, postingId: posting.id, at: posting.at })
    await moveBalance(tx, entry)
  }
}

/** What arrives may open the account. What leaves finds it open: its balance must not be below zero, not even while a row is being replaced. */
async function moveBalance(tx: Tx, entry: Entry): Promise<void> {
  if (entry.amount < 0) {
    const { numAffectedRows } = await takeFromBalance(tx, entry)
    if (numAffectedRows === 1n) return
  }
  await addToBalance(tx, entry)
}

/** Minor units on an account; 0 when nothing was ever posted to it. */
export async function balanceOf(db: Database, account: string, currency: Currency): Promise<number> {
  const [row] = (await readBalance(db, { account, currency })).rows
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
