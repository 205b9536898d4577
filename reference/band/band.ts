/** The wristband: everything between its hardware and the air. Firmware and practice build one from the parts they supply. */
import type { Signer } from '#shared/crypto/keys.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { advertData, RotatingIdentity } from './advert.ts'
import { BandState } from './band-state.ts'
import { GattServer, SERVER_MTU } from './gatt-server.ts'
import { Offers } from './offers.ts'
import type { BandEvent, BandStore, Clock, PhoneLink, RadioLink, Relay } from './ports.ts'
import { ProofCounter } from './proof-counter.ts'
import { BandSession } from './session.ts'
import type { Relayed } from './slots.ts'

/** More sessions than this in one minute are an attack on the wearer's offers or battery. */
export const SESSIONS_PER_MINUTE_MAX = 30
const MINUTE_MS = 60_000

export type BandParts = {
  readonly clock: Clock
  readonly store: Pick<BandStore, 'saveCounter'>
  /** What the store kept: the ceiling of the proof counter, 0 at pairing. */
  readonly counterCeiling: number
  readonly signer: Signer
  /** 32 secret bytes shared with the phone: the rotating ids come from them. */
  readonly idKey: Uint8Array
  /** Counts pairings. */
  readonly epoch: number
  readonly phone: PhoneLink
  readonly onEvent: (event: BandEvent) => void
  /** The sensors, when they outlive this binding. */
  readonly state?: BandState
  readonly serverMtu?: number
  readonly sessionsPerMinuteMax?: number
  /** A request has been passed on to the phone. */
  readonly onRelayed?: (request: Relayed) => void
}

export type Advertisement = { readonly address: Uint8Array; readonly manufacturerData: Uint8Array }

/** One connection, as the radio below drives it. */
export interface BandConnection {
  /** One PDU from the terminal. */
  receive(pdu: Uint8Array): void
  /** The link is gone, whoever ended it. */
  closed(): void
}

export class Band {
  /** Worn, armed, linked, battery, knocks: set by the sensors and by the phone. */
  readonly state: BandState
  readonly #parts: BandParts
  readonly #identity: RotatingIdentity
  readonly #offers = new Offers()
  readonly #counter: ProofCounter
  #slot: number | undefined
  #session: BandSession | undefined
  #sessionTimesMs: readonly number[] = []

  constructor(parts: BandParts) {
    this.#parts = parts
    this.state = parts.state ?? new BandState(parts.clock, () => parts.onEvent({ type: 'disarmed' }))
    this.#identity = new RotatingIdentity(parts.idKey)
    this.#counter = new ProofCounter(parts.store, parts.counterCeiling)
  }

  /** What the band says to everyone now. Asking is what moves it to its next identity when that is due. */
  async advertisement(): Promise<Advertisement> {
    const identity = await this.#identity.at(this.#parts.clock.nowMs())
    if (this.#slot !== identity.slot) {
      this.#slot = identity.slot
      this.#wantOffers()
    }
    return { address: identity.address, manufacturerData: advertData(identity, this.state.flags()) }
  }

  /** The bonded phone came into reach, or left it. */
  setPhoneLinked(linked: boolean): void {
    if (linked === this.state.phoneLinked) return
    this.state.setPhoneLinked(linked)
    this.#wantOffers()
  }

  /** Offers left on the band. */
  get offerCount(): number {
    return this.#offers.count
  }

  /** A terminal connects. One at a time, as the hardware has it. */
  connect(link: RadioLink): Result<BandConnection, 'busy'> {
    if (this.#session) return err('busy')
    const gatt = new GattServer(this.#parts.serverMtu ?? SERVER_MTU, () => session.currentOffer())
    const { clock, signer, epoch, phone, onEvent, onRelayed } = this.#parts
    const { state } = this
    const session: BandSession = new BandSession({
      clock,
      signer,
      epoch,
      phone,
      onEvent,
      ...(onRelayed ? { onRelayed } : {}),
      state,
      link,
      gatt,
      offers: this.#offers,
      counter: this.#counter,
      limited: this.#limited(),
    })
    this.#session = session
    return ok({
      receive: (pdu) => {
        const { answer, event } = gatt.receive(pdu)
        if (answer) link.send(answer)
        if (event?.type === 'subscribed') session.subscribed()
        if (event?.type === 'written') session.receive(event.bytes)
      },
      closed: () => {
        session.closed()
        if (this.#session === session) this.#session = undefined
      },
    })
  }

  /** The band is let go: its offers are gone, and whoever is connected is cut off. */
  retire(): void {
    this.#offers.clear()
    this.#session?.cut()
  }

  /** One message from the phone. */
  fromPhone({ offerId, message }: Relay): void {
    switch (message.kind) {
      case 'refill':
        if (this.#offers.add(message.body, Math.floor(this.#parts.clock.nowMs() / 1000)).ok) this.#session?.offersArrived()
        return
      case 'pending':
      case 'answer':
      case 'error':
        this.#session?.relay(offerId, message)
        return
      default:
        // Nothing else comes from a phone; a bonded link that carries it has a fault, and dropping it is harmless.
        return
    }
  }

  /** Old offers go with the old identity, so that nothing links one to the next. */
  #wantOffers(): void {
    this.#offers.clear()
    if (this.state.phoneLinked && this.#slot !== undefined) this.#parts.phone.offersWanted(this.#slot)
  }

  #limited(): boolean {
    const nowMs = this.#parts.clock.monotonicMs()
    const recent = this.#sessionTimesMs.filter((timeMs) => nowMs - timeMs < MINUTE_MS)
    const limited = recent.length >= (this.#parts.sessionsPerMinuteMax ?? SESSIONS_PER_MINUTE_MAX)
    this.#sessionTimesMs = limited ? recent : [...recent, nowMs]
    return limited
  }
}
