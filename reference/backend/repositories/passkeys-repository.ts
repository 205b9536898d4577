import * as z from 'zod'
import type { ChallengePurpose, InvitationPurpose } from '../database/owner-tables.ts'
import type { Database, Tx } from '../database/tables.ts'

export type Owner = { readonly accountId: string; readonly userHandle: string }
export type Passkey = {
  readonly id: string
  readonly accountId: string
  /** As the browser names it, base64url. */
  readonly credentialId: string
  /** A COSE key. */
  readonly publicKey: Uint8Array<ArrayBuffer>
  readonly counter: number
  readonly transports: readonly string[]
  readonly label: string
  readonly createdAt: string
  readonly lastUsedAt: string | null
}

const transportsText = z.array(z.string())

export async function findOwner(db: Database, accountId: string): Promise<Owner | undefined> {
  const row = await db.selectFrom('owners').selectAll().where('account_id', '=', accountId).executeTakeFirst()
  return row && { accountId: row.account_id, userHandle: row.user_handle }
}

export async function addOwner(tx: Tx, owner: Owner): Promise<void> {
  await tx.insertInto('owners').values({ account_id: owner.accountId, user_handle: owner.userHandle, recovery_name: null }).execute()
}

function passkeyOf(row: {
  id: string
  account_id: string
  credential_id: string
  public_key: Uint8Array
  counter: number
  transports: string
  label: string
  created_at: string
  last_used_at: string | null
}): Passkey {
  return {
    id: row.id,
    accountId: row.account_id,
    credentialId: row.credential_id,
    publicKey: Uint8Array.from(row.public_key),
    counter: row.counter,
    transports: transportsText.parse(JSON.parse(row.transports)),
    label: row.label,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  }
}

/** Oldest first. */
export async function passkeysOf(db: Database, accountId: string): Promise<readonly Passkey[]> {
  const rows = await db.selectFrom('passkeys').selectAll().where('account_id', '=', accountId).orderBy('created_at').orderBy('id').execute()
  return rows.map(passkeyOf)
}

export async function findPasskeyByCredential(db: Database, credentialId: string): Promise<Passkey | undefined> {
  const row = await db.selectFrom('passkeys').selectAll().where('credential_id', '=', credentialId).executeTakeFirst()
  return row && passkeyOf(row)
}

export async function addPasskey(tx: Tx, passkey: Omit<Passkey, 'lastUsedAt'>): Promise<void> {
  await tx
    .insertInto('passkeys')
    .values({
      id: passkey.id,
      account_id: passkey.accountId,
      credential_id: passkey.credentialId,
      public_key: passkey.publicKey,
      counter: passkey.counter,
      transports: JSON.stringify(passkey.transports),
      label: passkey.label,
      created_at: passkey.createdAt,
      last_used_at: null,
    })
    .execute()
}

export async function notePasskeyUse(tx: Tx, id: string, use: { readonly counter: number; readonly at: string }): Promise<void> {
  await tx.updateTable('passkeys').set({ counter: use.counter, last_used_at: use.at }).where('id', '=', id).execute()
}

/** Its sessions go with it. */
export async function removePasskey(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('passkeys').where('id', '=', id).execute()
}

export async function addChallenge(
  tx: Tx,
  challenge: {
    readonly digest: string
    readonly purpose: ChallengePurpose
    readonly accountId: string | undefined
    readonly expiresAtMs: number
  },
): Promise<void> {
  const { digest, purpose, accountId = null, expiresAtMs } = challenge
  await tx.insertInto('passkey_challenges').values({ digest, purpose, account_id: accountId, expires_at_ms: expiresAtMs }).execute()
}

/** Takes a challenge out of use. Undefined when there is none of this purpose, or it has expired. */
export async function takeChallenge(
  tx: Tx,
  digest: string,
  purpose: ChallengePurpose,
  nowMs: number,
): Promise<{ readonly accountId: string | null } | undefined> {
  const row = await tx
    .deleteFrom('passkey_challenges')
    .where('digest', '=', digest)
    .where('purpose', '=', purpose)
    .returningAll()
    .executeTakeFirst()
  return row && row.expires_at_ms > nowMs ? { accountId: row.account_id } : undefined
}

export type Invitation = { readonly accountId: string; readonly phoneId: string | null; readonly isUsed: boolean }

/** Keeps an invitation; an account's earlier ones of the same purpose end with it. */
export async function addInvitation(
  tx: Tx,
  invitation: {
    readonly digest: string
    readonly accountId: string
    readonly purpose: InvitationPurpose
    readonly phoneId: string | null
    readonly expiresAtMs: number
  },
): Promise<void> {
  const { digest, accountId, purpose, phoneId, expiresAtMs } = invitation
  await removeInvitations(tx, accountId, purpose)
  await tx
    .insertInto('invitations')
    .values({ digest, account_id: accountId, purpose, phone_id: phoneId, expires_at_ms: expiresAtMs, used: 0 })
    .execute()
}

/** An invitation that has not expired; used ones too, because the answer to its use may have been lost. */
export async function findInvitation(
  db: Database,
  digest: string,
  purpose: InvitationPurpose,
  nowMs: number,
): Promise<Invitation | undefined> {
  const row = await db
    .selectFrom('invitations')
    .selectAll()
    .where('digest', '=', digest)
    .where('purpose', '=', purpose)
    .where('expires_at_ms', '>', nowMs)
    .executeTakeFirst()
  return row && { accountId: row.account_id, phoneId: row.phone_id, isUsed: row.used === 1 }
}

export async function useInvitation(tx: Tx, digest: string, phoneId: string | null): Promise<void> {
  await tx.updateTable('invitations').set({ used: 1, phone_id: phoneId }).where('digest', '=', digest).execute()
}

export async function removeInvitations(tx: Tx, accountId: string, purpose: InvitationPurpose): Promise<void> {
  await tx.deleteFrom('invitations').where('account_id', '=', accountId).where('purpose', '=', purpose).execute()
}

/** Forgets what has expired. */
export async function purgePasskeyWaste(tx: Tx, nowMs: number): Promise<void> {
  await tx.deleteFrom('passkey_challenges').where('expires_at_ms', '<=', nowMs).execute()
  await tx.deleteFrom('invitations').where('expires_at_ms', '<=', nowMs).execute()
}
