/** A phone that pays: its bond, its wallet's engine, its PIN, and the disk that all of them keep things on. */

import { createBackendClient } from '#reference/phone/backend-client.ts'
import { PhoneEngine } from '#reference/phone/engine.ts'
import type { RequestRecord } from '#reference/phone/ports.ts'
import { type PinRecord, type PinStore, Unlock } from '#reference/phone/unlock.ts'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { type BandProof, bandProof, forwardMessage } from '#shared/contracts/radio-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { err, ok } from '#shared/result.ts'
import type { BondWorld, TestPhone } from '#test/support/bond-world.ts'
import { limitsOf } from '#test/support/wide-limits.ts'

export const PIN = '246802'
/** As many rounds as a test has time for: how long one takes is not what is tried. */
const PIN_ROUNDS = 10
const { limits: WIDE } = limitsOf(undefined)

/** What a backup of a phone holds. */
export type Backup = { readonly bond: TestPhone['disk']['bond']; readonly records: readonly RequestRecord[] }

export class PayingPhone {
  readonly phone: TestPhone
  /** Every proof a band has given this phone. */
  readonly onProof: (proof: BandProof) => void
  readonly #world: BondWorld
  #records: readonly RequestRecord[] = []
  #pin: PinRecord | undefined
  #unlock: Unlock
  #engine: PhoneEngine | undefined
  /** Which binding the engine is for. */
  #engineOf: string | undefined
  #wanted: number | undefined

  private constructor(world: BondWorld, phone: TestPhone, onProof: (proof: BandProof) => void) {
    this.#world = world
    this.phone = phone
    this.onProof = onProof
    this.#unlock = this.#newUnlock()
    phone.onOther = (relay) => {
      if (relay.message.kind === 'forward') {
        const forward = forwardMessage.decode(relay.message.body)
        const proof = forward.ok ? peekSign1(bandProof, forward.value.proof) : undefined
        if (proof?.ok) this.onProof(proof.value.value)
      }
      this.#engine?.receive(relay)
    }
    phone.onWanted = (slot) => {
      this.#wanted = slot
      this.#engine?.offersWanted(slot)
    }
  }

  static async start(world: BondWorld, phone: TestPhone, onProof: (proof: BandProof) => void): Promise<PayingPhone> {
    const paying = new PayingPhone(world, phone, onProof)
    await paying.#unlock.setPin(PIN)
    return paying
  }

  /** The wallet follows the bond: it works for the band the phone is bound to now, or not at all. */
  async follow(): Promise<void> {
    const { bond } = this.phone.bond
    const binding = bond && `${bond.epoch} ${bond.point}`
    if (binding === this.#engineOf) return
    this.#stopEngine()
    if (!bond) return
    const { clock, backend } = this.#world
    const engine = await PhoneEngine.start({
      clock,
      backend: createBackendClient(this.phone.calls),
      store: {
        save: async (record) => {
          if (this.phone.disk.isFull) return err('storage-failed')
          this.#records = [...this.#records, record]
          return ok()
        },
        saveLimits: async () => ok(),
      },
      records: this.#records,
      owner: { confirm: async () => 'refused', tell: () => undefined },
      limits: WIDE && { currency: 'CNY', ...WIDE },
      band: { send: (relay) => this.phone.say(relay) },
      bandPoint: fromBase64Url(bond.point) ?? new Uint8Array(0),
      bandEpoch: bond.epoch,
      rootPoint: backend.keys.rootPoint,
    })
    if (!engine.ok) throw new Error(engine.error)
    this.#engine = engine.value
    this.#engineOf = binding
    if (this.#wanted !== undefined) engine.value.offersWanted(this.#wanted)
  }

  /** Types the PIN, and arms the band when it was right. */
  async unlock(pin: string): Promise<boolean> {
    return (await this.#unlock.withPin(pin)).ok && (await this.phone.bond.arm()).ok
  }

  /** The power fails, and comes back: what is not on disk is gone. */
  async restart(): Promise<void> {
    this.#stopEngine()
    this.phone.restart()
    this.#unlock = this.#newUnlock()
    await this.follow()
  }

  backUp(): Backup {
    return { bond: this.phone.disk.bond, records: this.#records }
  }

  async restore({ bond, records }: Backup): Promise<void> {
    this.phone.disk.bond = bond
    this.#records = records
    await this.restart()
  }

  stop(): void {
    this.#stopEngine()
    this.phone.leave()
  }

  #stopEngine(): void {
    this.#engine?.stop()
    this.#engine = undefined
    this.#engineOf = undefined
  }

  #newUnlock(): Unlock {
    const store: PinStore = {
      savePin: async (record) => {
        if (this.phone.disk.isFull) return err('storage-failed')
        this.#pin = record
        return ok()
      },
    }
    return new Unlock({ clock: this.#world.clock, store, kept: this.#pin, rounds: PIN_ROUNDS })
  }
}
