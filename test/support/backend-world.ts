/** A whole backend in memory, with merchants, terminals, customers and bands made of real keys. No sockets, no real time. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { type Backend, buildApp } from '#reference/backend/app.ts'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import type { Database } from '#reference/backend/database/tables.ts'
import type { Terms } from '#reference/backend/services/interest-rule.ts'
import { openSigningKeys, type SigningKeys } from '#reference/backend/signing-keys.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { BAND_PATHS } from '#shared/contracts/bands-api.ts'
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { signCall } from '#shared/crypto/http-signature.ts'
import { newSigner, randomBytes, type Signer } from '#shared/crypto/keys.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { Words } from '#shared/domain/words.ts'
import { pairScripted } from './scripted-pairing.ts'
import { type BuiltSubmit, buildSubmit, type SubmitWish } from './submits.ts'
import { type LimitsWish, limitsOf } from './wide-limits.ts'

export const OPERATOR_TOKEN = 'operator-token-of-the-tests'
/** An evening in Shanghai, whole seconds. */
export const START_MS = Date.UTC(2026, 4, 1, 11, 0, 0)
export const CURRENCY: Currency = 'CNY'

export type Reply = { readonly status: number; readonly json: Record<string, unknown> }
export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH'
export type CallBackend = (method: Method, path: string, body?: unknown) => Promise<Reply>

export const newId = (): string => toHex(randomBytes(16))
/** `BACKEND_PATHS` with its one parameter filled in. */
const PATHS = { ...BACKEND_PATHS, ...BAND_PATHS }

const AURORA: Words = { en: 'Aurora Cinema', 'zh-CN': '极光影城' }

export function pathOf(name: keyof typeof PATHS, value: string): string {
  return PATHS[name].replace(/\{\w+\}/, encodeURIComponent(value))
}

export type Terminal = {
  readonly id: string
  readonly merchantId: string
  readonly siteId: string
  readonly signer: Signer
  readonly certificate: Uint8Array<ArrayBuffer>
  readonly call: CallBackend
}
export type Customer = {
  readonly accountId: string
  readonly phoneId: string
  readonly phone: Signer
  readonly bandId: string
  /** The key the band left the factory with. */
  readonly factory: Signer
  readonly band: Signer
  readonly epoch: number
  /** The next counter the band will sign. */
  readonly nextCounter: () => number
  readonly call: CallBackend
}

/** One process: its app, over its database. */
type Life = { readonly backend: Backend; readonly db: Database }

export class BackendWorld {
  readonly keys: SigningKeys
  /** Log lines written so far, as JSON text. */
  readonly logged: readonly string[]
  /** Called whenever the time is read: a way into the middle of a call. */
  whenClockIsRead: (() => void) | undefined
  readonly #dir: string
  readonly #start: () => Promise<Life>
  #life: Life
  #nowMs = START_MS
  #terminals = 0

  private constructor(parts: {
    life: Life
    start: () => Promise<Life>
    keys: SigningKeys
    dir: string
    clock: { world: BackendWorld | undefined }
    logged: string[]
  }) {
    this.#life = parts.life
    this.#start = parts.start
    this.keys = parts.keys
    this.logged = parts.logged
    this.#dir = parts.dir
    parts.clock.world = this
  }

  /**
   * `database`: a file instead of memory; `openDatabase`: whatever it gives, anew at each `restart`. `ownerPage`: where owners' passkeys belong, instead of this machine. `interest`: what wallets earn
   * from now on, nothing when it is left out. `walletDir`: the built files of the wallet's page, of which there is none when it is left out.
   */
  static async open(
    options: {
      readonly database?: string
      readonly openDatabase?: () => Promise<Database>
      readonly ownerPage?: { readonly rpId: string; readonly origin: string }
      readonly interest?: Terms
      readonly walletDir?: string
      readonly isPractice?: boolean
    } = {},
  ): Promise<BackendWorld> {
    const dir = mkdtempSync(join(tmpdir(), 'bandtill-backend-'))
    const clock: { world: BackendWorld | undefined } = { world: undefined }
    const logged: string[] = []
    const keys = await openSigningKeys(join(dir, 'keys.json'), START_MS / 1_000)
    const start = async (): Promise<Life> => {
      const db = await (options.openDatabase?.() ?? openDatabase(options.database ?? ':memory:'))
      return { db, backend: await buildApp({ db, ...parts }) }
    }
    const parts = {
      keys,
      clock: { nowMs: () => clock.world?.nowMs() ?? START_MS },
      newId,
      log: pino({ level: 'debug' }, { write: (line: string) => logged.push(line) }),
      operatorToken: OPERATOR_TOKEN,
      ...(options.ownerPage ? { ownerPage: options.ownerPage } : {}),
      ...(options.interest ? { interest: options.interest } : {}),
      ...(options.walletDir === undefined ? {} : { walletDir: options.walletDir, isPractice: options.isPractice === true }),
    }
    return new BackendWorld({ life: await start(), start, keys, dir, clock, logged })
  }

