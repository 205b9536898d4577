/** What the band knows of its wearer: on the wrist, armed by the phone, phone in reach, knocks. It decides what a proof may say. */
import { FLAG_ARMED, FLAG_LOW_BATTERY, FLAG_PHONE_LINKED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Clock } from './ports.ts'

/** Off the wrist for this long, the band disarms itself; only the phone arms it again. */
export const DISARM_AFTER_MS = 5_000
/** The last run of knocks stays good for this long. */
export const KNOCKS_KEPT_MS = 15_000
export const KNOCKS_MAX = 15
/** Below this share of a full battery the band says so. */
export const LOW_BATTERY_PERCENT = 15

export class BandState {
  readonly #clock: Clock
  readonly #onDisarmed: () => void
  #armed = false
  #phoneLinked = false
  #batteryPercent = 100
  #wear: { readonly worn: true } | { readonly worn: false; readonly sinceMs: number; readonly stopTimer: () => void }
  #knocks = { count: 0, atMs: 0 }

  constructor(clock: Clock, onDisarmed: () => void) {
    this.#clock = clock
    this.#onDisarmed = onDisarmed
    this.#wear = { worn: false, sinceMs: clock.monotonicMs(), stopTimer: () => undefined }
  }

  get worn(): boolean {
    return this.#wear.worn
  }

  get armed(): boolean {
    this.#disarmWhenOverdue()
    return this.#armed
  }

  get phoneLinked(): boolean {
    return this.#phoneLinked
  }

  setWorn(worn: boolean): void {
    if (worn === this.#wear.worn) return
    if (!this.#wear.worn) {
      // The timer may be late (the band slept), so time itself decides.
      this.#disarmWhenOverdue()
      this.#wear.stopTimer()
      this.#wear = { worn: true }
      return
    }
    const stopTimer = this.#clock.after(DISARM_AFTER_MS, () => this.#disarmWhenOverdue())
    this.#wear = { worn: false, sinceMs: this.#clock.monotonicMs(), stopTimer }
  }

  /** Called for the phone after its own unlock. Refused off the wrist and without the phone. */
  arm(): Result<void, 'not-worn' | 'phone-not-linked'> {
    if (!this.worn) return err('not-worn')
    if (!this.#phoneLinked) return err('phone-not-linked')
    this.#armed = true
    return ok()
  }

  disarm(): void {
    if (!this.#armed) return
    this.#armed = false
    this.#onDisarmed()
  }

  setPhoneLinked(linked: boolean): void {
    this.#phoneLinked = linked
  }

  /** `percent`: 0 to 100. */
  setBattery(percent: number): void {
    this.#batteryPercent = percent
  }

  /** The wearer knocked `count` times in one run. */
  knocked(count: number): void {
    this.#knocks = { count: Math.max(0, Math.min(KNOCKS_MAX, Math.trunc(count))), atMs: this.#clock.monotonicMs() }
  }

  /** The last run of knocks, which stays. 0 when there is none that is fresh. */
  readKnocks(): number {
    const { count, atMs } = this.#knocks
    return this.#clock.monotonicMs() - atMs <= KNOCKS_KEPT_MS ? count : 0
  }

  /** The last run of knocks for a proof, which uses it up. 0 when there is none that is fresh. */
  takeKnocks(): number {
    const count = this.readKnocks()
    this.#knocks = { count: 0, atMs: 0 }
    return count
  }

  /** The flags byte of adverts, offers and proofs. */
  flags(): number {
    return (
      (this.worn ? FLAG_WORN : 0) |
      (this.armed ? FLAG_ARMED : 0) |
      (this.#phoneLinked ? FLAG_PHONE_LINKED : 0) |
      (this.#batteryPercent < LOW_BATTERY_PERCENT ? FLAG_LOW_BATTERY : 0)
    )
  }

  /** Why no proof can be made just now, or undefined. */
  obstacle(): 'not-worn' | 'not-armed' | 'phone-not-linked' | undefined {
    if (!this.worn) return 'not-worn'
    if (!this.armed) return 'not-armed'
    return this.#phoneLinked ? undefined : 'phone-not-linked'
  }

  #disarmWhenOverdue(): void {
    if (!this.#wear.worn && this.#clock.monotonicMs() - this.#wear.sinceMs >= DISARM_AFTER_MS) this.disarm()
  }
}
