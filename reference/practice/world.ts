/**
 * The world process of practice: virtual customers with their bands and phones, and the air between them and the terminals.
 * Started by the supervisor, the demonstration, the benches; steered by process messages (world-control.ts).
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { assert } from '#shared/assert.ts'
import { selfTest } from '#shared/crypto/self-test.ts'
import { OFFERS_MAX } from '../band/offers.ts'
import { Air, type AirBand } from './air.ts'
import { SITE, TERMINAL_ID } from './cinema.ts'
import { CUSTOMERS } from './customers.ts'
import { Desk } from './desk.ts'
import { FaultPlan } from './fault-plan.ts'
import { clearSocket, ownerOnly } from './local-socket.ts'
import { type PracticeClock, practiceClock, seededRandom } from './practice-clock.ts'
import { VirtualPrinter } from './printer/virtual-printer.ts'
import { RegistryClient } from './registry-client.ts'
import { seedProgramme, seedWorld } from './seed.ts'
import { localDay } from './showtimes.ts'
import { Steering } from './steering.ts'
import { Stranger } from './stranger.ts'
import { VirtualCustomer } from './virtual-customer.ts'
import { type FromWorld, toWorld, type WorldCommand, type WorldEvent } from './world-control.ts'
import { openWorldState } from './world-state.ts'
import { YOU, YourBand } from './your-band.ts'
import { YourBandServer } from './your-band-server.ts'

/** How often the world looks whether a new day has begun at the cinema. */
const NEW_DAY_CHECK_MS = 30_000
/** How long the start waits for the phones to fill the bands, and how often it looks. */
const FIRST_OFFERS_WAIT_MS = 3_000
const FIRST_OFFERS_LOOK_MS = 20
const NOISE_SEED = 20_150_826

const options = z.strictObject({
  socket: z.string().min(1),
  /** Where the practice desk and the practice printer listen; without, there is none. */
  'desk-socket': z.string().min(1).optional(),
  'printer-socket': z.string().min(1).optional(),
  /** Where a page in a browser becomes the phone of the spare band; 0 for any port that is free, and without there is none. */
  'wallet-port': z.coerce.number().int().min(0).max(65_535).optional(),
  backend: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  'operator-token-file': z.string().min(1),
  state: z.string().min(1),
  'clock-offset-ms': z.coerce.number().int().default(0),
  /** Connection interval of the air; 0 for no delay. */
  'interval-ms': z.coerce.number().int().min(0).max(4_000).default(0),
  'server-mtu': z.coerce.number().int().min(23).max(517).optional(),
  'sessions-per-minute': z.coerce.number().int().min(1).optional(),
})
type Options = z.output<typeof options>

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      socket: { type: 'string' },
      'desk-socket': { type: 'string' },
      'printer-socket': { type: 'string' },
      'wallet-port': { type: 'string' },
      backend: { type: 'string' },
      'operator-token-file': { type: 'string' },
      state: { type: 'string' },
      'clock-offset-ms': { type: 'string' },
      'interval-ms': { type: 'string' },
      'server-mtu': { type: 'string' },
      'sessions-per-minute': { type: 'string' },
    },
  })
  return options.parse(values)
}

function send(message: FromWorld): void {
  if (process.connected) process.send?.(message)
}

/** What listens for terminals: the air, the desk, the printer. */
type Listener = { close(): Promise<void> }

class World {
  readonly #clock: PracticeClock
  readonly #registry: RegistryClient
  readonly #enrolmentCode: string
  readonly #customers: ReadonlyMap<string, VirtualCustomer>
  readonly #steering: Steering
  readonly #listeners: readonly Listener[]
  /** Where the spare band's page comes in. */
  readonly wallet: YourBandServer | undefined
  #day: string
  #stopTimer = () => {}

  private constructor(parts: {
    clock: PracticeClock
    registry: RegistryClient
    enrolmentCode: string
    customers: ReadonlyMap<string, VirtualCustomer>
    steering: Steering
    listeners: readonly Listener[]
    wallet: YourBandServer | undefined
  }) {
    this.#clock = parts.clock
    this.#registry = parts.registry
    this.#enrolmentCode = parts.enrolmentCode
    this.#customers = parts.customers
    this.#steering = parts.steering
    this.#listeners = parts.listeners
    this.wallet = parts.wallet
    this.#day = localDay(parts.clock.nowMs(), SITE.timeZone).date
    this.#watchTheDay()
  }

