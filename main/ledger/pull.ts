/** Receipts that come back after a restore: kept beside those that never left, each with an entry in the journal of its own. */
import type { WriteStore } from '#main/ports.ts'
import type { TerminalId } from '#shared/domain/ids.ts'
import { canonical, sha256Hex } from './canonical.ts'
import type { Journal } from './journal.ts'
import { addPayments, receiptColumns } from './payment-columns.ts'
import { readBody } from './pulled-body.ts'

const IS_HERE = 'SELECT 1 AS here FROM receipts WHERE id = ? UNION ALL SELECT 1 FROM pulled_receipts WHERE id = ?'
const ADD_RECEIPT = `INSERT INTO pulled_receipts
  (journal_seq, id, series, number, kind, issued_at, total_minor, currency, tender, authorization_id, of_receipt_id, head, receipt_json)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const ADD_PAYMENT = `INSERT INTO pulled_payments
  (receipt_id, position, tender, amount_minor, authorization_id, returned_authorization_id) VALUES (?, ?, ?, ?, ?, ?)`

export function pullReceipt(tx: WriteStore, journal: Journal, terminalId: TerminalId, text: string): 'pulled' | 'known' | 'malformed' {
  const body = readBody(text, terminalId)
  if (!body) return 'malformed'
  const { receipt, journal: old } = body
  const { id, series, number, kind, total } = receipt
  if (tx.get(IS_HERE, id, id)) return 'known'
  const receiptJson = canonical(receipt)
  const { seq } = journal.append(tx, {
    kind: 'receipt-pulled',
    at: journal.now(),
    fields: {
      id,
      receipt_kind: kind,
      number,
      series,
      total_minor: total.amount,
      currency: total.currency,
      receipt_sha256: sha256Hex(receiptJson),
      old_seq: old.seq,
      old_hash: old.hash,
    },
  })
  tx.run(ADD_RECEIPT, seq, ...receiptColumns(receipt), old.hash, receiptJson)
  addPayments(tx, ADD_PAYMENT, receipt)
  return 'pulled'
}
