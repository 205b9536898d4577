/** The columns that a receipt has in both of its tables: those that never left this terminal, and those that came back. */
import type { SqlValue, WriteStore } from '#main/ports.ts'
import type { Receipt } from '#shared/domain/receipt.ts'

type PaymentColumns = { readonly authorizationId: string | null; readonly returnedAuthorizationId: string | null }

/** Where each payment's authorization stands: on a void it is the one whose money went back, which pays nothing. */
function paymentColumns({ kind, payments }: Pick<Receipt, 'kind' | 'payments'>): readonly PaymentColumns[] {
  return payments.map((payment) => {
    const id = payment.tender === 'band' ? payment.authorizationId : null
    return kind === 'void' ? { authorizationId: null, returnedAuthorizationId: id } : { authorizationId: id, returnedAuthorizationId: null }
  })
}

/** In order: id, series, number, kind, issued_at, total_minor, currency, tender, authorization_id, of_receipt_id. */
export function receiptColumns(receipt: Receipt): readonly SqlValue[] {
  const { id, series, number, kind, issuedAt, total, tender, of } = receipt
  const columns = paymentColumns(receipt)
  const only = columns.length === 1 ? columns[0] : undefined
  return [id, series, number, kind, issuedAt, total.amount, total.currency, tender, only?.authorizationId ?? null, of?.receiptId ?? null]
}

/** `sql` takes: receipt_id, position, tender, amount_minor, authorization_id, returned_authorization_id. */
export function addPayments(tx: WriteStore, sql: string, receipt: Receipt): void {
  const columns = paymentColumns(receipt)
  for (const [position, payment] of receipt.payments.entries()) {
    const { authorizationId = null, returnedAuthorizationId = null } = columns[position] ?? {}
    tx.run(sql, receipt.id, position, payment.tender, payment.amount.amount, authorizationId, returnedAuthorizationId)
  }
}
