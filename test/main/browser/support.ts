import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import WebSocket from 'ws'
import { type BrowserServer, SERVER_LIMITS, type ServerLimits, startBrowserServer } from '#main/browser/server.ts'
import type { SessionStore } from '#main/browser/session-file.ts'
import { openRendererFiles } from '#main/hosting/renderer-files.ts'
import { createRpcHandler } from '#main/hosting/rpc-socket.ts'
import type { Till } from '#shared/contracts/till.ts'
import { createFakeTill } from '../../renderer/support/fake-till.ts'
import { makeBundle, memoryLog } from '../hosting/support.ts'

/** Sessions that live as long as the server. */
export const NO_STORE: SessionStore = { load: () => [], save: () => undefined, clear: () => undefined }

export type Host = {
  readonly server: BrowserServer
  readonly port: number
  readonly host: string
  readonly log: ReturnType<typeof memoryLog>
}

/** A server of the browser host with a till in memory behind it, on any free port. Closed when the test ends. */
export async function startHost(options: { readonly limits?: Partial<ServerLimits>; readonly till?: Till } = {}): Promise<Host> {
  const { bundle } = await makeBundle()
  const files = await openRendererFiles(bundle)
  if (!files.ok) throw new Error(files.error)
  const log = memoryLog()
  const rpc = createRpcHandler({ till: options.till ?? createFakeTill(), log })
  const server = await startBrowserServer({
    files: files.value,
    rpc,
    sessionStore: NO_STORE,
    port: 0,
    ipv6: false,
    limits: { ...SERVER_LIMITS, ...options.limits },
  })
  if (!server.ok) throw new Error(server.error.code)
  onTestFinished(async () => server.value.close())
  return { server: server.value, port: server.value.port, host: `127.0.0.1:${server.value.port}`, log }
}

export type Reply = { readonly status: number; readonly headers: ReadonlyMap<string, readonly string[]>; readonly body: string }
export type Ask = {
  readonly method?: string
  readonly path?: string
  /** Sent as they are; `host` is the server's own unless given, and is left out when null. */
  readonly headers?: Readonly<Record<string, string | null>>
  readonly body?: string
}

/** One request in bytes of our own: no client corrects the path or the Host for us. */
export async function ask(port: number, { method = 'GET', path = '/', headers = {}, body = '' }: Ask = {}): Promise<Reply> {
  const sent = { host: `127.0.0.1:${port}`, connection: 'close', ...headers }
  const lines = Object.entries(sent).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]))
  return parseReply(await exchange(port, `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`))
}

/** Sends bytes and reads until the server ends the connection. */
export async function exchange(port: number, bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
  let received = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    received += text
  })
  socket.on('error', () => resolve(received))
  socket.on('close', () => resolve(received))
  return promise
}

export function parseReply(text: string): Reply {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const at = line.indexOf(':')
    const name = line.slice(0, at).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(at + 1).trim()])
  }
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n') }
}

export function entryPath(address: string): string {
  return new URL(address).pathname
}

/** The `name=value` of the one cookie that a reply sets. */
export function cookieIn(reply: Reply): string {
  return reply.headers.get('set-cookie')?.[0]?.split(';')[0] ?? ''
}

/** Opens the one-time address and the screens, as a browser does. Returns the session's cookie. */
export async function enter({ server, port }: Host): Promise<string> {
  const cookie = cookieIn(await ask(port, { path: entryPath(server.newAddress()) }))
  const screens = await ask(port, { headers: { cookie } })
  if (screens.status !== 200) throw new Error(`not let in: ${screens.status}`)
  return cookie
}

/** Opens a WebSocket as a page of the screens would. Resolves with it, or with the status that refused it. */
export async function openSocket(
  host: Host,
  cookie: string,
  headers: Readonly<Record<string, string>> = {},
  path = '/trpc',
): Promise<WebSocket | number> {
  const socket = new WebSocket(`ws://${host.host}${path}`, { headers: { origin: `http://${host.host}`, cookie, ...headers } })
  onTestFinished(() => socket.terminate())
  return new Promise((resolve) => {
    socket.on('open', () => resolve(socket))
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0)
      request.destroy()
    })
    socket.on('error', () => resolve(0))
  })
}

export async function openedSocket(host: Host, cookie: string): Promise<WebSocket> {
  const socket = await openSocket(host, cookie)
  if (typeof socket === 'number') throw new Error(`refused: ${socket}`)
  return socket
}

export async function nextMessage(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('message', (bytes: Buffer) => resolve(bytes.toString('utf8')))
  })
}

export async function closeCode(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.once('close', resolve)
  })
}

/** A plain connection that is ended with the test. */
export async function openConnection(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket))
    socket.once('close', () => resolve(socket))
  })
}
