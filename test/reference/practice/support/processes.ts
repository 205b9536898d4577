import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { practiceSockets } from '#reference/practice/local-socket.ts'
import { type FromWorld, fromWorld, type ToWorld, type WorldEvent } from '#reference/practice/world-control.ts'

const REPOSITORY = resolve(import.meta.dirname, '../../../..')
/** A process that has not said it by then hangs. A busy machine alone takes a good part of this. */
const READY_WITHIN_MS = 50_000

/** A process of ours with everything it has said over its message channel. */
export class Process {
  readonly messages: unknown[] = []
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  stderr = ''
  readonly #waiters = new Set<() => void>()

  constructor(entry: string, args: readonly string[]) {
    this.child = fork(join(REPOSITORY, entry), [...args], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString()
    })
    this.child.on('message', (message) => {
      this.messages.push(message)
      for (const waiter of this.#waiters) waiter()
    })
    const { promise, resolve: done } = Promise.withResolvers<number | null>()
    this.child.once('exit', (code) => done(code))
    this.exited = promise
  }

  /** The first message, from `from` on, that `find` makes something of. */
  async message<T>(what: string, find: (message: unknown) => T | undefined, from = 0): Promise<T> {
    const { promise, resolve: found, reject } = Promise.withResolvers<T>()
    const look = () => {
      for (const message of this.messages.slice(from)) {
        const value = find(message)
        if (value !== undefined) return found(value)
      }
    }
    this.#waiters.add(look)
    const timer = setTimeout(() => reject(new Error(`never said: ${what}\n${this.stderr}`)), READY_WITHIN_MS)
    void this.exited.then((code) => reject(new Error(`ended with ${code} before it said: ${what}\n${this.stderr}`)))
    look()
    try {
      return await promise
    } finally {
      this.#waiters.delete(look)
      clearTimeout(timer)
    }
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    return this.exited
  }
}

export function worldMessage<T extends FromWorld['type']>(type: T): (message: unknown) => Extract<FromWorld, { type: T }> | undefined {
  return (message) => {
    const parsed = fromWorld.safeParse(message)
    return parsed.success && parsed.data.type === type ? (parsed.data as Extract<FromWorld, { type: T }>) : undefined
  }
}

function backendReady(message: unknown): { port: number; rootPoint: string } | undefined {
  const ready = message as { type?: unknown; port?: unknown; rootPoint?: unknown }
  return ready.type === 'ready' && typeof ready.port === 'number' && typeof ready.rootPoint === 'string'
    ? { port: ready.port, rootPoint: ready.rootPoint }
    : undefined
}

/** A real backend and a real world process over it, in a folder of their own. */
export async function startPractice(worldArgs: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), 'bandtill-practice-'))
  const backend = new Process('reference/backend/main.ts', ['--data', join(folder, 'backend'), '--port', '0'])
  const { port, rootPoint } = await backend.message('backend ready', backendReady)
  const url = `http://127.0.0.1:${port}`
  const { air: socket, desk, printer } = practiceSockets(folder)
  const startWorld = () => {
    const token = join(folder, 'backend', 'operator-token')
    const args = ['--socket', socket, '--backend', url, '--operator-token-file', token, '--state', join(folder, 'world'), ...worldArgs]
    return new Process('reference/practice/world.ts', [...args, '--desk-socket', desk, '--printer-socket', printer])
  }
  let world = startWorld()
  let ready = await world.message('world ready', worldMessage('ready'))
  return {
    folder,
    url,
    rootPoint,
    socket,
    desk,
    printer,
    backend,
    get world() {
      return world
    },
    get ready() {
      return ready
    },
    async tell(message: ToWorld): Promise<void> {
      const from = world.messages.length
      world.child.send(message)
      await world.message(`done: ${JSON.stringify(message)}`, worldMessage('done'), from)
    },
    async customers() {
      const from = world.messages.length
      world.child.send({ type: 'list' } satisfies ToWorld)
      return (await world.message('customers', worldMessage('customers'), from)).customers
    },
    async event(customer: string, event: WorldEvent['event'], from = 0) {
      return world.message(
        `${customer} ${event}`,
        (message) => {
          const found = worldMessage('event')(message)
          return found?.customer === customer && found.event === event ? found : undefined
        },
        from,
      )
    },
    async restartWorld(signal: NodeJS.Signals) {
      await world.end(signal)
      world = startWorld()
      ready = await world.message('world ready', worldMessage('ready'))
    },
    async stop() {
      await Promise.all([world.end('SIGKILL'), backend.end('SIGKILL')])
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type PracticeProcesses = Awaited<ReturnType<typeof startPractice>>
