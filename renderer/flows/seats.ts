/** Choosing seats: what the cart holds of a showtime, what a tap makes of it, and where the arrow keys lead. */
import type { CartView, TillInput } from '#shared/contracts/till.ts'
import type { SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import type { Hall, HallRow, HallSeat } from '#shared/domain/programme.ts'

export type SeatChoice = TillInput<'setSeats'>['seats']
/** The most seats one showtime may have in a sale, as shared/contracts/till.ts has it. */
export const SEATS_PER_SHOWTIME_MAX = 20

/** The seats of this showtime in the cart, in the cart's order. */
export function choiceOf(cart: Pick<CartView, 'lines'>, showtimeId: ShowtimeId): SeatChoice {
  return cart.lines.flatMap(({ subject }) =>
    subject.kind === 'ticket' && subject.showtimeId === showtimeId ? [{ seat: subject.seat, ticketTypeId: subject.ticketTypeId }] : [],
  )
}

/** Adds the seat with this ticket type, or gives it back when it was already chosen. */
export function toggleSeat(choice: SeatChoice, seat: SeatId, ticketTypeId: string): SeatChoice {
  return choice.some((one) => one.seat === seat) ? choice.filter((one) => one.seat !== seat) : [...choice, { seat, ticketTypeId }]
}

export function withTicketType(choice: SeatChoice, seat: SeatId, ticketTypeId: string): SeatChoice {
  return choice.map((one) => (one.seat === seat ? { seat, ticketTypeId } : one))
}

export function sameChoice(a: SeatChoice, b: SeatChoice): boolean {
  return a.length === b.length && a.every((one) => b.some((other) => other.seat === one.seat && other.ticketTypeId === one.ticketTypeId))
}

export type GridKey = 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown' | 'Home' | 'End' | 'PageUp' | 'PageDown'
const GRID_KEYS: readonly string[] = [
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'PageUp',
  'PageDown',
] satisfies GridKey[]

export function isGridKey(key: string): key is GridKey {
  return GRID_KEYS.includes(key)
}

/** Where the focus goes from a seat: along the row across aisles, to the nearest column of the next row, to the ends. Stays at the edges. */
export function moveFocus(hall: Hall, from: SeatId, key: GridKey): SeatId {
  const rowIndex = hall.rows.findIndex((row) => row.seats.some((seat) => seat.id === from))
  const row = hall.rows[rowIndex]
  if (row === undefined) return firstSeat(hall) ?? from
  const ordered = byColumn(row)
  const at = ordered.findIndex((seat) => seat.id === from)
  const column = ordered[at]?.column ?? 1
  switch (key) {
    case 'ArrowLeft':
      return ordered[at - 1]?.id ?? from
    case 'ArrowRight':
      return ordered[at + 1]?.id ?? from
    case 'Home':
      return ordered[0]?.id ?? from
    case 'End':
      return ordered.at(-1)?.id ?? from
    case 'ArrowUp':
      return nearest(hall.rows.slice(0, rowIndex).toReversed(), column) ?? from
    case 'ArrowDown':
      return nearest(hall.rows.slice(rowIndex + 1), column) ?? from
    case 'PageUp':
      return nearest(hall.rows, column) ?? from
    case 'PageDown':
      return nearest(hall.rows.toReversed(), column) ?? from
  }
}

/** Where the keyboard enters the hall: the middle of the back half, where people like to sit, when it is free; else the first seat. */
export function entrySeat(hall: Hall, isFree: (seat: SeatId) => boolean): SeatId | undefined {
  const middle = (hall.columns + 1) / 2
  const fromMiddleBack = hall.rows.slice(Math.floor(hall.rows.length / 2))
  const seats = fromMiddleBack.flatMap((row) => row.seats.toSorted((a, b) => Math.abs(a.column - middle) - Math.abs(b.column - middle)))
  return seats.find((seat) => isFree(seat.id))?.id ?? firstSeat(hall)
}

function firstSeat(hall: Hall): SeatId | undefined {
  return hall.rows.find((row) => row.seats.length > 0)?.seats[0]?.id
}

function byColumn(row: HallRow): readonly HallSeat[] {
  return row.seats.toSorted((a, b) => a.column - b.column)
}

function nearest(rows: readonly HallRow[], column: number): SeatId | undefined {
  const row = rows.find((one) => one.seats.length > 0)
  return row?.seats.toSorted((a, b) => Math.abs(a.column - column) - Math.abs(b.column - column))[0]?.id
}
