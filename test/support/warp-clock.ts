import type { Clock } from '#main/ports.ts'

type Timer = { readonly dueMs: number; readonly callback: () => void; handle: NodeJS.Timeout }

/** The machine's clock, which a test can move forward: what is due by then fires at once, sockets and files keep their own pace. */
export class WarpClock implements Clock {
  readonly #timers = new Set<Timer>()
  #offsetMs = 0

  nowMs(): number {
    return Math.floor(Date.now() + this.#offsetMs)
  }

  monotonicMs(): number {
    return performance.now() + this.#offsetMs
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.monotonicMs() + Math.max(0, delayMs), callback, handle: setTimeout(() => {}, 0) }
    this.#timers.add(timer)
    this.#arm(timer)
    return () => {
      clearTimeout(timer.handle)
      this.#timers.delete(timer)
    }
  }

  advance(ms: number): void {
    this.#offsetMs += ms
    for (const timer of this.#timers) this.#arm(timer)
  }

  #arm(timer: Timer): void {
    clearTimeout(timer.handle)
    timer.handle = setTimeout(
      () => {
        this.#timers.delete(timer)
        timer.callback()
      },
      Math.min(2_147_483_647, Math.max(0, timer.dueMs - this.monotonicMs())),
    )
  }
}
