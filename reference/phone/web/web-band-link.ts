/** The link to the band as the engine knows it, over whichever door the owner opened: lost and taken up again while the page is open. */
import { RelayChannel } from '#shared/contracts/phone-link.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { BandLink, Relay } from '../ports.ts'
import type { BandDoor, BandTransport, ReachRefusal } from './transport.ts'
import type { WebClock } from './web-clock.ts'

/** Waits before a lost band is tried again: it may only have been out of reach for a moment. */
export const REOPEN_FIRST_MS = 500
export const REOPEN_MAX_MS = 10_000
/** After these, trying again by itself is of no use: the owner has to do something. */
const FINAL: ReadonlySet<ReachRefusal> = new Set(['not-supported', 'not-chosen', 'not-known', 'too-small'])

export type WebBandLinkParts = {
  readonly clock: WebClock
  readonly onRelay: (relay: Relay) => void
  readonly onState: (state: 'away' | 'connecting' | 'near') => void
}
type Opened = { readonly transport: BandTransport; readonly channel: RelayChannel }

export class WebBandLink implements BandLink {
  readonly #parts: WebBandLinkParts
  #door: BandDoor | undefined
  #opened: Opened | undefined
  #stopTimer = () => {}

  constructor(parts: WebBandLinkParts) {
    this.#parts = parts
  }

  send(relay: Relay): void {
    this.#opened?.channel.send(relay)
  }

  /** Opens this door, in place of the one before, and again whenever the way is lost, until `leave`. */
  async use(door: BandDoor): Promise<Result<void, ReachRefusal>> {
    this.leave()
    this.#door = door
    return this.#open(door, REOPEN_FIRST_MS)
  }

  leave(): void {
    this.#stopTimer()
    this.#door = undefined
    this.#opened?.transport.close()
    this.#opened = undefined
    this.#parts.onState('away')
  }

  async #open(door: BandDoor, waitMs: number): Promise<Result<void, ReachRefusal>> {
    this.#parts.onState('connecting')
    // A band speaks as soon as it is listened to, which may be before we know how long its frames are.
    const early: Uint8Array[] = []
    let isOver = false
    let opened: Opened | undefined
    const onEnd = () => {
      isOver = true
      if (this.#door === door && opened && this.#opened === opened) this.#lost(door, REOPEN_FIRST_MS)
    }
    const onFrame = (frame: Uint8Array) => (opened ? this.#take(opened, frame, onEnd) : void early.push(frame))
    const reached = await door.open({ onFrame, onEnd })
    if (this.#door !== door) {
      if (reached.ok) reached.value.close()
      return err('out-of-reach')
    }
    if (!reached.ok || isOver) {
      const refusal = reached.ok ? 'out-of-reach' : reached.error
      if (FINAL.has(refusal)) this.#parts.onState('away')
      else this.#lost(door, waitMs)
      return err(refusal)
    }
    const transport = reached.value
    const channel = new RelayChannel({
      monotonicMs: () => this.#parts.clock.monotonicMs(),
      frameBytes: transport.frameBytes,
      write: (frame) => transport.write(frame),
    })
    opened = { transport, channel }
    this.#opened = opened
    this.#parts.onState('near')
    for (const frame of early) this.#take(opened, frame, onEnd)
    return ok()
  }

  #take({ transport, channel }: Opened, frame: Uint8Array, onEnd: () => void): void {
    const received = channel.receive(frame)
    if (received.ok && received.value) this.#parts.onRelay(received.value)
    if (received.ok) return
    // What came was no frame of ours: this connection is worth nothing any more.
    transport.close()
    onEnd()
  }

  #lost(door: BandDoor, waitMs: number): void {
    this.#opened = undefined
    this.#parts.onState('away')
    this.#stopTimer()
    this.#stopTimer = this.#parts.clock.after(waitMs, () => void this.#open(door, Math.min(REOPEN_MAX_MS, waitMs * 2)))
  }
}
