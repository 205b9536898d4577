/** A phone's link to a band as the air carries it (docs/protocol.md §8.6): the service for phones, and whole messages cut into its frames. */
import type { LineFrame } from '#shared/contracts/conformance-line.ts'
import { FRAME_BYTES_UUID, FROM_BAND_UUID, PHONE_SERVICE_UUID, RelayChannel, TO_BAND_UUID } from '#shared/contracts/phone-link.ts'
import { AttClient, type ServiceHandles, u16At } from './att-client.ts'
import type { LineEnd, Patience } from './line.ts'
import { must } from './rule.ts'

const PHONE_SERVICE = { service: PHONE_SERVICE_UUID, notify: FROM_BAND_UUID, read: FRAME_BYTES_UUID, write: TO_BAND_UUID }

export class AirLine {
  readonly att: AttClient
  readonly handles: ServiceHandles
  /** What the band says one frame may have, bytes. */
  readonly frameBytes: number
  /** Sizes of the notifications heard, value only. */
  readonly notified: number[] = []
  readonly #channel: RelayChannel
  readonly #inbox: LineFrame[] = []

  private constructor(att: AttClient, handles: ServiceHandles, frameBytes: number) {
    this.att = att
    this.handles = handles
    this.frameBytes = frameBytes
    const write = (frame: Uint8Array) => att.write(handles.write, frame)
    this.#channel = new RelayChannel({ frameBytes, monotonicMs: () => performance.now(), write })
  }

  /** Discovers the service and reads how long a frame may be. Nothing is subscribed to yet. */
  static async discover(line: LineEnd, patience: Patience, mtu: number): Promise<AirLine> {
    const att = new AttClient(line, patience)
    const handles = await att.discover(PHONE_SERVICE, mtu)
    const value = await att.read(handles.read)
    must(value.length === 2, `the length of a frame is told in ${value.length} bytes`)
    return new AirLine(att, handles, u16At(value, 0))
  }

  /** One frame exactly as given. */
  frame(bytes: Uint8Array): void {
    this.att.write(this.handles.write, bytes)
  }

  send(said: LineFrame): void {
    if (said.type === 'relay')
      this.#channel.send({ offerId: said.exchange, message: { ...said.message, body: Uint8Array.from(said.message.body) } })
  }

  async close(): Promise<void> {
    await this.att.close()
  }

  /** Takes the first message that is wanted, or undefined when none comes in time. */
  async take<T>(want: (frame: LineFrame) => T | undefined, withinMs: number): Promise<T | undefined> {
    const endMs = performance.now() + withinMs
    for (let looked = 0; ; ) {
      for (const [index, frame] of this.#inbox.entries()) {
        if (index < looked) continue
        const wanted = want(frame)
        if (wanted === undefined) continue
        this.#inbox.splice(index, 1)
        return wanted
      }
      looked = this.#inbox.length
      const value = await this.att.notification(Math.max(0, endMs - performance.now()))
      if (!value) return undefined
      this.notified.push(value.length)
      const received = this.#channel.receive(value)
      must(received.ok, "the band's frames cannot be put together")
      if (received.value) this.#inbox.push({ type: 'relay', exchange: received.value.offerId, message: received.value.message })
    }
  }
}
