/**
 * The wristband as a thing: the key it left the factory with, the lock that binds it to one phone, and, while it is bound, the band that
 * pays. Whoever connects is nobody until they prove otherwise; to a stranger a bound band is as silent as a broken one.
 */
import {
  arm,
  armAsk,
  armNonce,
  bandStatus,
  LINK_REFUSALS,
  type LinkRefusal,
  linkDone,
  linkNonce,
  linkProof,
  linkRefused,
  NO_EXCHANGE,
} from '#shared/contracts/link-messages.ts'
import { type MessageKind, NONCE_BYTES } from '#shared/contracts/radio-messages.ts'
import { randomBytes, type Signer, signerOf } from '#shared/crypto/keys.ts'
import { isLinkMac } from '#shared/crypto/link-keys.ts'
import type { Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'
import { Band } from './band.ts'
import { BandState } from './band-state.ts'
import { Lock } from './lock.ts'
import type { BandEvent, BandStore, Clock, LockRecord, PhoneLink, Relay, SlotRecord } from './ports.ts'
import { Slots } from './slots.ts'

const MINUTE_MS = 60_000
/** Phones that may be connected at once: the owner's, and one that asks. The oldest stranger is let go. */
const STRANGERS_MAX = 2

export type WristbandParts = {
  readonly clock: Clock
  readonly store: BandStore
  /** What the store kept. */
  readonly lock: LockRecord
  readonly counterCeiling: number
  readonly slots?: SlotRecord | undefined
  /** What the band left the factory with: its name, its key, and the one root it believes. */
  readonly factory: { readonly bandId: Uint8Array; readonly signer: Signer; readonly rootPoint: Uint8Array }
  readonly onEvent: (event: BandEvent) => void
  readonly serverMtu?: number
  readonly sessionsPerMinuteMax?: number
}

/** One connection of a phone. */
export interface PhoneConnection {
  receive(relay: Relay): void
  /** The phone is out of reach. */
  closed(): void
}

type Caller = {
  readonly side: PhoneLink
  /** What this caller must answer to be the owner's phone. */
  readonly nonce: Uint8Array
  /** Shown after an arm-ask, good once. */
  armNonce: Uint8Array | undefined
}

type Act = (caller: Caller, body: Uint8Array) => Promise<void>

export class Wristband {
  /** The sensors: on the wrist, knocks, battery. They outlive every binding. */
  readonly state: BandState
  readonly #parts: WristbandParts
  readonly #lock: Lock
  #ceiling: number
  #band: Band | undefined
  #slots: Slots | undefined
  /** The owner's phone, once it has proven itself. */
  #owner: Caller | undefined
  #strangers: readonly Caller[] = []
  /** Link messages are dealt with one after another: a lock is never half turned. */
  readonly #turns = new Turns()
  /** What the link's own messages do. All others go to the band that pays. */
  readonly #acts: Readonly<Partial<Record<MessageKind, Act>>> = {
    'link-proof': async (caller, body) => this.#prove(caller, body),
    'pair-ask': async (caller, body) => this.#ask(caller, body),
    'pair-bind': async (caller, body) => this.#bind(caller, body),
    'arm-ask': async (caller, body) => this.#armAsk(caller, body),
    arm: async (caller, body) => this.#arm(caller, body),
    release: async (caller, body) => this.#release(caller, body),
    'slot-open': async (caller, body) => this.#slot(caller, 'slot-open', body),
    'slot-ask': async (caller, body) => this.#slot(caller, 'slot-ask', body),
  }

  private constructor(parts: WristbandParts) {
    this.#parts = parts
    this.#ceiling = parts.counterCeiling
    this.state = new BandState(parts.clock, () => parts.onEvent({ type: 'disarmed' }))
    this.state.whenChanged(() => this.#tellOwner())
    const { clock, factory, store } = parts
    this.#lock = new Lock({ clock, factory, store, record: parts.lock, onKnock: (listen) => this.state.whenKnocked(listen) })
  }

  static async start(parts: WristbandParts): Promise<Wristband> {
    const wristband = new Wristband(parts)
    await wristband.#work()
    return wristband
  }

  /** The band that pays; undefined while the lock is open. */
  get band(): Band | undefined {
    return this.#band
  }

  get lock(): LockRecord {
    return this.#lock.record
  }

  /** A phone connects, whoever's it is. */
  connectPhone(side: PhoneLink): PhoneConnection {
    const caller: Caller = { side, nonce: randomBytes(NONCE_BYTES), armNonce: undefined }
    this.#strangers = [...this.#strangers, caller].slice(-STRANGERS_MAX)
    if (this.#lock.record.state === 'bound') say(caller, 'link-nonce', linkNonce.encode({ nonce: caller.nonce }))
    return { receive: (relay) => this.#receive(caller, relay), closed: () => this.#closed(caller) }
  }

  /** The button held for ten seconds, or an empty battery: what was in memory is gone, the lock is not. */
  reset(): void {
    this.state.disarm()
    this.#lock.forget()
    if (this.#owner) this.#closed(this.#owner)
    this.#strangers = []
  }

  #closed(caller: Caller): void {
    this.#strangers = this.#strangers.filter((other) => other !== caller)
    this.#lock.gone(caller)
    if (this.#owner !== caller) return
    this.#owner = undefined
    this.#band?.setPhoneLinked(false)
  }

  #receive(caller: Caller, relay: Relay): void {
    const { kind, body } = relay.message
    const act = this.#acts[kind]
    if (act) this.#turns.begin(async () => this.#dealWith(caller, act, body))
    else if (this.#owner === caller) this.#band?.fromPhone(relay)
  }

  async #dealWith(caller: Caller, act: Act, body: Uint8Array): Promise<void> {
    const isHere = this.#owner === caller || this.#strangers.includes(caller)
    if (isHere) await act(caller, body)
  }

  async #prove(caller: Caller, body: Uint8Array): Promise<void> {
    const { record } = this.#lock
    const proof = linkProof.decode(body)
    if (record.state !== 'bound' || !proof.ok) return
    if (await isLinkMac(proof.value.mac, record.linkKey, 'link', caller.nonce)) this.#becomesOwner(caller)
  }

  #becomesOwner(caller: Caller): void {
    if (this.#owner && this.#owner !== caller) this.#closed(this.#owner)
    this.#strangers = this.#strangers.filter((other) => other !== caller)
    this.#owner = caller
    this.#band?.setPhoneLinked(true)
    this.#tellOwner()
  }

  #tellOwner(): void {
    const { batteryPercent } = this.state
    if (this.#owner) say(this.#owner, 'band-status', bandStatus.encode({ flags: this.state.flags(), batteryPercent }))
  }

  async #ask(caller: Caller, body: Uint8Array): Promise<void> {
    const offer = await this.#lock.offer(caller, body)
    if (offer.ok) return say(caller, 'pair-offer', offer.value)
    if (this.#lock.record.state === 'bound') this.#parts.onEvent({ type: 'pairing-refused' })
    refuse(caller, 'not-available')
  }

  /** The answer comes after the knock, which may take a minute: other messages do not wait for it. */
  async #bind(caller: Caller, body: Uint8Array): Promise<void> {
    const accepted = await this.#lock.accept(caller, body, (bound) => {
      // The knock of a pairing stands behind no payment.
      this.state.takeKnocks()
      this.#turns.begin(async () => {
        if (!bound.ok) return refuse(caller, bound.error)
        await this.#nowBound(caller, bound.value.message, bound.value.isNew)
      })
    })
    if (!accepted.ok) refuse(caller, accepted.error)
  }

  async #nowBound(caller: Caller, message: Uint8Array<ArrayBuffer>, isNew: boolean): Promise<void> {
    if (isNew) await this.#work()
    say(caller, 'bound', message)
    // It has the link key, or the lock would not have turned.
    this.#becomesOwner(caller)
    if (isNew && this.#lock.record.state === 'bound') this.#parts.onEvent({ type: 'bound', epoch: this.#lock.record.epoch })
  }

  #armAsk(caller: Caller, body: Uint8Array): void {
    if (this.#owner !== caller || !armAsk.decode(body).ok) return refuse(caller, 'not-available')
    if (!this.state.worn) return refuse(caller, 'not-worn')
    caller.armNonce = randomBytes(NONCE_BYTES)
    say(caller, 'arm-nonce', armNonce.encode({ nonce: caller.armNonce }))
  }

  async #arm(caller: Caller, body: Uint8Array): Promise<void> {
    const { record } = this.#lock
    const asked = arm.decode(body)
    const nonce = caller.armNonce
    caller.armNonce = undefined
    if (this.#owner !== caller || record.state !== 'bound' || !asked.ok || !nonce) return refuse(caller, 'not-available')
    const { lifetimeMinutes, mac } = asked.value
    const isGenuine = await isLinkMac(mac, record.linkKey, 'arm', nonce, armAsk.encode({ lifetimeMinutes }))
    if (!isGenuine) return refuse(caller, 'not-available')
    const armed = this.state.arm(lifetimeMinutes * MINUTE_MS)
    if (!armed.ok) return refuse(caller, armed.error === 'not-worn' ? 'not-worn' : 'not-available')
    say(caller, 'armed', linkDone.encode({ epoch: record.epoch }))
  }

  /** For the owner's phone only; to anyone else the band says nothing at all. */
  async #slot(caller: Caller, kind: 'slot-open' | 'slot-ask', body: Uint8Array): Promise<void> {
    const slots = this.#slots
    if (this.#owner !== caller || !slots) return
    const said = kind === 'slot-open' ? await slots.open(body) : await slots.prove(body)
    say(caller, said.kind, said.body)
  }

  async #release(caller: Caller, body: Uint8Array): Promise<void> {
    const released = await this.#lock.release(body)
    if (!released.ok) return refuse(caller, 'not-available')
    const { epoch, isNew } = released.value
    if (isNew) {
      this.state.disarm()
      this.#band?.retire()
      this.#band = undefined
      this.#slots = undefined
      // Should it fail: slots of an epoch that is over are good for nothing.
      await this.#parts.store.saveSlots(undefined)
      if (this.#owner && this.#owner !== caller) this.#strangers = [...this.#strangers, this.#owner]
      this.#owner = undefined
      this.state.setPhoneLinked(false)
      this.#strangers = this.#strangers.includes(caller) ? this.#strangers : [...this.#strangers, caller]
      this.#parts.onEvent({ type: 'released' })
    }
    say(caller, 'released', linkDone.encode({ epoch }))
  }

  /** Makes the band that pays out of the lock, when it is bound. */
  async #work(): Promise<void> {
    const { record } = this.#lock
    if (record.state !== 'bound') return
    const { clock, factory, store, onEvent, serverMtu, sessionsPerMinuteMax } = this.#parts
    const signer = await signerOf(record.key)
    const slots = new Slots({
      clock,
      signer,
      store,
      // What was kept before this start. A binding made since has an epoch of its own, in which none of it counts.
      record: this.#parts.slots,
      bandId: factory.bandId,
      epoch: record.epoch,
      obstacle: () => this.state.obstacle(),
    })
    this.#slots = slots
    this.#band = new Band({
      clock,
      signer,
      store: { saveCounter: async (ceiling) => this.#saveCounter(ceiling) },
      counterCeiling: this.#ceiling,
      onRelayed: (request) => slots.relayed(request),
      idKey: record.idKey,
      epoch: record.epoch,
      state: this.state,
      phone: {
        send: (relay) => this.#owner?.side.send(relay),
        offersWanted: (slot) => this.#owner?.side.offersWanted(slot),
      },
      onEvent,
      ...(serverMtu === undefined ? {} : { serverMtu }),
      ...(sessionsPerMinuteMax === undefined ? {} : { sessionsPerMinuteMax }),
    })
    await this.#band.advertisement()
  }

  /** The counter goes on from one binding to the next. */
  async #saveCounter(ceiling: number): Promise<Result<void, 'storage-failed'>> {
    const saved = await this.#parts.store.saveCounter(ceiling)
    if (saved.ok) this.#ceiling = ceiling
    return saved
  }
}

function say(caller: Caller, kind: MessageKind, body: Uint8Array<ArrayBuffer>): void {
  caller.side.send({ offerId: NO_EXCHANGE, message: { kind, body } })
}

function refuse(caller: Caller, code: LinkRefusal): void {
  say(caller, 'link-refused', linkRefused.encode({ code: LINK_REFUSALS[code] }))
}
