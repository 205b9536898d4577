/**
 * `npm start`: the training world in one command. A backend process, a world process (customers and air) and the terminal, each of which
 * may crash and be started again without the others; all of them end with this process, whichever way it ends.
 */
import { mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { practiceLink } from '#shared/contracts/practice-wallet.ts'
import { EXIT_USAGE, TERMINAL_NODE_FLAGS } from '#shared/contracts/terminal-process.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Child, type ChildSpec } from './child.ts'
import { TERMINAL_ID } from './cinema.ts'
import { type PracticeSockets, practiceSockets } from './local-socket.ts'
import { type ProductName, ScreensBuild, screensAreFresh } from './screens.ts'
import { chooseHost, type TerminalHost } from './terminal-host.ts'

const REPOSITORY = resolve(import.meta.dirname, '..', '..')
const OWNER_ONLY = 0o600
const FOLDER_OWNER_ONLY = 0o700
/** A log of an earlier start is kept once, when it has grown beyond this. */
const LOG_BYTES_MAX = 5_000_000
/** Another practice on the same folder answers within this time. */
const PROBE_TIMEOUT_MS = 500
/** Nothing may hold up the end for longer than this. */
const STOP_TIMEOUT_MS = 1_800
const EXIT_FAILED = 1

const backendReady = z.looseObject({ type: z.literal('ready'), port: z.int().min(1).max(65_535), rootPoint: z.string() })
const childFailed = z.looseObject({ type: z.literal('failed'), message: z.string() })
const terminalReady = z.looseObject({ type: z.literal('ready'), url: z.string() })

const WORLD_NAME = 'practice world'

type WorldReady = z.output<typeof worldReady>
const worldReady = z.looseObject({
  type: z.literal('ready'),
  enrolmentCode: z.string(),
  wallet: z.looseObject({ port: z.int(), token: z.string() }),
})

type Started = { readonly backendUrl: string; readonly rootPoint: string }

type Options = z.output<typeof optionShape>
const optionShape = z.strictObject({
  port: z.coerce.number().int().min(0).max(65_535).optional(),
  'clock-offset-ms': z.coerce.number().int().default(0),
  open: z.boolean().optional(),
})
const USAGE = 'usage: npm start [-- --port N] [--clock-offset-ms=N] [--open | --no-open]'

function readOptions(): Result<Options, string> {
  try {
    return ok(optionShape.parse(parseOptions()))
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : String(error)
    return err(`${why}\n${USAGE}`)
  }
}

function parseOptions(): unknown {
  const { values } = parseArgs({
    options: { port: { type: 'string' }, 'clock-offset-ms': { type: 'string' }, open: { type: 'boolean' } },
    allowNegative: true,
  })
  return values
}

function logFile(folder: string, name: string): number {
  const path = join(folder, `${name}.log`)
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > LOG_BYTES_MAX) renameSync(path, `${path}.1`)
  return openSync(path, 'a', OWNER_ONLY)
}

async function isAnswered(path: string): Promise<boolean> {
  const answered = Promise.withResolvers<boolean>()
  const socket = connect(path)
  socket.setTimeout(PROBE_TIMEOUT_MS, () => answered.resolve(false))
  socket.once('connect', () => answered.resolve(true))
  socket.once('error', () => answered.resolve(false))
  const yes = await answered.promise
  socket.destroy()
  return yes
}

class Practice {
  readonly #options: Options
  readonly #folder = resolve(process.env['BANDTILL_DATA'] ?? join(REPOSITORY, '.practice'))
  readonly #sockets: PracticeSockets = practiceSockets(this.#folder)
  readonly #children: Child[] = []
  /** Two builds may run at the same time: the till's screens, and the wallet's page. */
  readonly #builds = [new ScreensBuild(), new ScreensBuild()] as const
  #backendPort = 0
  #terminalPort: number
  #walletPort = 0
  #world: Child | undefined
  #stopping = false

