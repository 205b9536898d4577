/**
 * Where a page becomes the phone of the spare band: a WebSocket on this machine. A page of another origin is refused before anything is
 * said; a page of ours shows the one-time word of its link first, and afterwards the word it was given for it. One page at a time.
 */
import { isUtf8 } from 'node:buffer'
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import * as z from 'zod'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { segmentBytes } from '#shared/contracts/frames.ts'
import { readKept } from '#shared/contracts/kept-json.ts'
import { LINK_FRAME_BYTES_MAX } from '#shared/contracts/phone-link.ts'
import {
  type FromYourBand,
  HELLO_WAIT_MS,
  PRACTICE_CLOSE,
  PRACTICE_WALLET_PATH,
  PRACTICE_WALLET_TEXT_MAX_BYTES,
  toYourBand,
} from '#shared/contracts/practice-wallet.ts'
import { ok, type Result } from '#shared/result.ts'
import { SERVER_MTU } from '../band/gatt-server.ts'
import { openPhoneChannel } from '../band/phone-link.ts'
import { listenAt, stopListening } from './local-socket.ts'
import type { PracticeClock } from './practice-clock.ts'
import { keepWhole, readWhole } from './whole-file.ts'
import type { YourBand } from './your-band.ts'

const LOOPBACK = '127.0.0.1'
const WORD_BYTES = 16
/** The page that is the phone, one that says hello, and some to spare. */
export const PAGES_MAX = 8
/** Bytes waiting for a page that does not read; a payment is some 10 kB. */
const UNREAD_MAX_BYTES = 1_048_576
const MESSAGE_MAX_BYTES = Math.max(PRACTICE_WALLET_TEXT_MAX_BYTES, LINK_FRAME_BYTES_MAX)
/** What a link of this size carries in one go, so that practice cuts as a real link does. */
const FRAME_BYTES = segmentBytes(SERVER_MTU, SERVER_MTU)
const GOING_AWAY = 1001

const sessionFile = z.strictObject({ sessionDigest: z.string().regex(/^[0-9a-f]{64}$/) })

export type YourBandServerParts = {
  readonly clock: PracticeClock
  readonly band: YourBand
  readonly folder: string
  /** 0 for any that is free. */
  readonly port: number
  /** The pages that may come: scheme, host and port, as browsers say it. */
  readonly origins: ReadonlySet<string>
}

