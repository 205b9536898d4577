/**
 * A whole counter in one process: the real terminal over a real database file and the practice radio over a real socket, real bands and
 * phones, and the real backend on a loopback port. Everything shares one clock, and every part can be made to fail.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileKeys } from '#main/hosting/file-keys.ts'
import { MARK_FILE } from '#main/hosting/mark-file.ts'
import type { Clock, Keys } from '#main/ports.ts'
import type { PrintJob } from '#main/printing/printer.ts'
import { openStore } from '#main/store/open-store.ts'
import type { Terminal, TerminalRefusal } from '#main/terminal.ts'
import { Air } from '#reference/practice/air.ts'
import { type CustomerCharacter, PRACTICE_LIMITS } from '#reference/practice/customers.ts'
import { FaultPlan } from '#reference/practice/fault-plan.ts'
import { seededRandom } from '#reference/practice/practice-clock.ts'
import { VirtualCustomer } from '#reference/practice/virtual-customer.ts'
import type { WorldEvent } from '#reference/practice/world-control.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { FaultKind } from '#shared/contracts/practice-desk.ts'
import type { PaymentView, Refused, Till, TillState } from '#shared/contracts/till.ts'
import { generatePrivateJwk, signerOf } from '#shared/crypto/keys.ts'
import { type AttemptState, isFinal } from '#shared/domain/attempt.ts'
import type { RequestId, SeatId, ShowtimeId, SightingId } from '#shared/domain/ids.ts'
import type { Result } from '#shared/result.ts'
import { disagreements } from './agreement.ts'
import { newId, programme } from './backend-world.ts'
import { collectingPrinter } from './collecting-printer.ts'
import { composeTerminal } from './compose-terminal.ts'
import { CounterBackend } from './counter-backend.ts'
import { demand } from './demand.ts'
import { FaultyStore } from './faulty-store.ts'
import { until } from './until.ts'
import { WarpClock } from './warp-clock.ts'
import { type Hooks, untouched } from './world-hooks.ts'

export { demand } from './demand.ts'
export const TERMINAL = 'aurora-1'
export const OTHER_TERMINAL = 'aurora-2'
const SITE = 'aurora'
export const ENROLMENT_CODE = 'code-of-aurora-1'
export const SHOW = 'show-1' as ShowtimeId
/** Fen, as the fixture programme has it. */
export const TICKET_PRICE = 4_500
export const POPCORN_PRICE = 2_500
export const PAYER: CustomerCharacter = {
  id: 'rich',
  displayName: 'Golden Carp',
  distanceM: 0.3,
  worn: true,
  phoneInReach: true,
  openingBalance: 100_000_00,
  frozen: false,
  phoneDelayMs: 0,
  confirmAbove: 200_000,
  confirmAfterMs: 0,
}

export type CounterOptions = {
  readonly customers?: readonly CustomerCharacter[]
  readonly showtimes?: readonly string[]
  readonly seats?: { readonly rows: number; readonly seats: number }
  readonly serverMtu?: number
}

type HeardBand = { readonly id: string; readonly band: VirtualCustomer['band']; readonly distanceM: () => number }
type WorldParts = {
  readonly folder: string
  readonly clock: WarpClock
  readonly backend: CounterBackend
  readonly keys: Keys
  readonly air: Air
  /** What the air carries. */
  readonly bands: HeardBand[]
  readonly terminalId: string
  readonly enrolmentCode: string
  /** The world whose backend, air and customers this one shares. */
  readonly host?: CounterWorld
}

export class CounterWorld {
  readonly folder: string
  readonly clock: WarpClock
  readonly backend: CounterBackend
  readonly customers: Map<string, VirtualCustomer>
  readonly events: Omit<WorldEvent, 'type' | 'atMs'>[] = []
  readonly faults: FaultPlan
  readonly printed: PrintJob[] = []
  /** Set before the start: a live till, which begins without people. */
  isLive = false
  /** What each customer's phone and band are known by, and the keys they came with. */
  readonly customerKeys = new Map<string, Parameters<typeof VirtualCustomer.start>[1]>()
  /** What the terminal logged as faults. */
  readonly warnings: { readonly message: string; readonly fields: Readonly<Record<string, string>> }[] = []
  readonly hooks: Hooks = untouched()
  readonly keys: Keys
  readonly #parts: WorldParts
  /** Starts a customer's band and phone from their files. */
  readonly #made = new Map<string, () => Promise<VirtualCustomer>>()
  #terminal: Terminal | undefined
  #store: FaultyStore | undefined

