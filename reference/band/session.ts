/**
 * One terminal's session with the band: pushes the OFFER, takes a REQUEST or a PROBE, proves it and hands it to the phone, carries the phone's
 * messages back. A mistake of the terminal ends the session with a named error; the band is then ready for the next connection.
 */
import { assert } from '#shared/assert.ts'
import { equalBytes } from '#shared/contracts/bytes.ts'
import { type Message, Reassembler, segmentBytes, toFrames } from '#shared/contracts/frames.ts'
import {
  bandProof,
  ERROR_CODES,
  type ErrorCode,
  errorMessage,
  FLAG_PROBE,
  forwardMessage,
  NONCE_BYTES,
  offerMessage,
  type RefillMessage,
} from '#shared/contracts/radio-messages.ts'
import { randomBytes, type Signer, sha256 } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { BandState } from './band-state.ts'
import type { GattServer } from './gatt-server.ts'
import type { Offers } from './offers.ts'
import type { BandEvent, Clock, PhoneLink, RadioLink } from './ports.ts'
import type { ProofCounter } from './proof-counter.ts'
import type { Relayed } from './slots.ts'

/** A terminal that subscribes and then says nothing is let go after this long. */
export const SILENCE_MAX_MS = 30_000
/** A session ends after this long whatever happens: a request lives 90 s, and its ending must still be carried. */
export const SESSION_MAX_MS = 150_000
/** Offers may be on their way from the phone: so long a terminal waits before it hears `busy`. */
export const OFFER_WAIT_MS = 500
/** What a terminal is told to wait when the band has no offer or has had too many sessions. */
export const RETRY_AFTER_S = 2
/** A sale takes one request, and a query or two when it is in doubt; more in one session only wears out offers and battery. */
export const REQUESTS_PER_SESSION_MAX = 8
const VIBRATIONS_ON_COMMIT = 2
const MESSAGE_ID_MAX = 255

export type SessionParts = {
  readonly clock: Clock
  readonly state: BandState
  readonly offers: Offers
  readonly counter: ProofCounter
  readonly signer: Signer
  readonly epoch: number
  readonly phone: PhoneLink
  readonly link: RadioLink
  readonly gatt: GattServer
  /** The band has had too many sessions lately: this one hears `busy`. */
  readonly limited: boolean
  readonly onEvent: (event: BandEvent) => void
  /** A REQUEST has been passed on, and what the band felt then. */
  readonly onRelayed?: (request: Relayed) => void
}
/** A REQUEST may move money; a probe is one that cannot. */
type RequestKind = 'request' | 'probe'
type ShownOffer = { readonly refill: RefillMessage; readonly bandNonce: Uint8Array; readonly body: Uint8Array }

