/** The browser host's server: the screens and the till's API on the loopback interface, for a browser that was let in. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { err, ok, type Result } from '#shared/result.ts'
import { barePolicy, COMMON_HEADERS } from '../hosting/page-headers.ts'
import type { RendererFiles } from '../hosting/renderer-files.ts'
import type { RpcHandler } from '../hosting/rpc-socket.ts'
import { entryPage, type Page } from './entry-page.ts'
import {
  cameFromElsewhere,
  cookieName,
  cookieOf,
  hasBody,
  hostOf,
  hostsFor,
  isForeignPart,
  isOwnOrigin,
  isPrefetch,
  pathOf,
} from './request-checks.ts'
import type { SessionStore } from './session-file.ts'
import { createSessions } from './sessions.ts'
import { createSockets, type Sockets } from './sockets.ts'

const IPV4_LOOPBACK = '127.0.0.1'
const IPV6_LOOPBACK = '::1'
const ENTRY_PREFIX = '/enter/'
const RPC_PATH = '/trpc'
/** What a closing server gives answers under way before it cuts them. */
const CLOSE_GRACE_MS = 300

/** What one page may use. A counter has one screen, perhaps two; the rest of the room is for reconnecting and for attack. */
export const SERVER_LIMITS = {
  connectionsMax: 128,
  socketsMax: 16,
  headerBytesMax: 8 * 1024,
  headersMax: 64,
  /** From the first byte of a connection to the end of its headers. */
  headersTimeoutMs: 5_000,
  /** The whole request; none has a body that we read. */
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 5_000,
  /** How often overdue connections are looked for. */
  checkIntervalMs: 1_000,
  /** A socket is asked for a sign of life this often, and ended when none came by the next time. */
  pingIntervalMs: 10_000,
  /** How often it is noted that the sessions still live. */
  sessionKeepIntervalMs: 60_000,
} as const
export type ServerLimits = { readonly [K in keyof typeof SERVER_LIMITS]: number }

export type BrowserServerParts = {
  readonly files: RendererFiles
  readonly rpc: RpcHandler
  readonly sessionStore: SessionStore
  /** 0: any free port. */
  readonly port: number
  readonly ipv6: boolean
  readonly limits?: ServerLimits
}

export interface BrowserServer {
  readonly port: number
  /** A new one-time address of the screens. It is a secret until it has been used: print it, never log it. */
  newAddress(): string
  /** Ends every connection. Resolves when the port is free. */
  close(): Promise<void>
}

/** Listens. `port-in-use`: another program has the port. `cannot-listen`: the system refused, `detail` is its code. */
export async function startBrowserServer(
  parts: BrowserServerParts,
): Promise<Result<BrowserServer, { readonly code: 'port-in-use' | 'cannot-listen'; readonly detail: string }>> {
  const { rpc, ipv6, limits = SERVER_LIMITS } = parts
  const sessions = createSessions(parts.sessionStore)
  const sockets = createSockets(rpc, limits)
  const door: Door = { ...parts, sockets, sessions, port: parts.port, hosts: new Set() }
  const first = makeServer(door, limits)
  const listening = await listen(first, IPV4_LOOPBACK, parts.port)
  if (!listening.ok) return listening
  const { port } = listening.value
  door.port = port
  door.hosts = hostsFor(port, ipv6)
  const servers = [first]
  if (ipv6) {
    const second = makeServer(door, limits)
    const also = await listen(second, IPV6_LOOPBACK, port)
    if (!also.ok) {
      await closeServer(first)
      return also
    }
    servers.push(second)
  }
  const keeping = setInterval(() => sessions.keep(), limits.sessionKeepIntervalMs)
  keeping.unref()
  return ok({
    port,
    newAddress: () => `http://${IPV4_LOOPBACK}:${port}${ENTRY_PREFIX}${sessions.newToken()}`,
    async close() {
      clearInterval(keeping)
      sessions.end()
      sockets.close()
      await Promise.all(servers.map(closeServer))
    },
  })
}

/** What the requests share. The port and the hosts are known once the server listens, before it can be asked anything. */
type Door = {
  readonly files: RendererFiles
  readonly sockets: Sockets
  readonly sessions: ReturnType<typeof createSessions>
  port: number
  hosts: ReadonlySet<string>
}

function makeServer(door: Door, limits: ServerLimits): Server {
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    insecureHTTPParser: false,
    noDelay: true,
  })
  server.maxConnections = limits.connectionsMax
  server.maxHeadersCount = limits.headersMax
  server.on('request', (request, response) => void answer(door, request, response))
  server.on('upgrade', (request, socket, head) => upgrade(door, request, socket, head))
  // A CONNECT to another machine is not our trade; without a listener Node would drop it as silently.
  server.on('connect', (_request, socket: Duplex) => socket.destroy())
  return server
}

