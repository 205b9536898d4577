import { OWNER_SESSION_IDLE_MS, OWNER_SESSION_LIFETIME_MS } from '#shared/contracts/owner-api.ts'
import type { SignedInBy } from '../database/owner-tables.ts'
import type { Database, Tx } from '../database/tables.ts'

/** Browsers one owner is signed in on; the one opened longest ago makes room. */
const SESSIONS_MAX = 20

export type OwnerSession = {
  readonly digest: string
  readonly accountId: string
  readonly signedInBy: SignedInBy
  readonly passkeyId: string | null
  readonly openedAtMs: number
  /** 0 for a session by recovery code. */
  readonly freshUntilMs: number
}

export async function addOwnerSession(tx: Tx, session: OwnerSession): Promise<void> {
  const { digest, accountId, signedInBy, passkeyId, openedAtMs, freshUntilMs } = session
  await tx
    .insertInto('owner_sessions')
    .values({
      digest,
      account_id: accountId,
      signed_in_by: signedInBy,
      passkey_id: passkeyId,
      opened_at_ms: openedAtMs,
      used_at_ms: openedAtMs,
      fresh_until_ms: freshUntilMs,
    })
    .execute()
  const kept = tx
    .selectFrom('owner_sessions')
    .select('digest')
    .where('account_id', '=', accountId)
    .orderBy('opened_at_ms', 'desc')
    .limit(SESSIONS_MAX)
  await tx.deleteFrom('owner_sessions').where('account_id', '=', accountId).where('digest', 'not in', kept).execute()
}

/** The session with this digest, noted as used now; undefined when there is none, or it has ended by age or for want of use. */
export async function useOwnerSession(db: Database, digest: string, nowMs: number): Promise<OwnerSession | undefined> {
  const row = await db
    .updateTable('owner_sessions')
    .set({ used_at_ms: nowMs })
    .where('digest', '=', digest)
    .where('opened_at_ms', '>', nowMs - OWNER_SESSION_LIFETIME_MS)
    .where('used_at_ms', '>', nowMs - OWNER_SESSION_IDLE_MS)
    .returningAll()
    .executeTakeFirst()
  return (
    row && {
      digest: row.digest,
      accountId: row.account_id,
      signedInBy: row.signed_in_by,
      passkeyId: row.passkey_id,
      openedAtMs: row.opened_at_ms,
      freshUntilMs: row.fresh_until_ms,
    }
  )
}

export async function removeOwnerSession(tx: Tx, digest: string): Promise<void> {
  await tx.deleteFrom('owner_sessions').where('digest', '=', digest).execute()
}

/** All of the account's, or only those that were opened one way. */
export async function removeOwnerSessions(tx: Tx, accountId: string, signedInBy?: SignedInBy): Promise<void> {
  const all = tx.deleteFrom('owner_sessions').where('account_id', '=', accountId)
  await (signedInBy ? all.where('signed_in_by', '=', signedInBy) : all).execute()
}

export async function purgeOwnerSessions(tx: Tx, nowMs: number): Promise<void> {
  await tx
    .deleteFrom('owner_sessions')
    .where((or) =>
      or.or([or('opened_at_ms', '<=', nowMs - OWNER_SESSION_LIFETIME_MS), or('used_at_ms', '<=', nowMs - OWNER_SESSION_IDLE_MS)]),
    )
    .execute()
}
