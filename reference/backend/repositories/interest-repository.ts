import { sql } from 'kysely'
import type { Currency } from '#shared/domain/money.ts'
import type { Database, Tx } from '../database/tables.ts'

export type TermsRecord = { readonly fromDay: string; readonly basisPoints: number; readonly timeZone: string }
/** An account with a day to settle. `settledDay`: the last one that is, empty before the first. */
export type DueAccount = { readonly id: string; readonly currency: Currency; readonly settledDay: string; readonly carried: number }

/** All terms there were, in order. They change when the configuration does: a handful in many years. */
export async function allTerms(db: Database): Promise<readonly TermsRecord[]> {
  const rows = await db.selectFrom('interest_terms').selectAll().orderBy('from_day').execute()
  return rows.map((row) => ({ fromDay: row.from_day, basisPoints: row.basis_points, timeZone: row.time_zone }))
}

/** From this day on these terms are in force, instead of others that were to be from that day on. */
export async function putTerms(tx: Tx, { fromDay, basisPoints, timeZone }: TermsRecord): Promise<void> {
  await tx
    .insertInto('interest_terms')
    .values({ from_day: fromDay, basis_points: basisPoints, time_zone: timeZone })
    .onConflict((conflict) => conflict.column('from_day').doUpdateSet({ basis_points: basisPoints, time_zone: timeZone }))
    .execute()
}

/** The last day that is settled for any account, empty when none is. */
export async function lastSettledDay(db: Database): Promise<string> {
  const row = await db.selectFrom('accounts').select('interest_day').orderBy('interest_day', 'desc').limit(1).executeTakeFirst()
  return row?.interest_day ?? ''
}

/** Accounts that are not settled through this day, those that are furthest behind first. */
export async function dueAccounts(db: Database, through: string, limit: number): Promise<readonly DueAccount[]> {
  const rows = await db
    .selectFrom('accounts')
    .select(['id', 'currency', 'interest_day', 'interest_carried'])
    .where('interest_day', '<', through)
    .orderBy('interest_day')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ id: row.id, currency: row.currency, settledDay: row.interest_day, carried: row.interest_carried }))
}

/** When anything was first posted to this account of the ledger, ISO 8601 UTC. */
export async function firstPostedAt(db: Database, account: string): Promise<string | undefined> {
  const row = await db.selectFrom('entries').select('at').where('account', '=', account).orderBy('at').limit(1).executeTakeFirst()
  return row?.at
}

/** Moves an account on from the day it was settled through. False: it was not there any more, somebody else has moved it. */
export async function setSettled(
  tx: Tx,
  account: DueAccount,
  settled: { readonly day: string; readonly carried: number },
): Promise<boolean> {
  const moved = await tx
    .updateTable('accounts')
    .set({ interest_day: settled.day, interest_carried: settled.carried })
    .where('id', '=', account.id)
    .where('interest_day', '=', account.settledDay)
    .executeTakeFirst()
  return moved.numUpdatedRows === 1n
}

/** What the postings of interest say they are about: one for each account and day. */
export const interestReference = (accountId: string, day: string): string => `${accountId}:${day}`

/** Interest credited to an account for the days from one to another, both included, minor units. */
export async function interestBetween(
  db: Database,
  account: { readonly id: string; readonly wallet: string },
  days: { readonly from: string; readonly to: string },
): Promise<number> {
  const row = await db
    .selectFrom('postings')
    .innerJoin('entries', 'entries.posting_id', 'postings.id')
    .select(sql<number>`coalesce(sum(entries.amount), 0)`.as('amount'))
    .where('postings.kind', '=', 'interest')
    .where('postings.reference', '>=', interestReference(account.id, days.from))
    .where('postings.reference', '<=', interestReference(account.id, days.to))
    .where('entries.account', '=', account.wallet)
    .executeTakeFirst()
  return row?.amount ?? 0
}
