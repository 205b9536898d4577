/** One band, three phones of two accounts and two tills, through whatever can happen to them; after each step the model is asked. */
import { createNotices } from '#reference/backend/services/notices.ts'
import { OwnerPhones } from '#reference/backend/services/owner-phones.ts'
import { equalBytes } from '#shared/contracts/bytes.ts'
import { release } from '#shared/contracts/link-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { newId, pathOf } from '#test/support/backend-world.ts'
import { BondWorld, type TestBand } from '#test/support/bond-world.ts'
import { hurried } from '#test/support/hurried.ts'
import { PoweredDatabase } from '#test/support/power.ts'
import type { Seeded } from '#test/support/seeded.ts'
import { BondModel } from './model.ts'
import { type Backup, PayingPhone, PIN } from './paying-phone.ts'
import { BondTill, type Paid } from './till.ts'
import { KNOWN_AFTER, WEIGHTED } from './weights.ts'

const AMOUNT_MAX = 100
const HOUR_MS = 3_600_000
/** One step in so many loses the backend's power somewhere, before one of its first so many statements. */
const CUT_ONE_IN = 8
const STATEMENTS_MAX = 15

type Act = () => Promise<unknown>
type Counted = 'steps' | 'payments' | 'refused payments' | 'pairings' | 'power cuts' | 'kills'

export class BondLives {
  readonly wrong: string[] = []
  readonly reached: Record<Counted, number> = {
    ...{ steps: 0, payments: 0, 'refused payments': 0, pairings: 0, 'power cuts': 0, kills: 0 },
  }
  readonly #seeded: Seeded
  readonly #power: PoweredDatabase
  readonly #world: BondWorld
  readonly #band: TestBand
  readonly #phones: readonly PayingPhone[]
  readonly #tills: readonly BondTill[]
  readonly #model: BondModel
  readonly #backups = new Map<PayingPhone, Backup>()
  readonly #story: string[] = []
  /** The backend loses its power somewhere in this step. */
  #isCutting = false

  private constructor(parts: {
    seeded: Seeded
    power: PoweredDatabase
    world: BondWorld
    band: TestBand
    phones: readonly PayingPhone[]
    tills: readonly BondTill[]
    model: BondModel
  }) {
    this.#seeded = parts.seeded
    this.#power = parts.power
    this.#world = parts.world
    this.#band = parts.band
    this.#phones = parts.phones
    this.#tills = parts.tills
    this.#model = parts.model
  }

  static async open(folder: string, seeded: Seeded): Promise<BondLives> {
    const power = new PoweredDatabase(folder)
    const world = await BondWorld.open(async () => power.open())
    const model = new BondModel(() => world.clock.nowMs())
    const band = await world.band()
    const first = await world.phone()
    const owned = [first, await world.phone(first.accountId), await world.phone()]
    const onProof = (proof: Parameters<BondModel['sign']>[0]) => {
      const fault = model.sign(proof)
      if (fault !== undefined) lives.wrong.push(fault)
    }
    const phones = await Promise.all(owned.map(async (phone) => PayingPhone.start(world, phone, onProof)))
    const tills = [await world.backend.addTerminal('aurora-1'), await world.backend.addTerminal('aurora-2')]
    const asking = tills.map((terminal) => new BondTill(world, terminal))
    const lives: BondLives = new BondLives({ seeded, power, world, band, phones, model, tills: asking })
    return lives
  }

