import type { Clock } from '../ports.ts'

/** The longest delay Node's timers keep. A longer one would fire at once. */
const TIMER_MS_MAX = 2_147_483_647

/** The machine's clock, moved by `offsetMs` for training and tests. Time passed is never moved. */
export function systemClock(offsetMs: number): Clock {
  return {
    nowMs: () => Date.now() + offsetMs,
    monotonicMs: () => performance.now(),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), TIMER_MS_MAX))
      return () => clearTimeout(timer)
    },
  }
}
