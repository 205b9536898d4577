import type { ReadStore, SqlRow, SqlValue } from '#main/ports.ts'
import type { ReceiptPage, ReceiptRow } from '#shared/contracts/till.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import type { Words } from '#shared/domain/words.ts'
import type { StoredReceipt } from './ports.ts'

const COLUMNS = `SELECT r.receipt_json, r.journal_seq, j.hash AS head, o.acked_at, o.outcome,
  COALESCE((SELECT prints FROM print_counts p WHERE p.receipt_id = r.id), 0) AS prints
FROM receipts r JOIN outbox o ON o.seq = r.outbox_seq JOIN journal j ON j.seq = r.journal_seq`
const ONE = `${COLUMNS} WHERE r.id = ?`
const PAGE = `${COLUMNS} WHERE r.journal_seq < ? ORDER BY r.journal_seq DESC LIMIT ?`
const BY_NUMBER = `${COLUMNS} WHERE r.journal_seq < ? AND r.number = ? AND (? IS NULL OR r.series = ?) ORDER BY r.journal_seq DESC LIMIT ?`
const BY_ID = `${COLUMNS} WHERE r.journal_seq < ? AND r.id >= ? AND r.id < ? || 'g' ORDER BY r.journal_seq DESC LIMIT ?`

/** Words are looked for in the newest receipts only: about two busy days, read in some 20 ms. */
const WORDS_SEARCHED_MAX = 2_000
const BY_WORDS = `${COLUMNS} WHERE r.journal_seq IN (
    SELECT n.journal_seq FROM (SELECT journal_seq, receipt_json FROM receipts WHERE journal_seq < ? ORDER BY journal_seq DESC LIMIT ?) n
    WHERE EXISTS (
      SELECT 1 FROM json_each(n.receipt_json, '$.lines') l
      WHERE instr(lower(json_extract(l.value, '$.name.en')), ?) > 0 OR instr(json_extract(l.value, '$.name."zh-CN"'), ?) > 0
        OR lower(json_extract(l.value, '$.subject.seat')) = ?
    )
  ) ORDER BY r.journal_seq DESC LIMIT ?`

/** `42`, `A-42` or `A-000042`, as people read it off the paper. */
const NUMBER_TYPED = /^(?:([A-Z]{1,3})-?)?0*([0-9]{1,15})$/i
/** The beginning of an id, at least this long so that a number typed in full is not one. */
const ID_TYPED = /^[0-9a-f]{4,32}$/i

function stored(row: SqlRow): StoredReceipt {
  // The cast: the text was frozen from a Receipt by this ledger, and `verify` proves that nobody changed it since.
  const receipt = JSON.parse(String(row['receipt_json'])) as Receipt
  const synced = row['acked_at'] !== null && row['outcome'] !== 'quarantined'
  return { receipt, synced, prints: Number(row['prints']), head: String(row['head']) }
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
  const { receipt, synced } = stored(row)
  const { id, issuedAt, total, tender, kind } = receipt
  return { id, printedNumber: printedNumber(receipt), issuedAt, total, tender, kind, summary: summaryOf(receipt), synced }
}

export function findReceipt(reads: ReadStore, id: ReceiptId): StoredReceipt | undefined {
  const row = reads.get(ONE, id)
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

function matching(reads: ReadStore, before: number, limit: number, find: string): readonly SqlRow[] {
  if (find === '') return reads.all(PAGE, before, limit)
  const [, letters, digits] = NUMBER_TYPED.exec(find) ?? []
  const series: SqlValue = letters?.toUpperCase() ?? null
  const byNumber = digits === undefined ? [] : reads.all(BY_NUMBER, before, Number(digits), series, series, limit)
  if (byNumber.length > 0) return byNumber
  const typed = find.toLowerCase()
  const byId = ID_TYPED.test(typed) ? reads.all(BY_ID, before, typed, typed, limit) : []
  return byId.length > 0 ? byId : reads.all(BY_WORDS, before, WORDS_SEARCHED_MAX, typed, typed, typed, limit)
}
