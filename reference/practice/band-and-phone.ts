/** One person's band and phone: the very parts that a maker would ship, with the way between them. The first time, they are paired. */
import { assert } from '#shared/assert.ts'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import type { Band } from '../band/band.ts'
import type { BandEvent } from '../band/ports.ts'
import { type PhoneConnection, Wristband } from '../band/wristband.ts'
import { BandBond, LINK_WAIT_MS } from '../phone/bond.ts'
import { PhoneEngine, type PhoneParts } from '../phone/engine.ts'
import { type IdentityBackend, IdentityCard, type IdentityOwner } from '../phone/identity.ts'
import type { AllowanceBackend, BondBackend, Owner, PhoneBackend } from '../phone/ports.ts'
import { Unlock } from '../phone/unlock.ts'
import type { WitnessBook } from '../phone/witness-book.ts'
import type { PracticeClock } from './practice-clock.ts'
import { openBandStore, openPhoneStore, openWitnessBook } from './stores.ts'

/** People in the practice world do not give up at once. */
const PAIRING_TRIES = 3

export type PairParts = {
  readonly name: string
  readonly folder: string
  readonly clock: PracticeClock
  readonly rootPoint: Uint8Array
  readonly bandId: Uint8Array
  readonly factory: Signer
  readonly phonePoint: Uint8Array
  /** Carries one thing over the link between the two, or loses it while they are apart. */
  readonly hop: (deliver: () => void) => void
  readonly backend: PhoneBackend
  readonly bondBackend: BondBackend
  readonly allowanceBackend: AllowanceBackend
  readonly identityBackend: IdentityBackend
  readonly owner: Owner & IdentityOwner
  /** Stricter than the account's, where the phone's owner wants it so. */
  readonly ownLimits: NonNullable<PhoneParts['ownLimits']>
  readonly place: NonNullable<PhoneParts['place']>
  readonly onEvent: (event: BandEvent) => void
  /** Whether whoever holds the phone is its owner. */
  readonly isOwnerThere: () => boolean
  readonly sessionsPerMinuteMax: number
  readonly serverMtu?: number
}
type Stores = {
  readonly band: Awaited<ReturnType<typeof openBandStore>>
  readonly phone: Awaited<ReturnType<typeof openPhoneStore>>
  readonly witness: Awaited<ReturnType<typeof openWitnessBook>>
}

export class BandAndPhone {
  readonly #parts: PairParts
  readonly #stores: Stores
  readonly #wristband: Wristband
  readonly #bond: BandBond
  readonly #unlock: Unlock
  #engine: PhoneEngine | undefined
  #connection: PhoneConnection | undefined
  /** The id slot the band last wanted offers for. */
  #wanted: number | undefined
  #onLinked = () => {}

  private constructor(parts: PairParts, stores: Stores, wristband: Wristband) {
    this.#parts = parts
    this.#stores = stores
    this.#wristband = wristband
    this.#bond = new BandBond({
      clock: parts.clock,
      band: { send: (relay) => parts.hop(() => this.#connection?.receive(relay)) },
      backend: parts.bondBackend,
      store: stores.phone.store,
      kept: stores.phone.bond,
      phonePoint: parts.phonePoint,
      rootPoint: parts.rootPoint,
    })
    const { store, pin } = stores.phone
    this.#unlock = new Unlock({ clock: parts.clock, store, kept: pin, biometrics: { recognise: async () => parts.isOwnerThere() } })
  }

  static async start(parts: PairParts): Promise<BandAndPhone> {
    const { name, folder, clock, onEvent, sessionsPerMinuteMax, serverMtu } = parts
    const [band, phone, witness] = await Promise.all([
      openBandStore(folder, name),
      openPhoneStore(folder, name),
      openWitnessBook(folder, name),
    ])
    const wristband = await Wristband.start({
      clock,
      onEvent,
      sessionsPerMinuteMax,
      store: band.store,
      lock: band.lock,
      slots: band.slots,
      counterCeiling: band.ceiling,
      factory: { bandId: parts.bandId, signer: parts.factory, rootPoint: parts.rootPoint },
      ...(serverMtu === undefined ? {} : { serverMtu }),
    })
    const pair = new BandAndPhone(parts, { band, phone, witness }, wristband)
    await pair.#begin()
    return pair
  }

