import type { Database, Tx } from '../database/tables.ts'

export type Restore = {
  readonly terminalId: string
  readonly epoch: number
  readonly incarnation: string
  readonly previousIncarnation: string
  readonly series: string
  /** ISO 8601 UTC. */
  readonly at: string
}

export async function setEpoch(tx: Tx, terminalId: string, epoch: number): Promise<void> {
  await tx.updateTable('terminals').set({ epoch }).where('id', '=', terminalId).where('epoch', '<', epoch).execute()
}

export async function addRestore(tx: Tx, restore: Restore): Promise<void> {
  const { terminalId, epoch, incarnation, previousIncarnation, series, at } = restore
  await tx
    .insertInto('restores')
    .values({ terminal_id: terminalId, epoch, incarnation, previous_incarnation: previousIncarnation, series, at })
    .execute()
}

/** The incarnation that opened this epoch, or undefined: no restore was reported for it. */
export async function incarnationOf(db: Database, terminalId: string, epoch: number): Promise<string | undefined> {
  const row = await db
    .selectFrom('restores')
    .select('incarnation')
    .where('terminal_id', '=', terminalId)
    .where('epoch', '=', epoch)
    .executeTakeFirst()
  return row?.incarnation
}

/** The newest entry with a whole hash: requests carry a cut one. */
export async function newestHead(
  db: Database,
  terminalId: string,
  epoch: number,
): Promise<{ readonly seq: number; readonly hash: string } | undefined> {
  const row = await db
    .selectFrom('heads')
    .select(['seq', 'head'])
    .where('terminal_id', '=', terminalId)
    .where('epoch', '=', epoch)
    .where('source', 'in', ['receipt', 'outbox'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && { seq: row.seq, hash: row.head }
}

/** The last receipt number in each series of a terminal. */
export async function lastNumbers(db: Database, terminalId: string): Promise<Readonly<Record<string, number>>> {
  const rows = await db
    .selectFrom('receipts')
    .select(({ fn }) => ['series', fn.max('number').as('number')])
    .where('terminal_id', '=', terminalId)
    .groupBy('series')
    .execute()
  return Object.fromEntries(rows.map((row) => [row.series, row.number]))
}

/** Receipts of a terminal in the order they were taken, with the bodies they came in, after this place. */
export async function receiptBodiesAfter(
  db: Database,
  terminalId: string,
  after: number,
  limit: number,
): Promise<readonly { readonly cursor: number; readonly body: string }[]> {
  return db
    .selectFrom('receipts')
    .innerJoin('outbox_entries', (join) =>
      join.onRef('outbox_entries.terminal_id', '=', 'receipts.terminal_id').onRef('outbox_entries.id', '=', 'receipts.entry_id'),
    )
    .select(['receipts.rowid as cursor', 'outbox_entries.body'])
    .where('receipts.terminal_id', '=', terminalId)
    .where('receipts.rowid', '>', after)
    .orderBy('receipts.rowid')
    .limit(limit)
    .execute()
}

export type HeldAuthorization = { readonly cursor: number; readonly requestId: string; readonly signed: Uint8Array }

/** Authorizations of a terminal that are neither captured nor reversed, in the order they were given, after this place. */
export async function heldAuthorizationsAfter(
  db: Database,
  terminalId: string,
  after: number,
  limit: number,
): Promise<readonly HeldAuthorization[]> {
  const rows = await db
    .selectFrom('authorizations')
    .innerJoin('attempts', (join) =>
      join.onRef('attempts.terminal_id', '=', 'authorizations.terminal_id').onRef('attempts.request_id', '=', 'authorizations.request_id'),
    )
    .select(['authorizations.rowid as cursor', 'authorizations.request_id', 'attempts.answer'])
    .where('authorizations.terminal_id', '=', terminalId)
    .where('authorizations.state', '=', 'held')
    .where('authorizations.rowid', '>', after)
    .orderBy('authorizations.rowid')
    .limit(limit)
    .execute()
  return rows.flatMap(({ cursor, request_id: requestId, answer }) =>
    answer ? [{ cursor, requestId, signed: Uint8Array.from(answer) }] : [],
  )
}

// --- Voids that wait for what they void -------------------------------------------------------------------------------------------

export async function addWaitingVoid(tx: Tx, receiptId: string, ofReceiptId: string): Promise<void> {
  await tx.insertInto('waiting_voids').values({ receipt_id: receiptId, of_receipt_id: ofReceiptId }).execute()
}

/** Takes the voids that waited for this receipt off the list, with the bodies they came in. */
export async function takeWaitingVoids(
  tx: Tx,
  ofReceiptId: string,
): Promise<readonly { readonly receiptId: string; readonly terminalId: string; readonly body: string }[]> {
  const rows = await tx
    .selectFrom('waiting_voids')
    .innerJoin('receipts', 'receipts.receipt_id', 'waiting_voids.receipt_id')
    .innerJoin('outbox_entries', (join) =>
      join.onRef('outbox_entries.terminal_id', '=', 'receipts.terminal_id').onRef('outbox_entries.id', '=', 'receipts.entry_id'),
    )
    .select(['receipts.receipt_id', 'receipts.terminal_id', 'outbox_entries.body'])
    .where('waiting_voids.of_receipt_id', '=', ofReceiptId)
    .orderBy('receipts.rowid')
    .execute()
  await tx.deleteFrom('waiting_voids').where('of_receipt_id', '=', ofReceiptId).execute()
  return rows.map((row) => ({ receiptId: row.receipt_id, terminalId: row.terminal_id, body: row.body }))
}
