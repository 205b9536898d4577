import type Database from 'better-sqlite3'
import type { Findings } from './report.ts'

/** What receipts that never left and receipts that came back have in common. */
const SHARED = 'number, series, id, kind, total_minor, currency, tender, authorization_id, issued_at'
const PAYMENT = 'receipt_id, tender, amount_minor, authorization_id'

/** Each audit view, and the select over the tables that it must agree with, row for row. */
const VIEWS: Readonly<Record<string, { readonly columns: string; readonly from: string }>> = {
  audit_receipts: {
    columns: 'number, series, id, kind, total_minor, currency, paid_minor, tender, authorization_id, issued_at',
    from: `(SELECT ${SHARED}, (SELECT COALESCE(SUM(amount_minor), 0) FROM receipt_payments WHERE receipt_id = receipts.id) AS paid_minor FROM receipts
      UNION ALL
      SELECT ${SHARED}, (SELECT COALESCE(SUM(amount_minor), 0) FROM pulled_payments WHERE receipt_id = pulled_receipts.id) AS paid_minor FROM pulled_receipts)`,
  },
  audit_payments: {
    columns: 'receipt_id, tender, amount_minor, authorization_id',
    from: `(SELECT ${PAYMENT} FROM receipt_payments UNION ALL SELECT ${PAYMENT} FROM pulled_payments)`,
  },
  audit_journal: { columns: 'seq, entry_json, prev_hash, hash', from: 'journal' },
  audit_heads: { columns: 'seq, hash, signature, kid', from: 'journal' },
  audit_attempts: { columns: 'request_id, state, amount_minor, currency, receipt_id', from: 'attempts' },
  audit_outbox: { columns: 'id, kind, created_at, acked_at', from: 'outbox' },
}

/** Triggers that keep what happened from being changed by a statement. */
const GUARDS = ['journal', 'receipts', 'receipt_payments', 'pulled_receipts', 'pulled_payments'].flatMap((table) =>
  ['UPDATE', 'DELETE'].map((act) => {
    const name = `${table}_no_${act.toLowerCase()}`
    return [name, `CREATE TRIGGER ${name} BEFORE ${act} ON ${table} BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END`] as const
  }),
)

/** The file itself is whole, the audit views show what the tables hold, and the guards are in place. */
export function checkShape(database: Database.Database, findings: Findings): void {
  findings.begin('file and views')
  for (const line of database.pragma('integrity_check(100)') as readonly { readonly integrity_check: string }[]) {
    findings.row()
    if (line.integrity_check !== 'ok') findings.bad('file', 'page', line.integrity_check)
  }
  for (const [view, { columns, from }] of Object.entries(VIEWS)) {
    findings.row()
    const [shown, held] = [`SELECT ${columns} FROM ${view}`, `SELECT ${columns} FROM ${from}`]
    for (const [only, text] of [
      [`${shown} EXCEPT ${held}`, 'shows a row that no table holds'],
      [`${held} EXCEPT ${shown}`, 'leaves out a row'],
    ] as const) {
      const rows = database.prepare(only).pluck().all()
      for (const row of rows) findings.bad(view, row, text)
    }
    const [a, b] = [shown, held].map((sql) => database.prepare(`SELECT COUNT(*) FROM (${sql})`).pluck().get())
    findings.same(view, 'all', 'number of rows', a, b)
  }
  const triggers = database.prepare<[string], string>("SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?").pluck()
  for (const [guard, sql] of GUARDS) {
    const found = triggers.get(guard)?.replaceAll(/\s+/g, ' ').trim()
    if (found === undefined) findings.bad('schema', guard, 'the trigger that refuses changes is gone')
    else if (found !== sql) findings.bad('schema', guard, 'the trigger that refuses changes is another one')
  }
}