  constructor(options: Options) {
    this.#options = options
    this.#terminalPort = options.port ?? 0
  }

  async run(): Promise<void> {
    for (const part of ['backend', 'world', 'terminal', 'logs']) {
      mkdirSync(join(this.#folder, part), { recursive: true, mode: FOLDER_OWNER_ONLY })
    }
    if (await isAnswered(this.#sockets.air))
      return this.#fail('Practice is already running on this machine. Use that one, or stop it first.')
    console.log('Preparing the practice world…')
    const host = chooseHost(REPOSITORY, process.env, process.platform)
    const screens = this.#makeScreens(host.kind === 'electron' ? 'window' : 'screens')
    const wallet = this.#makeWallet()
    const backend = await this.#startBackend()
    const { enrolmentCode, wallet: yourBand } = await this.#startWorld(backend)
    if (!(await screens) || this.#stopping) return
    if (host.kind === 'browser') console.log(host.why)
    await this.#startTerminal(host, backend, enrolmentCode)
    await wallet
    // After the till's own address, which scripts take from the first line that has one.
    const page = `http://localhost:${this.#backendPort}/wallet/`
    console.log(`The customers' wallet: ${page}`)
    console.log(`Be a customer yourself: ${page}#/phone/${practiceLink(yourBand.port, yourBand.token)} (this link opens once)`)
    console.log('Everything here is practice: no real money moves. Ctrl+C ends it.')
  }

  /** Steers the customers (world-control.ts) for whoever started this process with a message channel. */
  steer(message: unknown): void {
    if (typeof message === 'object' && message !== null) this.#world?.send(message)
  }

  /** Ends every process, then this one. */
  async stop(code: number): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    // Whatever a child does, this process is gone in time, and a child without its supervisor ends itself.
    setTimeout(() => process.exit(code), STOP_TIMEOUT_MS).unref()
    for (const build of this.#builds) build.stop()
    await Promise.all(this.#children.map(async (child) => child.stop()))
    process.exit(code)
  }

  #fail(sentence: string): void {
    if (this.#stopping) return
    console.error(sentence)
    void this.stop(EXIT_FAILED)
  }

  async #makeScreens(product: ProductName): Promise<boolean> {
    if (await screensAreFresh(REPOSITORY, product)) return true
    console.log('Building the screens…')
    const problem = await this.#builds[0].run(REPOSITORY, product)
    if (problem !== undefined) this.#fail(`The screens could not be built: ${problem}`)
    return problem === undefined
  }

  /** A till sells without the wallet's page: when it cannot be built, the backend says so in its place. */
  async #makeWallet(): Promise<void> {
    if (await screensAreFresh(REPOSITORY, 'wallet')) return
    const problem = await this.#builds[1].run(REPOSITORY, 'wallet')
    if (problem !== undefined && !this.#stopping) console.error(`The wallet's page could not be built: ${problem}`)
  }

  /** Resolves with the first ready message. A child that never gets there ends the whole start, so the promise may stay open. */
  async #ready<T>(
    schema: z.ZodType<T>,
    spec: Pick<ChildSpec, 'name' | 'command' | 'stdout' | 'stderr'> & { onQuit?: () => void },
  ): Promise<T> {
    const ready = Promise.withResolvers<T>()
    const child = new Child({
      onQuit: () => this.#fail(`The ${spec.name} has ended by itself.`),
      ...spec,
      cwd: REPOSITORY,
      onMessage: (message) => {
        if (process.connected) process.send?.({ from: spec.name, message })
        const failure = childFailed.safeParse(message)
        if (failure.success && !child.isReady) return this.#fail(`The ${spec.name} could not start: ${failure.data.message}`)
        const parsed = schema.safeParse(message)
        if (!parsed.success) return undefined
        child.ready()
        return ready.resolve(parsed.data)
      },
      onRestart: (detail) => console.error(`The ${detail}; it is being started again.`),
      onGivenUp: (detail) => this.#fail(`The ${detail}. Its log is in ${this.#folder}.`),
    })
    this.#children.push(child)
    if (spec.name === WORLD_NAME) this.#world = child
    child.start()
    return ready.promise
  }

  async #startBackend(): Promise<Started> {
    const log = logFile(join(this.#folder, 'logs'), 'backend')
    const entry = join(REPOSITORY, 'reference', 'backend', 'main.ts')
    const ready = await this.#ready(backendReady, {
      name: 'practice backend',
      // Restarted on the port the others know.
      command: () => this.#node(entry, ['--data', join(this.#folder, 'backend'), '--port', String(this.#backendPort), '--practice']),
      stdout: log,
      stderr: log,
    })
    this.#backendPort = ready.port
    return { backendUrl: `http://127.0.0.1:${ready.port}`, rootPoint: ready.rootPoint }
  }

  async #startWorld({ backendUrl }: Started): Promise<WorldReady> {
    const log = logFile(join(this.#folder, 'logs'), 'world')
    const token = join(this.#folder, 'backend', 'operator-token')
    const given = [
      ...['--socket', this.#sockets.air, '--desk-socket', this.#sockets.desk, '--printer-socket', this.#sockets.printer],
      '--backend',
      backendUrl,
      '--operator-token-file',
      token,
      '--state',
      join(this.#folder, 'world'),
    ]
    const ready = await this.#ready(worldReady, {
      name: WORLD_NAME,
      // Restarted on the port that the wallet's page knows.
      command: () => this.#node(join(import.meta.dirname, 'world.ts'), [...given, '--wallet-port', String(this.#walletPort)]),
      stdout: log,
      stderr: log,
    })
    this.#walletPort = ready.wallet.port
    return ready
  }

  async #startTerminal(host: TerminalHost, { backendUrl, rootPoint }: Started, enrolmentCode: string): Promise<void> {
    const known = [
      '--data',
      join(this.#folder, 'terminal'),
      '--backend',
      backendUrl,
      '--terminal',
      TERMINAL_ID,
      `--root-point=${rootPoint}`,
    ]
    const { air, desk, printer } = this.#sockets
    const practice = ['--radio', 'practice', '--air', air, '--practice-desk', desk, '--practice-printer', printer]
    const given = [...known, ...practice, `--enrolment-code=${enrolmentCode}`]
    if (this.#options.open !== undefined) given.push(this.#options.open ? '--open' : '--no-open')
    const ready = await this.#ready(terminalReady, {
      name: 'terminal',
      command: () => {
        const args = [...given, '--port', String(this.#terminalPort)]
        return host.kind === 'electron'
          ? { program: host.program, args: [host.entry, ...args] }
          : this.#node(host.entry, args, TERMINAL_NODE_FLAGS)
      },
      stdout: 'inherit',
      stderr: 'inherit',
      onQuit: () => void this.stop(0),
    })
    this.#terminalPort = Number(new URL(ready.url).port) || this.#terminalPort
  }

  #node(
    entry: string,
    args: readonly string[],
    flags: readonly string[] = [],
  ): { readonly program: string; readonly args: readonly string[] } {
    const offset = this.#options['clock-offset-ms']
    return { program: process.execPath, args: [...flags, entry, ...args, ...(offset === 0 ? [] : [`--clock-offset-ms=${offset}`])] }
  }
}

// A reader of our words that went away must not take the practice world with it.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)
const given = readOptions()
if (!given.ok) {
  console.error(given.error)
  process.exit(EXIT_USAGE)
}
const practice = new Practice(given.value)
process.on('SIGTERM', () => void practice.stop(0))
process.on('SIGINT', () => void practice.stop(0))
process.on('SIGHUP', () => void practice.stop(0))
process.on('disconnect', () => void practice.stop(0))
process.on('message', (message) => practice.steer(message))
await practice.run().catch((error: unknown) => {
  const why = error instanceof Error ? error.message : String(error)
  console.error(`Practice could not start: ${why}`)
  return practice.stop(EXIT_FAILED)
})
