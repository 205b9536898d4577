import type { SeatId } from '#shared/domain/ids.ts'
import type { Hall, Programme, SeatState } from '#shared/domain/programme.ts'

/** A third of each hall is gone already, in the same places each time. */
export function seatsGone(programme: Programme): Map<string, SeatState> {
  const gone = new Map<string, SeatState>()
  for (const [index, show] of programme.showtimes.entries()) {
    const hall = programme.halls.find((one) => one.id === show.hallId)
    for (const [at, seat] of (hall?.rows ?? []).flatMap((row) => row.seats).entries()) {
      const dice = (at * 7919 + index * 104_729) % 97
      if (dice < 26) gone.set(`${show.id} ${seat.id}`, 'sold')
      else if (dice < 31) gone.set(`${show.id} ${seat.id}`, 'held')
      else if (dice < 33) gone.set(`${show.id} ${seat.id}`, 'pinned')
    }
  }
  return gone
}

export function seatsOf<T>(hall: Hall, stateOf: (seat: SeatId) => T): Record<string, T> {
  return Object.fromEntries(hall.rows.flatMap((row) => row.seats.map(({ id }) => [id, stateOf(id)])))
}
