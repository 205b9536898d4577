/** The clock of the practice world: this machine's, moved by a fixed offset so that an evening can be practised in the morning. */
export interface PracticeClock {
  nowMs(): number
  monotonicMs(): number
  after(delayMs: number, callback: () => void): () => void
}

/** The longest wait a timer of the platform can hold, milliseconds (32-bit). */
const TIMER_MAX_MS = 2_147_483_647

export function practiceClock(offsetMs: number): PracticeClock {
  return {
    nowMs: () => Date.now() + offsetMs,
    monotonicMs: () => performance.now(),
    after(delayMs, callback) {
      if (delayMs <= 0) {
        // A timer of the platform waits a millisecond at least: no delay means none.
        const immediate = setImmediate(callback)
        return () => clearImmediate(immediate)
      }
      const timer = setTimeout(callback, Math.min(delayMs, TIMER_MAX_MS))
      return () => clearTimeout(timer)
    },
  }
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32, public domain). For noise, never for keys. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