  get backend(): Backend {
    return this.#life.backend
  }

  get db(): Database {
    return this.#life.db
  }

  /** A new process over what the last one left on its disk, with the same keys. `openDatabase` says what that is. */
  async restart(): Promise<void> {
    await this.backend.app.close()
    this.#life = await this.#start()
  }

  async close(): Promise<void> {
    await this.backend.app.close()
    await this.db.destroy()
    rmSync(this.#dir, { recursive: true, force: true })
  }

  nowMs(): number {
    this.whenClockIsRead?.()
    return this.#nowMs
  }

  nowS(): number {
    return Math.floor(this.#nowMs / 1_000)
  }

  advance(ms: number): void {
    this.#nowMs += ms
  }

  /** A call as it is: no signature, no token. */
  async plain(
    method: Method,
    path: string,
    options: { body?: unknown; text?: string; headers?: Record<string, string>; from?: string } = {},
  ): Promise<Reply> {
    const payload = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body))
    const reply = await this.backend.app.inject({
      method,
      url: path,
      headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
      ...(payload === undefined ? {} : { payload }),
      ...(options.from === undefined ? {} : { remoteAddress: options.from }),
    })
    const isJson = (reply.headers['content-type'] ?? '').includes('application/json')
    return { status: reply.statusCode, json: isJson ? reply.json<Record<string, unknown>>() : { text: reply.body } }
  }

  readonly operator: CallBackend = async (method, path, body) =>
    this.plain(method, path, { body, headers: { authorization: `Bearer ${OPERATOR_TOKEN}` } })

  /** Calls signed with this key. `from`: the address they seem to come from. */
  signedBy(keyId: string, signer: Signer, from?: string): CallBackend {
    return async (method, path, body) => {
      const text = body === undefined ? '' : JSON.stringify(body)
      const call = { method, url: `http://backend.invalid${path}`, body: new TextEncoder().encode(text) }
      const headers = { ...(await signCall(call, { keyId, signer }, this.nowMs() / 1_000)) }
      return this.plain(method, path, { headers, ...(text === '' ? {} : { text }), ...(from === undefined ? {} : { from }) })
    }
  }

