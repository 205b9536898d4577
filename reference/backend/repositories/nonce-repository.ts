import type { Database, Tx } from '../database/tables.ts'

/** Uses a nonce up. False when this key has used it before. */
export async function useCallNonce(db: Database, keyId: string, nonce: string, expiresAtMs: number): Promise<boolean> {
  const added = await db
    .insertInto('call_nonces')
    .values({ key_id: keyId, nonce, expires_at_ms: expiresAtMs })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return added.numInsertedOrUpdatedRows === 1n
}

export async function purgeCallNonces(tx: Tx, nowMs: number): Promise<void> {
  await tx.deleteFrom('call_nonces').where('expires_at_ms', '<', nowMs).execute()
}
