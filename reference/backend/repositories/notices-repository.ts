import type { NoticeKind } from '#shared/contracts/notices.ts'
import type { Database, Tx } from '../database/tables.ts'

export type Notice = {
  readonly id: string
  readonly accountId: string
  readonly kind: NoticeKind
  /** A short name of what it is about, such as a band's id; never a secret. */
  readonly detail: string
  /** ISO 8601 UTC. */
  readonly at: string
}

export async function addNotice(tx: Tx, { id, accountId, kind, detail, at }: Notice): Promise<void> {
  await tx.insertInto('notices').values({ id, account_id: accountId, kind, detail, at, read_at: null }).execute()
}

/** Newest first, at most `limit`. */
export async function noticesOf(
  db: Database,
  accountId: string,
  limit: number,
): Promise<readonly (Notice & { readonly readAt: string | null })[]> {
  const rows = await db
    .selectFrom('notices')
    .selectAll()
    .where('account_id', '=', accountId)
    .orderBy('at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id, kind, detail, at, read_at }) => ({ id, accountId, kind, detail, at, readAt: read_at }))
}

export async function countUnreadNotices(db: Database, accountId: string): Promise<number> {
  const { count } = await db
    .selectFrom('notices')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('read_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}

/** Marks those of the account's notices that were not read before. Notices of others are left alone. */
export async function markNoticesRead(tx: Tx, accountId: string, ids: readonly string[], at: string): Promise<void> {
  await tx
    .updateTable('notices')
    .set({ read_at: at })
    .where('account_id', '=', accountId)
    .where('id', 'in', ids)
    .where('read_at', 'is', null)
    .execute()
}