  async close(): Promise<void> {
    for (const phone of this.#phones) phone.stop()
    await this.#world.close()
    await this.#power.close()
  }

  async step(): Promise<void> {
    const seeded = this.#seeded
    const phone = seeded.pick(this.#phones)
    const acts = { ...this.#withPhone(phone), ...this.#withBand(), ...this.#byOwner(phone), ...this.#faults(phone) }
    const name = seeded.pick(WEIGHTED)
    const cutBefore = seeded.below(CUT_ONE_IN) === 0 ? 1 + seeded.below(STATEMENTS_MAX) : undefined
    this.#story.push(`${name} (${this.#phones.indexOf(phone)})${cutBefore === undefined ? '' : ` cut ${cutBefore}`}`)
    this.#syncClocks()
    this.#isCutting = cutBefore !== undefined
    if (cutBefore !== undefined) this.#power.cutBefore(cutBefore)
    await acts[name]()
    if (cutBefore !== undefined) await this.#afterCut(acts[name], name)
    for (const each of this.#phones) await each.follow()
    this.reached.steps += 1
    await this.#check()
  }

  /** What the phone and whoever holds it do. */
  #withPhone(phone: PayingPhone) {
    const seeded = this.#seeded
    const band = this.#band
    return {
      pair: async () => this.#pair(phone, seeded.below(4) === 0),
      meet: async () => phone.phone.meet(band),
      'leave reach': async () => phone.phone.leave(),
      unlock: async () => this.#unlock(phone),
      'guess the PIN': async () => {
        const guess = String(seeded.below(1_000_000)).padStart(PIN.length, '0')
        if (guess !== PIN && (await hurried(this.#world, phone.unlock(guess)))) this.wrong.push(`the PIN ${guess} unlocked a phone`)
      },
      'carry the release': async () => this.#carry(phone),
      'back up': async () => this.#backups.set(phone, phone.backUp()),
      'restore from backup': async () => {
        const backup = this.#backups.get(phone)
        if (backup) await phone.restore(backup)
      },
      'kill the phone': async () => {
        this.reached.kills += 1
        await phone.restart()
      },
      // An owner who does everything right: without them random lives would seldom come to a payment.
      'live well': async () => this.#liveWell(phone),
    } satisfies Record<string, Act>
  }

  #withBand() {
    const seeded = this.#seeded
    const band = this.#band
    const wear = (worn: boolean) => {
      this.#model.wear(worn)
      band.wristband.state.setWorn(worn)
    }
    return {
      wear: async () => wear(true),
      'take off': async () => wear(false),
      'loose strap': async () => {
        wear(false)
        this.#world.advance(seeded.pick([500, 2_000, 4_500]))
        wear(true)
      },
      reset: async () => {
        band.wristband.reset()
        this.#model.disarmed()
      },
      'kill the band': async () => this.#restartBand(),
      knock: async () => band.wristband.state.knocked(1 + seeded.below(4)),
      pay: async () => this.#pay(seeded.pick(['none', 'none', 'right', 'wrong']), () => {}),
      'pay at two tills': async () => this.#payTwice(),
      'kill the band while it pays': async () => this.#killWhileItPays(),
      wait: async () => this.#world.advance(seeded.pick([500, 5_000, 10_000, HOUR_MS, 25 * HOUR_MS])),
    } satisfies Record<string, Act>
  }

  #byOwner(phone: PayingPhone) {
    const { accountId, phoneId } = phone.phone
    return {
      freeze: async () => this.#freeze(accountId, true),
      unfreeze: async () => this.#freeze(accountId, false),
      'order the release': async () => this.#order(phone),
      'retire the phone': async () => {
        // Seldom: an episode has three of them.
        if (this.#seeded.below(20) !== 0) return
        const { db } = this.#world.backend
        const phones = new OwnerPhones(db, this.#world.clock, createNotices({ clock: this.#world.clock, newId }))
        const retired = await phones.retire(accountId, phoneId).catch(() => undefined)
        if (retired?.ok) this.#model.retire(phoneId)
      },
    } satisfies Record<string, Act>
  }

  #faults(phone: PayingPhone) {
    const seeded = this.#seeded
    return {
      'lose an answer': async () => phone.phone.lost.push(seeded.pick(['begin', 'confirm', 'release'])),
      'fill the disks': async () => this.#fill(true),
      'empty the disks': async () => this.#fill(false),
    } satisfies Record<string, Act>
  }

  async #pair(phone: PayingPhone, isWrong: boolean): Promise<boolean> {
    const before = this.#band.flash.lock
    const paired = await hurried(
      this.#world,
      phone.phone.pair(this.#band, (shown) => (isWrong ? shown + 1 : shown)),
    )
    // A phone that meets the band brings it an order of release first, if there is one: that may turn the lock, too, but never binds it.
    const isBoundAnew = this.#band.flash.lock !== before && this.#band.flash.lock.state === 'bound'
    if (isBoundAnew && isWrong) this.wrong.push('a wrong count of knocks bound the band')
    if (paired.ok && isBoundAnew) this.reached.pairings += 1
    return paired.ok
  }

  async #carry(phone: PayingPhone): Promise<void> {
    const carried = await hurried(this.#world, phone.phone.bond.carryRelease(this.#band.bandId))
    if (carried.ok || this.#band.flash.lock.state === 'released') this.#model.disarmed()
  }

  async #liveWell(wanted: PayingPhone): Promise<void> {
    const { wristband } = this.#band
    this.#fill(false)
    for (const { phone } of this.#phones) phone.lost.length = 0
    const holder = this.#holder()
    holder?.phone.meet(this.#band)
    if (holder) await hurried(this.#world, holder.phone.bond.resume())
    // A band that is bound in vain is let go by its owner; any phone of theirs brings it the order.
    if (holder && !(await this.#truth(async () => this.#world.boundTo(this.#band)))) {
      await this.#order(holder)
      await this.#carryAll()
    }
    const payer = this.#holder() ?? (this.#isInUse(wanted) ? wanted : this.#phones.find((each) => this.#isInUse(each)))
    if (!payer) return
    if (this.#holder()) payer.phone.meet(this.#band)
    else if (!(await this.#pair(payer, false))) {
      await this.#carryAll()
      await this.#pair(payer, false)
    }
    await payer.follow()
    await this.#freeze(payer.phone.accountId, false)
    this.#model.wear(true)
    wristband.state.setWorn(true)
    await this.#unlock(payer)
    await this.#pay('none', () => {})
  }

  async #carryAll(): Promise<void> {
    for (const each of this.#phones.filter((phone) => this.#isInUse(phone))) {
      each.phone.meet(this.#band)
      await this.#carry(each)
    }
  }

  async #unlock(phone: PayingPhone): Promise<boolean> {
    const isItsOwn = this.#holder() === phone
    const isArmed = await hurried(this.#world, phone.unlock(PIN))
    // The band may have armed itself and its answer been lost: then, too, it was its own phone that was unlocked.
    if (isItsOwn) this.#model.armed()
    else if (isArmed) this.wrong.push('a phone armed a band that is not its own')
    return isArmed
  }

  /** Whose phone the band itself is locked to. */
  #holder(): PayingPhone | undefined {
    const { lock } = this.#band.flash
    return this.#phones.find(({ phone }) => lock.state === 'bound' && equalBytes(lock.phonePoint, phone.signer.point))
  }

  #isInUse({ phone }: PayingPhone): boolean {
    return !this.#model.isRetired(phone.phoneId)
  }

  async #order({ phone }: PayingPhone): Promise<void> {
    const ordered = await this.#world.order(phone, this.#band).catch(() => undefined)
    const signed = ordered?.ok ? (ordered.value as { readonly signed: Uint8Array }).signed : undefined
    const order = signed && peekSign1(release, signed)
    if (order?.ok) this.#model.release(order.value.value.epoch)
  }

  async #freeze(accountId: string, frozen: boolean): Promise<void> {
    const reply = await this.#world.backend.operator('PATCH', pathOf('account', accountId), { frozen })
    if (reply.status === 200) this.#model.freeze(accountId, frozen)
  }

  /** Asks the band for money; whatever comes of it must fit what was done to it. */
  async #pay(knocking: 'none' | 'right' | 'wrong', meanwhile: () => void): Promise<void> {
    const { band } = this.#band.wristband
    if (!band) return
    await band.advertisement()
    const knocks = knocking === 'none' ? 0 : 2 + this.#seeded.below(3)
    if (knocking !== 'none') this.#band.wristband.state.knocked(knocking === 'right' ? knocks : knocks + 1)
    const before = await this.#standing()
    const amount = 1 + this.#seeded.below(AMOUNT_MAX)
    const paid = await this.#seeded.pick(this.#tills).pay(band, { amount, knocks }, meanwhile)
    this.#judge(paid, knocking, before)
    const isSure = before.isReady && knocking !== 'wrong' && !this.#isCutting
    if (isSure && (paid === 'decline' || paid === 'refusal')) this.wrong.push(`a ${paid}, and nothing stood in the way`)
  }

  async #killWhileItPays(): Promise<void> {
    let restarted: Promise<void> | undefined
    await this.#pay('none', () => {
      restarted = this.#restartBand()
    })
    // The till may have its answer before the new process is there; until then it is the old one that would be looked at.
    await restarted
  }

  /** Two tills at once: a band has one connection, and one of them gets nothing. */
  async #payTwice(): Promise<void> {
    const { band } = this.#band.wristband
    if (!band) return
    await band.advertisement()
    const before = await this.#standing()
    const ends = await Promise.all(this.#tills.map(async (till) => till.pay(band, { amount: 1, knocks: 0 })))
    if (ends.filter((end) => end === 'authorization').length > 1) this.wrong.push('a band spoke with two tills at once')
    for (const end of ends) this.#judge(end, 'none', before)
  }

  /** How things stood when the till asked. */
  async #standing() {
    const bound = await this.#truth(async () => this.#world.boundTo(this.#band))
    const holder = this.#phones.find(({ phone }) => phone.phoneId === bound?.phoneId)
    const { state } = this.#band.wristband
    const { lock } = this.#band.flash
    const isLocked = lock.state !== 'bound' || this.#model.isReleased(lock.epoch)
    const cannot: string[] = []
    if (!bound || isLocked) cannot.push('the band is bound to nobody, or was let go')
    if (!state.worn || !this.#model.mayBeArmed()) cannot.push('the band is not armed')
    if (holder && this.#model.isFrozen(holder.phone.accountId)) cannot.push('the account is frozen')
    if (holder && this.#model.isRetired(holder.phone.phoneId)) cannot.push('the phone is retired')
    const { band } = this.#band.wristband
    const isReady = state.armed && state.phoneLinked && (band?.offerCount ?? 0) > 0 && !this.#band.flash.isFull
    return { cannot, isReady: isReady && cannot.length === 0 }
  }

  #judge(paid: Paid, knocking: 'none' | 'right' | 'wrong', { cannot }: { readonly cannot: readonly string[] }): void {
    if (paid !== 'authorization') {
      if (paid !== 'no-offer' && paid !== 'busy') this.reached['refused payments'] += 1
      return
    }
    this.reached.payments += 1
    const why = knocking === 'wrong' ? ['the knocks were wrong', ...cannot] : cannot
    if (why.length > 0) this.wrong.push(`it paid although ${why.join(', ')}`)
  }

  async #restartBand(): Promise<void> {
    this.reached.kills += 1
    for (const { phone } of this.#phones) phone.leave()
    this.#model.disarmed()
    // A new process knows nothing of the wrist until its sensor says so.
    this.#model.wear(false)
    await this.#band.restart()
  }

  #fill(isFull: boolean): void {
    this.#band.flash.isFull = isFull
    for (const { phone } of this.#phones) phone.disk.isFull = isFull
  }

  /** The backend's process is begun anew where its power went; what was under way is asked once more, so that its end is known. */
  async #afterCut(act: Act, name: string): Promise<void> {
    await this.#revive()
    if (KNOWN_AFTER.has(name)) await act()
  }

  async #revive(): Promise<void> {
    if (this.#power.isOff) {
      this.reached['power cuts'] += 1
      await this.#world.backend.restart()
    }
    this.#power.mend()
  }

  /** What the backend's disk says; the power may have gone meanwhile. */
  async #truth<T>(read: () => Promise<T>): Promise<T> {
    if (this.#power.isOff) await this.#revive()
    return read().catch(async () => {
      await this.#revive()
      return read()
    })
  }

  /** The backend's clock stands still between steps; the others' do not. */
  #syncClocks(): void {
    const behindMs = this.#world.clock.nowMs() - this.#world.backend.nowMs()
    if (behindMs > 0) this.#world.backend.advance(behindMs)
  }

  async #check(): Promise<void> {
    // Timers that are due fire first.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0))
    const { wristband, flash } = this.#band
    const { lock } = flash
    const bound = await this.#truth(async () => this.#world.boundTo(this.#band))
    const holder = this.#phones.find(({ phone }) => phone.phoneId === bound?.phoneId)
    const faults: string[] = []
    if (
      bound &&
      !(lock.state === 'bound' && lock.epoch === bound.epoch && holder && equalBytes(lock.phonePoint, holder.phone.signer.point))
    )
      faults.push(`the backend says phone ${bound.phoneId} of epoch ${bound.epoch}, the band says ${lock.state}`)
    if ((wristband.band !== undefined) !== (lock.state === 'bound')) faults.push('the band that pays and its lock disagree')
    if (wristband.state.armed && lock.state !== 'bound') faults.push('an open band is armed')
    if (wristband.state.phoneLinked && lock.state !== 'bound') faults.push('an open band has a phone')
    if (wristband.state.armed && !this.#model.mayBeArmed()) faults.push('the band is armed, and nobody can have armed it')
    const rows = await this.#truth(async () =>
      this.#world.backend.db.selectFrom('bands').select('id').where('state', '=', 'active').execute(),
    )
    if (rows.length > 1) faults.push('the band is bound twice')
    this.wrong.push(...faults)
    if (this.wrong.length > 0) this.wrong.push(`after: ${this.#story.slice(-STORY_MAX).join(', ')}`)
  }
}

const STORY_MAX = 60
