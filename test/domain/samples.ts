/** Programmes, lines and receipts to try rules on. */
import * as fc from 'fast-check'
import type { AuthorizationId, HallId, HoldId, LineId, ProductId, RequestId, SeatId, ShowtimeId, TicketTypeId } from '#shared/domain/ids.ts'
import { type Money, money, sum } from '#shared/domain/money.ts'
import type { Hall, Product, Showtime, TicketType } from '#shared/domain/programme.ts'
import type { Payment, Receipt } from '#shared/domain/receipt.ts'
import { LINE_QUANTITY_MAX, priceLine, type SaleLine } from '#shared/domain/sale-line.ts'

const words = (text: string) => ({ en: text, 'zh-CN': text })

export function product(id: string, price = 2_500, taxBasisPoints = 1_300): Product {
  return { id: id as ProductId, name: words(id), group: 'snack', price: money(price, 'CNY'), taxBasisPoints }
}
export function ticketType(id = 'adult', price = 4_500): TicketType {
  return { id: id as TicketTypeId, name: words(id), price: money(price, 'CNY'), taxBasisPoints: 600 }
}
export function showtime(id: string): Showtime {
  const startsAt = '2026-05-01T12:00:00Z'
  const rest = { format: words('2D'), minutes: 100, rating: 'PG', ticketTypes: [ticketType()] }
  return { id: id as ShowtimeId, hallId: 'hall-1' as HallId, title: words(id), startsAt, ...rest }
}
export const HALL: Hall = { id: 'hall-1' as HallId, name: words('Hall 1'), columns: 4, rows: [] }
export const HOLD = 'a'.repeat(32) as HoldId
export const seat = (number: number): SeatId => `A${number}` as SeatId

/** Line ids that count. */
export function counter(): () => LineId {
  let count = 0
  return () => {
    count += 1
    return `line-${count}` as LineId
  }
}

const line = fc
  .record({
    price: fc.integer({ min: 0, max: 9_999 }),
    quantity: fc.integer({ min: 1, max: LINE_QUANTITY_MAX }),
    tax: fc.constantFrom(0, 600, 900, 1_300),
  })
  .map(({ price, quantity, tax }) => ({ quantity, unitPrice: money(price, 'CNY'), taxBasisPoints: tax }))

export const someLines: fc.Arbitrary<readonly SaleLine[]> = fc.array(line, { minLength: 1, maxLength: 12 }).map((lines) =>
  lines.map((each, index) =>
    priceLine({
      id: `line-${index}` as LineId,
      subject: { kind: 'product', productId: `p-${index}` as ProductId },
      name: words(`p-${index}`),
      detail: words(''),
      ...each,
    }),
  ),
)

export type Balance = Pick<Receipt, 'lines' | 'payments' | 'total' | 'tax'>

function band(amount: Money, index: number): Payment {
  const id = index.toString(16).padStart(32, '0')
  return { tender: 'band', amount, requestId: id as RequestId, authorizationId: id as AuthorizationId, payerName: 'Carp' }
}

/** A receipt that balances: random lines, paid by bands and cash in random parts, with random change. */
export const someReceipt: fc.Arbitrary<Balance> = fc
  .record({ lines: someLines, cuts: fc.array(fc.nat(), { maxLength: 3 }), change: fc.nat({ max: 10_000 }), cashFirst: fc.boolean() })
  .map(({ lines, cuts, change, cashFirst }) => {
    const total = sum(
      lines.map((each) => each.total),
      'CNY',
    )
    const tax = sum(
      lines.map((each) => each.tax),
      'CNY',
    )
    const at = [0, ...cuts.map((cut) => cut % (total.amount + 1)).sort((a, b) => a - b), total.amount]
    const payments = at.slice(1).map((end, index): Payment => {
      const amount = money(end - (at[index] ?? 0), 'CNY')
      if (index > 0 === cashFirst) return band(amount, index)
      return { tender: 'cash', amount, tendered: money(amount.amount + change, 'CNY'), change: money(change, 'CNY') }
    })
    return { lines, payments, total, tax }
  })
