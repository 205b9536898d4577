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