  async addSite(ids: { merchantId: string; siteId: string }, name: Words = AURORA): Promise<void> {
    await this.#must('PUT', pathOf('merchant', ids.merchantId), { name })
    await this.#must('PUT', pathOf('site', ids.siteId), {
      merchantId: ids.merchantId,
      name,
      address: { en: '1 River Road', 'zh-CN': '滨江路1号' },
      timeZone: 'Asia/Shanghai',
      latitudeE5: 3_123_000,
      longitudeE5: 12_147_000,
      currency: CURRENCY,
    })
  }

  /** A terminal of a site (made when it is not there), enrolled with a key of its own. */
  async addTerminal(id = 'aurora-1', siteId = 'aurora', merchantId = 'aurora', name: Words = AURORA): Promise<Terminal> {
    await this.addSite({ merchantId, siteId }, name)
    const code = `code-of-${id}`
    await this.#must('PUT', pathOf('terminal', id), { siteId, enrolmentCode: code })
    const signer = await newSigner()
    // Enrolments are counted per address, and each terminal has its own.
    this.#terminals += 1
    const fromOwnAddress = this.signedBy(`terminal:${id}`, signer, `10.0.${this.#terminals >> 8}.${this.#terminals & 255}`)
    const call = this.signedBy(`terminal:${id}`, signer)
    const reply = await fromOwnAddress('POST', BACKEND_PATHS.enrolTerminal, { terminalId: id, code, point: toBase64Url(signer.point) })
    const certificate = fromBase64Url(String(reply.json['certificate']))
    if (reply.status !== 200 || !certificate) throw new Error(`enrolment failed: ${JSON.stringify(reply)}`)
    return { id, siteId, merchantId, signer, certificate, call }
  }

  async addCustomer(options: { balance?: number; displayName?: string; currency?: Currency; limits?: LimitsWish } = {}): Promise<Customer> {
    const [accountId, phoneId, bandId] = [newId(), newId(), newId()]
    const [phone, band, factory] = await Promise.all([newSigner(), newSigner(), newSigner()])
    const account = {
      displayName: options.displayName ?? 'Mei',
      currency: options.currency ?? CURRENCY,
      openingBalance: options.balance ?? 100_000,
      ...limitsOf(options.limits),
    }
    await this.#must('PUT', pathOf('account', accountId), account)
    await this.#must('PUT', pathOf('phone', phoneId), { accountId, point: toBase64Url(phone.point) })
    await this.#must('PUT', pathOf('band', bandId), { factoryPoint: toBase64Url(factory.point) })
    const call = this.signedBy(`phone:${phoneId}`, phone)
    const scripted = { bandId, factory, band, epoch: 1, phonePoint: phone.point }
    await pairScripted(scripted, async (method, path, body) => (await call(method, path, body)).json)
    // The day the band was paired is long past: what its owner was told then has been read.
    await this.db.deleteFrom('notices').where('account_id', '=', accountId).execute()
    let counter = 0
    const nextCounter = () => {
      counter += 1
      return counter
    }
    return { accountId, phoneId, phone, bandId, factory, band, epoch: 1, nextCounter, call }
  }

  /** One hall of `rows` × `seats` seats (A1, A2 …) and showtimes starting in an hour. */
  async addProgramme(
    siteId: string,
    options: { version?: string; showtimes?: readonly string[]; rows?: number; seats?: number } = {},
  ): Promise<Reply> {
    return this.operator('PUT', pathOf('siteProgramme', siteId), programme(this.nowMs(), options))
  }

  /** What `act` gives, with `other` set off when the time is read for the n-th time meanwhile; undefined when it is not read so often. */
  async amid<T, U>(act: () => Promise<T>, reading: number, other: () => Promise<U>): Promise<readonly [T, U | undefined]> {
    let readings = 0
    let running: Promise<U> | undefined
    this.whenClockIsRead = () => {
      readings += 1
      if (readings === reading) running = other()
    }
    const done = await act()
    this.whenClockIsRead = undefined
    return [done, await running]
  }

  async submit(wish: SubmitWish): Promise<Reply & { readonly built: BuiltSubmit }> {
    const built = await buildSubmit(this.nowMs(), wish)
    return { ...(await wish.customer.call('POST', BACKEND_PATHS.submit, built.body)), built }
  }

  async #must(method: Method, path: string, body: unknown): Promise<void> {
    const reply = await this.operator(method, path, body)
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(reply)}`)
  }
}

export function programme(nowMs: number, options: { version?: string; showtimes?: readonly string[]; rows?: number; seats?: number } = {}) {
  const { version = '1', showtimes = ['show-1'], rows = 3, seats = 6 } = options
  const words = (text: string) => ({ en: text, 'zh-CN': text })
  const price = { amount: 4_500, currency: CURRENCY }
  return {
    version,
    currency: CURRENCY,
    halls: [
      {
        id: 'hall-1',
        name: words('Hall 1'),
        columns: seats,
        rows: Array.from({ length: rows }, (_, row) => {
          const label = String.fromCharCode(65 + row)
          const column = (_seat: unknown, index: number) => ({ id: `${label}${index + 1}`, column: index + 1, accessible: false })
          return { label, seats: Array.from({ length: seats }, column) }
        }),
      },
    ],
    showtimes: showtimes.map((id) => ({
      id,
      hallId: 'hall-1',
      title: words('Red Lantern'),
      format: words('2D'),
      startsAt: new Date(nowMs + 3_600_000).toISOString(),
      minutes: 110,
      rating: 'PG',
      ticketTypes: [{ id: 'adult', name: words('Adult'), price, taxBasisPoints: 600 }],
    })),
    products: [
      { id: 'popcorn', name: words('Popcorn'), group: 'popcorn', price: { amount: 2_500, currency: CURRENCY }, taxBasisPoints: 600 },
    ],
  }
}

/** What an outbox entry says, in the shape of the contract. */
export function receiptEntry(receipt: {
  readonly number: number
  readonly total: number
  readonly series?: string
  readonly receiptId?: string
  readonly captures?: readonly {
    readonly requestId: string
    readonly authorizationId: string
    readonly amount: number
    readonly authorization: string
    readonly offline?: Readonly<Record<string, string>>
  }[]
  readonly sells?: readonly { holdId: string; showtimeId: string; seats: readonly string[] }[]
}) {
  const { number, total, series = 'A', receiptId = newId(), captures = [], sells = [] } = receipt
  const body = {
    receipt: { id: receiptId, kind: 'sale', number, series, total: { amount: total, currency: CURRENCY } },
    journal: { seq: number, hash: toHex(new TextEncoder().encode(receiptId)) },
    captures: captures.map((capture) => ({ ...capture, amount: { amount: capture.amount, currency: CURRENCY } })),
    sells,
  }
  return { id: newId(), kind: 'receipt' as const, body: JSON.stringify(body), receiptId }
}

export function reversalEntry(
  nowMs: number,
  reversal: { readonly requestId: string; readonly amount: number; readonly holdIds?: readonly string[] },
) {
  const body = {
    requestId: reversal.requestId,
    amount: { amount: reversal.amount, currency: CURRENCY },
    reason: 'cancelled',
    holdIds: reversal.holdIds ?? [],
    at: new Date(nowMs).toISOString(),
  }
  return { id: newId(), kind: 'reversal' as const, body: JSON.stringify(body) }
}
