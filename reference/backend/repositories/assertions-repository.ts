import * as z from 'zod'
import type { Database, Tx } from '../database/tables.ts'

export type WebService = {
  readonly clientId: string
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly merchantId: string | undefined
}
const redirectUris = z.array(z.string())

export async function findWebService(db: Database, clientId: string): Promise<WebService | undefined> {
  const row = await db.selectFrom('web_services').selectAll().where('client_id', '=', clientId).executeTakeFirst()
  return (
    row && {
      clientId,
      name: row.name,
      redirectUris: redirectUris.parse(JSON.parse(row.redirect_uris)),
      merchantId: row.merchant_id ?? undefined,
    }
  )
}

export async function saveWebService(tx: Tx, service: WebService): Promise<void> {
  const values = { name: service.name, redirect_uris: JSON.stringify(service.redirectUris), merchant_id: service.merchantId ?? null }
  await tx
    .insertInto('web_services')
    .values({ client_id: service.clientId, ...values })
    .onConflict((conflict) => conflict.column('client_id').doUpdateSet(values))
    .execute()
}

/** True the first time, until it is forgotten at `expiresAtMs`. */
export async function useAssertionNonce(tx: Tx, clientId: string, digest: string, expiresAtMs: number): Promise<boolean> {
  const used = await tx
    .insertInto('assertion_nonces')
    .values({ client_id: clientId, digest, expires_at_ms: expiresAtMs })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return Number(used.numInsertedOrUpdatedRows ?? 0) > 0
}

export async function addAssertion(
  tx: Tx,
  made: { readonly id: string; readonly clientId: string; readonly accountId: string; readonly given: number; readonly at: string },
): Promise<void> {
  const { id, clientId, accountId, given, at } = made
  await tx.insertInto('assertions').values({ id, client_id: clientId, account_id: accountId, given, at }).execute()
}

/** Newest first. */
export async function assertionsOf(db: Database, accountId: string, limit: number) {
  const rows = await db
    .selectFrom('assertions')
    .innerJoin('web_services', 'web_services.client_id', 'assertions.client_id')
    .select(['assertions.id', 'assertions.client_id', 'name', 'given', 'at'])
    .where('account_id', '=', accountId)
    .orderBy('at', 'desc')
    .orderBy('assertions.id')
    .limit(limit)
    .execute()
  return rows.map(({ id, client_id: clientId, name: serviceName, given, at }) => ({ id, clientId, serviceName, given, at }))
}

/** Nonces whose assertion has ended, and sign-ins from before `oldest` (ISO 8601). */
export async function forgetAssertions(tx: Tx, nowMs: number, oldest: string): Promise<void> {
  await tx.deleteFrom('assertion_nonces').where('expires_at_ms', '<', nowMs).execute()
  await tx.deleteFrom('assertions').where('at', '<', oldest).execute()
}