  static async start(given: Options): Promise<World> {
    const known = await selfTest()
    if (!known.ok) throw new Error(`this machine's cryptography gives wrong answers: ${known.error}`)
    const clock = practiceClock(given['clock-offset-ms'])
    const token = (await readFile(given['operator-token-file'], 'utf8')).trim()
    const registry = new RegistryClient(given.backend, token)
    const state = await openWorldState(given.state)
    const rootPoint = await registry.rootPoint()
    if (!rootPoint.ok) throw new Error(`the backend does not answer: ${rootPoint.error.message}`)
    const seeded = await seedWorld(registry, state, clock.nowMs())
    if (!seeded.ok) throw new Error(`the backend refused ${seeded.error.step}: ${seeded.error.code}, ${seeded.error.message}`)
    const { latitudeE5, longitudeE5 } = SITE
    const lastEvents = new Map<string, WorldEvent['event']>()
    const tell = (event: Omit<WorldEvent, 'type' | 'atMs'>) => {
      lastEvents.set(event.customer, event.event)
      send({ ...event, type: 'event', atMs: clock.nowMs() })
    }
    const world = {
      clock,
      folder: given.state,
      backendUrl: given.backend,
      rootPoint: rootPoint.value,
      onEvent: tell,
      place: { latitudeE5, longitudeE5 },
      stranger: new Stranger({ clock, folder: given.state, backendUrl: given.backend, rootPoint: rootPoint.value, registry }),
      ...(given['sessions-per-minute'] === undefined ? {} : { sessionsPerMinuteMax: given['sessions-per-minute'] }),
      ...(given['server-mtu'] === undefined ? {} : { serverMtu: given['server-mtu'] }),
    }
    const started = await Promise.all(
      CUSTOMERS.map(async (character) => VirtualCustomer.start(character, state.customers[character.id], world)),
    )
    const you = await startYourBand(given, { clock, registry, rootPoint: rootPoint.value })
    const faults = new FaultPlan()
    await clearSocket(given.socket)
    const air = await Air.listen(given.socket, {
      clock,
      intervalMs: given['interval-ms'],
      random: seededRandom(NOISE_SEED),
      bands: [
        ...started.map((customer) => placeOf(customer.character.id, () => customer.boundBand, customer.distanceM)),
        ...(you ? [placeOf(YOU, () => you.band.band, you.band.distanceM)] : []),
      ],
      faults: (bandId, direction, pdu) => faults.fateOf(bandId, direction, pdu),
    })
    if (!air.ok) throw new Error('the practice air cannot listen on its socket')
    await ownerOnly(given.socket)
    if (you) you.band.onOutOfReach = () => air.value.dropLinksOf(YOU)
    const customers: ReadonlyMap<string, VirtualCustomer> = new Map(started.map((customer) => [customer.character.id, customer]))
    const printer = await openPrinter(given['printer-socket'], clock)
    const steering = new Steering({
      customers,
      faults,
      lastEvents,
      printer,
      unfreeze: async ({ character }) => registry.freeze(state.customers[character.id].accountId, { frozen: false }),
      dropLinksOf: (bandId) => air.value.dropLinksOf(bandId),
    })
    const desk = await openDesk(given['desk-socket'], steering)
    await filled(started, clock)
    const listeners = [air.value, desk, printer, you?.server, you && { close: async () => you.band.stop() }]
    const wallet = you?.server
    return new World({
      ...{ clock, registry, customers, steering, wallet },
      enrolmentCode: state.enrolmentCode,
      listeners: listeners.filter((listener) => listener !== undefined),
    })
  }

  get enrolmentCode(): string {
    return this.#enrolmentCode
  }

