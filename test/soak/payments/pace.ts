/** How time passes in the soak: as fast as the machine goes while something happens, in leaps while everybody waits. */
import type { WarpClock } from '#test/support/warp-clock.ts'

/** Nothing has happened for so many looks, a millisecond apart: everybody waits for a timer. */
const QUIET_LOOKS = 2
/** Leaps double while nothing happens. The longest is shorter than a cashier's patience, and than a band's offer lives. */
const LEAP_FIRST_MS = 100
const LEAP_MAX_MS = 10_000
/** Real time that anything may take. A machine under load is slow; a wait that never ends is a finding. */
const REAL_MS_MAX = 30_000

export class Pace {
  readonly #clock: WarpClock
  #happened = 0

  constructor(clock: WarpClock) {
    this.#clock = clock
  }

  /** Something was sent, heard, asked or written. */
  happens(): void {
    this.#happened += 1
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

  /** Lets the world run on for a moment of real time, so that what comes next comes anywhere in a payment. */
  async moment(realMs: number): Promise<void> {
    const untilMs = performance.now() + realMs
    while (performance.now() < untilMs) await turn()
  }
}

async function look(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, 1)
  await promise
}

async function turn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  await promise
}
