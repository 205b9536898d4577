/** The state every screen sees, gathered from the parts; and the listeners it is pushed to. */
import type { Clock } from '#main/ports.ts'
import type { TerminalProfile } from '#shared/contracts/backend-api.ts'
import type { TillIdentity, TillState, Unsubscribe } from '#shared/contracts/till.ts'

/** What changes by itself (bands, status) is pushed at most this often: an eye sees no more, and a burst of adverts costs one message. */
const PUSH_INTERVAL_MS = 50
/** A state that could not be read is read again after this long: a disk may fail for a moment. */
const READ_AGAIN_MS = 500

type Listener = (state: TillState) => void

export function identityOf(
  { terminalId, merchant, site, currency }: TerminalProfile,
  practice: boolean,
  cashierName: string,
): TillIdentity {
  return { terminalId, practice, merchantName: merchant.name, siteName: site.name, timeZone: site.timeZone, currency, cashierName }
}

type WithValues<T> = { readonly [K in keyof T]?: NonNullable<T[K]> }

/** The fields that have a value: what a state has nothing to say of is left out of it. */
export function withValues<T extends object>(fields: T): WithValues<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as WithValues<T>
}

/** Pushes the newest state to its listeners: what people wait for at once, the rest never more often than the interval. */
export class StatePusher {
  readonly #clock: Clock
  readonly #read: () => TillState
  readonly #onFault: (error: unknown) => void
  readonly #listeners = new Set<Listener>()
  #cancelTimer: Unsubscribe | undefined
  #lastPushMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, read: () => TillState, onFault: (error: unknown) => void) {
    this.#clock = clock
    this.#read = read
    this.#onFault = onFault
  }

  /** Calls back at once, then at each change. */
  add(listener: Listener): Unsubscribe {
    this.#listeners.add(listener)
    listener(this.#read())
    return () => this.#listeners.delete(listener)
  }

  /** Something changed: the next push, within the interval, will show it. */
  touch(): void {
    if (this.#cancelTimer || this.#listeners.size === 0) return
    const sinceLastMs = this.#clock.monotonicMs() - this.#lastPushMs
    this.#cancelTimer = this.#clock.after(Math.max(0, PUSH_INTERVAL_MS - sinceLastMs), () => this.pushNow())
  }

  /** Something changed that a person waits for, such as the end of a payment. */
  pushNow(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#listeners.size === 0) return
    this.#lastPushMs = this.#clock.monotonicMs()
    const state = this.#readSafely()
    if (state) for (const listener of this.#listeners) listener(state)
    else this.#cancelTimer = this.#clock.after(READ_AGAIN_MS, () => this.pushNow())
  }

  /** Whoever says that something changed may be in the middle of a payment: what goes wrong in showing it is not theirs. */
  #readSafely(): TillState | undefined {
    try {
      return this.#read()
    } catch (error) {
      this.#onFault(error)
      return undefined
    }
  }

  stop(): void {
    this.#cancelTimer?.()
    this.#listeners.clear()
  }
}