export class BandSession {
  readonly #parts: SessionParts
  readonly #incoming = new Reassembler()
  /** The offer on show with its nonce. A nonce is good for one request: taking the request takes this away. */
  #shown: ShownOffer | undefined
  /** The offer the last request was sealed to: what comes back from the phone carries this id. */
  #exchange: { readonly offerId: Uint8Array; answered: boolean } | undefined
  #requests = 0
  #ended = false
  #messageId = 0
  #stopSegmentTimer = () => {}
  #stopOfferTimer = () => {}
  #stopSilenceTimer: () => void
  readonly #stopSessionTimer: () => void

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#stopSilenceTimer = parts.clock.after(SILENCE_MAX_MS, () => this.#end('timeout'))
    this.#stopSessionTimer = parts.clock.after(SESSION_MAX_MS, () => this.#end('timeout'))
  }

  /** The value of the `session` characteristic: the OFFER on show, or nothing. */
  currentOffer(): Uint8Array {
    return this.#shown?.body ?? new Uint8Array(0)
  }

  subscribed(): void {
    if (this.#ended) return
    // Whoever subscribes again gets a new nonce.
    this.#shown = undefined
    if (this.#parts.limited) this.#error('busy')
    else this.#showOffer()
  }

  /** The phone has left new offers: a terminal that waits for one gets it. */
  offersArrived(): void {
    if (!this.#ended && !this.#shown && !this.#parts.limited && this.#parts.gatt.subscribed) this.#showOffer()
  }

  /** One frame from the terminal. */
  receive(frame: Uint8Array): void {
    if (this.#ended) return
    this.#stopSegmentTimer()
    const received = this.#incoming.receive(frame, this.#parts.clock.monotonicMs())
    if (!received.ok) return this.#end(received.error)
    if (received.value) return this.#accept(received.value)
    this.#awaitSegment()
  }

  /** A timer of the platform may fire a little early: a segment that is not late yet is waited for again. */
  #awaitSegment(): void {
    const { clock } = this.#parts
    const deadlineMs = this.#incoming.deadlineMs()
    if (deadlineMs === undefined) return
    this.#stopSegmentTimer = clock.after(deadlineMs + 1 - clock.monotonicMs(), () => {
      if (this.#incoming.expired(clock.monotonicMs())) this.#end('timeout')
      else this.#awaitSegment()
    })
  }

  /** A message of the phone for the exchange it names; one for an earlier exchange is dropped. */
  relay(offerId: Uint8Array, message: Message): void {
    if (this.#ended || !this.#exchange || !equalBytes(this.#exchange.offerId, offerId)) return
    if (message.kind === 'answer') this.#exchange.answered = true
    this.#send(message)
  }

  /** The band ends the connection: it is not this owner's any more. */
  cut(): void {
    this.#end('phone-not-linked')
  }

  /** The connection is gone. */
  closed(): void {
    this.#ended = true
    this.#shown = undefined
    this.#stopSegmentTimer()
    this.#stopOfferTimer()
    this.#stopSilenceTimer()
    this.#stopSessionTimer()
  }

  #accept(message: Message): void {
    switch (message.kind) {
      case 'request':
      case 'probe':
        this.#stopSilenceTimer()
        void this.#takeRequest(Uint8Array.from(message.body), message.kind)
        return
      case 'commit':
      case 'cancel':
        return this.#passOn(message)
      default:
        return this.#end('malformed')
    }
  }

  #passOn(message: Message): void {
    if (!this.#exchange) return this.#end('out-of-order')
    // Once for each answer: a terminal cannot buzz a wrist as often as it likes.
    if (message.kind === 'commit' && this.#exchange.answered) {
      this.#exchange.answered = false
      this.#parts.onEvent({ type: 'vibrated', times: VIBRATIONS_ON_COMMIT })
    }
    this.#parts.phone.send({ offerId: this.#exchange.offerId, message })
  }

  async #takeRequest(request: Uint8Array<ArrayBuffer>, kind: RequestKind): Promise<void> {
    const { state, offers, phone } = this.#parts
    const shown = this.#shown
    this.#shown = undefined
    if (this.#parts.limited) return this.#error('busy')
    if (!shown) return this.#end('nonce-used')
    this.#requests += 1
    if (this.#requests > REQUESTS_PER_SESSION_MAX) return this.#end('busy')
    const obstacle = state.obstacle()
    if (obstacle) {
      this.#error(obstacle)
      return this.#showOffer()
    }
    const proof = await this.#prove(request, kind, shown.bandNonce)
    if (this.#ended) return
    if (!proof.ok) {
      this.#error(proof.error)
      return this.#showOffer()
    }
    const { offerId } = shown.refill
    offers.burn(offerId)
    this.#exchange = { offerId, answered: false }
    const body = forwardMessage.encode({ offerId, bandNonce: shown.bandNonce, request, proof: proof.value })
    phone.send({ offerId, message: { kind: 'forward', body } })
    this.#showOffer()
  }

  /**
   * Signs what is relayed and the state the band is in, under a counter value that is on disk first. A request uses the run of knocks up;
   * a probe reads it and says in the proof that it did no more, so that it can never stand behind a payment.
   */
  async #prove(
    request: Uint8Array,
    kind: RequestKind,
    bandNonce: Uint8Array,
  ): Promise<Result<Uint8Array<ArrayBuffer>, 'busy' | 'not-worn' | 'not-armed' | 'phone-not-linked'>> {
    const { state, counter, signer, epoch } = this.#parts
    const requestDigest = await sha256(request)
    const value = await counter.next()
    if (!value.ok) return err('busy')
    // The band may have come off while the counter was written.
    const obstacle = state.obstacle()
    if (obstacle) return err(obstacle)
    const seen =
      kind === 'probe'
        ? { flags: state.flags() | FLAG_PROBE, knocks: state.readKnocks() }
        : { flags: state.flags(), knocks: state.takeKnocks() }
    const statement = { bandNonce, requestDigest, counter: value.value, epoch, ...seen }
    if (kind === 'request') this.#parts.onRelayed?.({ requestDigest, bandNonce, ...seen })
    return ok(await sign1(bandProof, statement, signer, { withKid: false }))
  }

  #showOffer(): void {
    if (this.#ended || !this.#parts.gatt.subscribed || this.#shown) return
    const refill = this.#parts.offers.current(Math.floor(this.#parts.clock.nowMs() / 1000))
    if (!refill) return this.#waitForOffers()
    this.#stopOfferTimer()
    const bandNonce = randomBytes(NONCE_BYTES)
    const { offer, certificate } = refill
    const body = offerMessage.encode({ bandNonce, flags: this.#parts.state.flags(), offer, certificate })
    this.#shown = { refill, bandNonce, body }
    this.#send({ kind: 'offer', body })
  }

  #waitForOffers(): void {
    this.#stopOfferTimer()
    const obstacle = this.#parts.state.obstacle()
    // After a request, the lack of a further offer is nothing the terminal needs to hear: one is pushed when it comes.
    if (this.#exchange) return
    if (obstacle) return this.#error(obstacle)
    this.#stopOfferTimer = this.#parts.clock.after(OFFER_WAIT_MS, () => {
      if (!this.#ended && !this.#shown) this.#error('busy')
    })
  }

  #error(code: ErrorCode): void {
    this.#send({
      kind: 'error',
      body: errorMessage.encode({ code: ERROR_CODES[code], retryAfterSeconds: code === 'busy' ? RETRY_AFTER_S : 0 }),
    })
  }

  #end(code: ErrorCode): void {
    if (this.#ended) return
    this.#error(code)
    this.closed()
    this.#parts.onEvent({ type: 'session-ended', error: code })
    this.#parts.link.disconnect()
  }

  #send(message: Message): void {
    const { gatt, link } = this.#parts
    if (this.#ended || !gatt.subscribed) return
    assert(message.body.length > 0, 'a message has a body')
    this.#messageId = (this.#messageId + 1) & MESSAGE_ID_MAX
    for (const frame of toFrames(message, this.#messageId, segmentBytes(gatt.mtu, gatt.mtu))) link.send(gatt.notification(frame))
  }
}
