/** Bands and phones around one real backend: to pair, lose, release and steal. Everything kept survives a restart, and can be copied. */
import type { Database } from '#reference/backend/database/tables.ts'
import { Bands } from '#reference/backend/services/bands.ts'
import { createNotices } from '#reference/backend/services/notices.ts'
import type { BandEvent, BandStore, LockRecord, SlotRecord } from '#reference/band/ports.ts'
import { type PhoneConnection, Wristband } from '#reference/band/wristband.ts'
import { BandBond } from '#reference/phone/bond.ts'
import { createBondBackend } from '#reference/phone/bond-backend.ts'
import type { Bond, BondStore, PairRefusal, Relay } from '#reference/phone/ports.ts'
import type { PhoneBackendParts } from '#reference/phone/signed-calls.ts'
import { fromHex, toBase64Url } from '#shared/contracts/bytes.ts'
import { newSigner, type Signer } from '#shared/crypto/keys.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { BackendWorld, newId, pathOf } from './backend-world.ts'
import { nearFetch } from './near-calls.ts'
import { until } from './until.ts'
import { WarpClock } from './warp-clock.ts'
import { limitsOf } from './wide-limits.ts'

type Flash = { lock: LockRecord; ceiling: number; slots: SlotRecord | undefined; isFull: boolean }
type Disk = { bond: Bond | undefined; isFull: boolean }

const SESSIONS_MAX = 100_000

/** A band with its flash: `restart` is a battery change. */
export class TestBand {
  readonly bandId: string
  readonly factory: Signer
  readonly flash: Flash = { lock: { state: 'factory' }, ceiling: 0, slots: undefined, isFull: false }
  readonly events: BandEvent[] = []
  wristband!: Wristband
  readonly #world: BondWorld

  constructor(world: BondWorld, bandId: string, factory: Signer) {
    this.#world = world
    this.bandId = bandId
    this.factory = factory
  }

  async restart(): Promise<void> {
    const { flash } = this
    const store: BandStore = {
      saveCounter: async (ceiling) => {
        if (flash.isFull) return err('storage-failed')
        flash.ceiling = ceiling
        return ok()
      },
      saveSlots: async (slots) => {
        if (flash.isFull) return err('storage-failed')
        flash.slots = slots
        return ok()
      },
      saveLock: async (lock) => {
        if (flash.isFull) return err('storage-failed')
        flash.lock = lock
        return ok()
      },
    }
    this.wristband = await Wristband.start({
      clock: this.#world.clock,
      store,
      lock: flash.lock,
      counterCeiling: flash.ceiling,
      slots: flash.slots,
      factory: { bandId: fromHex(this.bandId) ?? new Uint8Array(0), signer: this.factory, rootPoint: this.#world.backend.keys.rootPoint },
      onEvent: (event) => this.events.push(event),
      // A test may meet a band as often as it likes.
      sessionsPerMinuteMax: SESSIONS_MAX,
    })
  }
}

/** A phone with its disk. `meet` brings it near a band; `restart` forgets all that is not on disk. */
export class TestPhone {
  readonly accountId: string
  readonly phoneId: string
  readonly signer: Signer
  readonly disk: Disk = { bond: undefined, isFull: false }
  /** Everything the band has said to this phone. */
  readonly heard: Relay[] = []
  bond!: BandBond
  /** Answers of the backend that are lost on the way back, by call. */
  lost: ('begin' | 'confirm' | 'release')[] = []
  #connection: PhoneConnection | undefined
  readonly #world: BondWorld

  constructor(world: BondWorld, parts: { readonly accountId: string; readonly phoneId: string; readonly signer: Signer }) {
    this.#world = world
    this.accountId = parts.accountId
    this.phoneId = parts.phoneId
    this.signer = parts.signer
    this.restart()
  }

  restart(): void {
    this.leave()
    const { disk } = this
    const store: BondStore = {
      saveBond: async (bond) => {
        if (disk.isFull) return err('storage-failed')
        disk.bond = bond
        return ok()
      },
    }
    this.bond = new BandBond({
      clock: this.#world.clock,
      band: { send: (relay) => this.say(relay) },
      backend: this.#backend(),
      store,
      kept: disk.bond,
      phonePoint: this.signer.point,
      rootPoint: this.#world.backend.keys.rootPoint,
    })
  }

  /** Sees everything this phone says. */
  onSay: (relay: Relay) => void = () => {}
  /** Hears what the band says that is none of the bond's own, and when it wants offers: the wallet, where this phone has one. */
  onOther: (relay: Relay) => void = () => {}
  onWanted: (slot: number) => void = () => {}

  /** Sends the band in reach what it is given. */
  say(relay: Relay): void {
    this.onSay(relay)
    queueMicrotask(() => this.#connection?.receive(relay))
  }

  meet({ wristband }: TestBand): void {
    this.leave()
    this.#connection = wristband.connectPhone({
      send: (relay) =>
        queueMicrotask(() => {
          this.heard.push(relay)
          if (!this.bond.receive(relay)) this.onOther(relay)
        }),
      offersWanted: (slot) => queueMicrotask(() => this.onWanted(slot)),
    })
  }

