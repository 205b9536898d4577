/**
 * One connection through the practice air: PDUs in both directions, in order, each leaving at a connection event. The model is one PDU
 * per direction and event, which is slower than real radios; with an interval of zero there is no delay at all.
 */
import type { PracticeClock } from './practice-clock.ts'

export type Direction = 'to-band' | 'to-terminal'
/** What becomes of a PDU. `cut` ends the connection in its place. */
export type Fate = 'deliver' | 'lose' | 'twice' | 'cut' | { readonly garbled: Uint8Array } | { readonly lateMs: number }

export type AirLinkParts = {
  readonly clock: PracticeClock
  /** Time between connection events, milliseconds; 0 for none. */
  readonly intervalMs: number
  readonly fateOf: (direction: Direction, pdu: Uint8Array) => Fate
  readonly deliver: (direction: Direction, pdu: Uint8Array) => void
  /** The connection has ended, for both sides. Called once. */
  readonly onEnd: () => void
}

/** PDUs waiting in one direction. A terminal that sends more than this without waiting is cut off: a payment needs 30 at MTU 23. */
export const WAITING_MAX = 512

type Item = { readonly pdu: Uint8Array } | { readonly end: true }

export class AirLink {
  readonly #parts: AirLinkParts
  readonly #waiting: Record<Direction, Item[]> = { 'to-band': [], 'to-terminal': [] }
  readonly #anchorMs: number
  readonly #stopTimer: Record<Direction, (() => void) | undefined> = { 'to-band': undefined, 'to-terminal': undefined }
  /** Number of the last connection event at which something was delivered. */
  #event = 0
  #delivering = false
  #ended = false

  constructor(parts: AirLinkParts) {
    this.#parts = parts
    this.#anchorMs = parts.clock.monotonicMs()
  }

  send(direction: Direction, pdu: Uint8Array): void {
    if (this.#ended) return
    if (this.#waiting[direction].length >= WAITING_MAX) return this.end()
    this.#waiting[direction].push({ pdu: Uint8Array.from(pdu) })
    this.#schedule(direction)
  }

  /** Ends the connection after what has been sent in this direction. */
  endAfter(direction: Direction): void {
    if (this.#ended) return
    this.#waiting[direction].push({ end: true })
    this.#schedule(direction)
  }

  /** Ends the connection now; what is under way is lost. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#stopTimer['to-band']?.()
    this.#stopTimer['to-terminal']?.()
    this.#parts.onEnd()
  }

  #schedule(direction: Direction): void {
    if (this.#stopTimer[direction] || this.#ended) return
    const { intervalMs, clock } = this.#parts
    if (intervalMs === 0) return this.#deliverAll()
    const passedMs = clock.monotonicMs() - this.#anchorMs
    // Timers of the platform may fire a little early, so events are counted: what is sent at one event leaves at the next.
    const event = Math.max(Math.floor(passedMs / intervalMs), this.#event) + 1
    const toEventMs = Math.max(0, Math.ceil(event * intervalMs - passedMs))
    this.#stopTimer[direction] = clock.after(toEventMs, () => {
      this.#stopTimer[direction] = undefined
      this.#event = Math.max(this.#event, event)
      this.#deliverNext(direction)
      if (this.#waiting[direction].length > 0) this.#schedule(direction)
    })
  }

  /** Without an interval everything goes at once, in order; a delivery that causes another one does not nest. */
  #deliverAll(): void {
    if (this.#delivering) return
    this.#delivering = true
    for (let moved = true; moved && !this.#ended; ) {
      moved = false
      for (const direction of ['to-band', 'to-terminal'] as const) {
        while (this.#waiting[direction].length > 0 && !this.#stopTimer[direction] && !this.#ended) {
          moved = true
          this.#deliverNext(direction)
        }
      }
    }
    this.#delivering = false
  }

  #deliverNext(direction: Direction): void {
    const item = this.#waiting[direction].shift()
    if (!item || this.#ended) return
    if ('end' in item) return this.end()
    const { deliver, fateOf } = this.#parts
    const fate = fateOf(direction, item.pdu)
    if (fate === 'lose') return
    if (fate === 'cut') return this.end()
    if (fate === 'deliver') return deliver(direction, item.pdu)
    if (fate === 'twice') {
      deliver(direction, item.pdu)
      return deliver(direction, item.pdu)
    }
    if ('garbled' in fate) return deliver(direction, fate.garbled)
    // Late PDUs hold up what follows them: a link keeps its order.
    this.#stopTimer[direction] = this.#parts.clock.after(fate.lateMs, () => {
      this.#stopTimer[direction] = undefined
      deliver(direction, item.pdu)
      this.#schedule(direction)
    })
  }
}
