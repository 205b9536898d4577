import type { Selectable } from 'kysely'
import type { Currency } from '#shared/domain/money.ts'
import { prepared } from '../database/prepared.ts'
import type { Database, Tables, Tx } from '../database/tables.ts'

export type ReceivedEntry = {
  readonly id: string
  readonly kind: string
  readonly body: string
  readonly outcome: 'applied' | 'quarantined'
  readonly alarm: string | undefined
}

export async function findEntry(db: Database, terminalId: string, id: string): Promise<ReceivedEntry | undefined> {
  const row = await db
    .selectFrom('outbox_entries')
    .select(['id', 'kind', 'body', 'outcome', 'alarm'])
    .where('terminal_id', '=', terminalId)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && { ...row, alarm: row.alarm ?? undefined }
}

export async function addEntry(tx: Tx, terminalId: string, entry: ReceivedEntry, at: string): Promise<void> {
  const { id, kind, body, outcome, alarm } = entry
  await tx
    .insertInto('outbox_entries')
    .values({ terminal_id: terminalId, id, kind, body, outcome, alarm: alarm ?? null, received_at: at })
    .execute()
}

/** Keeps a refused record beside the one it contradicts, once per distinct body. False when it was kept already. */
export async function addQuarantined(
  tx: Tx,
  terminalId: string,
  entry: { readonly id: string; readonly kind: string; readonly body: string; readonly bodyDigest: string; readonly why: string },
  at: string,
): Promise<boolean> {
  const added = await tx
    .insertInto('quarantined_entries')
    .values({
      terminal_id: terminalId,
      entry_id: entry.id,
      body_digest: entry.bodyDigest,
      kind: entry.kind,
      body: entry.body,
      why: entry.why,
      received_at: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return added.numInsertedOrUpdatedRows === 1n
}

export type ReceivedReceipt = {
  readonly receiptId: string
  readonly terminalId: string
  readonly series: string
  readonly number: number
  readonly total: number
  readonly currency: Currency
  readonly entryId: string
}

/** The receipt with this id, with the bytes it arrived in. */
export async function findReceipt(
  db: Database,
  receiptId: string,
): Promise<{ readonly terminalId: string; readonly body: string } | undefined> {
  const row = await db
    .selectFrom('receipts')
    .innerJoin('outbox_entries', (join) =>
      join.onRef('outbox_entries.terminal_id', '=', 'receipts.terminal_id').onRef('outbox_entries.id', '=', 'receipts.entry_id'),
    )
    .select(['receipts.terminal_id', 'outbox_entries.body'])
    .where('receipts.receipt_id', '=', receiptId)
    .executeTakeFirst()
  return row && { terminalId: row.terminal_id, body: row.body }
}

/** True from the moment a receipt is taken, also within the transaction that takes it. */
export async function isReceiptTaken(db: Database, receiptId: string): Promise<boolean> {
  const row = await db.selectFrom('receipts').select('receipt_id').where('receipt_id', '=', receiptId).executeTakeFirst()
  return row !== undefined
}

export async function findReceiptByNumber(
  db: Database,
  number: { readonly terminalId: string; readonly series: string; readonly number: number },
): Promise<string | undefined> {
  const row = await db
    .selectFrom('receipts')
    .select('receipt_id')
    .where('terminal_id', '=', number.terminalId)
    .where('series', '=', number.series)
    .where('number', '=', number.number)
    .executeTakeFirst()
  return row?.receipt_id
}

export async function addReceipt(tx: Tx, receipt: ReceivedReceipt): Promise<void> {
  await tx
    .insertInto('receipts')
    .values({
      receipt_id: receipt.receiptId,
      terminal_id: receipt.terminalId,
      series: receipt.series,
      number: receipt.number,
      total: receipt.total,
      currency: receipt.currency,
      entry_id: receipt.entryId,
    })
    .execute()
}

export type Head = {
  readonly terminalId: string
  readonly epoch: number
  readonly seq: number
  /** Hex: the whole hash from outbox and receipts, its first 128 bits from a request. */
  readonly head: string
  readonly source: 'request' | 'receipt' | 'outbox'
  readonly signature?: string
  readonly kid?: string
  readonly at: string
}

type HeadPlace = Pick<Head, 'terminalId' | 'epoch' | 'seq'>

const headsOfPlace = prepared((db, { terminalId, epoch, seq }: HeadPlace) =>
  db.selectFrom('heads').select('head').where('terminal_id', '=', terminalId).where('epoch', '=', epoch).where('seq', '=', seq),
)
const insertHead = prepared((db, { terminal_id, epoch, seq, head, source, signature, kid, at }: Selectable<Tables['heads']>) =>
  db
    .insertInto('heads')
    .values({ terminal_id, epoch, seq, head, source, signature, kid, at })
    .onConflict((conflict) => conflict.doNothing()),
)

/** Heads already witnessed at this place of a terminal's journal. */
export async function headsAt(db: Database, place: HeadPlace): Promise<readonly string[]> {
  return (await headsOfPlace(db, place)).rows.map((row) => row.head)
}

export async function addHead(tx: Tx, { terminalId, signature, kid, ...head }: Head): Promise<void> {
  await insertHead(tx, { ...head, terminal_id: terminalId, signature: signature ?? null, kid: kid ?? null })
}

export async function addAlarm(
  tx: Tx,
  alarm: {
    readonly id: string
    readonly kind: string
    readonly terminalId: string | undefined
    readonly detail: string
    readonly at: string
  },
): Promise<void> {
  await tx
    .insertInto('alarms')
    .values({ id: alarm.id, kind: alarm.kind, terminal_id: alarm.terminalId ?? null, detail: alarm.detail, at: alarm.at })
    .execute()
}
