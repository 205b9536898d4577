/**
 * A whole counter in one process: the real terminal over a real database file and the practice radio over a real socket, real bands and
 * phones, and the real backend on a loopback port. Everything shares one clock, and every part can be made to fail.
 */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileKeys } from '#main/hosting/file-keys.ts'
import type { BandLink, Keys, Radio } from '#main/ports.ts'
import type { Printer, PrintJob } from '#main/printing/printer.ts'
import { createPracticeRadio } from '#main/radio/practice-radio.ts'
import { openStore } from '#main/store/open-store.ts'
import { createBackendClient } from '#main/sync/backend-client.ts'
import { createTerminal, type Terminal, type TerminalRefusal } from '#main/terminal.ts'
import { Air } from '#reference/practice/air.ts'
import type { Direction, Fate } from '#reference/practice/air-link.ts'
import type { CustomerCharacter } from '#reference/practice/customers.ts'
import { FaultPlan } from '#reference/practice/fault-plan.ts'
import { seededRandom } from '#reference/practice/practice-clock.ts'
import { VirtualCustomer } from '#reference/practice/virtual-customer.ts'
import type { FaultKind, WorldEvent } from '#reference/practice/world-control.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import type { Message } from '#shared/contracts/frames.ts'
import type { PaymentView, Refused, TillState } from '#shared/contracts/till.ts'
import { generatePrivateJwk, randomBytes, signerOf } from '#shared/crypto/keys.ts'
import type { RequestId, SeatId, ShowtimeId, SightingId } from '#shared/domain/ids.ts'
import { ok, type Result } from '#shared/result.ts'
import { disagreements } from './agreement.ts'
import { newId, programme } from './backend-world.ts'
import { CounterBackend } from './counter-backend.ts'
import { FaultyStore } from './faulty-store.ts'
import { until } from './until.ts'
import { WarpClock } from './warp-clock.ts'

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
}

type Hooks = {
  /** Just before a message leaves the terminal; may wait. */
  onSend: (message: Message) => void | Promise<void>
  /** Just before a message from the band is handed to the terminal. */
  onReceive: (message: Message) => void
  /** Each PDU in the air, after the planned faults. */
  fateOf: (bandId: string, direction: Direction, pdu: Uint8Array) => Fate
  /** The terminal's radio instead of the practice one. */
  radio: (() => Radio) | undefined
}

export class CounterWorld {
  readonly folder: string
  readonly clock: WarpClock
  readonly backend: CounterBackend
  readonly customers = new Map<string, VirtualCustomer>()
  readonly events: Omit<WorldEvent, 'type' | 'atMs'>[] = []
  readonly faults = new FaultPlan()
  readonly printed: PrintJob[] = []
  /** What the terminal logged as faults. */
  readonly warnings: { readonly message: string; readonly fields: Readonly<Record<string, string>> }[] = []
  readonly hooks: Hooks = { onSend: () => {}, onReceive: () => {}, fateOf: () => 'deliver', radio: undefined }
  readonly keys: Keys
  readonly #air: Air
  #terminal: Terminal | undefined
  #store: FaultyStore | undefined

  private constructor(parts: { folder: string; clock: WarpClock; backend: CounterBackend; keys: Keys; air: Air }) {
    this.folder = parts.folder
    this.clock = parts.clock
    this.backend = parts.backend
    this.keys = parts.keys
    this.#air = parts.air
  }