export class YourBandServer {
  readonly #parts: YourBandServerParts
  readonly #http: Server
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_MAX_BYTES, perMessageDeflate: false })
  /** The word of the link on show. It is made anew when it has been used. */
  #token = newWord()
  #sessionDigest: string | undefined
  /** The page that is the phone. */
  #phone: WebSocket | undefined

  private constructor(parts: YourBandServerParts, sessionDigest: string | undefined) {
    this.#parts = parts
    this.#sessionDigest = sessionDigest
    this.#http = createServer((_request, response) => response.writeHead(404).end())
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
  }

  static async listen(parts: YourBandServerParts): Promise<Result<YourBandServer, 'cannot-listen'>> {
    const text = await readWhole(pathIn(parts.folder))
    const server = new YourBandServer(parts, text === undefined ? undefined : sessionFile.parse(JSON.parse(text)).sessionDigest)
    const listening = await listenAt(server.#http, { host: LOOPBACK, port: parts.port })
    return listening.ok ? ok(server) : listening
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  /** The one-time word: whoever opens the link with it becomes the phone. */
  get token(): string {
    return this.#token
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) {
      socket.close(GOING_AWAY)
      socket.terminate()
    }
    this.#sockets.close()
    const stopped = stopListening(this.#http)
    this.#http.closeAllConnections()
    await stopped
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { port } = this
    const isOurs =
      request.url === PRACTICE_WALLET_PATH &&
      (request.headers.host === `${LOOPBACK}:${port}` || request.headers.host === `localhost:${port}`) &&
      this.#parts.origins.has(request.headers.origin ?? '')
    if (!isOurs || this.#sockets.clients.size >= PAGES_MAX) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n')
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (page) => this.#accept(page))
  }

  #accept(page: WebSocket): void {
    const stopTimer = this.#parts.clock.after(HELLO_WAIT_MS, () => page.close(PRACTICE_CLOSE['not-known']))
    page.on('error', () => page.terminate())
    page.once('close', stopTimer)
    page.once('message', (data, isBinary) => {
      stopTimer()
      void this.#greet(page, isBinary ? undefined : readText(data))
    })
  }

  async #greet(page: WebSocket, said: ReturnType<typeof readText>): Promise<void> {
    const session =
      said?.say === 'hello' ? await this.#exchange(said.token) : said?.say === 'hello-again' ? this.#again(said.session) : undefined
    if (session === undefined) return page.close(PRACTICE_CLOSE['not-known'])
    this.#phone?.close(PRACTICE_CLOSE.replaced)
    this.#phone = page
    page.once('close', () => {
      if (this.#phone === page) this.#phone = undefined
    })
    this.#serve(page)
    say(page, { say: 'welcome', session, frameBytes: FRAME_BYTES })
  }

  /** A link's word is good once: the page gets one of its own for it, and the page before it is not known any more. */
  async #exchange(token: string): Promise<string | undefined> {
    if (!isSame(token, this.#token)) return undefined
    this.#token = newWord()
    const session = newWord()
    const kept: z.input<typeof sessionFile> = { sessionDigest: digestOf(session) }
    if (!(await keepWhole(pathIn(this.#parts.folder), JSON.stringify(kept))).ok) return undefined
    this.#sessionDigest = kept.sessionDigest
    return session
  }

  #again(session: string): string | undefined {
    return this.#sessionDigest !== undefined && isSame(digestOf(session), this.#sessionDigest) ? session : undefined
  }

  #serve(page: WebSocket): void {
    let channel: ReturnType<typeof openPhoneChannel> | undefined
    const begin = () => {
      const { clock, band } = this.#parts
      channel ??= openPhoneChannel({
        clock,
        frameBytes: FRAME_BYTES,
        connectPhone: (side) => band.connectPhone(side),
        write: (frame) => {
          if (page.bufferedAmount > UNREAD_MAX_BYTES) page.terminate()
          else if (page.readyState === page.OPEN) page.send(frame)
        },
        onBroken: () => page.close(PRACTICE_CLOSE['not-understood']),
      })
    }
    page.once('close', () => channel?.closed())
    page.on('message', (data, isBinary) => {
      if (isBinary) return channel?.receive(bytesOf(data))
      const said = readText(data)
      if (!said) return page.close(PRACTICE_CLOSE['not-understood'])
      if (said.say === 'begin') return begin()
      return this.#act(page, said)
    })
  }

  #act(page: WebSocket, said: NonNullable<ReturnType<typeof readText>>): void {
    const { band } = this.#parts
    switch (said.say) {
      case 'move':
        return band.set(said)
      case 'knock':
        return band.knock(said.count)
      case 'invite':
        void band.invite().then((code) => say(page, code.ok ? { say: 'invitation', code: code.value } : { say: 'no-invitation' }))
        return
      default:
        // It has said hello already.
        return page.close(PRACTICE_CLOSE['not-understood'])
    }
  }
}

function pathIn(folder: string): string {
  return join(folder, 'your-band.session.json')
}

function newWord(): string {
  return toBase64Url(randomBytes(WORD_BYTES))
}

function digestOf(word: string): string {
  return createHash('sha256').update(word).digest('hex')
}

/** Compared in constant time. */
function isSame(given: string, known: string): boolean {
  return timingSafeEqual(createHash('sha256').update(given).digest(), createHash('sha256').update(known).digest())
}

function say(page: WebSocket, message: FromYourBand): void {
  if (page.readyState === page.OPEN) page.send(JSON.stringify(message))
}

function bytesOf(data: RawData): Uint8Array {
  return Array.isArray(data) ? Uint8Array.from(Buffer.concat(data)) : Uint8Array.from(new Uint8Array(data))
}

/** What a page says, or undefined when it is nothing of ours. */
function readText(data: RawData): ReturnType<typeof toYourBand.parse> | undefined {
  const bytes = bytesOf(data)
  if (bytes.length > PRACTICE_WALLET_TEXT_MAX_BYTES || !isUtf8(bytes)) return undefined
  return readKept(toYourBand, new TextDecoder().decode(bytes))
}
