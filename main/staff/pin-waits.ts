/** What a wrong PIN costs: nothing at first, then a wait that doubles. Counted on disk before a try is answered. */
import type { Clock, WriteStore } from '#main/ports.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import { countTry, type StaffRow } from './staff-rows.ts'

/** Slips of the finger that cost nothing. */
export const FREE_TRIES = 3
export const FIRST_WAIT_MS = 5_000
/** Long enough that four digits take weeks to guess, short enough for an honest cashier to sit out. */
export const WAIT_MAX_MS = 300_000

/** How long the next try waits after this many wrong ones in a row: 5 s after the third, doubling, 5 min at most. */
export function waitMsAfter(wrongTries: number): number {
  if (wrongTries < FREE_TRIES) return 0
  return Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** Math.min(wrongTries - FREE_TRIES, 16))
}

/**
 * Who has to wait, and how long. Within a run the monotonic clock says so, so that setting the clock changes nothing. After a restart the
 * wait goes on from the time on disk; a clock that was set back in between never makes it longer than it was.
 */
export class PinWaits {
  readonly #clock: Clock
  readonly #untilMonotonicMs = new Map<StaffId, number>()

  constructor(clock: Clock, rows: readonly StaffRow[]) {
    this.#clock = clock
    for (const row of rows) this.#resume(row)
  }

  remainingMs(id: StaffId): number {
    return Math.max(0, (this.#untilMonotonicMs.get(id) ?? 0) - this.#clock.monotonicMs())
  }

  /** When the wait is over by the wall clock as it stands now, ISO 8601 UTC; undefined when there is none. */
  until(id: StaffId): string | undefined {
    const remainingMs = this.remainingMs(id)
    return remainingMs > 0 ? new Date(Math.ceil(this.#clock.nowMs() + remainingMs)).toISOString() : undefined
  }

  /** Counts a try as a wrong one, before anyone looks at it: whoever pulls the plug during a guess has used it up. Answers the count. */
  count(tx: WriteStore, id: StaffId, wrongTries: number): number {
    const tries = wrongTries + 1
    const waitMs = waitMsAfter(tries)
    countTry(tx, id, { tries, waitUntil: waitMs > 0 ? new Date(Math.ceil(this.#clock.nowMs() + waitMs)).toISOString() : undefined })
    return tries
  }

  /** The try that was counted is on disk: the wait begins. */
  begin(id: StaffId, tries: number): void {
    this.#untilMonotonicMs.set(id, this.#clock.monotonicMs() + waitMsAfter(tries))
  }

  forget(id: StaffId): void {
    this.#untilMonotonicMs.delete(id)
  }

  #resume({ id, wrongTries, waitUntil }: StaffRow): void {
    if (waitUntil === undefined) return
    const remainingMs = Date.parse(waitUntil) - this.#clock.nowMs()
    const longestMs = waitMsAfter(wrongTries)
    const waitMs = Number.isNaN(remainingMs) ? longestMs : Math.min(Math.max(0, remainingMs), longestMs)
    this.#untilMonotonicMs.set(id, this.#clock.monotonicMs() + waitMs)
  }
}
