/** How time passes in the soak: as fast as the machine goes while something happens, in leaps while everybody waits. */
import type { WarpClock } from '#test/support/warp-clock.ts'

/** Nothing has happened for so many looks, a millisecond apart: everybody waits for a timer. */
const QUIET_LOOKS = 2
/** In the middle of a payment threads are at work that no look sees: only after so many has it come to rest. */
const RESTED_LOOKS = 3
/** Leaps double while nothing happens. The longest is shorter than a cashier's patience, and than a band's offer lives. */
const LEAP_FIRST_MS = 100
const LEAP_MAX_MS = 10_000
/** Real time that anything may take. A machine under load is slow; a wait that never ends is a finding. */
const REAL_MS_MAX = 30_000

export class Pace {
  readonly #clock: WarpClock
  #happened = 0
  /** Who waits until so much has happened. */
  readonly #waiting = new Map<() => void, number>()

  constructor(clock: WarpClock) {
    this.#clock = clock
  }

  /** Something was sent, heard, asked or written. */
  happens(): void {
    this.#happened += 1
    for (const [goOn, at] of this.#waiting) if (at <= this.#happened) goOn()
  }

  /** Waits until something is so, but no longer than `withinMs` of the world's time: then the answer is false. */
  async until(what: string, isSo: () => boolean, withinMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    const [startMs, realMs] = [this.#clock.monotonicMs(), performance.now()]
    let [leapMs, quiet, seen] = [LEAP_FIRST_MS, 0, this.#happened]
    while (!isSo()) {
      if (this.#clock.monotonicMs() - startMs > withinMs) return false
      if (performance.now() - realMs > REAL_MS_MAX) throw new Error(`never came true: ${what}`)
      await look()
      quiet = seen === this.#happened ? quiet + 1 : 0
      if (quiet === 0) leapMs = LEAP_FIRST_MS
      seen = this.#happened
      if (quiet < QUIET_LOOKS) continue
      this.#clock.advance(leapMs)
      leapMs = Math.min(LEAP_MAX_MS, leapMs * 2)
      quiet = 0
    }
    return true
  }

  /**
   * Lets the world run on until so many things have happened, or nothing happens any more: what comes next then comes anywhere in a
   * payment, on a slow machine as on a fast one.
   */
  async moment(happenings: number): Promise<void> {
    if (happenings <= 0) return
    const { promise: over, resolve: goOn } = Promise.withResolvers<void>()
    this.#waiting.set(goOn, this.#happened + happenings)
    try {
      await Promise.race([over, this.#untilQuiet(() => !this.#waiting.has(goOn))])
    } finally {
      this.#waiting.delete(goOn)
    }
  }

  async #untilQuiet(isOver: () => boolean): Promise<void> {
    for (let [quiet, seen] = [0, this.#happened]; quiet < RESTED_LOOKS && !isOver(); seen = this.#happened) {
      await look()
      quiet = seen === this.#happened ? quiet + 1 : 0
    }
  }
}

async function look(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, 1)
  await promise
}
