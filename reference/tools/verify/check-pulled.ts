import type Database from 'better-sqlite3'
import { at } from './canonical-json.ts'
import { type Entry, sha256Hex } from './check-journal.ts'
import { checkStated } from './check-stated.ts'
import type { Findings } from './report.ts'

type Row = Readonly<Record<string, unknown>>

const PULLED = 'SELECT * FROM pulled_receipts ORDER BY journal_seq'
const PAYMENTS = 'SELECT * FROM pulled_payments WHERE receipt_id = ? ORDER BY position'
const STRAYS = 'SELECT DISTINCT receipt_id FROM pulled_payments WHERE receipt_id NOT IN (SELECT id FROM pulled_receipts)'
const TWICE = `SELECT series, number, COUNT(*) AS times FROM audit_receipts GROUP BY series, number HAVING times > 1`

/**
 * Receipts that came back after a restore: each has its entry, which says what it was and where it stood in the journal that was lost.
 * Their series may have been opened in a part that is lost, so gaps are no fault here; a number that is there twice is.
 */
export function checkPulled(database: Database.Database, findings: Findings, entries: ReadonlyMap<number, Entry>): void {
  findings.begin('receipts that came back')
  const unclaimed = new Map([...entries].filter(([, entry]) => entry.kind === 'receipt-pulled'))
  const payments = database.prepare<[unknown], Row>(PAYMENTS)
  for (const row of database.prepare<[], Row>(PULLED).iterate()) {
    findings.row()
    const { id } = row
    checkStated({ table: 'pulled_receipts', paymentsTable: 'pulled_payments', row, payments: payments.all(id) }, findings)
    const entry = unclaimed.get(Number(row['journal_seq']))
    unclaimed.delete(Number(row['journal_seq']))
    if (!entry) {
      findings.bad('pulled_receipts', id, `journal entry ${String(row['journal_seq'])} is not that of a receipt that came back`)
      continue
    }
    const stated: Readonly<Record<string, unknown>> = {
      id,
      number: row['number'],
      series: row['series'],
      total_minor: row['total_minor'],
      currency: row['currency'],
      receipt_kind: row['kind'],
      receipt_sha256: sha256Hex(String(row['receipt_json'])),
      old_hash: row['head'],
    }
    for (const [field, found] of Object.entries(stated))
      findings.same('pulled_receipts', id, `${field} in the journal`, entry.content[field], found)
  }
  for (const entry of unclaimed.values())
    findings.bad('pulled_receipts', at(entry.content, 'id'), `came back by the journal (entry ${entry.seq}) and is not here`)
  for (const receiptId of database.prepare(STRAYS).pluck().all())
    findings.bad('pulled_payments', receiptId, 'pays a receipt that is not here')
  for (const { series, number, times } of database.prepare<[], Row>(TWICE).iterate())
    findings.bad('audit_receipts', `${String(series)}-${String(number)}`, `this number is there ${String(times)} times`)
}
