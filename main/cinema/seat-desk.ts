/**
 * Choosing seats. A seat shows in the cart only after one atomic call held it at the backend (design rule: all or none, named when taken).
 * Calls run one after another, so that two quick taps cannot overtake each other.
 */
import type { CartHold, Carts } from '#main/cart/carts.ts'
import type { BackendClient, BackendRefusal, Clock } from '#main/ports.ts'
import type { Refused, SeatMapView, TillInput } from '#shared/contracts/till.ts'
import { type Lines, type TicketChoice, ticketLines, withTickets } from '#shared/domain/cart-lines.ts'
import type { CartId, HoldId, LineId, RequestId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import type { SeatState, Showtime } from '#shared/domain/programme.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'
import type { ProgrammeBook } from './programme-book.ts'

/** Showtimes in one sale: as many as a request, a receipt and a reversal can name holds for (shared/contracts). */
export const CART_HOLDS_MAX = 4
/** A show stays on sale this long after it began: latecomers buy while the trailers run. */
const ON_SALE_AFTER_START_MS = 30 * 60_000

type SeatDeskDeps = {
  readonly backend: BackendClient
  readonly programme: ProgrammeBook
  readonly carts: Carts
  readonly clock: Clock
  readonly newId: () => string
  /** Waits until what the outbox holds has been sent, or a moment has passed. */
  readonly flushOutbox: () => Promise<void>
  /** More is known of the holds an earlier run made. */
  readonly onFound: () => void
}

export class SeatDesk {
  readonly #deps: SeatDeskDeps
  readonly #turns = new Turns()
  /**
   * Holds of the cart that may have other seats on them at the backend than the cart shows: their last change got no answer, or an
   * earlier run made them, whose last change may not have got one.
   */
  readonly #unsure: Set<HoldId>
  /** First choices that got no answer: the backend may hold those seats, so the next try for the showtime goes by the same id. */
  readonly #unanswered = new Map<ShowtimeId, HoldId>()

  /** What the backend said of the holds that an earlier run made. */
  readonly #found = new Map<HoldId, 'held' | 'pinned'>()

  constructor(deps: SeatDeskDeps) {
    this.#deps = deps
    this.#unsure = new Set(deps.carts.current().holds.map(({ holdId }) => holdId))
  }

  /**
   * The backend answers: the holds of the open cart that are not certain are compared with what it has. Where they differ, the hold is
   * set to the cart's seats again; when some are gone, it stays uncertain, and charging says which. Seats that are being paid are only
   * looked at: the request names their hold.
   */
  confirm(): Promise<void> {
    return this.#turns.take(async () => {
      for (const hold of this.#deps.carts.current().holds) if (this.#unsure.has(hold.holdId)) await this.#confirmOne(hold)
    })
  }

  /** What is known, since the start, of holds an earlier run made. */
  found(holdIds: readonly HoldId[]): 'held' | 'pinned' | 'unknown' {
    const states = new Set(holdIds.map((holdId) => this.#found.get(holdId)))
    if (states.has(undefined)) return 'unknown'
    return states.has('held') ? 'held' : 'pinned'
  }

  /** Holds exactly these seats for the cart, or changes nothing. */
  setSeats(input: TillInput<'setSeats'>): Promise<Result<void, Refused>> {
    const { id } = this.#deps.carts.current()
    return this.#turns.take(() => this.#choose(input, id))
  }

  /** Takes one ticket out of the cart, and its seat off the hold. */
  removeTicket(lineId: string): Promise<Result<void, Refused>> {
    const { id: cartId } = this.#deps.carts.current()
    return this.#turns.take(async () => {
      const { lines } = this.#deps.carts.current()
      const line = lines.find((each) => each.id === lineId)
      if (line?.subject.kind !== 'ticket') return err({ code: 'unknown-item' })
      const { showtimeId } = line.subject
      const seats = ticketLines(lines, showtimeId).flatMap(({ id, subject }) =>
        subject.kind === 'ticket' && id !== lineId ? [{ seat: subject.seat, ticketTypeId: subject.ticketTypeId }] : [],
      )
      return this.#choose({ showtimeId, seats }, cartId)
    })
  }

  /** Gives seats back. The cart has already let go of them; what cannot be told now runs out by itself. */
  release(holds: readonly CartHold[]): Promise<void> {
    return this.#turns.take(async () => {
      for (const { holdId } of holds) await this.#freed(() => this.#deps.backend.deleteHold(holdId))
    })
  }

  /** Resolves when no call about seats is under way. */
  async idle(): Promise<void> {
    await this.#turns.settled()
  }

  /**
   * Pins every hold of the cart for one attempt, so that no seat is lost while money is taken. A hold that ran out is taken again
   * when its seats are still free. `backend-offline` when nobody answers: the caller decides what may go on without pins.
   */
  pin(requestId: RequestId): Promise<Result<void, Refused>> {
    return this.#turns.take(async () => {
      for (const hold of this.#deps.carts.current().holds) {
        const isSure = !this.#unsure.has(hold.holdId)
        const pinned = await this.#freed(() => pinOne(this.#deps.backend, hold, requestId, isSure))
        // Without an answer nobody may be asked to pay: the request names the hold, and the hold may have other seats on it.
        if (!pinned.ok) {
          const refused = seatRefusal(pinned.error)
          return err(!isSure && refused.code === 'backend-offline' ? { code: 'seat-not-held' } : refused)
        }
        this.#unsure.delete(hold.holdId)
      }
      return ok()
    })
  }

  async seatMap(showtimeId: ShowtimeId): Promise<Result<SeatMapView, Refused>> {
    const { programme, backend, carts } = this.#deps
    const showtime = programme.showtime(showtimeId)
    if (!showtime) return err({ code: 'unknown-item' })
    const answer = await backend.seats(showtimeId)
    if (!answer.ok) return err(seatRefusal(answer.error))
    const ours = new Set<string>(carts.current().holds.find((hold) => hold.showtimeId === showtimeId)?.seats)
    const seats: Record<string, SeatState | 'ours'> = {}
    for (const [seat, state] of Object.entries(answer.value.seats)) seats[seat] = ours.has(seat) ? 'ours' : state
    return ok({ showtimeId, hallId: showtime.hallId, seats })
  }

  async #confirmOne(hold: CartHold): Promise<void> {
    const { backend, carts, onFound } = this.#deps
    const { holdId, showtimeId } = hold
    const answer = await backend.seats(showtimeId)
    if (!answer.ok) return
    const { seats, own } = answer.value
    const ours = new Set<string>(own.filter((seat) => seats[seat] === 'held' || seats[seat] === 'pinned'))
    const isWhole = hold.seats.every((seat) => ours.has(seat))
    if (isWhole) this.#found.set(holdId, hold.seats.some((seat) => seats[seat] === 'pinned') ? 'pinned' : 'held')
    if (isWhole && ours.size === hold.seats.length) this.#unsure.delete(holdId)
    else if (carts.current().state === 'open') await this.#setAgain(hold)
    onFound()
  }

  async #setAgain(hold: CartHold): Promise<void> {
    const { backend, carts } = this.#deps
    const put = await this.#freed(() => backend.putHold(hold))
    if (!put.ok) return
    this.#found.set(hold.holdId, 'held')
    const { state, lines, holds } = carts.current()
    // While the backend was asked, the cart may have been paid, emptied or given other seats.
    if (state !== 'open' || !holds.includes(hold)) return
    this.#unsure.delete(hold.holdId)
    // Should the disk refuse, the cart shows an earlier end of the hold than it has.
    carts.change(
      lines,
      holds.map((each) => (each === hold ? { ...hold, expiresAt: put.value.expiresAt } : each)),
    )
  }

  async #choose(input: TillInput<'setSeats'>, cartId: CartId): Promise<Result<void, Refused>> {
    const { carts, programme, clock, newId } = this.#deps
    const cart = carts.current()
    if (cart.state !== 'open') return err({ code: 'cart-locked' })
    // Asked for in a cart that has been emptied or paid since: the next customer's cart is not touched.
    if (cart.id !== cartId) return err({ code: 'seat-not-held' })
    const showtime = programme.showtime(input.showtimeId)
    const hall = showtime && programme.hall(showtime.hallId)
    if (!showtime || !hall) return err({ code: 'unknown-item' })
    if (isClosed(showtime, clock.nowMs())) return err({ code: 'showtime-closed' })
    const choices = readChoices(showtime, input)
    if (!choices) return err({ code: 'unknown-item' })
    const old = cart.holds.find((hold) => hold.showtimeId === showtime.id)
    if (!old && cart.holds.length >= CART_HOLDS_MAX) return err({ code: 'cart-full' })
    const holdId = old?.holdId ?? this.#unanswered.get(showtime.id) ?? (newId() as HoldId)
    const newLineId = () => newId() as LineId
    const linesIn = (lines: Lines) => withTickets(lines, { showtime, hall, holdId, choices, newLineId })
    const lines = linesIn(cart.lines)
    if (!lines.ok) return err({ code: lines.error })
    return this.#holdAndSave({ cartId, showtimeId: showtime.id, holdId, seats: choices.map((choice) => choice.seat), old, linesIn })
  }

  async #holdAndSave(wanted: Wanted): Promise<Result<void, Refused>> {
    const { backend } = this.#deps
    const { showtimeId, holdId, seats, old } = wanted
    if (seats.length === 0) {
      // The cart lets go first: if the backend cannot hear it now, the hold simply runs out there.
      const saved = this.#save(wanted, undefined)
      if (saved.ok && old) await this.#freed(() => backend.deleteHold(holdId))
      return saved
    }
    const held = await this.#freed(() => backend.putHold({ holdId, showtimeId, seats }))
    if (!held.ok) {
      // Giving seats back needs nobody's leave: the receipt names what it sells, the rest of the hold runs out at the backend.
      const onlyFewer = old !== undefined && seats.every((seat) => old.seats.includes(seat))
      if (held.error.code === 'offline' && onlyFewer) return this.#save(wanted, { ...old, seats })
      if (held.error.code === 'offline') this.#noAnswer(wanted)
      return err(seatRefusal(held.error))
    }
    this.#unsure.delete(holdId)
    this.#unanswered.delete(showtimeId)
    const saved = this.#save(wanted, { showtimeId, holdId, seats, expiresAt: held.value.expiresAt })
    if (!saved.ok) await this.#undo(wanted)
    return saved
  }

  #noAnswer({ old, holdId, showtimeId, seats }: Wanted): void {
    if (!old) this.#unanswered.set(showtimeId, holdId)
    // A change that only adds leaves the cart's own seats on the hold, whether it was heard or not.
    else if (old.seats.some((seat) => !seats.includes(seat))) this.#unsure.add(holdId)
  }

  /** The cart did not take the seats: the hold goes back to what the cart has, which may be about to be paid. */
  async #undo({ holdId }: Wanted): Promise<void> {
    const kept = this.#deps.carts.current().holds.find((hold) => hold.holdId === holdId)
    if (kept) {
      const put = await this.#deps.backend.putHold(kept)
      if (!put.ok) this.#unsure.add(holdId)
    } else await this.#deps.backend.deleteHold(holdId)
  }

  #save({ cartId, holdId, linesIn }: Wanted, hold: CartHold | undefined): Result<void, Refused> {
    const { carts } = this.#deps
    const { id, state, lines, holds } = carts.current()
    // While the backend was asked, the cart may have been locked or emptied by another hand, or have got other lines.
    if (state !== 'open') return err({ code: 'cart-locked' })
    if (id !== cartId) return err({ code: 'seat-not-held' })
    const changed = linesIn(lines)
    if (!changed.ok) return err({ code: changed.error })
    const others = holds.filter((other) => other.holdId !== holdId)
    const saved = carts.change(changed.value, hold ? [...others, hold] : others)
    return saved.ok ? ok() : err({ code: 'storage-failed', subject: saved.error.trouble })
  }

  /** A hold may still be pinned by a payment whose reversal is on its way: it is sent, and the backend asked once more. */
  async #freed<T>(ask: () => Promise<Result<T, BackendRefusal>>): Promise<Result<T, BackendRefusal>> {
    const answer = await ask()
    if (answer.ok || answer.error.code !== 'conflict') return answer
    await this.#deps.flushOutbox()
    return ask()
  }
}

