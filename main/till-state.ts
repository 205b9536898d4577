/** The state every screen sees, gathered from the parts; and the listeners it is pushed to. */
import type { Clock } from '#main/ports.ts'
import type { TerminalProfile } from '#shared/contracts/backend-api.ts'
import type { TillIdentity, TillState, Unsubscribe } from '#shared/contracts/till.ts'

/** What changes by itself (bands, status) is pushed at most this often: an eye sees no more, and a burst of adverts costs one message. */
const PUSH_INTERVAL_MS = 50

type Listener = (state: TillState) => void

export function identityOf(
  { terminalId, merchant, site, currency }: TerminalProfile,
  practice: boolean,
  cashierName: string,
): TillIdentity {
  return { terminalId, practice, merchantName: merchant.name, siteName: site.name, timeZone: site.timeZone, currency, cashierName }
}

/** Pushes the newest state to its listeners: what people wait for at once, the rest never more often than the interval. */
export class StatePusher {
  readonly #clock: Clock
  readonly #read: () => TillState
  readonly #listeners = new Set<Listener>()
  #cancelTimer: Unsubscribe | undefined
  #lastPushMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, read: () => TillState) {
    this.#clock = clock
    this.#read = read
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
    const state = this.#read()
    for (const listener of this.#listeners) listener(state)
  }

  stop(): void {
    this.#cancelTimer?.()
    this.#listeners.clear()
  }
}
