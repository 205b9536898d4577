import type Database from 'better-sqlite3'
import { at, jsonObject, listAt } from './canonical-json.ts'
import type { Findings } from './report.ts'

type Row = Readonly<Record<string, unknown>>

const ALL = `SELECT id, kind, of_receipt_id, total_minor, currency, receipt_json FROM receipts
  UNION ALL SELECT id, kind, of_receipt_id, total_minor, currency, receipt_json FROM pulled_receipts`
const VOIDS = `SELECT v.id, v.kind, v.of_receipt_id, v.total_minor, v.currency, v.receipt_json, o.id AS original_id, o.kind AS original_kind,
  o.total_minor AS original_total, o.currency AS original_currency, o.receipt_json AS original_json
FROM (${ALL}) v LEFT JOIN (${ALL}) o ON o.id = v.of_receipt_id WHERE v.kind = 'void' ORDER BY v.id`
const NAMELESS = `SELECT id FROM (${ALL}) WHERE kind = 'void' AND of_receipt_id IS NULL`
const TWICE = `SELECT of_receipt_id, COUNT(*) AS times FROM (${ALL}) WHERE kind = 'void' AND of_receipt_id IS NOT NULL
  GROUP BY of_receipt_id HAVING times > 1`

/** Voids against what they void: the same receipt once, the same amounts with the sign turned, each payment for itself. */
export function checkVoids(database: Database.Database, findings: Findings): void {
  findings.begin('voids')
  for (const row of database.prepare<[], Row>(VOIDS).iterate()) {
    findings.row()
    checkVoid(row, findings)
  }
  for (const id of database.prepare(NAMELESS).pluck().all()) findings.bad('receipts', id, 'is a void and names no receipt')
  for (const row of database.prepare<[], Row>(TWICE).iterate())
    findings.bad('receipts', row['of_receipt_id'], `is voided ${String(row['times'])} times`)
}

function checkVoid(row: Row, findings: Findings): void {
  const id = row['id']
  if (row['original_id'] === null) {
    const named = row['of_receipt_id']
    if (typeof named === 'string') findings.bad('receipts', id, `voids receipt ${named}, which is not here`)
    return
  }
  if (row['original_kind'] === 'void') findings.bad('receipts', id, 'voids a void')
  findings.same('receipts', id, 'total against what it voids', row['total_minor'], -Number(row['original_total']))
  findings.same('receipts', id, 'currency against what it voids', row['currency'], row['original_currency'])
  findings.same('receipts', id, 'payments against what it voids', paymentsOf(row['receipt_json'], -1), paymentsOf(row['original_json'], 1))
}

/** Each payment as one text, in order: tender, request, authorization, and the amount times the sign. */
function paymentsOf(json: unknown, sign: 1 | -1): string {
  const payments = listAt(jsonObject(json), 'payments')
  const said = payments.map((payment) =>
    [at(payment, 'tender'), at(payment, 'requestId'), at(payment, 'authorizationId'), Number(at(payment, 'amount.amount')) * sign].join(
      ' ',
    ),
  )
  return said.toSorted().join(', ')
}
