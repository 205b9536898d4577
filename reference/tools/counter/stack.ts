/**
 * The whole chain for a script: backend, world and terminal as real processes in one folder, spoken to as a person or an operator would.
 * The supervisor of `npm start` keeps its processes alive; a script wants to see them start, stop and die.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CustomerId } from '#reference/practice/customers.ts'
import { ScreensBuild, screensAreFresh } from '#reference/practice/screens.ts'
import { type CustomerView, type FromWorld, fromWorld, type ToWorld } from '#reference/practice/world-control.ts'
import { assert } from '#shared/assert.ts'
import { practiceLink } from '#shared/contracts/practice-wallet.ts'
import { TERMINAL_NODE_FLAGS } from '#shared/contracts/terminal-process.ts'

/** Four processes and ten people with bands and phones start in some four seconds alone, in many more beside other work. */
const READY_TIMEOUT_MS = 90_000
const STOP_TIMEOUT_MS = 5_000
const CONTROL_TIMEOUT_MS = 10_000
const POLL_MS = 50
const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** Builds the screens when they are missing or outdated: a terminal does not start without them. */
export async function makeScreens(say: (line: string) => void): Promise<void> {
  if (await screensAreFresh(ROOT)) return
  say('Building the screens …')
  const problem = await new ScreensBuild().run(ROOT)
  if (problem !== undefined) throw new Error(`the screens could not be built: ${problem}`)
}

export type StackOptions = {
  readonly folder: string
  /** All processes' clocks run this far from the computer's, milliseconds. */
  readonly clockOffsetMs?: number
  /** Connection interval of the air; zero for none. */
  readonly intervalMs?: number
  /** What Node runs as the terminal, before the terminal's own arguments: flags and the entry. The browser host when not given. */
  readonly terminalProgram?: readonly string[]
  /** With the practice drawer and the practice printer, as `npm start` has them; else receipts are files in the terminal's folder. */
  readonly drawer?: boolean
  /** With the wallet's page and the spare band whose phone it becomes. */
  readonly wallet?: boolean
}

/** One process of ours. Its output goes to a log in the folder; what it says by message is what scripts act on. */
export class Part {
  readonly name: string
  readonly process: ChildProcess
  readonly #exited: Promise<number | null>
  #errors = ''

  constructor(name: string, args: readonly string[]) {
    this.name = name
    this.process = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.process.stdout?.resume()
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-4_000)
    })
    this.#exited = new Promise((resolve) => this.process.once('exit', (code) => resolve(code)))
  }

  /** The first message that `read` makes sense of; rejects when the process ends or the time passes first. */
  async message<T>(read: (message: unknown) => T | undefined, timeoutMs = READY_TIMEOUT_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => finish(() => reject(new Error(`${this.name} said nothing for ${timeoutMs} ms\n${this.#errors}`))),
        timeoutMs,
      )
      const onMessage = (message: unknown) => {
        const value = read(message)
        if (value !== undefined) finish(() => resolve(value))
      }
      const onExit = (code: number | null) => finish(() => reject(new Error(`${this.name} ended with ${code}\n${this.#errors}`)))
      const finish = (act: () => void) => {
        clearTimeout(timer)
        this.process.off('message', onMessage).off('exit', onExit)
        act()
      }
      this.process.on('message', onMessage).on('exit', onExit)
    })
  }

  /** Ends the process as an operator would; one that does not end in time is killed, and that is an error. */
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    this.process.kill('SIGTERM')
    let late = false
    const timer = setTimeout(() => {
      late = true
      this.process.kill('SIGKILL')
    }, STOP_TIMEOUT_MS)
    await this.#exited
    clearTimeout(timer)
    assert(!late, `${this.name} did not stop within ${STOP_TIMEOUT_MS} ms\n${this.#errors}`)
  }

  /** Ends the process as a power cut would. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.#exited
  }
}

type Backend = { readonly part: Part; readonly url: string; readonly rootPoint: string }
type World = {
  readonly part: Part
  readonly enrolmentCode: string
  readonly terminalId: string
  readonly socket: string
  /** What stands behind the `#` of the spare band's one-time link. */
  readonly walletLink: string | undefined
}
type TerminalProcess = { readonly part: Part; readonly address: string; readonly pid: number }

