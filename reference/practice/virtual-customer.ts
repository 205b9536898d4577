/** A customer of the practice world: a real band, a real phone, and a person who carries them about. */

import { assert } from '#shared/assert.ts'
import { fromHex, toHex } from '#shared/contracts/bytes.ts'
import type { PracticeTrouble } from '#shared/contracts/troubles.ts'
import { signerOf } from '#shared/crypto/keys.ts'
import type { Band } from '../band/band.ts'
import type { BandState } from '../band/band-state.ts'
import type { BandEvent } from '../band/ports.ts'
import { createAllowanceBackend } from '../phone/allowance-backend.ts'
import { createBackendClient } from '../phone/backend-client.ts'
import { createBondBackend } from '../phone/bond-backend.ts'
import type { IdentityEvent, IdentityOwner, IdentityReply } from '../phone/identity.ts'
import { createIdentityBackend } from '../phone/identity-backend.ts'
import type { Owner, PaymentView, PhoneBackend, PhoneEvent } from '../phone/ports.ts'
import { createSignedCall, type PhoneBackendParts } from '../phone/signed-calls.ts'
import type { WitnessBook } from '../phone/witness-book.ts'
import { AccountOwner } from './account-owner.ts'
import { BandAndPhone } from './band-and-phone.ts'
import { BandLife } from './band-life.ts'
import { type CustomerCharacter, PAYMENT_MAX } from './customers.ts'
import type { PracticeClock } from './practice-clock.ts'
import type { Stranger } from './stranger.ts'
import type { CustomerView, WorldCommand, WorldEvent } from './world-control.ts'
import type { CustomerKeys } from './world-state.ts'

/** A practice till may serve one customer as often as it likes: benches and demonstrations do. */
export const PRACTICE_SESSIONS_PER_MINUTE_MAX = 6_000

/** Between two looks at a phone, at most: milliseconds. */
const LOOKS_AGAIN_MS = 1_000

export type CustomerWorld = {
  readonly clock: PracticeClock
  readonly folder: string
  readonly backendUrl: string
  readonly rootPoint: Uint8Array
  readonly place: { readonly latitudeE5: number; readonly longitudeE5: number }
  readonly onEvent: (event: Omit<WorldEvent, 'type' | 'atMs'>) => void
  /** Whoever takes a band that is not theirs, where there is anybody like that. */
  readonly stranger?: Stranger
  readonly sessionsPerMinuteMax?: number
  readonly serverMtu?: number
}

type Changes = Omit<Extract<WorldCommand, { type: 'set' }>, 'type' | 'customer' | 'replyTo'>
type Situation = {
  distanceM: number
  phoneInReach: boolean
  phoneDelayMs: number
  network: boolean
  networkDelayMs: number
  confirmAbove: number
  confirms: 'yes' | 'no' | 'never'
}

export class VirtualCustomer {
  readonly character: CustomerCharacter
  /** What became of the band besides paying. */
  readonly life: BandLife
  /** At the owner's page, from any device. */
  readonly owner: AccountOwner
  readonly #situation: Situation
  readonly #pair: BandAndPhone
  #settling: Promise<void> = Promise.resolve()
  /** A thief can do everything but unlock the phone. */
  #isWithOwner = true
  frozen: boolean

  private constructor(
    character: CustomerCharacter,
    { situation, pair, owner, world }: { situation: Situation; pair: BandAndPhone; owner: AccountOwner; world: CustomerWorld },
  ) {
    this.character = character
    this.frozen = character.frozen
    this.owner = owner
    this.#situation = situation
    this.#pair = pair
    this.life = new BandLife({
      clock: world.clock,
      ...(world.stranger ? { stranger: world.stranger } : {}),
      pair,
      owner,
      isPhoneInReach: () => situation.phoneInReach,
      reach: async (isNear) => this.#reach(isNear),
      pairingEnded: (isPaired) => {
        if (isPaired) void this.looksAtPhone()
        else world.onEvent({ customer: character.id, event: 'pairing-failed' })
      },
    })
  }

