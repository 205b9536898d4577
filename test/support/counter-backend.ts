/** The real backend on a loopback port of this process, which can be cut off, lose its answers, or stop and start again. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Backend, buildApp } from '#reference/backend/app.ts'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import type { Database } from '#reference/backend/database/tables.ts'
import { openSigningKeys, type SigningKeys } from '#reference/backend/signing-keys.ts'
import { RegistryClient } from '#reference/practice/registry-client.ts'
import { newId, OPERATOR_TOKEN } from './backend-world.ts'
import { takeCallsNear } from './near-calls.ts'

/** What becomes of a call: answered, done but the answer lost, cut in the middle or replaced by a 500, or refused without being looked at. */
export type CallFate = 'answer' | 'lose-answer' | 'cut-answer' | 'fail-after' | 'refuse'
export type Call = { readonly method: string; readonly path: string; readonly caller: 'terminal' | 'phone' | 'other' }

type Clock = { nowMs(): number }

export class CounterBackend {
  readonly db: Database
  readonly keys: SigningKeys
  /** Asked for every call. */
  fateOf: (call: Call) => CallFate = () => 'answer'
  /** Calls that arrived, refused ones included. */
  readonly calls: Call[] = []
  /** Entries of the ledger's alarm log, as JSON text. */
  readonly logged: string[] = []
  readonly #clock: Clock
  #app: Backend | undefined
  #stopped = new AbortController()
  #port = 0

  private constructor(parts: { db: Database; keys: SigningKeys; clock: Clock }) {
    this.db = parts.db
    this.keys = parts.keys
    this.#clock = parts.clock
  }

  static async start(folder: string, clock: Clock): Promise<CounterBackend> {
    const [keys, db] = await Promise.all([
      openSigningKeys(join(folder, 'keys.json'), Math.floor(clock.nowMs() / 1_000)),
      openDatabase(':memory:'),
    ])
    const backend = new CounterBackend({ db, keys, clock })
    await backend.listen()
    return backend
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get registry(): RegistryClient {
    return new RegistryClient(this.url, OPERATOR_TOKEN)
  }

  /** Listens again after `stop`, on the same port, over the same records. */
  async listen(): Promise<void> {
    const log = pino({ level: 'warn' }, { write: (line: string) => this.logged.push(line) })
    const backend = await buildApp({ db: this.db, keys: this.keys, clock: this.#clock, newId, log, operatorToken: OPERATOR_TOKEN })
    const { server } = backend.app
    const [handle] = server.listeners('request')
    server.removeAllListeners('request')
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (this.#mayPass(request, response)) handle?.call(server, request, response)
    })
    await backend.app.listen({ host: '127.0.0.1', port: this.#port })
    this.#port = (backend.app.server.address() as AddressInfo).port
    this.#app = backend
    this.#stopped = new AbortController()
  }

  /** Until disposed of, calls of this process reach this backend without a socket. */
  callsNear(): Disposable {
    const listening = () => this.#app && { app: this.#app.app, stopped: this.#stopped.signal }
    return takeCallsNear({ url: this.url, listening, admit: (call) => this.#admit(call) })
  }

  async stop(): Promise<void> {
    const backend = this.#app
    this.#app = undefined
    this.#stopped.abort()
    backend?.app.server.closeAllConnections()
    await backend?.app.close()
  }

  async close(): Promise<void> {
    await this.stop()
    await this.db.destroy()
  }

  async sweep(): Promise<void> {
    await this.#app?.sweep()
  }

  #admit({ method, path, signatureInput }: { readonly method: string; readonly path: string; readonly signatureInput: string }): CallFate {
    const caller = signatureInput.includes('"terminal:') ? 'terminal' : signatureInput.includes('"phone:') ? 'phone' : 'other'
    const call: Call = { method, path, caller }
    this.calls.push(call)
    return this.fateOf(call)
  }

  #mayPass(request: IncomingMessage, response: ServerResponse): boolean {
    const { method = '', url = '' } = request
    const fate = this.#admit({ method, path: url, signatureInput: String(request.headers['signature-input'] ?? '') })
    if (fate === 'refuse') request.socket.destroy()
    if (fate === 'answer' || fate === 'refuse') return fate === 'answer'
    spoil(fate, request, response)
    return true
  }
}

/** The call is carried out; its answer does not arrive as it was given. */
function spoil(fate: 'lose-answer' | 'cut-answer' | 'fail-after', request: IncomingMessage, response: ServerResponse): void {
  const writeHead = response.writeHead.bind(response)
  const write = response.write.bind(response)
  const end = response.end.bind(response)
  const cut = () => {
    request.socket.destroy()
    return response
  }
  response.write = () => true
  if (fate === 'cut-answer') {
    response.end = (...[content]: unknown[]) => {
      if (typeof content !== 'string' || content.length < 2) return cut()
      write(content.slice(0, content.length / 2), 'utf8', cut)
      return response
    }
    return
  }
  response.writeHead = () => response
  response.end = () => {
    if (fate === 'lose-answer') return cut()
    writeHead(500, { 'content-type': 'application/json', 'content-length': '2' })
    end('{}', 'utf8')
    return response
  }
}
