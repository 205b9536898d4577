/** Receipts that come back after a restore: kept beside those that never left, each with an entry in the journal of its own. */
import type { WriteStore } from '#main/ports.ts'
import { receiptBody } from '#shared/contracts/backend-api.ts'
import type { TerminalId } from '#shared/domain/ids.ts'
import { RECEIPT_KINDS, type Receipt, TENDERS } from '#shared/domain/receipt.ts'
import { canonical, sha256Hex } from './canonical.ts'
import type { Journal } from './journal.ts'
import { addPayments, receiptColumns } from './payment-columns.ts'

const IS_HERE = 'SELECT 1 AS here FROM receipts WHERE id = ? UNION ALL SELECT 1 FROM pulled_receipts WHERE id = ?'
const ADD_RECEIPT = `INSERT INTO pulled_receipts
  (journal_seq, id, series, number, kind, issued_at, total_minor, currency, tender, authorization_id, of_receipt_id, head, receipt_json)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const ADD_PAYMENT = `INSERT INTO pulled_payments
  (receipt_id, position, tender, amount_minor, authorization_id, returned_authorization_id) VALUES (?, ?, ?, ?, ?, ?)`

/** The body of a receipt as this terminal once sent it, or undefined: it is not one. */
function readBody(text: string, terminalId: TerminalId) {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch {
    return undefined
  }
  const body = receiptBody.safeParse(content)
  if (!body.success) return undefined
  // The cast: this terminal made it. What the columns below need is checked here; the backend returns the bytes it was sent.
  const receipt = body.data.receipt as unknown as Receipt
  const isWhole =
    receipt.terminalId === terminalId &&
    RECEIPT_KINDS.includes(receipt.kind) &&
    TENDERS.includes(receipt.tender) &&
    typeof receipt.issuedAt === 'string' &&
    Array.isArray(receipt.lines) &&
    Array.isArray(receipt.payments)
  return isWhole ? { receipt, journal: body.data.journal } : undefined
}

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
