import type { Database, Tx } from '../database/tables.ts'

export type KnownPhone = { readonly id: string; readonly addedAt: string | null; readonly retiredAt: string | null }

/** Those in use first. */
export async function phonesOf(db: Database, accountId: string): Promise<readonly KnownPhone[]> {
  const rows = await db
    .selectFrom('phones')
    .select(['id', 'added_at', 'retired_at'])
    .where('account_id', '=', accountId)
    .orderBy('retired_at')
    .orderBy('added_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({ id: row.id, addedAt: row.added_at, retiredAt: row.retired_at }))
}

/** Ends a phone's use, and that of every band bound to it. */
export async function retirePhone(tx: Tx, phoneId: string, at: string): Promise<void> {
  await tx.updateTable('phones').set({ retired_at: at }).where('id', '=', phoneId).execute()
  await tx.updateTable('bands').set({ state: 'blocked' }).where('phone_id', '=', phoneId).execute()
}
