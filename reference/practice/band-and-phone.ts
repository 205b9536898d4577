/** One person's band and phone: the very parts that a maker would ship, with the way between them. The first time, they are paired. */
import { assert } from '#shared/assert.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import type { Band } from '../band/band.ts'
import type { BandState } from '../band/band-state.ts'
import type { BandEvent, LockRecord, PhoneLink } from '../band/ports.ts'
import { type PhoneConnection, Wristband } from '../band/wristband.ts'
import { BandBond, LINK_WAIT_MS } from '../phone/bond.ts'
import { PhoneEngine, type PhoneParts } from '../phone/engine.ts'
import { type IdentityBackend, IdentityCard, type IdentityOwner } from '../phone/identity.ts'
import { keptBytes } from '../phone/kept-bytes.ts'
import type { AllowanceBackend, BandLink, BondBackend, Owner, PhoneBackend } from '../phone/ports.ts'
import { Unlock } from '../phone/unlock.ts'
import type { WitnessBook } from '../phone/witness-book.ts'
import type { PracticeClock } from './practice-clock.ts'
import { openBandStore, openPhoneStore, openWitnessBook } from './stores.ts'

/** People in the practice world do not give up at once. */
export const PAIRING_TRIES = 3

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
  /** Read anew when the phone starts anew. */
  phone: Awaited<ReturnType<typeof openPhoneStore>>
  readonly witness: Awaited<ReturnType<typeof openWitnessBook>>
}

export class BandAndPhone {
  readonly #parts: PairParts
  readonly #stores: Stores
  readonly #wristband: Wristband
  #bond: BandBond
  #unlock: Unlock
  #engine: PhoneEngine | undefined
  #connection: PhoneConnection | undefined
  /** The id slot the band last wanted offers for. */
  #wanted: number | undefined
  #onLinked = () => {}

  private constructor(parts: PairParts, stores: Stores, wristband: Wristband) {
    this.#parts = parts
    this.#stores = stores
    this.#wristband = wristband
    this.#bond = this.#bondOf(stores.phone)
    this.#unlock = this.#unlockOf(stores.phone)
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

  /** The band that pays; undefined while its lock is open. */
  get band(): Band | undefined {
    return this.#wristband.band
  }

  /** What the phone has set aside for payments without a network. */
  get allowance(): PhoneEngine['allowance'] {
    return this.#engine?.allowance
  }

  /** On the wrist, armed, knocks: whatever the lock. */
  get state(): BandState {
    return this.#wristband.state
  }

  get lock(): LockRecord {
    return this.#wristband.lock
  }

  get bandId(): Uint8Array {
    return this.#parts.bandId
  }

  get bandIdHex(): string {
    return toHex(this.#parts.bandId)
  }

  get factory(): Signer {
    return this.#parts.factory
  }

  /** Another phone comes near the band. */
  connectPhone = (side: PhoneLink): PhoneConnection => this.#wristband.connectPhone(side)

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

  /** Binds the two anew, once the band has been let go. `show` is given the count its owner is to knock. */
  async pair(show: (knocks: number) => void): Promise<boolean> {
    const paired = await this.#bond.pair(show)
    if (!paired.ok) return false
    // What the phone knew of the band before is of another binding: it starts anew, with what is on its disk.
    await this.#stores.phone.close()
    this.#stores.phone = await openPhoneStore(this.#parts.folder, this.#parts.name)
    this.#bond = this.#bondOf(this.#stores.phone)
    this.#unlock = this.#unlockOf(this.#stores.phone)
    await this.#startEngine(paired.value.point, paired.value.epoch)
    return true
  }

  /** Brings the band its owner's order to let go. True once it has. */
  async carryRelease(): Promise<boolean> {
    const carried = await this.#bond.carryRelease(this.bandIdHex)
    if (!carried.ok) return false
    this.#engine?.stop()
    this.#engine = undefined
    return true
  }

  /** The battery is taken out, or its button held for ten seconds: what was in memory is gone. */
  async reset(): Promise<void> {
    const wasNear = this.#connection !== undefined
    this.#wristband.reset()
    if (wasNear) await this.reach(true)
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
    await this.#startEngine(kept.point, kept.epoch)
  }

  /** The wallet on the phone, for the band whose key of this epoch is given (base64url). */
  async #startEngine(point: string, epoch: number): Promise<void> {
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
      bandPoint: keptBytes(point),
      bandEpoch: epoch,
    })
    assert(engine.ok, 'the key of a band that was bound is a point on the curve')
    this.#engine = engine.value
    if (this.#wanted !== undefined) engine.value.offersWanted(this.#wanted)
  }

  #bondOf({ store, bond }: Stores['phone']): BandBond {
    const { clock, hop, bondBackend: backend, phonePoint, rootPoint } = this.#parts
    const band: BandLink = { send: (relay) => hop(() => this.#connection?.receive(relay)) }
    return new BandBond({ clock, band, backend, store, kept: bond, phonePoint, rootPoint })
  }

  #unlockOf({ store, pin }: Stores['phone']): Unlock {
    const { clock, isOwnerThere } = this.#parts
    return new Unlock({ clock, store, kept: pin, biometrics: { recognise: async () => isOwnerThere() } })
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
