/** Bands and phones over many random days: no sequence of meetings, losses, resets and restores lets two phones hold one band. */
import { expect, test } from 'vitest'
import { equalBytes } from '#shared/contracts/bytes.ts'
import { BondWorld, type TestBand, type TestPhone } from '#test/support/bond-world.ts'
import { hurried } from '#test/support/hurried.ts'
import { Seeded } from '#test/support/seeded.ts'

const STEPS = 60
const PHONES = 3

class Days {
  readonly #world: BondWorld
  readonly #seeded: Seeded
  readonly #band: TestBand
  readonly #phones: readonly TestPhone[]
  /** A copy of a phone's disk, as a backup keeps it. */
  readonly #backups = new Map<TestPhone, TestPhone['disk']['bond']>()
  readonly done: string[] = []

  constructor(parts: { world: BondWorld; seeded: Seeded; band: TestBand; phones: readonly TestPhone[] }) {
    this.#world = parts.world
    this.#seeded = parts.seeded
    this.#band = parts.band
    this.#phones = parts.phones
  }

  async step(): Promise<void> {
    const seeded = this.#seeded
    const phone = seeded.pick(this.#phones)
    const band = this.#band
    const acts: Readonly<Record<string, () => unknown>> = {
      pair: async () => phone.pair(band, (shown) => (seeded.below(4) === 0 ? shown + 1 : shown)),
      'pair again': async () => phone.pair(band),
      meet: () => phone.meet(band),
      leave: () => phone.leave(),
      reset: () => band.wristband.reset(),
      'change the battery': async () => this.#restartBand(),
      'restart the phone': () => phone.restart(),
      'back the phone up': () => this.#backups.set(phone, phone.disk.bond),
      'restore the phone': () => this.#restore(phone),
      'lose an answer': () => phone.lost.push(seeded.pick(['begin', 'confirm', 'release'])),
      'fill the disks': () => this.#fill(seeded.below(2) === 0),
      order: async () => this.#world.order(phone, band),
      carry: async () => phone.bond.carryRelease(band.bandId),
      arm: async () => phone.bond.arm(),
      wear: () => band.wristband.state.setWorn(seeded.below(2) === 0),
      wait: () => this.#world.advance(seeded.pick([500, 5_000, 3_600_000])),
    }
    const name = seeded.pick(Object.keys(acts))
    this.done.push(`${name} (${this.#phones.indexOf(phone)})`)
    const act = acts[name]?.()
    await (act instanceof Promise ? hurried(this.#world, act) : act)
    await this.check()
  }

  async check(): Promise<void> {
    const { lock, wristband } = { lock: this.#band.flash.lock, wristband: this.#band.wristband }
    const story = this.done.join(', ')
    const bound = await this.#world.boundTo(this.#band)
    if (bound) {
      const holder = this.#phones.find(({ phoneId }) => phoneId === bound.phoneId)
      expect(lock, story).toMatchObject({ state: 'bound', epoch: bound.epoch })
      expect(lock.state === 'bound' && holder && equalBytes(lock.phonePoint, holder.signer.point), story).toBe(true)
    }
    expect(wristband.band !== undefined, story).toBe(lock.state === 'bound')
    if (wristband.state.armed) expect(lock.state, story).toBe('bound')
    if (wristband.state.phoneLinked) expect(lock.state, story).toBe('bound')
    // A phone that may think it holds the band by a copy of its disk has no power over it once another is bound.
    const { rows } = { rows: await this.#world.backend.db.selectFrom('bands').select('id').where('state', '=', 'active').execute() }
    expect(rows.length, story).toBeLessThanOrEqual(1)
  }

  async #restartBand(): Promise<void> {
    for (const phone of this.#phones) phone.leave()
    await this.#band.restart()
  }

  #restore(phone: TestPhone): void {
    if (!this.#backups.has(phone)) return
    phone.disk.bond = this.#backups.get(phone)
    phone.restart()
  }

  #fill(isFull: boolean): void {
    this.#band.flash.isFull = isFull
    for (const { disk } of this.#phones) disk.isFull = isFull
  }
}

test.each([1, 2, 3])('seed %i: one band, three phones of two accounts', async (seed) => {
  const world = await BondWorld.open()
  try {
    const band = await world.band()
    const first = await world.phone()
    const phones = [first, await world.phone(first.accountId), await world.phone()]
    expect(phones.length).toBe(PHONES)
    const days = new Days({ world, seeded: new Seeded(seed), band, phones })
    for (let step = 0; step < STEPS; step += 1) await days.step()
  } finally {
    await world.close()
  }
})
