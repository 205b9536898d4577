import { assert } from '#shared/assert.ts'
import type { AuthorizationId, HoldId, LineId, ProductId, SeatId, ShowtimeId, TicketTypeId } from './ids.ts'
import { type Money, taxIncludedIn, times } from './money.ts'
import type { Words } from './words.ts'

export const LINE_QUANTITY_MAX = 99
export const CART_LINES_MAX = 60

/** What a line sells. A ticket line is one seat; its hold is the backend's promise that the seat is ours. */
export type LineSubject =
  | {
      readonly kind: 'ticket'
      readonly showtimeId: ShowtimeId
      readonly seat: SeatId
      readonly ticketTypeId: TicketTypeId
      readonly holdId: HoldId
      readonly startsAt: string
      readonly hallName: Words
    }
  | { readonly kind: 'product'; readonly productId: ProductId }
  /** What was sold is no longer known: the one line of a `recovered` receipt. */
  | { readonly kind: 'recovered'; readonly authorizationId: AuthorizationId }

/** A line as it will be frozen into the receipt: every figure is stated, none is recomputed later from settings that may have changed. */
export type SaleLine = {
  readonly id: LineId
  readonly subject: LineSubject
  readonly name: Words
  readonly detail: Words
  readonly quantity: number
  readonly unitPrice: Money
  readonly total: Money
  readonly taxBasisPoints: number
  /** The tax inside `total`. Prices include tax. */
  readonly tax: Money
}

/** Prices a line: total = unit price × quantity, tax is included in it. */
export function priceLine(line: Omit<SaleLine, 'total' | 'tax'>): SaleLine {
  assert(line.quantity >= 1 && line.quantity <= LINE_QUANTITY_MAX, `quantity out of range: ${line.quantity}`)
  const total = times(line.unitPrice, line.quantity)
  return { ...line, total, tax: taxIncludedIn(total, line.taxBasisPoints) }
}