type Wanted = {
  readonly cartId: CartId
  readonly showtimeId: ShowtimeId
  readonly holdId: HoldId
  readonly seats: readonly SeatId[]
  readonly old: CartHold | undefined
  /** The cart's lines with these tickets in them. */
  readonly linesIn: (lines: Lines) => Result<Lines, 'cart-full'>
}

async function pinOne(
  backend: BackendClient,
  hold: CartHold,
  requestId: RequestId,
  isSure: boolean,
): Promise<Result<void, BackendRefusal>> {
  if (isSure) {
    const pinned = await backend.pinHold(hold.holdId, requestId)
    if (pinned.ok || pinned.error.code !== 'hold-gone') return pinned
  }
  const again = await backend.putHold(hold)
  return again.ok ? backend.pinHold(hold.holdId, requestId) : again
}

function isClosed(showtime: Showtime, nowMs: number): boolean {
  return nowMs > Date.parse(showtime.startsAt) + ON_SALE_AFTER_START_MS
}

/** The choices with their ticket types, or undefined when a type is not sold for this showtime or a seat is named twice. */
function readChoices(showtime: Showtime, input: TillInput<'setSeats'>): readonly TicketChoice[] | undefined {
  if (new Set(input.seats.map((choice) => choice.seat)).size !== input.seats.length) return undefined
  const choices: TicketChoice[] = []
  for (const { seat, ticketTypeId } of input.seats) {
    const ticketType = showtime.ticketTypes.find((type) => type.id === ticketTypeId)
    if (!ticketType) return undefined
    choices.push({ seat, ticketType })
  }
  return choices
}

/** The backend's word about seats, in the till's closed list. */
function seatRefusal(refusal: BackendRefusal): Refused {
  switch (refusal.code) {
    case 'offline':
    case 'unavailable':
      return { code: 'backend-offline' }
    case 'seat-taken':
      return refusal.seats ? { code: 'seat-taken', subject: refusal.seats } : { code: 'seat-taken' }
    case 'hold-gone':
      return { code: 'seat-not-held' }
    case 'showtime-closed':
      return { code: 'showtime-closed' }
    case 'unknown':
    case 'malformed':
    case 'conflict':
      return { code: 'unknown-item' }
    default:
      return { code: 'backend-offline' }
  }
}