  /** Brings a customer to life from its keys and from what its band and phone have kept; the first time, the two are paired. */
  static async start(character: CustomerCharacter, keys: CustomerKeys, world: CustomerWorld): Promise<VirtualCustomer> {
    const { clock } = world
    const situation: Situation = {
      distanceM: character.distanceM,
      phoneInReach: true,
      phoneDelayMs: 0,
      network: true,
      networkDelayMs: 0,
      confirmAbove: character.confirmAbove,
      confirms: 'yes',
    }
    const phoneSigner = await signerOf(keys.phoneKey)
    const calls: PhoneBackendParts = {
      clock,
      baseUrl: world.backendUrl,
      phoneId: keys.phoneId,
      signer: phoneSigner,
      place: world.place,
      hasNetwork: () => situation.network,
    }
    let customer: VirtualCustomer | undefined
    const pair = await BandAndPhone.start({
      name: character.id,
      folder: world.folder,
      clock,
      rootPoint: world.rootPoint,
      bandId: bytesOf(keys.bandId),
      factory: await signerOf(keys.factoryKey),
      phonePoint: phoneSigner.point,
      hop: bondedHop(clock, situation),
      backend: delayed(createBackendClient(calls), clock, situation),
      bondBackend: createBondBackend(calls),
      identityBackend: createIdentityBackend(calls),
      allowanceBackend: createAllowanceBackend(calls),
      owner: ownerOf(character, situation, world),
      ownLimits: () => ({ perPayment: PAYMENT_MAX, confirmAbove: situation.confirmAbove }),
      place: () => world.place,
      onEvent: (event) => {
        world.onEvent(bandEvent(character, event))
        // Nobody walks about for long with a band that has run out of its day: the phone is looked at, and the band is armed again.
        if (event.type === 'disarmed' && customer?.state.worn) clock.after(LOOKS_AGAIN_MS, () => void customer?.looksAtPhone())
      },
      isOwnerThere: () => true,
      sessionsPerMinuteMax: world.sessionsPerMinuteMax ?? PRACTICE_SESSIONS_PER_MINUTE_MAX,
      ...(world.serverMtu === undefined ? {} : { serverMtu: world.serverMtu }),
    })
    // Whatever becomes of the phone's network, its owner has another device.
    const phone = createSignedCall({ ...calls, hasNetwork: () => true })
    const owner = new AccountOwner({ baseUrl: world.backendUrl, folder: world.folder, name: character.id, phone })
    customer = new VirtualCustomer(character, { situation, pair, owner, world })
    await customer.#begin()
    return customer
  }

  /** What this customer's phone remembers of tills. */
  get witness(): WitnessBook {
    return this.#pair.witness
  }

  /** What the phone has set aside for payments without a network. */
  get allowance(): BandAndPhone['allowance'] {
    return this.#pair.allowance
  }

  /** The band that pays; undefined while it is bound to nobody. */
  get boundBand(): Band | undefined {
    return this.#pair.band
  }

  /** The same where it is bound. */
  get band(): Band {
    const band = this.boundBand
    assert(band, 'the band is paired')
    return band
  }

  get state(): BandState {
    return this.#pair.state
  }

  distanceM = (): number => this.#situation.distanceM

  /** Changes what is given and nothing else. What follows from it between band and phone takes a moment: `settled`. */
  set(changes: Changes): void {
    const { distance, phoneReach, phoneDelayMs, network, networkDelayMs, confirmAbove, confirms } = changes
    const given = { distanceM: distance, phoneInReach: phoneReach, phoneDelayMs, network, networkDelayMs, confirmAbove, confirms }
    Object.assign(this.#situation, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
    const reached = phoneReach === undefined ? undefined : this.#pair.reach(phoneReach)
    if (changes.batteryPercent !== undefined) this.state.setBattery(changes.batteryPercent)
    if (changes.worn !== undefined) this.state.setWorn(changes.worn)
    // Most people unlock their phone as soon as they have put the band on, or have the phone at hand again.
    this.#isWithOwner = changes.unlocks
    const unlocks = (changes.worn === true || phoneReach === true) && changes.unlocks
    this.#settling = this.#follow(reached, unlocks)
  }

  /** Band and phone have found each other again, and the band is armed where its owner has seen to it. */
  async settled(): Promise<void> {
    await this.#settling
  }

  /** The owner unlocks the phone: it arms the band when it is worn and in reach. */
  async unlockPhone(): Promise<boolean> {
    // What is out of reach is not waited for.
    return this.#situation.phoneInReach && (await this.#pair.unlock())
  }

  /** What everybody does many times a day: a band on the wrist is armed by it. */
  async looksAtPhone(): Promise<void> {
    if (this.#isWithOwner && this.life.hands === 'owner' && this.state.worn && !this.state.armed) await this.unlockPhone()
  }

  async view(): Promise<CustomerView> {
    const { state, boundBand: band } = this
    const { distanceM, phoneInReach, phoneDelayMs, network } = this.#situation
    return {
      id: this.character.id,
      displayName: this.character.displayName,
      distance: distanceM,
      worn: state.worn,
      armed: state.armed,
      phoneReach: phoneInReach,
      network,
      phoneDelayMs,
      frozen: this.frozen,
      life: this.life.view(),
      offers: band?.offerCount ?? 0,
      address: band ? toHex((await band.advertisement()).address) : '',
    }
  }

  /** The battery is taken out, or the button held for ten seconds. */
  async resetBand(): Promise<void> {
    await this.#pair.reset()
  }

  /** As in the morning. Undefined when it is so, else what stands in the way. */
  async backToNormal(): Promise<PracticeTrouble | undefined> {
    this.#isWithOwner = true
    Object.assign(this.#situation, { network: true, phoneDelayMs: 0, networkDelayMs: 0 })
    const trouble = await this.life.comeHome()
    await this.#begin()
    return trouble
  }

  async stop(): Promise<void> {
    await this.#pair.stop()
  }

  async #reach(isNear: boolean): Promise<void> {
    this.#situation.phoneInReach = isNear
    await this.#pair.reach(isNear)
  }

  async #follow(reached: Promise<void> | undefined, unlocks: boolean): Promise<void> {
    await reached
    await this.life.carryRelease()
    if (unlocks) await this.unlockPhone()
  }

  /** The morning: band on, phone in the pocket, unlocked once. */
  async #begin(): Promise<void> {
    this.state.setWorn(true)
    await this.unlockPhone()
    if (!this.character.worn) {
      this.state.setWorn(false)
      this.state.disarm()
    }
    const { phoneDelayMs, phoneInReach } = this.character
    Object.assign(this.#situation, { phoneDelayMs, phoneInReach })
    if (!phoneInReach) await this.#pair.reach(false)
  }
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  assert(bytes, 'an id is hex')
  return bytes
}

/** The bonded link between band and phone: half the round trip each way, in order, and nothing while they are apart. */
function bondedHop(clock: PracticeClock, situation: Situation): (deliver: () => void) => void {
  let lastMs = 0
  return (deliver) => {
    if (!situation.phoneInReach) return
    const dueMs = Math.max(lastMs, clock.monotonicMs() + situation.phoneDelayMs / 2)
    lastMs = dueMs
    clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => {
      if (situation.phoneInReach) deliver()
    })
  }
}

