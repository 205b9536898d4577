/** What may be changed in a cart, as pure functions from lines to lines. */

import { err, ok, type Result } from '#shared/result.ts'
import type { HoldId, LineId, SeatId, ShowtimeId } from './ids.ts'
import { SALE_AMOUNT_MAX, sum } from './money.ts'
import type { Hall, Product, Showtime, TicketType } from './programme.ts'
import { CART_LINES_MAX, priceLine, type SaleLine } from './sale-line.ts'
import type { Words } from './words.ts'

export type Lines = readonly SaleLine[]
export type TicketChoice = { readonly seat: SeatId; readonly ticketType: TicketType }

const NO_DETAIL: Words = { en: '', 'zh-CN': '' }

/** Sets how many of a product the cart holds; zero takes the line out. */
export function withProduct(lines: Lines, product: Product, quantity: number, lineId: LineId): Result<Lines, 'cart-full'> {
  const isProduct = (line: SaleLine) => line.subject.kind === 'product' && line.subject.productId === product.id
  const known = lines.find(isProduct)
  if (quantity === 0) return ok(lines.filter((line) => line !== known))
  const line = priceLine({
    id: known?.id ?? lineId,
    subject: { kind: 'product', productId: product.id },
    name: product.name,
    detail: NO_DETAIL,
    quantity,
    unitPrice: product.price,
    taxBasisPoints: product.taxBasisPoints,
  })
  return withinLimits(known ? lines.map((other) => (other === known ? line : other)) : [...lines, line])
}

/** Replaces all tickets of one showtime by these. Lines of seats that stay keep their id and place. */
export function withTickets(
  lines: Lines,
  input: {
    readonly showtime: Showtime
    readonly hall: Hall
    readonly holdId: HoldId
    readonly choices: readonly TicketChoice[]
    readonly newLineId: () => LineId
  },
): Result<Lines, 'cart-full'> {
  const { showtime, hall, holdId, choices, newLineId } = input
  const old = ticketLines(lines, showtime.id)
  const tickets = choices.map(({ seat, ticketType }) =>
    priceLine({
      id: old.find((line) => line.subject.kind === 'ticket' && line.subject.seat === seat)?.id ?? newLineId(),
      subject: {
        kind: 'ticket',
        showtimeId: showtime.id,
        seat,
        ticketTypeId: ticketType.id,
        holdId,
        startsAt: showtime.startsAt,
        hallName: hall.name,
      },
      name: showtime.title,
      detail: ticketType.name,
      quantity: 1,
      unitPrice: ticketType.price,
      taxBasisPoints: ticketType.taxBasisPoints,
    }),
  )
  const firstIndex = lines.findIndex((line) => old.includes(line))
  const others = lines.filter((line) => !old.includes(line))
  // Tickets stand before snacks, on the screen and on paper, in whatever order they were rung up.
  const at = firstIndex < 0 ? others.findLastIndex((line) => line.subject.kind === 'ticket') + 1 : firstIndex
  return withinLimits([...others.slice(0, at), ...tickets, ...others.slice(at)])
}

export function ticketLines(lines: Lines, showtimeId: ShowtimeId): Lines {
  return lines.filter((line) => line.subject.kind === 'ticket' && line.subject.showtimeId === showtimeId)
}

function withinLimits(lines: Lines): Result<Lines, 'cart-full'> {
  if (lines.length > CART_LINES_MAX) return err('cart-full')
  const first = lines[0]
  if (!first) return ok(lines)
  const total = sum(
    lines.map((line) => line.total),
    first.total.currency,
  )
  return total.amount > SALE_AMOUNT_MAX ? err('cart-full') : ok(lines)
}
