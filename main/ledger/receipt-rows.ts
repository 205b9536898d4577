import type { ReadStore, SqlRow, SqlValue } from '#main/ports.ts'
import type { ReceiptPage, ReceiptRow, VoidedBy } from '#shared/contracts/till.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import type { Words } from '#shared/domain/words.ts'
import type { StoredReceipt } from './ports.ts'

/** Words are looked for in the newest receipts only: about two busy days, read in some 20 ms. */
const WORDS_SEARCHED_MAX = 2_000

const PRINTS = 'COALESCE((SELECT prints FROM print_counts p WHERE p.receipt_id = r.id), 0) AS prints'
/** The void may be in either table: a receipt that came back from the backend can be voided here. */
const [OWN_VOID, PULLED_VOID] = ['receipts', 'pulled_receipts'].map(
  (table) =>
    `(SELECT json_object('id', v.id, 'series', v.series, 'number', v.number) FROM ${table} v WHERE v.kind = 'void' AND v.of_receipt_id = r.id)`,
)
const VOIDED_BY = `COALESCE(${OWN_VOID}, ${PULLED_VOID}) AS voided_by`

/** The same questions to both tables: receipts that never left, and those that came back from the backend after a restore. */
function questions(table: 'receipts' | 'pulled_receipts', columns: string) {
  return {
    one: `${columns} WHERE r.id = ?`,
    page: `${columns} WHERE r.journal_seq < ? ORDER BY r.journal_seq DESC LIMIT ?`,
    byNumber: `${columns} WHERE r.journal_seq < ? AND r.number = ? AND (? IS NULL OR r.series = ?) ORDER BY r.journal_seq DESC LIMIT ?`,
    byId: `${columns} WHERE r.journal_seq < ? AND r.id >= ? AND r.id < ? || 'g' ORDER BY r.journal_seq DESC LIMIT ?`,
    byWords: `${columns} WHERE r.journal_seq IN (
    SELECT n.journal_seq FROM (SELECT journal_seq, receipt_json FROM ${table} WHERE journal_seq < ? ORDER BY journal_seq DESC LIMIT ?) n
    WHERE EXISTS (
      SELECT 1 FROM json_each(n.receipt_json, '$.lines') l
      WHERE instr(lower(json_extract(l.value, '$.name.en')), ?) > 0 OR instr(json_extract(l.value, '$.name."zh-CN"'), ?) > 0
        OR lower(json_extract(l.value, '$.subject.seat')) = ?
    )
  ) ORDER BY r.journal_seq DESC LIMIT ?`,
  }
}
type Question = keyof ReturnType<typeof questions>

const OWN = questions(
  'receipts',
  `SELECT r.receipt_json, r.journal_seq, j.hash AS head, o.acked_at IS NOT NULL AND o.outcome IS NOT 'quarantined' AS synced, ${PRINTS}, ${VOIDED_BY}
FROM receipts r JOIN outbox o ON o.seq = r.outbox_seq JOIN journal j ON j.seq = r.journal_seq`,
)
const PULLED = questions(
  'pulled_receipts',
  `SELECT r.receipt_json, r.journal_seq, r.head, 1 AS synced, ${PRINTS}, ${VOIDED_BY} FROM pulled_receipts r`,
)

/** `42`, `A-42` or `A-000042`, as people read it off the paper. */
const NUMBER_TYPED = /^(?:([A-Z]{1,3})-?)?0*([0-9]{1,15})$/i
/** The beginning of an id, at least this long so that a number typed in full is not one. */
const ID_TYPED = /^[0-9a-f]{4,32}$/i

function stored(row: SqlRow): StoredReceipt {
  // The cast: the text was frozen from a Receipt by this ledger, and `verify` proves that nobody changed it since.
  const receipt = JSON.parse(String(row['receipt_json'])) as Receipt
  const voidedBy = voidedByOf(row)
  return {
    receipt,
    synced: row['synced'] === 1,
    prints: Number(row['prints']),
    head: String(row['head']),
    ...(voidedBy ? { voidedBy } : {}),
  }
}

function voidedByOf(row: SqlRow): VoidedBy | undefined {
  if (row['voided_by'] === null) return undefined
  // The cast: the question built it.
  const { id, ...place } = JSON.parse(String(row['voided_by'])) as Pick<Receipt, 'id' | 'series' | 'number'>
  return { receiptId: id, printedNumber: printedNumber(place) }
}

/** What was sold, in a few words: the first line, and how many more there are. */
function summaryOf({ lines }: Receipt): Words {
  const first = lines[0]
  const more = lines.length - 1
  if (!first) return { en: '', 'zh-CN': '' }
  const detail = first.subject.kind === 'ticket' ? ` ${first.subject.seat}` : first.quantity > 1 ? ` × ${first.quantity}` : ''
  return {
    en: `${first.name.en}${detail}${more > 0 ? ` + ${more} more` : ''}`,
    'zh-CN': `${first.name['zh-CN']}${detail}${more > 0 ? ` 等 ${lines.length} 项` : ''}`,
  }
}

function toRow(row: SqlRow): ReceiptRow {
  const { receipt, synced, voidedBy } = stored(row)
  const { id, issuedAt, total, tender, kind } = receipt
  const summary = summaryOf(receipt)
  return { id, printedNumber: printedNumber(receipt), issuedAt, total, tender, kind, summary, synced, ...(voidedBy ? { voidedBy } : {}) }
}

export function findReceipt(reads: ReadStore, id: ReceiptId): StoredReceipt | undefined {
  const row = reads.get(OWN.one, id) ?? reads.get(PULLED.one, id)
  return row && stored(row)
}

/** A page of receipts, newest first. `before` and `nextBefore` are positions in the journal. */
export function pageOfReceipts(
  reads: ReadStore,
  input: { readonly before?: number | undefined; readonly limit: number; readonly find?: string | undefined },
): ReceiptPage {
  const before = input.before ?? Number.MAX_SAFE_INTEGER
  const rows = matching(reads, before, input.limit + 1, input.find?.trim() ?? '')
  const shown = rows.slice(0, input.limit)
  const last = shown.at(-1)
  return { rows: shown.map(toRow), ...(rows.length > input.limit && last ? { nextBefore: Number(last['journal_seq']) } : {}) }
}

/** The newest that match, of both tables. Their places in the journal are never the same, so one order holds for all. */
function newest(reads: ReadStore, question: Question, values: readonly SqlValue[], limit: number): readonly SqlRow[] {
  const own = reads.all(OWN[question], ...values, limit)
  const pulled = reads.all(PULLED[question], ...values, limit)
  if (pulled.length === 0) return own
  return [...own, ...pulled].sort((a, b) => Number(b['journal_seq']) - Number(a['journal_seq'])).slice(0, limit)
}

function matching(reads: ReadStore, before: number, limit: number, find: string): readonly SqlRow[] {
  if (find === '') return newest(reads, 'page', [before], limit)
  const [, letters, digits] = NUMBER_TYPED.exec(find) ?? []
  const series: SqlValue = letters?.toUpperCase() ?? null
  const byNumber = digits === undefined ? [] : newest(reads, 'byNumber', [before, Number(digits), series, series], limit)
  if (byNumber.length > 0) return byNumber
  const typed = find.toLowerCase()
  const byId = ID_TYPED.test(typed) ? newest(reads, 'byId', [before, typed, typed], limit) : []
  return byId.length > 0 ? byId : newest(reads, 'byWords', [before, WORDS_SEARCHED_MAX, typed, typed, typed], limit)
}
