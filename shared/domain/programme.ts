import type { HallId, ProductId, SeatId, ShowtimeId, TicketTypeId } from './ids.ts'
import type { Currency, Money } from './money.ts'
import type { Words } from './words.ts'

/** One row of seats as the hall is built: gaps are aisles. */
export type HallRow = { readonly label: string; readonly seats: readonly HallSeat[] }
export type HallSeat = { readonly id: SeatId; readonly column: number; readonly accessible: boolean }
export type Hall = { readonly id: HallId; readonly name: Words; readonly columns: number; readonly rows: readonly HallRow[] }

export type TicketType = { readonly id: TicketTypeId; readonly name: Words; readonly price: Money; readonly taxBasisPoints: number }
export type Product = {
  readonly id: ProductId
  readonly name: Words
  readonly group: 'popcorn' | 'drink' | 'snack' | 'combo'
  readonly price: Money
  readonly taxBasisPoints: number
}

export type Showtime = {
  readonly id: ShowtimeId
  readonly hallId: HallId
  readonly title: Words
  /** Spoken language and format, such as `2D · 国语`. */
  readonly format: Words
  /** ISO 8601 UTC. */
  readonly startsAt: string
  readonly minutes: number
  readonly rating: string
  readonly ticketTypes: readonly TicketType[]
}

/** What a site sells: kept by the terminal, so that snacks sell while the backend is away. */
export type Programme = {
  readonly version: string
  readonly currency: Currency
  readonly halls: readonly Hall[]
  readonly showtimes: readonly Showtime[]
  readonly products: readonly Product[]
}

export const SEAT_STATES = ['free', 'held', 'pinned', 'sold'] as const
/** At the backend. `held` has an end by the backend's clock; `pinned` waits for a receipt or a reversal. */
export type SeatState = (typeof SEAT_STATES)[number]
