import type Database from 'better-sqlite3'
import { at, canonicalJson, jsonObject, listAt } from './canonical-json.ts'
import { type Entry, epochAt, seriesOf, sha256Hex } from './check-journal.ts'
import { checkStated } from './check-stated.ts'
import type { Findings } from './report.ts'

type Row = Readonly<Record<string, unknown>>

const RECEIPTS = `SELECT r.*, o.kind AS outbox_kind, o.body, o.journal_seq AS outbox_journal_seq
FROM receipts r LEFT JOIN outbox o ON o.seq = r.outbox_seq ORDER BY r.series, r.number`
const PAYMENTS = 'SELECT * FROM receipt_payments ORDER BY receipt_id, position'

/** Numbers, frozen content, journal entry, balance, payments and outbox record of every receipt. */
export function checkReceipts(database: Database.Database, findings: Findings, entries: ReadonlyMap<number, Entry>): void {
  findings.begin('receipts')
  const payments = paymentsByReceipt(database)
  const opened = seriesOf(entries)
  const unclaimed = new Map([...entries].filter(([, entry]) => entry.kind === 'receipt'))
  let previous = { series: '', number: 0 }
  for (const row of database.prepare<[], Row>(RECEIPTS).iterate()) {
    findings.row()
    const { id, series, number } = row
    const expected = series === previous.series ? previous.number + 1 : 1
    if (number !== expected) findings.bad('receipts', id, `number ${String(number)} in series ${String(series)} follows ${expected - 1}`)
    if (!opened.has(String(series))) findings.bad('receipts', id, `series ${String(series)} was never opened in the journal`)
    previous = { series: String(series), number: Number(number) }

    checkStated({ table: 'receipts', paymentsTable: 'receipt_payments', row, payments: payments.get(String(id)) ?? [] }, findings)
    payments.delete(String(id))
    checkJournalled(row, unclaimed, findings)
    checkOutboxRecord(row, entries, findings)
  }
  for (const entry of unclaimed.values())
    findings.bad('receipts', at(entry.content, 'id'), `is in the journal (entry ${entry.seq}) and not here`)
  for (const receiptId of payments.keys()) findings.bad('receipt_payments', receiptId, 'pays a receipt that is not here')
}

function paymentsByReceipt(database: Database.Database): Map<string, Row[]> {
  const grouped = new Map<string, Row[]>()
  for (const row of database.prepare<[], Row>(PAYMENTS).iterate()) {
    const id = String(row['receipt_id'])
    const rows = grouped.get(id)
    if (rows) rows.push(row)
    else grouped.set(id, [row])
  }
  return grouped
}

/** The journal entry of the receipt says what the receipt is, down to its bytes. */
function checkJournalled(row: Row, unclaimed: Map<number, Entry>, findings: Findings): void {
  const seq = Number(row['journal_seq'])
  const entry = unclaimed.get(seq)
  if (!entry) {
    findings.bad('receipts', row['id'], `journal entry ${seq} is not that of a receipt`)
    return
  }
  unclaimed.delete(seq)
  const stated: Readonly<Record<string, unknown>> = {
    id: row['id'],
    number: row['number'],
    series: row['series'],
    total_minor: row['total_minor'],
    currency: row['currency'],
    receipt_kind: row['kind'],
    at: row['issued_at'],
    receipt_sha256: sha256Hex(String(row['receipt_json'])),
  }
  for (const [field, found] of Object.entries(stated))
    findings.same('receipts', row['id'], `${field} in the journal`, entry.content[field], found)
}

/** What was, or will be, sent: the receipt's own bytes, its place in the journal, and the captures and seats the journal has digests of. */
function checkOutboxRecord(row: Row, entries: ReadonlyMap<number, Entry>, findings: Findings): void {
  const name = `receipt ${String(row['id'])}`
  if (row['outbox_kind'] !== 'receipt') {
    findings.bad('outbox', name, 'no outbox record of this receipt')
    return
  }
  const seq = Number(row['journal_seq'])
  findings.same('outbox', name, 'journal_seq', row['outbox_journal_seq'], seq)
  const body = jsonObject(row['body'])
  const entry = entries.get(seq)
  if (!body || !entry) {
    findings.bad('outbox', name, 'the body is not a JSON object, or its journal entry is missing')
    return
  }
  const captures = canonicalJson(body['captures'])
  const sells = canonicalJson(body['sells'])
  const epoch = epochAt(entries, seq)
  const journal = canonicalJson({ seq, hash: entry.hash, ...(epoch > 1 ? { epoch } : {}) })
  const [returns, voids] = ['returns', 'voids'].map((part) => (body[part] === undefined ? undefined : canonicalJson(body[part])))
  const optional = (part: string, text: string | undefined) => (text === undefined ? '' : `,"${part}":${text}`)
  const receipt = `${String(row['receipt_json'])}${optional('returns', returns)}`
  const rebuilt = `{"captures":${captures},"journal":${journal},"receipt":${receipt},"sells":${sells}${optional('voids', voids)}}`
  if (rebuilt !== row['body']) findings.bad('outbox', name, 'the body is not made of this receipt and its journal entry')
  findings.same('outbox', name, 'captures digest in the journal', entry.content['captures_sha256'], sha256Hex(captures))
  findings.same('outbox', name, 'sells digest in the journal', entry.content['sells_sha256'], sha256Hex(sells))
  findings.same('outbox', name, 'voids digest in the journal', entry.content['voids_sha256'], voids && sha256Hex(voids))
  findings.same('outbox', name, 'returns digest in the journal', entry.content['returns_sha256'], returns && sha256Hex(returns))
  // A void says of each payment how much goes back; everything else, how much is captured.
  const isVoid = row['kind'] === 'void'
  const captured = listAt(body, isVoid ? 'voids' : 'captures').map((capture) =>
    [at(capture, 'authorizationId'), at(capture, 'amount.amount')].join(' '),
  )
  const banded = listAt(body, 'receipt.payments').filter((payment) => at(payment, 'tender') === 'band')
  const paid = banded.map((payment) => [at(payment, 'authorizationId'), Number(at(payment, 'amount.amount')) * (isVoid ? -1 : 1)].join(' '))
  if (isVoid) findings.same('outbox', name, 'number of captures of a void', listAt(body, 'captures').length, 0)
  findings.same('outbox', name, isVoid ? 'voids' : 'captures', captured.toSorted().join(', '), paid.toSorted().join(', '))
}
