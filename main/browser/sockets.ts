/** The WebSockets of the browser host: how many, how large, and how long a silent one is kept. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { MESSAGE_BYTES_MAX, type RpcHandler } from '../hosting/rpc-socket.ts'

/** RFC 6455: the endpoint is going away. The screens then connect again. */
const GOING_AWAY = 1001
/** A message in more pieces than this is an attack on our memory. */
const FRAGMENTS_MAX = 64

export interface Sockets {
  /** Takes over an upgrade that was checked. False when there are too many; the caller then refuses it. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Ends them all at once. */
  close(): void
}

export function createSockets(rpc: RpcHandler, limits: { readonly socketsMax: number; readonly pingIntervalMs: number }): Sockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    maxFragments: FRAGMENTS_MAX,
    perMessageDeflate: false,
  })
  const alive = new WeakSet<WebSocket>()
  const pinging = setInterval(() => {
    for (const socket of server.clients) {
      if (!alive.delete(socket)) socket.terminate()
      else if (socket.readyState === socket.OPEN) socket.ping()
    }
  }, limits.pingIntervalMs)
  pinging.unref()

  return {
    accept(request, stream, head) {
      if (server.clients.size >= limits.socketsMax) return false
      server.handleUpgrade(request, stream, head, (socket) => {
        alive.add(socket)
        socket.on('pong', () => alive.add(socket))
        // A protocol error ends the socket; ws has closed it already when it tells.
        socket.on('error', () => undefined)
        rpc.attachSocket(socket, request)
      })
      return true
    },
    close() {
      clearInterval(pinging)
      for (const socket of server.clients) {
        socket.close(GOING_AWAY)
        socket.terminate()
      }
      server.close()
    },
  }
}