  private constructor(parts: WorldParts) {
    this.folder = parts.folder
    this.clock = parts.clock
    this.backend = parts.backend
    this.keys = parts.keys
    this.customers = parts.host?.customers ?? new Map<string, VirtualCustomer>()
    this.faults = parts.host?.faults ?? new FaultPlan()
    this.#parts = parts
  }

  /** Everything up to an enrolled terminal that is not started yet. */
  static async build(options: CounterOptions = {}): Promise<CounterWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'bandtill-counter-'))
    const bands: HeardBand[] = []
    const clock = new WarpClock()
    const backend = await CounterBackend.start(folder, clock)
    const keys = demand(await openFileKeys(folder))
    const air = await Air.listen(join(folder, 'air'), {
      clock,
      bands,
      random: seededRandom(1),
      intervalMs: 0,
      faults: (bandId, direction, pdu) => {
        const planned = world.faults.fateOf(bandId, direction, pdu)
        return planned === 'deliver' ? world.hooks.fateOf(bandId, direction, pdu) : planned
      },
    })
    if (!air.ok) throw new Error(air.error)
    const here = { folder, clock, backend, keys, bands, terminalId: TERMINAL, enrolmentCode: ENROLMENT_CODE }
    const world = new CounterWorld({ ...here, air: air.value })
    await world.#seed(options)
    for (const character of options.customers ?? [PAYER]) {
      const customer = await world.#bringToLife(character, options.serverMtu)
      bands.push({ id: character.id, band: customer.band, distanceM: customer.distanceM })
    }
    return world
  }

  /** A counter that is open: started, its bands in sight, its programme there. */
  static async open(options: CounterOptions = {}): Promise<CounterWorld> {
    const world = await CounterWorld.build(options)
    await world.start()
    await world.ready(options.customers?.length ?? 1)
    return world
  }

  /** A second till at the same site, hearing the same bands: enrolled when it starts. Closed before its host. */
  async beside(): Promise<CounterWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'bandtill-counter-'))
    const keys = demand(await openFileKeys(folder))
    const enrolmentCode = `code-of-${OTHER_TERMINAL}`
    demand(await this.backend.registry.terminal(OTHER_TERMINAL, { siteId: SITE, enrolmentCode }))
    return new CounterWorld({ ...this.#parts, folder, keys, terminalId: OTHER_TERMINAL, enrolmentCode, host: this })
  }

  /** Where the practice air listens. */
  get airPath(): string {
    return join(this.#parts.host?.folder ?? this.folder, 'air')
  }

  get till(): Till {
    if (!this.#terminal) throw new Error('the terminal is not running')
    return this.#terminal.till
  }

  get store(): FaultyStore {
    if (!this.#store) throw new Error('the terminal is not running')
    return this.#store
  }

  get state(): TillState {
    return this.till.state()
  }

  get payment(): PaymentView | undefined {
    return this.state.payment
  }

  customer(id = PAYER.id): VirtualCustomer {
    const customer = this.customers.get(id)
    if (!customer) throw new Error(`no customer ${id}`)
    return customer
  }

  /** Makes the terminal over the file in the folder; a fault on the disk from the first write on can be asked for. */
  async create(
    options: { readonly isFull?: FaultyStore['isFull']; readonly code?: string } = {},
  ): Promise<Result<Terminal, TerminalRefusal>> {
    const { clock, backend, keys, folder, hooks } = this
    const store = openStore({ file: join(folder, 'terminal.sqlite') })
    if (!store.ok) throw new Error(store.error.detail)
    this.#store = new FaultyStore(hooks.store(store.value))
    if (options.isFull) this.#store.isFull = options.isFull
    const skewed: Clock = {
      nowMs: () => clock.nowMs() + hooks.skewMs,
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, callback) => clock.after(delayMs, callback),
    }
    const made = await composeTerminal({
      store: this.#store,
      clock: skewed,
      keys,
      printer: collectingPrinter(this.printed),
      makePrinter: hooks.printer,
      practice: !this.isLive,
      backendUrl: backend.url,
      rootPoint: backend.keys.rootPoint,
      terminalId: this.#parts.terminalId,
      enrolmentCode: options.code ?? this.#parts.enrolmentCode,
      airPath: this.airPath,
      marks: hooks.marks?.(),
      radio: hooks.radio,
      watch: hooks,
      log: { warn: (message, fields = {}) => this.warnings.push({ message, fields }) },
    })
    if (made.ok) this.#terminal = made.value
    else {
      store.value.close()
      this.#store = undefined
    }
    return made
  }

  async start(): Promise<void> {
    const made = await this.create()
    if (!made.ok) throw new Error(`${made.error.code}: ${made.error.detail}`)
    made.value.start()
  }

  async stop(): Promise<void> {
    const terminal = this.#terminal
    this.#terminal = undefined
    await terminal?.stop()
    this.#store = undefined
  }

  /** As after a crash or a normal end: another terminal object over the same file. */
  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /** As after a power cut: another terminal object goes on from the file as it is at this moment, knowing nothing of what came later. */
  async cutPower(): Promise<void> {
    const onDisk = ['terminal.sqlite', 'terminal.sqlite-wal', MARK_FILE]
      .map((name) => join(this.folder, name))
      .filter((file) => existsSync(file))
    for (const file of onDisk) copyFileSync(file, `${file}.kept`)
    await this.stop()
    for (const file of onDisk) copyFileSync(`${file}.kept`, file)
    await this.start()
  }

  async ready(bands = 1): Promise<void> {
    await until('bands in sight and a programme', () => this.state.bands.length >= bands && this.till.programme().version !== 'none')
    await until('the outbox is empty', () => this.state.status.outbox.pending === 0)
  }

  async close(): Promise<void> {
    await this.stop()
    if (!this.#parts.host) {
      await this.#parts.air.close()
      for (const customer of this.customers.values()) await customer.stop()
      await this.backend.close()
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  // --- What a cashier does -------------------------------------------------------------------------------------------------------

  /** Puts popcorn into the cart. */
  async popcorn(quantity = 1): Promise<void> {
    demand(await this.till.setProduct({ productId: 'popcorn', quantity }))
  }

  async seats(...seats: readonly string[]): Promise<Result<void, Refused>> {
    return this.till.setSeats({ showtimeId: SHOW, seats: seats.map((seat) => ({ seat: seat as SeatId, ticketTypeId: 'adult' })) })
  }

  /** The sighting of a customer's band, once it is heard. */
  async sightingOf(id = PAYER.id): Promise<SightingId> {
    if (this.customers.size === 1) await until('the band is in sight', () => this.state.bands.length > 0)
    const bands = this.state.bands
    const index = [...this.customers.keys()].indexOf(id)
    // Customers are made nearest first in these tests, which is how the list is sorted.
    const band = bands[index] ?? bands[0]
    if (!band) throw new Error(`no band of ${id}`)
    return band.id
  }

  async charge(id = PAYER.id): Promise<RequestId> {
    const charged = await this.till.chargeBand({ sightingId: await this.sightingOf(id) })
    return demand(charged).requestId
  }

  async settled(requestId: RequestId): Promise<string> {
    await until(`attempt ${requestId} ends`, () => isFinal(this.attemptState(requestId) as AttemptState))
    return this.attemptState(requestId)
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    await until(`${what} (payment ${JSON.stringify(this.#terminal?.till.state().payment)})`, isSo)
  }

  attemptState(requestId: RequestId): string {
    return String(this.store.get('SELECT state FROM attempts WHERE request_id = ?', requestId)?.['state'])
  }

  receiptCount(): number {
    return Number(this.store.get('SELECT COUNT(*) AS n FROM receipts')?.['n'])
  }

  /** A customer's band and phone stop and start again from their files, which may be changed meanwhile. */
  async restartCustomer(meanwhile: (folder: string) => void, id = PAYER.id): Promise<void> {
    await this.customer(id).stop()
    meanwhile(this.folder)
    const { bands } = this.#parts
    const customer = await this.#made.get(id)?.()
    if (!customer) throw new Error(`no customer ${id}`)
    this.customers.set(id, customer)
    bands[bands.findIndex((heard) => heard.id === id)] = { id, band: customer.band, distanceM: customer.distanceM }
  }

  /** Nothing waits for the backend any more. */
  async synced(): Promise<void> {
    await until('the outbox is empty', () => this.state.status.outbox.pending === 0)
  }

  fault(kind: FaultKind, options: { readonly count?: number; readonly delayMs?: number; readonly id?: string } = {}): void {
    const { count = 1, delayMs = 0, id = PAYER.id } = options
    this.faults.plan(id, { kind, count, delayMs })
  }

  dropLinks(id = PAYER.id): void {
    this.#parts.air.dropLinksOf(id)
  }

  /** Everything the two sides disagree about once all that is pending has been exchanged: nothing, when all is well. */
  async disagreements(): Promise<readonly string[]> {
    await this.synced()
    return disagreements(this.store, this.backend.db)
  }

  /** Authorizations at the backend by request id. */
  async authorizations(): Promise<Map<string, { readonly id: string; readonly state: string; readonly amount: number }>> {
    const rows = await this.backend.db.selectFrom('authorizations').select(['id', 'request_id', 'state', 'amount']).execute()
    return new Map(rows.map(({ id, request_id: requestId, state, amount }) => [requestId, { id, state, amount }]))
  }

  async #seed(options: CounterOptions): Promise<void> {
    const { registry } = this.backend
    demand(await registry.merchant(SITE, { name: { en: 'Aurora Cinema', 'zh-CN': '极光影城' } }))
    const site = {
      merchantId: SITE,
      name: { en: 'Riverside', 'zh-CN': '江畔店' },
      address: { en: '1 River Road', 'zh-CN': '滨江路1号' },
      timeZone: 'Asia/Shanghai',
      latitudeE5: 3_123_000,
      longitudeE5: 12_147_000,
      currency: 'CNY' as const,
    }
    demand(await registry.site(SITE, site))
    demand(await registry.terminal(TERMINAL, { siteId: SITE, enrolmentCode: ENROLMENT_CODE }))
    const { showtimes = [SHOW], seats = {} } = options
    demand(
      await registry.programme(SITE, programme(this.clock.nowMs(), { showtimes, ...seats }) as Parameters<typeof registry.programme>[1]),
    )
  }

  async #bringToLife(character: CustomerCharacter, serverMtu?: number): Promise<VirtualCustomer> {
    const { registry } = this.backend
    const [phoneKey, factoryKey] = await Promise.all([generatePrivateJwk(), generatePrivateJwk()])
    const keys = { accountId: newId(), phoneId: newId(), bandId: newId(), phoneKey, factoryKey }
    const [phone, band] = await Promise.all([signerOf(phoneKey), signerOf(factoryKey)])
    const { accountId, phoneId, bandId } = keys
    const { displayName, openingBalance, frozen } = character
    demand(await registry.account(accountId, { displayName, currency: 'CNY', openingBalance, limits: PRACTICE_LIMITS }))
    demand(await registry.phone(phoneId, { accountId, point: toBase64Url(phone.point) }))
    demand(await registry.band(bandId, { factoryPoint: toBase64Url(band.point) }))
    if (frozen) demand(await registry.freeze(accountId, { frozen }))
    const given: Parameters<typeof VirtualCustomer.start>[2] = {
      ...{ clock: this.clock, folder: this.folder, backendUrl: this.backend.url, rootPoint: this.backend.keys.rootPoint },
      place: { latitudeE5: 3_123_000, longitudeE5: 12_147_000 },
      onEvent: (event) => this.events.push(event),
      ...(serverMtu === undefined ? {} : { serverMtu }),
    }
    const make = async () => VirtualCustomer.start(character, keys, given)
    const customer = await make()
    this.customers.set(character.id, customer)
    this.#made.set(character.id, make)
    this.customerKeys.set(character.id, keys)
    if (character.phoneInReach) await until(`${character.id} has offers`, () => customer.band.offerCount > 0)
    return customer
  }
}
