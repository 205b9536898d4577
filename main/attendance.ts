/** Whether somebody is at the till: when it was last touched, on the monotonic clock, so that no clock that is set changes it. */
import type { Clock } from '#main/ports.ts'

export class Attendance {
  readonly #clock: Clock
  #lastTouchMs: number

  /** A start counts as a touch. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.#lastTouchMs = clock.monotonicMs()
  }

  touched(): void {
    this.#lastTouchMs = this.#clock.monotonicMs()
  }

  lastTouchMs(): number {
    return this.#lastTouchMs
  }
}