export class Stack {
  readonly #options: StackOptions
  /** Socket paths are short (108 bytes on Linux), so sockets live in a folder of their own. */
  readonly #socketFolder = mkdtempSync(join(tmpdir(), 'bandtill-'))
  #backend: Backend | undefined
  #world: World | undefined
  #terminal: TerminalProcess | undefined

  constructor(options: StackOptions) {
    this.#options = options
    for (const name of ['backend', 'world', 'terminal']) mkdirSync(join(options.folder, name), { recursive: true, mode: 0o700 })
  }

  folderOf(name: 'backend' | 'world' | 'terminal'): string {
    return join(this.#options.folder, name)
  }

  get backend(): Backend {
    assert(this.#backend, 'the backend is running')
    return this.#backend
  }

  get world(): World {
    assert(this.#world, 'the world is running')
    return this.#world
  }

  get terminal(): TerminalProcess {
    assert(this.#terminal, 'the terminal is running')
    return this.#terminal
  }

  /** Backend first, then the world that registers with it, then the terminal that enrols. */
  async start(): Promise<void> {
    await this.startBackend()
    await this.startWorld()
    await this.startTerminal()
  }

  async startBackend(port = 0): Promise<void> {
    const part = new Part('the backend', [
      'reference/backend/main.ts',
      '--data',
      this.folderOf('backend'),
      '--port',
      String(port),
      ...(this.#options.wallet ? ['--practice'] : []),
      ...this.#clockArgs(),
    ])
    const ready = await part.message((message) => pick(message, 'ready', ['port', 'rootPoint']))
    this.#backend = { part, url: `http://127.0.0.1:${Number(ready['port'])}`, rootPoint: String(ready['rootPoint']) }
  }

  async startWorld(): Promise<void> {
    const socket = this.#socket('air')
    const part = new Part('the world', [
      'reference/practice/world.ts',
      ...['--socket', socket, '--backend', this.backend.url, '--state', this.folderOf('world')],
      ...['--operator-token-file', join(this.folderOf('backend'), 'operator-token')],
      ...['--interval-ms', String(this.#options.intervalMs ?? 0)],
      ...(this.#options.drawer ? ['--desk-socket', this.#socket('desk'), '--printer-socket', this.#socket('printer')] : []),
      ...(this.#options.wallet ? ['--wallet-port', '0'] : []),
      ...this.#clockArgs(),
    ])
    const ready = await part.message((message) => {
      const parsed = fromWorld.safeParse(message)
      return parsed.success && parsed.data.type === 'ready' ? parsed.data : undefined
    })
    const { enrolmentCode, terminalId, wallet } = ready
    this.#world = { part, socket, enrolmentCode, terminalId, walletLink: wallet && practiceLink(wallet.port, wallet.token) }
  }

  async startTerminal(): Promise<void> {
    const part = new Part('the terminal', [
      ...TERMINAL_NODE_FLAGS,
      ...(this.#options.terminalProgram ?? ['main/browser/main.ts']),
      ...['--data', this.folderOf('terminal'), '--backend', this.backend.url, '--terminal', this.world.terminalId],
      // base64url may begin with a hyphen, which only this form keeps from being read as an option.
      ...[`--root-point=${this.backend.rootPoint}`, `--enrolment-code=${this.world.enrolmentCode}`],
      ...['--radio', 'practice', '--air', this.world.socket, '--port', '0', '--no-open'],
      ...(this.#options.drawer ? ['--practice-desk', this.#socket('desk'), '--practice-printer', this.#socket('printer')] : []),
      ...this.#clockArgs(),
    ])
    const ready = await part.message((message) => pick(message, 'ready', ['url']))
    assert(part.process.pid !== undefined, 'a ready process has an id')
    this.#terminal = { part, address: String(ready['url']), pid: part.process.pid }
  }

  /** Tells the world something and waits until it is so. */
  async tellWorld(command: ToWorld): Promise<FromWorld> {
    const { part } = this.world
    const replyTo = Math.floor(Math.random() * 1e9)
    const answer = part.message((message) => {
      const parsed = fromWorld.safeParse(message)
      return parsed.success && 'replyTo' in parsed.data && parsed.data.replyTo === replyTo ? parsed.data : undefined
    }, CONTROL_TIMEOUT_MS)
    part.process.send({ ...command, replyTo })
    const said = await answer
    if (said.type === 'refused') throw new Error(`the world refused ${command.type}: ${said.message}`)
    return said
  }

  /** Sends everyone so far away that no band is heard as near. */
  async sendAllAway(): Promise<void> {
    for (const { id, distance } of await this.#customers()) {
      if (distance < OUT_OF_THE_WAY_M) await this.tellWorld({ type: 'set', customer: id, distance: OUT_OF_THE_WAY_M })
    }
  }

  /** Puts one customer at the counter. */
  async bringToCounter(customer: CustomerId): Promise<void> {
    await this.tellWorld({ type: 'set', customer, distance: AT_COUNTER_M })
  }

  /** How a customer is now. */
  async customer(customer: CustomerId): Promise<CustomerView> {
    const found = (await this.#customers()).find(({ id }) => id === customer)
    assert(found, 'everybody is on the list')
    return found
  }

  /** The customer as soon as this is so; throws when it does not come about in time. */
  async untilCustomer(id: CustomerId, isSo: (customer: CustomerView) => boolean, withinMs: number): Promise<CustomerView> {
    const deadlineMs = performance.now() + withinMs
    for (;;) {
      const customer = await this.customer(id)
      if (isSo(customer)) return customer
      assert(performance.now() < deadlineMs, `it did not come about in time: ${JSON.stringify(customer)}`)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  /** Resolves when these customers' bands hold offers: a phone needs a moment to get its certificates when the world begins. */
  async untilReachable(customers: readonly CustomerId[]): Promise<void> {
    for (const id of customers) await this.untilCustomer(id, ({ offers }) => offers > 0, READY_TIMEOUT_MS)
  }

  async #customers(): Promise<readonly CustomerView[]> {
    const listed = await this.tellWorld({ type: 'list' })
    assert(listed.type === 'customers', 'a list was asked for')
    return listed.customers
  }

  /** Stops what is running, terminal first, so that its last words still find a backend. */
  async stop(): Promise<void> {
    try {
      await this.#terminal?.part.stop()
      await this.#world?.part.stop()
      await this.#backend?.part.stop()
    } finally {
      for (const part of [this.#terminal, this.#world, this.#backend]) part?.part.process.kill('SIGKILL')
      rmSync(this.#socketFolder, { recursive: true, force: true })
    }
  }

  #socket(name: 'air' | 'desk' | 'printer'): string {
    if (process.platform !== 'win32') return join(this.#socketFolder, name)
    return `\\\\.\\pipe\\${basename(this.#socketFolder)}-${name}`
  }

  #clockArgs(): readonly string[] {
    return [`--clock-offset-ms=${this.#options.clockOffsetMs ?? 0}`]
  }
}

const AT_COUNTER_M = 0.3
const OUT_OF_THE_WAY_M = 12

/** The named fields of a message of this type, or undefined when it is another. */
function pick(message: unknown, type: string, fields: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  if (typeof message !== 'object' || message === null || !('type' in message) || message.type !== type) return undefined
  return fields.every((field) => field in message) ? { ...message } : undefined
}
