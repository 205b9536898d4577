/** The reference phone as a host drives it: bond, unlock and engine around one storage folder. */
import { assert } from '#shared/assert.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { BandBond } from '../phone/bond.ts'
import { PhoneEngine } from '../phone/engine.ts'
import { type IdentityBackend, IdentityCard, type IdentityOwner } from '../phone/identity.ts'
import { keptBytes } from '../phone/kept-bytes.ts'
import type { AllowanceBackend, BandLink, Bond, BondBackend, Clock, Owner, PhoneBackend, Relay } from '../phone/ports.ts'
import { Unlock } from '../phone/unlock.ts'
import { openPhoneStore } from '../practice/stores.ts'

export type HostedPhoneParts = {
  readonly clock: Clock
  readonly folder: string
  readonly name: string
  readonly rootPoint: Uint8Array
  readonly signer: Signer
  readonly band: BandLink
  readonly backend: PhoneBackend
  readonly bondBackend: BondBackend
  readonly allowanceBackend: AllowanceBackend
  readonly identityBackend: IdentityBackend
  readonly owner: Owner & IdentityOwner
}
export class HostedPhone {
  readonly #parts: HostedPhoneParts
  readonly #stores: Awaited<ReturnType<typeof openPhoneStore>>
  readonly #bond: BandBond
  readonly #unlock: Unlock
  #engine: PhoneEngine | undefined
  /** The id slot the band last wanted offers for. */
  #wanted: number | undefined

  private constructor(parts: HostedPhoneParts, stores: Awaited<ReturnType<typeof openPhoneStore>>) {
    const { clock, band, rootPoint, bondBackend: backend, signer } = parts
    const { store } = stores
    this.#parts = parts
    this.#stores = stores
    this.#bond = new BandBond({ clock, band, store, rootPoint, backend, kept: stores.bond, phonePoint: signer.point })
    // Whoever is told to unlock is the owner: the harness has no thief's hands.
    this.#unlock = new Unlock({ clock, store, kept: stores.pin, biometrics: { recognise: async () => true } })
  }

  static async start(parts: HostedPhoneParts): Promise<HostedPhone> {
    const phone = new HostedPhone(parts, await openPhoneStore(parts.folder, parts.name))
    if (phone.#bond.bond) await phone.#begin(phone.#bond.bond)
    return phone
  }

  /** Bound, and the backend has heard it. */
  get isBound(): boolean {
    return this.#bond.bond?.state === 'confirmed'
  }

  /** What may be paid without a network, minor units. */
  get setAside(): number {
    return this.#engine?.allowance?.amount ?? 0
  }

  receive(relay: Relay): void {
    if (!this.#bond.receive(relay)) this.#engine?.receive(relay)
  }

  offersWanted(slot: number): void {
    this.#wanted = slot
    this.#engine?.offersWanted(slot)
  }

  /** Binds the band in reach, showing its owner how often to knock. */
  async pair(show: (knocks: number) => void): Promise<void> {
    const bound = await this.#bond.pair(show)
    if (bound.ok && !this.#engine) await this.#begin(bound.value)
  }

  /** The owner unlocks the phone. False when the band was not armed by it. */
  async unlock(): Promise<boolean> {
    return (await this.#unlock.withBiometrics()).ok && (await this.#bond.arm()).ok
  }

  async stop(): Promise<void> {
    this.#engine?.stop()
    await this.#stores.close()
  }

  async #begin({ point, epoch }: Bond): Promise<void> {
    const { clock, backend, allowanceBackend, identityBackend, owner, band, rootPoint } = this.#parts
    const { store, records, limits, allowance, consents } = this.#stores
    const started = await PhoneEngine.start({
      ...{ clock, backend, owner, band, rootPoint, store, records, limits },
      allowance: { backend: allowanceBackend, store, kept: allowance },
      identity: new IdentityCard({ clock, owner, backend: identityBackend, store, consents }),
      bandPoint: keptBytes(point),
      bandEpoch: epoch,
    })
    assert(started.ok, 'the key of a band that was bound is a point on the curve')
    this.#engine = started.value
    if (this.#wanted !== undefined) this.#engine.offersWanted(this.#wanted)
  }
}
