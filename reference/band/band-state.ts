/** What the band knows of its wearer: on the wrist, armed by the phone, phone in reach, knocks. It decides what a proof may say. */
import { FLAG_ARMED, FLAG_LOW_BATTERY, FLAG_PHONE_LINKED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Clock } from './ports.ts'

/** Off the wrist for this long, the band disarms itself; only the phone arms it again. */
export const DISARM_AFTER_MS = 5_000
/** The strap must sit for this long before being off counts as over: a band that only brushes a wrist was not put on. */
export const SETTLED_AFTER_MS = 1_000
/** An unlock of the phone arms the band for at most this long. */
export const ARMED_MAX_MS = 24 * 3_600_000
/** The last run of knocks stays good for this long. */
export const KNOCKS_KEPT_MS = 15_000
export const KNOCKS_MAX = 15
/** Below this share of a full battery the band says so. */
export const LOW_BATTERY_PERCENT = 15

type Wear =
  /** `offSinceMs`: when it had come off before, while it has not sat for SETTLED_AFTER_MS. */
  | { readonly worn: true; readonly sinceMs: number; readonly offSinceMs: number | undefined }
  | { readonly worn: false; readonly sinceMs: number; readonly stopTimer: () => void }

export class BandState {
  readonly #clock: Clock
  readonly #onDisarmed: () => void
  /** Until when the phone's unlock is good, monotonic milliseconds; undefined while disarmed. */
  #armedUntilMs: number | undefined
  #stopArmedTimer = () => {}
  readonly #onKnocked = new Set<(count: number) => void>()
  #onChanged = () => {}
  #phoneLinked = false
  #batteryPercent = 100
  #wear: Wear
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
    return this.#armedUntilMs !== undefined
  }

  get phoneLinked(): boolean {
    return this.#phoneLinked
  }

  setWorn(worn: boolean): void {
    if (worn === this.#wear.worn) return
    const nowMs = this.#clock.monotonicMs()
    if (!this.#wear.worn) {
      // The timer may be late (the band slept), so time itself decides.
      this.#disarmWhenOverdue()
      this.#wear.stopTimer()
      this.#wear = { worn: true, sinceMs: nowMs, offSinceMs: this.#wear.sinceMs }
      this.#onChanged()
      return
    }
    const { offSinceMs, sinceMs: onSinceMs } = this.#wear
    const sinceMs = offSinceMs !== undefined && nowMs - onSinceMs < SETTLED_AFTER_MS ? offSinceMs : nowMs
    const leftMs = Math.max(0, sinceMs + DISARM_AFTER_MS - nowMs)
    const stopTimer = this.#clock.after(leftMs, () => this.#disarmWhenOverdue())
    this.#wear = { worn: false, sinceMs, stopTimer }
    this.#onChanged()
  }

  /** Called for the phone after its own unlock, for `lifetimeMs` and no longer than a day. Refused off the wrist and without the phone. */
  arm(lifetimeMs = ARMED_MAX_MS): Result<void, 'not-worn' | 'phone-not-linked'> {
    if (!this.worn) return err('not-worn')
    if (!this.#phoneLinked) return err('phone-not-linked')
    const lastsMs = Math.min(lifetimeMs, ARMED_MAX_MS)
    this.#stopArmedTimer()
    this.#armedUntilMs = this.#clock.monotonicMs() + lastsMs
    this.#stopArmedTimer = this.#clock.after(lastsMs, () => this.#disarmWhenOverdue())
    this.#onChanged()
    return ok()
  }

  disarm(): void {
    this.#stopArmedTimer()
    if (this.#armedUntilMs === undefined) return
    this.#armedUntilMs = undefined
    this.#onChanged()
    this.#onDisarmed()
  }

  /** Hears of every run of knocks, until the returned function is called. */
  whenKnocked(listener: (count: number) => void): () => void {
    this.#onKnocked.add(listener)
    return () => this.#onKnocked.delete(listener)
  }

  /** Tells whenever what `flags` or `batteryPercent` says may have changed. */
  whenChanged(listener: () => void): void {
    this.#onChanged = listener
  }

  setPhoneLinked(linked: boolean): void {
    this.#phoneLinked = linked
  }

  get batteryPercent(): number {
    return this.#batteryPercent
  }

  /** `percent`: 0 to 100. */
  setBattery(percent: number): void {
    this.#batteryPercent = percent
    this.#onChanged()
  }

  /** The wearer knocked `count` times in one run. */
  knocked(count: number): void {
    this.#knocks = { count: Math.max(0, Math.min(KNOCKS_MAX, Math.trunc(count))), atMs: this.#clock.monotonicMs() }
    for (const listener of [...this.#onKnocked]) listener(this.#knocks.count)
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
    const nowMs = this.#clock.monotonicMs()
    const isOff = !this.#wear.worn && nowMs - this.#wear.sinceMs >= DISARM_AFTER_MS
    if (isOff || (this.#armedUntilMs !== undefined && nowMs >= this.#armedUntilMs)) this.disarm()
  }
}