  /** The band that pays. */
  get band(): Band {
    const { band } = this.#wristband
    assert(band, 'the band is paired')
    return band
  }

  /** What the phone has set aside for payments without a network. */
  get allowance(): PhoneEngine['allowance'] {
    return this.#engine?.allowance
  }

  /** What the phone remembers of tills. */
  get witness(): WitnessBook {
    return this.#stores.witness.book
  }

  /** The phone comes into reach of the band, or leaves it. Resolves when the two know each other again. */
  async reach(isNear: boolean): Promise<void> {
    this.#connection?.closed()
    this.#connection = undefined
    if (!isNear) return
    const linked = new Promise<void>((resolve) => {
      this.#onLinked = resolve
    })
    this.#connect()
    if (!this.#bond.bond) return
    // What is said on a link that breaks at once is lost, and nobody waits for it for ever.
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const stopTimer = this.#parts.clock.after(LINK_WAIT_MS, resolve)
    await Promise.race([linked, late])
    stopTimer()
  }

  /** The owner unlocks the phone, which arms the band. False when it is not the owner, or the band is off, away, or not its own. */
  async unlock(): Promise<boolean> {
    const unlocked = await this.#unlock.withBiometrics()
    return unlocked.ok && (await this.#bond.arm()).ok
  }

  async stop(): Promise<void> {
    this.#engine?.stop()
    const { band, phone, witness } = this.#stores
    await Promise.all([band.close(), phone.close(), witness.close()])
  }

  async #begin(): Promise<void> {
    await this.reach(true)
    const { state } = this.#wristband
    const meet = async () => (this.#bond.bond ? this.#bond.resume() : this.#bond.pair((knocks) => state.knocked(knocks)))
    let bond = await meet()
    // On a machine that is busy with other things an answer may come too late.
    for (let tried = 1; !bond.ok && tried < PAIRING_TRIES; tried += 1) bond = await meet()
    // Without the backend nothing can be paired; a band that is bound goes on without it.
    const kept = bond.ok ? bond.value : this.#bond.bond
    if (!kept) throw new Error(`${this.#parts.name}'s band and phone could not be paired: ${bond.ok ? '' : bond.error}`)
    const { clock, backend, allowanceBackend, identityBackend, owner, ownLimits, place, rootPoint, hop } = this.#parts
    const { store, allowance, consents } = this.#stores.phone
    const engine = await PhoneEngine.start({
      clock,
      backend,
      owner,
      ownLimits,
      place,
      limits: this.#stores.phone.limits,
      rootPoint,
      store,
      allowance: { backend: allowanceBackend, store, kept: allowance },
      records: this.#stores.phone.records,
      witness: this.#stores.witness.book,
      identity: new IdentityCard({ clock, owner, backend: identityBackend, store, consents }),
      band: { send: (relay) => hop(() => this.#connection?.receive(relay)) },
      bandPoint: fromBase64Url(kept.point) ?? new Uint8Array(0),
      bandEpoch: kept.epoch,
    })
    assert(engine.ok, 'the key of a band that was bound is a point on the curve')
    this.#engine = engine.value
    if (this.#wanted !== undefined) engine.value.offersWanted(this.#wanted)
  }

  #connect(): void {
    const { hop } = this.#parts
    this.#connection = this.#wristband.connectPhone({
      send: (relay) =>
        hop(() => {
          if (!this.#bond.receive(relay)) this.#engine?.receive(relay)
        }),
      offersWanted: (slot) =>
        hop(() => {
          this.#wanted = slot
          this.#onLinked()
          this.#engine?.offersWanted(slot)
        }),
    })
  }
}
