import { HOLD_LIFETIME_MS } from '#shared/contracts/backend-api.ts'
import type { SeatState } from '#shared/domain/programme.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { findAttempt, findAuthorization } from '../repositories/attempts-repository.ts'
import { findTerminal } from '../repositories/registry-repository.ts'
import {
  endHold,
  findHold,
  findSeat,
  findShowtime,
  freeExpired,
  type Hold,
  pinHold,
  pinnedBy,
  putHold,
  putSeatOnHold,
  receiptOfSeat,
  returnSeat,
  type SeatOnHold,
  type Showtime,
  seatsOfShowtime,
  seatsOnHold,
  sellSeat,
  unpinHold,
} from '../repositories/seats-repository.ts'
import { type Clock, instantOf } from '../world.ts'

/** Seats of a showtime are sold until this long after its start, milliseconds. */
export const SALE_AFTER_START_MS = 30 * 60_000

export type Sells = { readonly holdId: string; readonly showtimeId: string; readonly seats: readonly string[] }
export type Returns = Sells & { readonly ofReceiptId: string }

function isExpired(hold: { readonly state: string; readonly expiresAtMs: number | undefined }, nowMs: number): boolean {
  return hold.state === 'held' && hold.expiresAtMs !== undefined && hold.expiresAtMs <= nowMs
}

/** A held seat whose hold has run out is free, whether or not anyone has swept it yet. */
function stateOf(seat: SeatOnHold, nowMs: number): SeatState {
  return isExpired(seat, nowMs) ? 'free' : seat.state
}

