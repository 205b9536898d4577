import type { Clock } from '#main/ports.ts'

type Timer = { readonly atMs: number; readonly order: number; readonly callback: () => void }

/** A clock that stands still until a test moves it. Timers fire in order, each at its own time. */
export class ManualClock implements Clock {
  #passedMs = 0
  #order = 0
  readonly #startMs: number
  readonly #timers = new Set<Timer>()

  constructor(startMs = Date.UTC(2030, 0, 2, 12)) {
    this.#startMs = startMs
  }

  nowMs(): number {
    return this.#startMs + this.#passedMs
  }

  monotonicMs(): number {
    return this.#passedMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#passedMs + Math.max(0, delayMs), order: this.#order, callback }
    this.#order += 1
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that are still waiting. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Moves time, with everything that a timer's callback set going in between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#passedMs + ms
    await settled()
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#timers.delete(next)
      this.#passedMs = next.atMs
      next.callback()
      await settled()
    }
    this.#passedMs = endMs
  }

  #next(endMs: number): Timer | undefined {
    const due = [...this.#timers].filter((timer) => timer.atMs <= endMs)
    return due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
  }
}

/** Lets every promise that can settle now, settle. */
export async function settled(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  await promise
}
