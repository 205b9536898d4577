/** What terminals must hear is no longer good: allowances, and keys of phones. */
import type { RevokedKind } from '#shared/contracts/allowance-api.ts'
import type { Database, Tx } from '../database/tables.ts'

/**
 * What is set aside of this account, band or phone may not be spent from `at` on, and terminals will hear of it. What was spent before is
 * settled as ever.
 */
export async function revokeAllowances(
  tx: Tx,
  of: { readonly accountId: string } | { readonly bandId: string } | { readonly phoneId: string },
  at: string,
): Promise<void> {
  const open = tx.selectFrom('allowances').select(['id', 'until_s']).where('closed_at', 'is', null).where('revoked_at', 'is', null)
  const query =
    'accountId' in of
      ? open.where('account_id', '=', of.accountId)
      : 'bandId' in of
        ? open.where('band_id', '=', of.bandId)
        : open.where('phone_id', '=', of.phoneId)
  for (const { id, until_s: untilS } of await query.execute()) {
    await tx.updateTable('allowances').set({ revoked_at: at }).where('id', '=', id).execute()
    await tx.insertInto('revoked').values({ kind: 'allowance', id, until_s: untilS, at }).execute()
  }
}

/** A key that was certified for a phone: hex pseudonym, and its end in seconds. */
export type CertifiedKey = { readonly pseudonym: string; readonly until: number }

/** Remembers whose keys these are until they end, so that they can be revoked. Those that ended before `nowS` (seconds) are forgotten. */
export async function rememberKeys(tx: Tx, phoneId: string, keys: readonly CertifiedKey[], nowS: number): Promise<void> {
  await tx.deleteFrom('phone_certificates').where('until_s', '<', nowS).execute()
  const rows = keys.map(({ pseudonym, until }) => ({ pseudonym, phone_id: phoneId, until_s: until }))
  await tx.insertInto('phone_certificates').values(rows).execute()
}

/** How many keys of this phone are good, now or later. */
export async function countKeys(tx: Tx, phoneId: string, nowS: number): Promise<number> {
  const row = await tx
    .selectFrom('phone_certificates')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .where('phone_id', '=', phoneId)
    .where('until_s', '>=', nowS)
    .executeTakeFirstOrThrow()
  return row.n
}

/** No key of this phone is good from `at` on, and terminals will hear of it. */
export async function revokeKeys(tx: Tx, phoneId: string, nowS: number, at: string): Promise<void> {
  const good = tx
    .selectFrom('phone_certificates')
    .select((query) => [query.val<RevokedKind>('key').as('kind'), 'pseudonym as id', 'until_s', query.val(at).as('at')])
    .where('phone_id', '=', phoneId)
    .where('until_s', '>=', nowS)
  await tx.insertInto('revoked').columns(['kind', 'id', 'until_s', 'at']).expression(good).execute()
  await tx.deleteFrom('phone_certificates').where('phone_id', '=', phoneId).execute()
}

export type Revocation = { readonly cursor: number; readonly kind: RevokedKind; readonly id: string; readonly until: number }

/** What was revoked and could still be used at `nowS` (seconds), in that order. */
export async function revocationsAfter(db: Database, after: number, nowS: number, limit: number): Promise<readonly Revocation[]> {
  const rows = await db
    .selectFrom('revoked')
    .select(['cursor', 'kind', 'id', 'until_s'])
    .where('cursor', '>', after)
    .where('until_s', '>=', nowS)
    .orderBy('cursor')
    .limit(limit)
    .execute()
  return rows.map(({ cursor, kind, id, until_s: until }) => ({ cursor, kind, id, until }))
}