export class Holds {
  readonly #db: Database
  readonly #clock: Clock

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  async seats(
    terminalId: string,
    showtimeId: string,
  ): Promise<Refusable<{ showtimeId: string; seats: Record<string, SeatState>; own: string[] }>> {
    const showtime = await this.#ownShowtime(this.#db, terminalId, showtimeId)
    if (!showtime) return refuse('unknown', 'no such showtime at this site')
    const nowMs = this.#clock.nowMs()
    const rows = await seatsOfShowtime(this.#db, showtimeId)
    const seats = Object.fromEntries(rows.map((row) => [row.seat, stateOf(row, nowMs)]))
    const own = rows.filter((row) => row.terminalId === terminalId && stateOf(row, nowMs) !== 'free').map((row) => row.seat)
    return ok({ showtimeId, seats, own })
  }

  /** Sets exactly these seats on the hold, all or none. A hold that ran out or was given back lives again, if its seats are free. */
  async put(
    terminalId: string,
    wish: { readonly holdId: string; readonly showtimeId: string; readonly seats: readonly string[] },
  ): Promise<Refusable<{ holdId: string; seats: string[]; expiresAt: string }>> {
    const nowMs = this.#clock.nowMs()
    const expiresAtMs = nowMs + HOLD_LIFETIME_MS
    const seats = [...new Set(wish.seats)].sort()
    return this.#db.transaction().execute(async (tx) => {
      const showtime = await this.#ownShowtime(tx, terminalId, wish.showtimeId)
      if (!showtime) return refuse('unknown', 'no such showtime at this site')
      if (showtime.startsAtMs + SALE_AFTER_START_MS < nowMs) return refuse('showtime-closed', 'this showtime is no longer sold')
      const hold = await findHold(tx, wish.holdId)
      const before = hold ? await seatsOnHold(tx, hold.id) : []
      if (hold) {
        const refusal = changeRefusal(hold, terminalId, wish.showtimeId, before.join() === seats.join())
        if (refusal) return refusal
        if (hold.state === 'pinned') return ok({ holdId: hold.id, seats, expiresAt: instantOf(expiresAtMs) })
      }
      const taken: string[] = []
      for (const seat of seats) {
        const row = await findSeat(tx, wish.showtimeId, seat)
        if (!row) return refuse('unknown', `no seat ${seat} in this hall`, [seat])
        if (row.holdId !== wish.holdId && stateOf(row, nowMs) !== 'free') taken.push(seat)
      }
      if (taken.length > 0) return refuse('seat-taken', 'seats are held or sold elsewhere', taken)
      await putHold(tx, { id: wish.holdId, terminalId, showtimeId: wish.showtimeId, expiresAtMs })
      const wanted = new Set(seats)
      for (const seat of before) if (!wanted.has(seat)) await putSeatOnHold(tx, wish.showtimeId, seat, null)
      const kept = new Set(before)
      for (const seat of seats) if (!kept.has(seat)) await putSeatOnHold(tx, wish.showtimeId, seat, wish.holdId)
      return ok({ holdId: wish.holdId, seats, expiresAt: instantOf(expiresAtMs) })
    })
  }

  /** Gives a hold back. A hold that is gone already was given back too. */
  async remove(terminalId: string, holdId: string): Promise<Refusable<void>> {
    return this.#db.transaction().execute(async (tx) => {
      const hold = await findHold(tx, holdId)
      if (!hold) return ok()
      if (hold.terminalId !== terminalId) return refuse('not-allowed', 'another terminal made this hold')
      if (hold.state === 'pinned') return refuse('conflict', 'the hold is pinned by an attempt')
      if (hold.state === 'held') await endHold(tx, hold.id, 'released')
      return ok()
    })
  }

  async pin(terminalId: string, holdId: string, requestId: string): Promise<Refusable<{ holdId: string; state: 'pinned' }>> {
    return this.#db.transaction().execute(async (tx) => {
      const attempt = await findAttempt(tx, { terminalId, requestId })
      // A pin that was delayed on its way must not outlive the reversal that ended its attempt.
      if (attempt?.reversedAt !== undefined) return refuse('conflict', 'this attempt was reversed')
      const hold = await findHold(tx, holdId)
      if (!hold || hold.state === 'released' || hold.state === 'sold') return refuse('hold-gone', 'no such hold any more')
      if (hold.terminalId !== terminalId) return refuse('not-allowed', 'another terminal made this hold')
      if (hold.state === 'pinned' && hold.requestId !== requestId) return refuse('conflict', 'another attempt has pinned this hold')
      if (!(await this.isPinnable(tx, terminalId, holdId, requestId))) return refuse('hold-gone', 'the hold ran out')
      if (hold.state === 'held') await pinHold(tx, holdId, requestId)
      return ok({ holdId, state: 'pinned' })
    })
  }

  async unpin(terminalId: string, holdId: string, requestId: string): Promise<Refusable<{ holdId: string; expiresAt: string }>> {
    const nowMs = this.#clock.nowMs()
    return this.#db.transaction().execute(async (tx) => {
      const hold = await findHold(tx, holdId)
      if (!hold || hold.state === 'released' || hold.state === 'sold') return refuse('hold-gone', 'no such hold any more')
      if (hold.terminalId !== terminalId) return refuse('not-allowed', 'another terminal made this hold')
      if (hold.state === 'held') {
        return isExpired(hold, nowMs) ? refuse('hold-gone', 'the hold ran out') : ok({ holdId, expiresAt: instantOf(hold.expiresAtMs) })
      }
      if (hold.requestId !== requestId) return refuse('conflict', 'another attempt has pinned this hold')
      const authorization = await findAuthorization(tx, { terminalId, requestId })
      if (authorization?.state === 'held') return refuse('conflict', 'money is held for these seats: send the receipt or the reversal')
      await unpinHold(tx, holdId, nowMs + HOLD_LIFETIME_MS)
      return ok({ holdId, expiresAt: instantOf(nowMs + HOLD_LIFETIME_MS) })
    })
  }

  /** True when this attempt has pinned the hold, or may: it lives, and it is the terminal's own. */
  async isPinnable(tx: Tx, terminalId: string, holdId: string, requestId: string): Promise<boolean> {
    const hold = await findHold(tx, holdId)
    if (!hold || hold.terminalId !== terminalId) return false
    if (hold.state === 'pinned') return hold.requestId === requestId
    if (hold.state !== 'held' || isExpired(hold, this.#clock.nowMs())) return false
    return (await seatsOnHold(tx, holdId)).length > 0
  }

  /** Pins a hold that `isPinnable` has just allowed, in the same transaction. */
  async pinForAttempt(tx: Tx, holdId: string, requestId: string): Promise<void> {
    await pinHold(tx, holdId, requestId)
  }

  /** Turns the pins of a reversed attempt back into the cart's holds, at full time. */
  async unpinAttempt(tx: Tx, terminalId: string, requestId: string): Promise<void> {
    for (const holdId of await pinnedBy(tx, terminalId, requestId)) await unpinHold(tx, holdId, this.#clock.nowMs() + HOLD_LIFETIME_MS)
  }

  /**
   * Sells seats on a receipt. A seat that another sale or a living hold of someone else has is left alone and named in the answer;
   * a free one is sold, because its customer has paid and nobody else has.
   */
  async sell(tx: Tx, terminalId: string, sells: Sells, receiptId: string): Promise<readonly string[]> {
    const showtime = await this.#ownShowtime(tx, terminalId, sells.showtimeId)
    if (!showtime) return sells.seats
    const hold = await findHold(tx, sells.holdId)
    const isOwn = hold?.terminalId === terminalId && hold.showtimeId === sells.showtimeId
    const refused: string[] = []
    for (const seat of sells.seats) {
      const row = await findSeat(tx, sells.showtimeId, seat)
      const isOurs = row !== undefined && isOwn && row.holdId === sells.holdId
      if (row && (isOurs || stateOf(row, this.#clock.nowMs()) === 'free')) await sellSeat(tx, sells.showtimeId, seat, receiptId)
      else refused.push(seat)
    }
    if (isOwn && (hold.state === 'held' || hold.state === 'pinned')) await endHold(tx, hold.id, 'sold')
    return refused
  }

  /**
   * Takes sold seats back: those that were sold to this receipt become a new hold of the terminal, at full time. The others are left
   * alone and named in the answer.
   */
  async giveBack(tx: Tx, terminalId: string, { holdId, showtimeId, seats, ofReceiptId }: Returns): Promise<readonly string[]> {
    const showtime = await this.#ownShowtime(tx, terminalId, showtimeId)
    if (!showtime || (await findHold(tx, holdId))) return seats
    const refused: string[] = []
    const returned: string[] = []
    for (const seat of new Set(seats)) {
      const isSoldToIt = (await receiptOfSeat(tx, showtimeId, seat)) === ofReceiptId
      ;(isSoldToIt ? returned : refused).push(seat)
    }
    if (returned.length === 0) return refused
    await putHold(tx, { id: holdId, terminalId, showtimeId, expiresAtMs: this.#clock.nowMs() + HOLD_LIFETIME_MS })
    for (const seat of returned) await returnSeat(tx, showtimeId, seat, holdId)
    return refused
  }

  /** Frees the seats of holds that have run out. The rules above need no sweep; tables and audit views look better with one. */
  async sweep(): Promise<number> {
    return this.#db.transaction().execute(async (tx) => freeExpired(tx, this.#clock.nowMs()))
  }

  async #ownShowtime(db: Database, terminalId: string, showtimeId: string): Promise<Showtime | undefined> {
    const terminal = await findTerminal(db, terminalId)
    const showtime = await findShowtime(db, showtimeId)
    return terminal && showtime && showtime.siteId === terminal.siteId ? showtime : undefined
  }
}

function changeRefusal(hold: Hold, terminalId: string, showtimeId: string, isSame: boolean) {
  if (hold.terminalId !== terminalId) return refuse('not-allowed', 'another terminal made this hold')
  if (hold.state === 'sold') return refuse('hold-gone', 'this hold was sold: make a new one')
  if (hold.showtimeId !== showtimeId) return refuse('conflict', 'the hold is for another showtime')
  if (hold.state === 'pinned' && !isSame) return refuse('conflict', 'the hold is pinned by an attempt')
  return undefined
}
