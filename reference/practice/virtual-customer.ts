/** A customer of the practice world: a real band, a real phone, and a person who carries them about. */

import { assert } from '#shared/assert.ts'
import { fromBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { signerOf } from '#shared/crypto/keys.ts'
import { Band } from '../band/band.ts'
import type { BandEvent, Relay } from '../band/ports.ts'
import { createBackendClient } from '../phone/backend-client.ts'
import { PhoneEngine } from '../phone/engine.ts'
import type { Owner, PaymentView, PhoneBackend, PhoneEvent } from '../phone/ports.ts'
import type { WitnessBook } from '../phone/witness-book.ts'
import { type CustomerCharacter, PAYMENT_MAX } from './customers.ts'
import type { PracticeClock } from './practice-clock.ts'
import { openBandStore, openPhoneStore, openWitnessBook } from './stores.ts'
import type { CustomerView, WorldCommand, WorldEvent } from './world-control.ts'
import type { CustomerKeys } from './world-state.ts'

/** A practice till may serve one customer as often as it likes: benches and demonstrations do. */
export const PRACTICE_SESSIONS_PER_MINUTE_MAX = 6_000

export type CustomerWorld = {
  readonly clock: PracticeClock
  readonly folder: string
  readonly backendUrl: string
  readonly rootPoint: Uint8Array
  readonly place: { readonly latitudeE5: number; readonly longitudeE5: number }
  readonly onEvent: (event: Omit<WorldEvent, 'type' | 'atMs'>) => void
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
  readonly band: Band
  /** What this customer's phone remembers of tills. */
  readonly witness: WitnessBook
  readonly #situation: Situation
  readonly #phone: PhoneEngine
  readonly #close: () => Promise<void>
  frozen: boolean

  private constructor(
    character: CustomerCharacter,
    parts: Pick<VirtualCustomer, 'band' | 'witness'> & { situation: Situation; phone: PhoneEngine; close: () => Promise<void> },
  ) {
    this.character = character
    this.frozen = character.frozen
    this.band = parts.band
    this.witness = parts.witness
    this.#situation = parts.situation
    this.#phone = parts.phone
    this.#close = parts.close
  }

  /** Brings a customer to life from its keys and from what its band and phone have kept. */
  static async start(character: CustomerCharacter, keys: CustomerKeys, world: CustomerWorld): Promise<VirtualCustomer> {
    const { clock } = world
    const situation: Situation = {
      distanceM: character.distanceM,
      phoneInReach: character.phoneInReach,
      phoneDelayMs: character.phoneDelayMs,
      network: true,
      networkDelayMs: 0,
      confirmAbove: character.confirmAbove,
      confirms: 'yes',
    }
    const [bandStore, phoneStore, witness] = await Promise.all([
      openBandStore(world.folder, character.id),
      openPhoneStore(world.folder, character.id),
      openWitnessBook(world.folder, character.id),
    ])
    const [bandSigner, phoneSigner] = await Promise.all([signerOf(keys.bandKey), signerOf(keys.phoneKey)])
    const idKey = fromBase64Url(keys.idKey)
    assert(idKey, 'the id key is base64url')
    const backend = delayed(
      createBackendClient({
        clock,
        baseUrl: world.backendUrl,
        phoneId: keys.phoneId,
        signer: phoneSigner,
        place: world.place,
        hasNetwork: () => situation.network,
      }),
      clock,
      situation,
    )
    const hop = bondedHop(clock, situation)
    const phone = await PhoneEngine.start({
      clock,
      backend,
      store: phoneStore.store,
      records: phoneStore.records,
      rootPoint: world.rootPoint,
      witness: witness.book,
      band: { send: (relay) => hop(() => band.fromPhone(relay)) },
      owner: ownerOf(character, situation, world),
      limits: phoneStore.limits,
      ownLimits: () => ({ perPayment: PAYMENT_MAX, confirmAbove: situation.confirmAbove }),
      place: () => world.place,
      bandPoint: bandSigner.point,
      bandEpoch: keys.epoch,
    })
    assert(phone.ok, 'a signer has a point on the curve')
    const band: Band = new Band({
      clock,
      store: bandStore.store,
      counterCeiling: bandStore.ceiling,
      signer: bandSigner,
      idKey,
      epoch: keys.epoch,
      phone: {
        send: (relay: Relay) => hop(() => phone.value.receive(relay)),
        offersWanted: (slot) => hop(() => phone.value.offersWanted(slot)),
      },
      onEvent: (event) => world.onEvent(bandEvent(character, event)),
      sessionsPerMinuteMax: world.sessionsPerMinuteMax ?? PRACTICE_SESSIONS_PER_MINUTE_MAX,
      ...(world.serverMtu === undefined ? {} : { serverMtu: world.serverMtu }),
    })
    const close = async () => {
      phone.value.stop()
      await Promise.all([bandStore.close(), phoneStore.close(), witness.close()])
    }
    const customer = new VirtualCustomer(character, { band, situation, phone: phone.value, witness: witness.book, close })
    await customer.#begin()
    return customer
  }

  distanceM = (): number => this.#situation.distanceM

  /** Changes what is given and nothing else. */
  set(changes: Changes): void {
    const { distance, phoneReach, phoneDelayMs, network, networkDelayMs, confirmAbove, confirms } = changes
    const given = { distanceM: distance, phoneInReach: phoneReach, phoneDelayMs, network, networkDelayMs, confirmAbove, confirms }
    Object.assign(this.#situation, Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
    if (phoneReach !== undefined) this.band.setPhoneLinked(phoneReach)
    if (changes.batteryPercent !== undefined) this.band.state.setBattery(changes.batteryPercent)
    if (changes.worn !== undefined) this.band.state.setWorn(changes.worn)
    // Most people unlock their phone as soon as they have put the band on, or have the phone at hand again.
    if ((changes.worn === true || phoneReach === true) && changes.unlocks) this.unlockPhone()
  }

  /** The owner unlocks the phone: it arms the band when it is worn and in reach. */
  unlockPhone(): boolean {
    return this.band.state.arm().ok
  }

  async view(): Promise<CustomerView> {
    const { state } = this.band
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
      offers: this.band.offerCount,
      address: toHex((await this.band.advertisement()).address),
    }
  }

  async stop(): Promise<void> {
    this.#phone.stop()
    await this.#close()
  }

  /** The morning: band on, phone in the pocket, unlocked once. */
  async #begin(): Promise<void> {
    await this.band.advertisement()
    this.band.setPhoneLinked(true)
    this.band.state.setWorn(true)
    this.unlockPhone()
    if (!this.character.worn) {
      this.band.state.setWorn(false)
      this.band.state.disarm()
    }
    if (!this.character.phoneInReach) this.band.setPhoneLinked(false)
  }
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

function ownerOf(character: CustomerCharacter, situation: Situation, { clock, onEvent }: CustomerWorld): Owner {
  return {
    async confirm(payment: PaymentView, signal: AbortSignal) {
      onEvent({ customer: character.id, event: 'asked-to-confirm', requestId: payment.requestId })
      const { promise, resolve } = Promise.withResolvers<'confirmed' | 'refused'>()
      if (situation.confirms !== 'never') {
        const reply = situation.confirms === 'yes' ? 'confirmed' : 'refused'
        const stopTimer = clock.after(character.confirmAfterMs, () => resolve(reply))
        signal.addEventListener('abort', stopTimer, { once: true })
      }
      signal.addEventListener('abort', () => resolve('refused'), { once: true })
      return promise
    },
    tell: (event) => onEvent(phoneEvent(character, event)),
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