async function listen(
  server: Server,
  address: string,
  port: number,
): Promise<Result<AddressInfo, { readonly code: 'port-in-use' | 'cannot-listen'; readonly detail: string }>> {
  return new Promise((resolve) => {
    const refuse = (error: NodeJS.ErrnoException) => {
      const detail = error.code ?? error.name
      resolve(
        err({ code: detail === 'EADDRINUSE' ? 'port-in-use' : 'cannot-listen', detail: detail === 'EADDRINUSE' ? String(port) : detail }),
      )
    }
    server.once('error', refuse)
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off('error', refuse)
      // Later errors are of single connections (too many open files): the server goes on, and the caller of that connection waits.
      server.on('error', () => undefined)
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? ok(bound) : err({ code: 'cannot-listen', detail: 'no address' }))
    })
  })
}

async function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
    server.close(() => {
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}

async function answer(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await answerChecked(door, request, response)
  } catch {
    // A bug here must cost one answer, not the terminal; and its words stay inside.
    if (response.headersSent) response.destroy()
    else sendPlain(response, 500, 'The terminal could not do that.\n')
  }
}

async function answerChecked(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const host = hostOf(request, door.hosts)
  const path = pathOf(request)
  if (host === undefined) return sendPlain(response, 421, 'This address is not served here.\n')
  if (path === undefined) return sendPlain(response, 400, 'Bad request\n')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    if (!isOwnOrigin(request, host)) return sendPlain(response, 403, 'Forbidden\n')
    return sendPlain(response, 405, 'Method not allowed\n', { allow: 'GET, HEAD' })
  }
  if (hasBody(request)) return sendPlain(response, 413, 'No body is read here.\n', { connection: 'close' })
  if (isForeignPart(request)) return sendPlain(response, 403, 'Forbidden\n')
  if (path.startsWith(ENTRY_PREFIX)) return enter(door, request, response, path.slice(ENTRY_PREFIX.length))
  if (!door.sessions.admit(cookieOf(request, cookieName(door.port)))) {
    return sendPage(response, 401, entryPage({ again: cameFromElsewhere(request) }))
  }
  if (path === RPC_PATH) return sendPlain(response, 426, 'This is a WebSocket.\n', { upgrade: 'websocket', connection: 'upgrade' })
  const { status, headers, body } = await door.files.answer(path, { socketOrigin: `ws://${host}` })
  response.writeHead(status, { ...headers, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Exchanges a one-time token for a session cookie. Only opening the address counts: not looking at it, not preparing for it. */
function enter(door: Door, request: IncomingMessage, response: ServerResponse, token: string): void {
  if (request.method !== 'GET' || isPrefetch(request)) return sendPlain(response, 503, 'Open this address to enter.\n')
  const name = cookieName(door.port)
  // The address opened again in the browser that used it (the back button, a bookmark) leads to the screens.
  const sessionId = door.sessions.enter(token)
  if (sessionId === undefined && !door.sessions.admit(cookieOf(request, name))) {
    return sendPage(response, 401, entryPage({ again: cameFromElsewhere(request) }))
  }
  const cookie = sessionId === undefined ? {} : { 'set-cookie': `${name}=${sessionId}; HttpOnly; SameSite=Strict; Path=/` }
  sendPlain(response, 303, '', { location: '/', ...cookie })
}

function upgrade(door: Door, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  // A connection that breaks while we refuse it is over anyway.
  socket.on('error', () => undefined)
  const host = hostOf(request, door.hosts)
  if (host === undefined) return refuseUpgrade(socket, '421 Misdirected Request')
  if (request.method !== 'GET' || pathOf(request) !== RPC_PATH) return refuseUpgrade(socket, '404 Not Found')
  if (!isOwnOrigin(request, host)) return refuseUpgrade(socket, '403 Forbidden')
  if (!door.sessions.admit(cookieOf(request, cookieName(door.port)))) return refuseUpgrade(socket, '401 Unauthorized')
  if (!door.sockets.accept(request, socket, head)) return refuseUpgrade(socket, '503 Service Unavailable')
}

function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  // A peer that keeps its half open must not keep ours.
  if (socket instanceof Socket) socket.destroySoon()
}

function sendPlain(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  const own = { 'content-type': 'text/plain; charset=utf-8', 'content-security-policy': barePolicy(), 'cache-control': 'no-store' }
  send(response, status, { headers: { ...COMMON_HEADERS, ...own, ...headers }, body: text })
}

function sendPage(response: ServerResponse, status: number, page: Page): void {
  send(response, status, page)
}

/** Sends a short text, and ends the connection of a request whose body nobody will read. */
function send(response: ServerResponse, status: number, { headers, body }: Page): void {
  const closing = response.req.method === 'GET' || response.req.method === 'HEAD' ? {} : { connection: 'close' }
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), ...closing })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