  /** Everything up to an enrolled terminal that is not started yet. */
  static async build(options: CounterOptions = {}): Promise<CounterWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'bandtill-counter-'))
    const bands: { readonly id: string; readonly band: VirtualCustomer['band']; readonly distanceM: () => number }[] = []
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
    const world = new CounterWorld({ folder, clock, backend, keys, air: air.value })
    await world.#seed(options)
    for (const character of options.customers ?? [PAYER]) {
      const customer = await world.#bringToLife(character)
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

  get till(): Terminal {
    if (!this.#terminal) throw new Error('the terminal is not running')
    return this.#terminal
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
    const { clock, backend, keys, folder } = this
    const store = openStore({ file: join(folder, 'terminal.sqlite') })
    if (!store.ok) throw new Error(store.error.detail)
    this.#store = new FaultyStore(store.value)
    if (options.isFull) this.#store.isFull = options.isFull
    const client = createBackendClient({ url: backend.url, terminalId: TERMINAL, signer: keys.signer, clock, random: () => 0.5 })
    if (!client.ok) throw new Error(client.error)
    const radio = this.hooks.radio?.() ?? createPracticeRadio({ where: { path: join(folder, 'air') }, clock, random: () => 0.5 })
    const made = await createTerminal({
      store: this.#store,
      radio: watched(radio, this.hooks),
      backend: client.value,
      printer: this.#printer(),
      printerProfile: { model: 'generic', columns: 48, encoding: 'gb18030', cut: true, drawerPulse: true },
      clock,
      newId,
      random: () => 0.5,
      keys,
      rootPoint: backend.keys.rootPoint,
      terminalId: TERMINAL,
      enrolmentCode: options.code ?? ENROLMENT_CODE,
      practice: true,
      cashierName: 'Practice',
      log: { warn: (message, fields = {}) => this.warnings.push({ message, fields }) },
    })
    if (made.ok) this.#terminal = made.value
    else {
      client.value.close()
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
    const file = join(this.folder, 'terminal.sqlite')
    for (const suffix of ['', '-wal']) copyFileSync(`${file}${suffix}`, `${file}.kept${suffix}`)
    await this.stop()
    for (const suffix of ['', '-wal']) copyFileSync(`${file}.kept${suffix}`, `${file}${suffix}`)
    await this.start()
  }

  async ready(bands = 1): Promise<void> {
    await until('bands in sight and a programme', () => this.state.bands.length >= bands && this.till.programme().version !== 'none')
    await until('the outbox is empty', () => this.state.status.outbox.pending === 0)
  }

  async close(): Promise<void> {
    await this.stop()
    await this.#air.close()
    for (const customer of this.customers.values()) await customer.stop()
    await this.backend.close()
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
    await until(`attempt ${requestId} ends`, () => FINAL.has(this.attemptState(requestId)))
    return this.attemptState(requestId)
  }

  async until(what: string, isSo: () => boolean): Promise<void> {
    await until(`${what} (payment ${JSON.stringify(this.#terminal?.state().payment)})`, isSo)
  }

  attemptState(requestId: RequestId): string {
    return String(this.store.get('SELECT state FROM attempts WHERE request_id = ?', requestId)?.['state'])
  }

  receiptCount(): number {
    return Number(this.store.get('SELECT COUNT(*) AS n FROM receipts')?.['n'])
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
    this.#air.dropLinksOf(id)
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

  async #bringToLife(character: CustomerCharacter): Promise<VirtualCustomer> {
    const { registry } = this.backend
    const [phoneKey, bandKey] = await Promise.all([generatePrivateJwk(), generatePrivateJwk()])
    const keys = { accountId: newId(), phoneId: newId(), bandId: newId(), phoneKey, bandKey, idKey: toBase64Url(randomBytes(32)), epoch: 1 }
    const [phone, band] = await Promise.all([signerOf(phoneKey), signerOf(bandKey)])
    const { accountId, phoneId, bandId } = keys
    const { displayName, openingBalance, frozen } = character
    demand(await registry.account(accountId, { displayName, currency: 'CNY', openingBalance }))
    demand(await registry.phone(phoneId, { accountId, point: toBase64Url(phone.point) }))
    demand(await registry.band(bandId, { accountId, phoneId, point: toBase64Url(band.point), epoch: 1 }))
    if (frozen) demand(await registry.freeze(accountId, { frozen }))
    const customer = await VirtualCustomer.start(character, keys, {
      clock: this.clock,
      folder: this.folder,
      backendUrl: this.backend.url,
      rootPoint: this.backend.keys.rootPoint,
      place: { latitudeE5: 3_123_000, longitudeE5: 12_147_000 },
      onEvent: (event) => this.events.push(event),
    })
    this.customers.set(character.id, customer)
    if (character.phoneInReach) await until(`${character.id} has offers`, () => customer.band.offerCount > 0)
    return customer
  }

  #printer(): Printer {
    return {
      print: async (job) => {
        this.printed.push(job)
        return ok()
      },
      describe: () => ({ state: 'ready', detail: '' }),
    }
  }
}

const FINAL = new Set(['paid', 'not-asked', 'refused', 'declined', 'reversed'])

/** The value of a result that must be one. */
export function demand<T>(result: Result<T, { readonly code: string }>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`)
  return result.value
}

/** The same radio, with everything the terminal sends shown to the test first. */
function watched(radio: Radio, hooks: Hooks): Radio {
  const watchedLink = (link: BandLink): BandLink => ({
    attRequests: () => link.attRequests(),
    lastSent: () => link.lastSent(),
    receive: async (timeoutMs) => {
      const received = await link.receive(timeoutMs)
      if (received.ok) hooks.onReceive(received.value)
      return received
    },
    close: async () => link.close(),
    send: async (message) => {
      await hooks.onSend(message)
      return link.send(message)
    },
  })
  return {
    state: () => radio.state(),
    onState: (listener) => radio.onState(listener),
    onSighting: (listener) => radio.onSighting(listener),
    start: () => radio.start(),
    stop: async () => radio.stop(),
    connect: async (address) => {
      const link = await radio.connect(address)
      return link.ok ? ok(watchedLink(link.value)) : link
    },
  }
}
