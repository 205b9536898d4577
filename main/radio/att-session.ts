/** One connection over raw ATT PDUs, from connected to a BandLink: the procedures of att-client.ts, then frames on top of them. */

import type { BandLink, Clock, LinkError } from '#main/ports.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { AttClient, type AttError, type BandHandles } from './att-client.ts'
import { FramedLink } from './framed-link.ts'

/** From connected to subscribed: seven questions of one or two connection intervals each, thirty and more at MTU 23. */
export const PREPARE_TIMEOUT_MS = 5_000

export type AttSessionParts = {
  readonly clock: Clock
  readonly send: (pdu: Uint8Array<ArrayBuffer>) => void
  /** Closes the connection. Called once, whoever ended it. */
  readonly hangUp: (error: AttError) => void
}

export class AttSession {
  readonly #clock: Clock
  readonly #client: AttClient
  #link: FramedLink | undefined
  #responseHandle = -1

  constructor({ clock, send, hangUp }: AttSessionParts) {
    this.#clock = clock
    this.#client = new AttClient({
      clock,
      send,
      onNotification: (handle, value) => {
        if (handle === this.#responseHandle) this.#link?.notified(value)
      },
      onEnd: (error) => {
        hangUp(error)
        this.#link?.end(linkErrorOf(error))
      },
    })
  }

  receive(pdu: Uint8Array): void {
    this.#client.receive(pdu)
  }

  end(error: AttError): void {
    this.#client.end(error)
  }

  /** Agrees on an MTU, discovers, subscribes. On a refusal the connection has been closed. */
  async prepare(): Promise<Result<BandLink, AttError>> {
    const stopTimer = this.#clock.after(PREPARE_TIMEOUT_MS, () => this.#client.end('timeout'))
    const link = await this.#subscribed()
    stopTimer()
    return link
  }

  async #subscribed(): Promise<Result<BandLink, AttError>> {
    const mtu = await this.#client.exchangeMtu()
    if (!mtu.ok) return mtu
    const handles = await this.#client.discover()
    if (!handles.ok) return handles
    // The band pushes its OFFER as soon as it is subscribed to, so the link stands before the last question is asked.
    const link = this.#linkOver(mtu.value, handles.value)
    const subscribed = await this.#client.subscribe(handles.value.response)
    return subscribed.ok ? ok(link) : subscribed
  }

  #linkOver(mtuReported: number | null, handles: BandHandles): FramedLink {
    const client = this.#client
    const link = new FramedLink({
      clock: this.#clock,
      mtuReported,
      write: async (frame) => (client.write(handles.request, frame).ok ? ok() : err('link-lost')),
      attRequests: () => client.requests(),
      hangUp: async () => client.end('link-lost'),
    })
    this.#link = link
    this.#responseHandle = handles.response.value
    return link
  }
}

/** What the link's owner is told about an error of the layer below. */
function linkErrorOf(error: AttError): LinkError {
  if (error === 'timeout') return 'timeout'
  return error === 'link-lost' ? 'link-lost' : 'malformed'
}
