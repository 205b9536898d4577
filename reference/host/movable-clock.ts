/** This machine's clock, which the conformance harness can move forward: what is due on the way happens, each thing at its own time. */
type Timer = { readonly dueMs: number; readonly callback: () => void; handle: NodeJS.Timeout | undefined }

/** The longest wait a timer of the platform can hold, milliseconds (32-bit). */
const TIMER_MAX_MS = 2_147_483_647

export class MovableClock {
  readonly #timers = new Set<Timer>()
  #movedMs = 0

  nowMs(): number {
    return Math.floor(Date.now() + this.#movedMs)
  }

  monotonicMs(): number {
    return performance.now() + this.#movedMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.monotonicMs() + Math.max(0, delayMs), callback, handle: undefined }
    this.#timers.add(timer)
    this.#arm(timer)
    return () => this.#forget(timer)
  }

  /** Resolves when everything that falls due within `ms` has happened, and what it caused at once, too. */
  async advance(ms: number): Promise<void> {
    const endMs = this.monotonicMs() + ms
    for (let next = this.#firstDueBy(endMs); next; next = this.#firstDueBy(endMs)) {
      this.#movedMs += Math.max(0, next.dueMs - this.monotonicMs())
      this.#forget(next)
      next.callback()
      await settled()
    }
    this.#movedMs += Math.max(0, endMs - this.monotonicMs())
    for (const timer of this.#timers) this.#arm(timer)
  }

  #firstDueBy(endMs: number): Timer | undefined {
    return [...this.#timers].filter(({ dueMs }) => dueMs <= endMs).sort((one, other) => one.dueMs - other.dueMs)[0]
  }

  #forget(timer: Timer): void {
    clearTimeout(timer.handle)
    this.#timers.delete(timer)
  }

  #arm(timer: Timer): void {
    clearTimeout(timer.handle)
    const waitMs = Math.min(TIMER_MAX_MS, Math.max(0, Math.ceil(timer.dueMs - this.monotonicMs())))
    timer.handle = setTimeout(() => {
      // Timers of the platform may fire a little early: what is not due yet waits again.
      if (timer.dueMs > this.monotonicMs()) return this.#arm(timer)
      this.#timers.delete(timer)
      timer.callback()
    }, waitMs)
  }
}

/** Lets what was just begun come to rest, as far as it waits for nothing outside. */
async function settled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  await promise
}