  async take(command: WorldCommand): Promise<void> {
    const reply = command.replyTo === undefined ? {} : { replyTo: command.replyTo }
    if (command.type !== 'list') {
      const refused = await this.#steering.act(command)
      return send(refused === undefined ? { type: 'done', ...reply } : { type: 'refused', ...reply, message: refused })
    }
    const customers = await Promise.all([...this.#customers.values()].map(async (customer) => customer.view()))
    return send({ type: 'customers', ...reply, customers })
  }

  async stop(): Promise<void> {
    this.#stopTimer()
    await Promise.all(this.#listeners.map(async (listener) => listener.close()))
    await Promise.all([...this.#customers.values()].map(async (customer) => customer.stop()))
  }

  #watchTheDay(): void {
    this.#stopTimer = this.#clock.after(NEW_DAY_CHECK_MS, () => {
      void this.#renewProgramme().then(() => this.#watchTheDay())
    })
  }

  async #renewProgramme(): Promise<void> {
    const { date } = localDay(this.#clock.nowMs(), SITE.timeZone)
    if (date !== this.#day && (await seedProgramme(this.#registry, this.#clock.nowMs())).ok) this.#day = date
  }
}

type Seeded = { readonly clock: PracticeClock; readonly registry: RegistryClient; readonly rootPoint: Uint8Array }

/** The spare band, and the door for its page. */
async function startYourBand(
  given: Options,
  world: Seeded,
): Promise<{ readonly band: YourBand; readonly server: YourBandServer } | undefined> {
  const port = given['wallet-port']
  if (port === undefined) return undefined
  const { clock } = world
  const folder = given.state
  const mtu = given['server-mtu']
  const band = await YourBand.start({ ...world, folder, ...(mtu === undefined ? {} : { serverMtu: mtu }) })
  if (!band.ok) throw new Error(`the backend refused the spare band: ${band.error.message}`)
  // The wallet's page is the backend's own, under the two names a browser on this machine has for it.
  const page = new URL(given.backend)
  const origins = new Set(['localhost', '127.0.0.1'].map((host) => `${page.protocol}//${host}${page.port ? `:${page.port}` : ''}`))
  const server = await YourBandServer.listen({ clock, band: band.value, folder, port, origins })
  assert(server.ok, "the spare band's door cannot listen on its port")
  return { band: band.value, server: server.value }
}

/** Where a band is, and what there is of it: while it is bound to nobody it says nothing to terminals. */
function placeOf(id: string, bandNow: () => AirBand['band'], distanceM: () => number): AirBand {
  return {
    id,
    distanceM,
    get band() {
      return bandNow()
    },
  }
}

async function openPrinter(path: string | undefined, clock: PracticeClock): Promise<VirtualPrinter | undefined> {
  if (path === undefined) return undefined
  const printer = await VirtualPrinter.listen(path, { clock, onFault: (detail) => console.error(detail) })
  assert(printer.ok, 'the practice printer cannot listen on its socket')
  return printer.value
}

async function openDesk(path: string | undefined, steering: Steering): Promise<Desk | undefined> {
  if (path === undefined) return undefined
  const desk = await Desk.listen(path, { view: async () => steering.view(), act: async (command) => steering.act(command) })
  assert(desk.ok, 'the practice desk cannot listen on its socket')
  return desk.value
}

/** A till may sell as soon as the world is ready, so the bands get their first offers before; a slow phone is not waited for. */
async function filled(customers: readonly VirtualCustomer[], clock: PracticeClock): Promise<void> {
  const untilMs = clock.monotonicMs() + FIRST_OFFERS_WAIT_MS
  const prompt = customers.filter(({ character }) => character.phoneInReach && character.phoneDelayMs < FIRST_OFFERS_WAIT_MS)
  while (clock.monotonicMs() < untilMs && prompt.some(({ boundBand }) => (boundBand?.offerCount ?? OFFERS_MAX) < OFFERS_MAX)) {
    const { promise, resolve } = Promise.withResolvers<void>()
    clock.after(FIRST_OFFERS_LOOK_MS, resolve)
    await promise
  }
}

const EXIT_FAILED = 1

async function main(): Promise<void> {
  const world = await World.start(parseOptions())
  let stopping = false
  const stop = () => {
    if (stopping) return
    stopping = true
    void world.stop().then(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
  // It may have gone while this process was still loading.
  if (process.send && !process.connected) stop()
  process.on('message', (message) => {
    const command = toWorld.safeParse(message)
    if (command.success) void world.take(command.data)
    else send({ type: 'refused', message: z.prettifyError(command.error) })
  })
  const { wallet } = world
  const link = wallet && { wallet: { port: wallet.port, token: wallet.token } }
  send({ type: 'ready', enrolmentCode: world.enrolmentCode, terminalId: TERMINAL_ID, ...link })
}

await main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error)
  send({ type: 'failed', message })
  console.error(`The practice world could not start: ${message}`)
  process.exit(EXIT_FAILED)
})
