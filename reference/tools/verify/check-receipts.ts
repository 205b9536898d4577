import type Database from 'better-sqlite3'
import { at, canonicalJson, jsonObject, listAt } from './canonical-json.ts'
import { type Entry, seriesOf, sha256Hex } from './check-journal.ts'
import type { Findings } from './report.ts'

type Row = Readonly<Record<string, unknown>>
type Content = Readonly<Record<string, unknown>>

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

    const receipt = jsonObject(row['receipt_json'])
    if (receipt) {
      checkColumns(row, receipt, findings)
      checkBalance(id, receipt, findings)
      checkPayments(id, receipt, payments.get(String(id)) ?? [], findings)
    } else findings.bad('receipts', id, 'receipt_json is not a JSON object')
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

/** Columns are copies of what the frozen text says. */
function checkColumns(row: Row, receipt: Content, findings: Findings): void {
  const id = row['id']
  const columns: Readonly<Record<string, unknown>> = {
    id: receipt['id'],
    series: receipt['series'],
    number: receipt['number'],
    kind: receipt['kind'],
    issued_at: receipt['issuedAt'],
    total_minor: at(receipt, 'total.amount'),
    currency: at(receipt, 'total.currency'),
    tender: receipt['tender'],
  }
  for (const [column, stated] of Object.entries(columns)) findings.same('receipts', id, column, row[column], stated)
  const list = listAt(receipt, 'payments')
  const isOneBand = list.length === 1 && at(list[0], 'tender') === 'band'
  findings.same('receipts', id, 'authorization_id', row['authorization_id'], isOneBand ? at(list[0], 'authorizationId') : null)
  const isAllCash = list.every((payment) => at(payment, 'tender') === 'cash')
  findings.same('receipts', id, 'tender', row['tender'], isAllCash ? 'cash' : isOneBand ? 'band' : 'mixed')
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** I3, from the figures alone. */
function checkBalance(id: unknown, receipt: Content, findings: Findings): void {
  const currency = at(receipt, 'total.currency')
  const total = at(receipt, 'total.amount')
  let [lines, tax, paid] = [0, 0, 0]
  const whole = (value: unknown, what: string): number => {
    if (isWhole(value)) return value
    findings.bad('receipts', id, `${what} is not whole minor units`)
    return 0
  }
  const amount = (from: unknown, path: string): number => {
    findings.same('receipts', id, `currency of ${path}`, at(from, `${path}.currency`), currency)
    return whole(at(from, `${path}.amount`), path)
  }
  for (const line of listAt(receipt, 'lines')) {
    const lineTotal = amount(line, 'total')
    findings.same('receipts', id, 'a line’s total', lineTotal, amount(line, 'unitPrice') * whole(at(line, 'quantity'), 'quantity'))
    lines += lineTotal
    tax += amount(line, 'tax')
  }
  for (const payment of listAt(receipt, 'payments')) {
    const net = amount(payment, 'amount')
    if (at(payment, 'tender') === 'cash') {
      findings.same('receipts', id, 'cash less change', amount(payment, 'tendered') - amount(payment, 'change'), net)
    }
    paid += net
  }
  findings.same('receipts', id, 'sum of lines', lines, total)
  findings.same('receipts', id, 'sum of payments', paid, total)
  findings.same('receipts', id, 'sum of line taxes', tax, at(receipt, 'tax.amount'))
}

function checkPayments(id: unknown, receipt: Content, rows: readonly Row[], findings: Findings): void {
  const stated = listAt(receipt, 'payments')
  findings.same('receipt_payments', id, 'number of rows', rows.length, stated.length)
  for (const [position, payment] of stated.entries()) {
    const row = rows[position]
    if (!row) continue
    const name = `${String(id)}/${position}`
    findings.same('receipt_payments', name, 'position', row['position'], position)
    findings.same('receipt_payments', name, 'tender', row['tender'], at(payment, 'tender'))
    findings.same('receipt_payments', name, 'amount_minor', row['amount_minor'], at(payment, 'amount.amount'))
    findings.same('receipt_payments', name, 'authorization_id', row['authorization_id'], at(payment, 'authorizationId') ?? null)
  }
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
  const journal = canonicalJson({ seq, hash: entry.hash })
  const rebuilt = `{"captures":${captures},"journal":${journal},"receipt":${String(row['receipt_json'])},"sells":${sells}}`
  if (rebuilt !== row['body']) findings.bad('outbox', name, 'the body is not made of this receipt and its journal entry')
  findings.same('outbox', name, 'captures digest in the journal', entry.content['captures_sha256'], sha256Hex(captures))
  findings.same('outbox', name, 'sells digest in the journal', entry.content['sells_sha256'], sha256Hex(sells))
  const captured = listAt(body, 'captures').map((capture) => [at(capture, 'authorizationId'), at(capture, 'amount.amount')].join(' '))
  const banded = listAt(body, 'receipt.payments').filter((payment) => at(payment, 'tender') === 'band')
  const paid = banded.map((payment) => [at(payment, 'authorizationId'), at(payment, 'amount.amount')].join(' '))
  findings.same('outbox', name, 'captures', captured.toSorted().join(', '), paid.toSorted().join(', '))
}
