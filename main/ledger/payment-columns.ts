import type { Receipt } from '#shared/domain/receipt.ts'

export type PaymentColumns = { readonly authorizationId: string | null; readonly returnedAuthorizationId: string | null }

/** Where each payment's authorization stands: on a void it is the one whose money went back, which pays nothing. */
export function paymentColumns({ kind, payments }: Pick<Receipt, 'kind' | 'payments'>): readonly PaymentColumns[] {
  return payments.map((payment) => {
    const id = payment.tender === 'band' ? payment.authorizationId : null
    return kind === 'void' ? { authorizationId: null, returnedAuthorizationId: id } : { authorizationId: id, returnedAuthorizationId: null }
  })
}
