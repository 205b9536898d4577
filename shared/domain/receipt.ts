import { assert } from '#shared/assert.ts'
import type { AuthorizationId, MerchantId, ReceiptId, RequestId, SiteId, TerminalId } from './ids.ts'
import { add, type Money, subtract, sum } from './money.ts'
import type { SaleLine } from './sale-line.ts'
import type { Words } from './words.ts'

export const RECEIPT_KINDS = ['sale', 'refund', 'void', 'exchange', 'recovered'] as const
export type ReceiptKind = (typeof RECEIPT_KINDS)[number]
export const TENDERS = ['band', 'cash', 'mixed'] as const
export type Tender = (typeof TENDERS)[number]

/** How a part of the total was paid. `amount` is net: what the customer gave less the change. Negative on a void: what went back. */
export type Payment =
  | {
      readonly tender: 'band'
      readonly amount: Money
      readonly requestId: RequestId
      readonly authorizationId: AuthorizationId
      /** The name the customer chose to show, as the backend signed it. */
      readonly payerName: string
    }
  | { readonly tender: 'cash'; readonly amount: Money; readonly tendered: Money; readonly change: Money }

/**
 * A receipt: an immutable ledger entry. All that was printed is frozen in it, so that a reprint years later needs no setting of today.
 * I1: `number` has no gap and no repeat within `series`. I3: the lines' totals equal the payments net of change.
 */
export type Receipt = {
  readonly id: ReceiptId
  readonly kind: ReceiptKind
  readonly series: string
  readonly number: number
  /** ISO 8601 UTC, by the terminal's clock at the commit. */
  readonly issuedAt: string
  readonly practice: boolean
  readonly merchant: { readonly id: MerchantId; readonly name: Words }
  readonly site: { readonly id: SiteId; readonly name: Words; readonly address: Words; readonly timeZone: string }
  readonly terminalId: TerminalId
  readonly cashierName: string
  readonly lines: readonly SaleLine[]
  readonly payments: readonly Payment[]
  readonly total: Money
  readonly tax: Money
  readonly tender: Tender
  /** On a void or a refund: the receipt it takes back, and why. */
  readonly of?: { readonly receiptId: ReceiptId; readonly printedNumber: string; readonly reason: 'wrong-person' }
}

/** The number as people read it: series, a hyphen, at least six digits, such as `A-000042`. */
export function printedNumber(receipt: Pick<Receipt, 'series' | 'number'>): string {
  return `${receipt.series}-${String(receipt.number).padStart(6, '0')}`
}

/** `band` only when one authorization paid the whole total, `cash` when cash alone did, else `mixed`. */
export function tenderOf(payments: readonly Payment[]): Tender {
  assert(payments.length > 0, 'a receipt has at least one payment')
  if (payments.every((payment) => payment.tender === 'cash')) return 'cash'
  return payments.length === 1 ? 'band' : 'mixed'
}

/** I3, stated once: asserted before a receipt is committed, and checked again by `verify`. Returns what is wrong, or nothing. */
export function imbalanceOf(receipt: Pick<Receipt, 'lines' | 'payments' | 'total' | 'tax'>): string | undefined {
  const { currency } = receipt.total
  for (const line of receipt.lines) {
    if (line.total.amount !== line.unitPrice.amount * line.quantity) return `line ${line.id}: total is not price × quantity`
  }
  for (const payment of receipt.payments) {
    if (payment.tender === 'cash' && subtract(payment.tendered, payment.change).amount !== payment.amount.amount) {
      return 'cash: amount is not what was tendered less the change'
    }
  }
  const lines = sum(
    receipt.lines.map((line) => line.total),
    currency,
  )
  const tax = sum(
    receipt.lines.map((line) => line.tax),
    currency,
  )
  const paid = receipt.payments.map((payment) => payment.amount).reduce(add, { amount: 0, currency })
  if (lines.amount !== receipt.total.amount) return `lines sum to ${lines.amount}, total says ${receipt.total.amount}`
  if (paid.amount !== receipt.total.amount) return `payments sum to ${paid.amount}, total says ${receipt.total.amount}`
  if (tax.amount !== receipt.tax.amount) return `line taxes sum to ${tax.amount}, receipt says ${receipt.tax.amount}`
  return undefined
}
