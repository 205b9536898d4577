/** The clock of a browser. */
import type { Clock } from '../ports.ts'

export interface WebClock extends Clock {
  /** Time passed since some start, milliseconds. Never jumps. */
  monotonicMs(): number
}

/** The longest wait a timer of the platform can hold, milliseconds (32-bit). */
const TIMER_MAX_MS = 2_147_483_647

export const browserClock: WebClock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, TIMER_MAX_MS))
    return () => clearTimeout(timer)
  },
}
