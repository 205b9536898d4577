import type { Database, Tx } from '../database/tables.ts'

/** Replaces an account's codes: the ones before, used or not, are gone. */
export async function replaceRecoveryCodes(
  tx: Tx,
  accountId: string,
  codes: { readonly name: string; readonly digests: readonly string[] },
): Promise<void> {
  await tx.deleteFrom('recovery_codes').where('account_id', '=', accountId).execute()
  await tx.updateTable('owners').set({ recovery_name: codes.name }).where('account_id', '=', accountId).execute()
  await tx
    .insertInto('recovery_codes')
    .values(codes.digests.map((digest) => ({ digest, account_id: accountId, used_at: null })))
    .execute()
}

export async function findRecoveringAccount(db: Database, name: string): Promise<string | undefined> {
  const row = await db.selectFrom('owners').select('account_id').where('recovery_name', '=', name).executeTakeFirst()
  return row?.account_id
}

/** Digests of the codes that were not used yet. */
export async function unusedRecoveryCodes(db: Database, accountId: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('recovery_codes')
    .select('digest')
    .where('account_id', '=', accountId)
    .where('used_at', 'is', null)
    .execute()
  return rows.map((row) => row.digest)
}

export async function noteRecoveryCodeUse(tx: Tx, digest: string, at: string): Promise<void> {
  await tx.updateTable('recovery_codes').set({ used_at: at }).where('digest', '=', digest).execute()
}

export type RecoveryWait = { readonly failures: number; readonly untilMs: number }

/** How long what was guessed at, or whence, has to wait; undefined when nothing failed lately. */
export async function findRecoveryWait(db: Database, subject: string, nowMs: number): Promise<RecoveryWait | undefined> {
  const row = await db
    .selectFrom('recovery_waits')
    .selectAll()
    .where('subject', '=', subject)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst()
  return row && { failures: row.failures, untilMs: row.until_ms }
}

export async function setRecoveryWait(tx: Tx, subject: string, wait: RecoveryWait & { readonly expiresAtMs: number }): Promise<void> {
  const values = { failures: wait.failures, until_ms: wait.untilMs, expires_at_ms: wait.expiresAtMs }
  await tx
    .insertInto('recovery_waits')
    .values({ subject, ...values })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet(values))
    .execute()
}

export async function removeRecoveryWait(tx: Tx, subject: string): Promise<void> {
  await tx.deleteFrom('recovery_waits').where('subject', '=', subject).execute()
}

export async function purgeRecoveryWaits(tx: Tx, nowMs: number): Promise<void> {
  await tx.deleteFrom('recovery_waits').where('expires_at_ms', '<=', nowMs).execute()
}
