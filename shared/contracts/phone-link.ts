/**
 * How a message between band and phone crosses their link: cut into the frames of §5, its exchange id in front of its body. The same
 * frames travel as notifications and write commands of the band's service for phones, and in practice as messages of a WebSocket.
 */
import { err, ok, type Result } from '#shared/result.ts'
import { concat } from './bytes.ts'
import { CBOR_SIZE_MAX_BYTES } from './cbor.ts'
import { FRAME_HEADER_BYTES, type FrameError, type Message, Reassembler, SEGMENTS_MAX, toFrames } from './frames.ts'
import { OFFER_ID_BYTES } from './radio-messages.ts'

/** What a band answers to phones, on an address of its own: a terminal never sees it. */
export const PHONE_SERVICE_UUID = '7e1f0011-5c3a-4b0e-9d2b-62616e647469'
/** Band to phone, notifications. */
export const FROM_BAND_UUID = '7e1f0012-5c3a-4b0e-9d2b-62616e647469'
/** Read: how many bytes one frame may have on this connection, little-endian. A page is not told the MTU in any other way. */
export const FRAME_BYTES_UUID = '7e1f0013-5c3a-4b0e-9d2b-62616e647469'
/** Phone to band, write command. */
export const TO_BAND_UUID = '7e1f0014-5c3a-4b0e-9d2b-62616e647469'

/** The exchange id and the longest body. */
const RELAY_MAX_BYTES = OFFER_ID_BYTES + CBOR_SIZE_MAX_BYTES
/** With smaller frames the longest message would not fit into its segments: such a link is not used. */
export const LINK_FRAME_BYTES_MIN = FRAME_HEADER_BYTES + Math.ceil(RELAY_MAX_BYTES / SEGMENTS_MAX)
/** The longest value of a characteristic (Bluetooth Core 5.4, Vol 3 Part F 3.2.9). */
export const LINK_FRAME_BYTES_MAX = 512
const MESSAGE_IDS = 256

/** One message between band and phone. `offerId` names the exchange: the offer a request was sealed to. */
export type Relayed = { readonly offerId: Uint8Array; readonly message: Message }

export type RelayChannelParts = {
  /** Time passed since some start, milliseconds. */
  readonly monotonicMs: () => number
  /** Bytes of one frame, LINK_FRAME_BYTES_MIN or more. */
  readonly frameBytes: number
  readonly write: (frame: Uint8Array<ArrayBuffer>) => void
}

/** One end of a link between band and phone. A fault ends it for good: whoever holds it then closes the connection. */
export class RelayChannel {
  readonly #parts: RelayChannelParts
  readonly #incoming = new Reassembler(RELAY_MAX_BYTES)
  #messageId = 0

  constructor(parts: RelayChannelParts) {
    this.#parts = parts
  }

  send({ offerId, message }: Relayed): void {
    this.#messageId = (this.#messageId + 1) % MESSAGE_IDS
    const whole: Message = { kind: message.kind, body: concat(offerId, message.body) }
    for (const frame of toFrames(whole, this.#messageId, this.#parts.frameBytes, RELAY_MAX_BYTES)) this.#parts.write(frame)
  }

  /** A whole message, `undefined` while segments are missing, or why the link ends. A late segment is noticed when the next one comes. */
  receive(frame: Uint8Array): Result<Relayed | undefined, FrameError> {
    const received = this.#incoming.receive(frame, this.#parts.monotonicMs())
    if (!received.ok || !received.value) return received.ok ? ok(undefined) : received
    const { kind, body } = received.value
    if (body.length <= OFFER_ID_BYTES) return err('malformed')
    return ok({ offerId: body.slice(0, OFFER_ID_BYTES), message: { kind, body: body.slice(OFFER_ID_BYTES) } })
  }
}
