import { assert } from '#shared/assert.ts'
import type { FrozenBy } from '#shared/contracts/owner-api.ts'
import type { Database, Tx } from '../database/tables.ts'

export type Freeze = { readonly by: FrozenBy; readonly at: string }

/** Who stopped the account's payments and when, or undefined: nobody. */
export async function findFreeze(db: Database, accountId: string): Promise<Freeze | undefined> {
  const row = await db.selectFrom('accounts').select(['frozen', 'frozen_by', 'frozen_at']).where('id', '=', accountId).executeTakeFirst()
  if (row?.frozen !== 1) return undefined
  assert(row.frozen_by !== null && row.frozen_at !== null, 'a freeze says who and when')
  return { by: row.frozen_by, at: row.frozen_at }
}

export async function setFreeze(tx: Tx, accountId: string, freeze: Freeze | undefined): Promise<void> {
  await tx
    .updateTable('accounts')
    .set(freeze ? { frozen: 1, frozen_by: freeze.by, frozen_at: freeze.at } : { frozen: 0, frozen_by: null, frozen_at: null })
    .where('id', '=', accountId)
    .execute()
}