  leave(): void {
    this.#connection?.closed()
    this.#connection = undefined
  }

  /** Meets the band and pairs with it; the owner knocks as the phone shows, unless told otherwise. */
  async pair(band: TestBand, knock: (shown: number) => number | undefined = (shown) => shown): Promise<Result<Bond, PairRefusal>> {
    this.meet(band)
    return this.bond.pair((shown) => {
      const count = knock(shown)
      if (count !== undefined) band.wristband.state.knocked(count)
    })
  }

  /** Meets its own band and waits until the two know each other. */
  async meetOwn(band: TestBand): Promise<void> {
    this.meet(band)
    await until('the band knows its phone', () => band.wristband.state.phoneLinked)
  }

  /** How this phone calls the backend. */
  get calls(): PhoneBackendParts {
    const { backend, clock } = this.#world
    const stopped = new AbortController().signal
    const near = nearFetch({ listening: () => ({ app: backend.backend.app, stopped }), admit: () => 'answer' })
    return { clock, baseUrl: 'http://backend.test', phoneId: this.phoneId, signer: this.signer, hasNetwork: () => true, fetch: near }
  }

  #backend(): ReturnType<typeof createBondBackend> {
    const inner = createBondBackend(this.calls)
    const lose = async <T, E>(call: (typeof this.lost)[number], reply: Promise<Result<T, E>>) => {
      const answer = await reply
      const at = this.lost.indexOf(call)
      if (at < 0) return answer
      this.lost.splice(at, 1)
      return err('no-answer' as const)
    }
    return {
      begin: async (offer) => lose('begin', inner.begin(offer)),
      confirm: async (bandId, bound) => lose('confirm', inner.confirm(bandId, bound)),
      release: async (bandId) => lose('release', inner.release(bandId)),
    }
  }
}

export class BondWorld {
  readonly backend: BackendWorld
  readonly clock = new WarpClock()

  private constructor(backend: BackendWorld) {
    this.backend = backend
  }

  /** `openDatabase`: of the backend, instead of memory. */
  static async open(openDatabase?: () => Promise<Database>): Promise<BondWorld> {
    const backend = await BackendWorld.open(openDatabase ? { openDatabase } : {})
    const world = new BondWorld(backend)
    // Band and phone live by the machine's clock, which a test moves; the backend's is set to the same moment.
    backend.advance(world.clock.nowMs() - backend.nowMs())
    return world
  }

  async close(): Promise<void> {
    await this.backend.close()
  }

  advance(ms: number): void {
    this.clock.advance(ms)
    this.backend.advance(ms)
  }

  async band(): Promise<TestBand> {
    const bandId = newId()
    const factory = await newSigner()
    const reply = await this.backend.operator('PUT', pathOf('band', bandId), { factoryPoint: toBase64Url(factory.point) })
    if (reply.status !== 200) throw new Error(JSON.stringify(reply))
    const band = new TestBand(this, bandId, factory)
    await band.restart()
    return band
  }

  /** A phone of an account, which is made when none is named. */
  async phone(accountId = newId()): Promise<TestPhone> {
    const phoneId = newId()
    const signer = await newSigner()
    const account = { displayName: 'Mei', currency: 'CNY', openingBalance: 100_000, ...limitsOf(undefined) }
    await this.backend.operator('PUT', pathOf('account', accountId), account)
    const reply = await this.backend.operator('PUT', pathOf('phone', phoneId), { accountId, point: toBase64Url(signer.point) })
    if (reply.status !== 200) throw new Error(JSON.stringify(reply))
    return new TestPhone(this, { accountId, phoneId, signer })
  }

  /** The binding in force at the backend: whose phone this band pays for. */
  async boundTo(band: TestBand): Promise<{ readonly phoneId: string; readonly epoch: number } | undefined> {
    const row = await this.backend.db.selectFrom('bands').selectAll().where('id', '=', band.bandId).executeTakeFirst()
    return row?.state === 'active' ? { phoneId: row.phone_id, epoch: row.epoch } : undefined
  }

  async notices(accountId: string): Promise<readonly string[]> {
    const rows = await this.backend.db.selectFrom('notices').select('kind').where('account_id', '=', accountId).orderBy('at').execute()
    return rows.map(({ kind }) => kind)
  }

  /** The owner's order, as a signed-in owner gives it. */
  async order(owner: TestPhone, band: TestBand): Promise<Result<unknown, unknown>> {
    const { db, keys } = this.backend
    return new Bands({ db, keys, clock: this.clock, tell: createNotices({ clock: this.clock, newId }) }).release(
      owner.accountId,
      band.bandId,
    )
  }
}