/** The phone's network: a round trip on top of what the backend takes. */
function delayed(backend: PhoneBackend, clock: PracticeClock, situation: Situation): PhoneBackend {
  const halfWay = async () => {
    if (situation.networkDelayMs === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    clock.after(situation.networkDelayMs / 2, resolve)
    await promise
  }
  const there = async <T>(call: () => Promise<T>): Promise<T> => {
    await halfWay()
    const reply = await call()
    await halfWay()
    return reply
  }
  return {
    certify: async (keys) => backend.certify(keys),
    submit: async (submission) => there(async () => backend.submit(submission)),
    limits: async (merchantId) => backend.limits(merchantId),
  }
}

function ownerOf(character: CustomerCharacter, situation: Situation, { clock, onEvent }: CustomerWorld): Owner & IdentityOwner {
  /** What they say in their own time; a no when the question is taken away before. */
  const say = async <T>(yes: T, no: T, signal: AbortSignal): Promise<T> => {
    const { promise, resolve } = Promise.withResolvers<T>()
    if (situation.confirms !== 'never') {
      const reply = situation.confirms === 'yes' ? yes : no
      const stopTimer = clock.after(character.confirmAfterMs, () => resolve(reply))
      signal.addEventListener('abort', stopTimer, { once: true })
    }
    signal.addEventListener('abort', () => resolve(no), { once: true })
    return promise
  }
  return {
    async confirm(payment: PaymentView, signal: AbortSignal) {
      onEvent({ customer: character.id, event: 'asked-to-confirm', requestId: payment.requestId })
      return say<'confirmed' | 'refused'>('confirmed', 'refused', signal)
    },
    tell: (event) => onEvent(phoneEvent(character, event)),
    // People here say who they are as readily as they confirm a payment, and let nobody keep it.
    async identify({ requestId, claims }, signal) {
      onEvent({ customer: character.id, event: 'asked-who', requestId })
      return say<IdentityReply>({ given: claims, always: false }, { given: [], always: false }, signal)
    },
    told: (event) => onEvent(identityEvent(character, event)),
  }
}

function bandEvent({ id }: CustomerCharacter, event: BandEvent): Omit<WorldEvent, 'type' | 'atMs'> {
  if (event.type === 'session-ended') return { customer: id, event: event.type, detail: event.error }
  return event.type === 'vibrated' ? { customer: id, event: event.type, detail: String(event.times) } : { customer: id, event: event.type }
}

function phoneEvent({ id }: CustomerCharacter, event: PhoneEvent): Omit<WorldEvent, 'type' | 'atMs'> {
  const base = { customer: id, event: event.type, requestId: event.payment.requestId }
  switch (event.type) {
    case 'approved':
      return base
    case 'refused':
      return { ...base, detail: event.rule ?? event.reason }
    case 'declined':
      return { ...base, detail: event.hint }
    case 'e-receipt':
      return { ...base, detail: event.receiptNumber }
  }
}

function identityEvent({ id }: CustomerCharacter, event: IdentityEvent): Omit<WorldEvent, 'type' | 'atMs'> {
  const base = { customer: id, event: event.type, requestId: event.question.requestId }
  switch (event.type) {
    case 'identity-given':
      return { ...base, detail: event.given.join(' ') }
    case 'identity-refused':
      return { ...base, detail: event.reason }
    case 'identity-declined':
      return { ...base, detail: event.hint }
  }
}
