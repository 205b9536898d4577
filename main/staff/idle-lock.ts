/** Locks a till that nobody touches. Time is the monotonic clock's; while the till is busy with a customer's money it stays open. */
import type { Clock } from '#main/ports.ts'
import type { Unsubscribe } from '#shared/contracts/till.ts'

const MINUTE_MS = 60_000

export class IdleLock {
  readonly #clock: Clock
  readonly #isBusy: () => boolean
  readonly #lock: () => void
  #afterMs = 0
  #lastUseMs = 0
  /** Somebody is signed in, so there is something to lock. */
  #isOpen = false
  #cancelTimer: Unsubscribe | undefined

  constructor({ clock, isBusy, lock }: { readonly clock: Clock; readonly isBusy: () => boolean; readonly lock: () => void }) {
    this.#clock = clock
    this.#isBusy = isBusy
    this.#lock = lock
  }

  /** 0 minutes: never. Counts from the last touch, also when that is longer ago by now. */
  lockAfter(minutes: number): void {
    this.#afterMs = minutes * MINUTE_MS
    this.#arm()
  }

  /** Somebody signed in. */
  opened(): void {
    this.#isOpen = true
    this.touched()
    this.#arm()
  }

  /** Costs nothing: the timer finds out by itself that it came too early. */
  touched(): void {
    this.#lastUseMs = this.#clock.monotonicMs()
  }

  /** Nothing is left to lock. */
  closed(): void {
    this.#isOpen = false
    this.#cancelTimer?.()
  }

  #arm(): void {
    this.#cancelTimer?.()
    if (this.#afterMs === 0 || !this.#isOpen) return
    const dueMs = this.#lastUseMs + this.#afterMs
    this.#cancelTimer = this.#clock.after(Math.max(0, dueMs - this.#clock.monotonicMs()), () => this.#due())
  }

  #due(): void {
    // A payment that takes its time is use of the till: the minutes begin anew after it.
    if (this.#isBusy()) this.#lastUseMs = this.#clock.monotonicMs()
    // The clock's own fraction must not turn a timer that is due into one that is due at once, for ever.
    if (this.#clock.monotonicMs() + 1 < this.#lastUseMs + this.#afterMs) this.#arm()
    else this.#lock()
  }
}
