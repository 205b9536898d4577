/**
 * The till's API over a socket, for both hosts: a WebSocket of the browser host, or a MessagePort of the desktop window. Both end in the
 * same handler (tRPC's own WebSocket protocol) with the same limits.
 */
import { EventEmitter } from 'node:events'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { getWSConnectionHandler } from '@trpc/server/adapters/ws'
import { WebSocket, WebSocketServer } from 'ws'
import type { Till } from '#shared/contracts/till.ts'
import { createRouter } from '../api/router.ts'
import type { Log } from './log.ts'

/** The largest call is a choice of 20 seats, about 2 kB; a page may send many calls as one message. */
export const MESSAGE_BYTES_MAX = 64 * 1024
/** Calls in one message. The screens send at most a handful together. */
export const BATCH_CALLS_MAX = 64
/** Bytes waiting for a page that does not read. A state is about 10 kB; beyond this the page is taken for dead. */
export const UNREAD_BYTES_MAX = 4 * 1024 * 1024

/** What we need of Electron's MessagePortMain. */
export interface RpcPort {
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): unknown
  on(event: 'close', listener: () => void): unknown
  postMessage(message: string): void
  start(): void
  close(): void
}

export interface RpcHandler {
  /** Serves the till on an open WebSocket, whose server must cap messages at MESSAGE_BYTES_MAX. */
  attachSocket(socket: WebSocket, request: IncomingMessage): void
  /** Serves the till on a port. The returned function closes it. */
  attachPort(port: RpcPort): () => void
}

/** Makes the handler. A call that fails by a bug is logged here, with its name and never its input; the page learns only that it failed. */
export function createRpcHandler({ till, log }: { readonly till: Till; readonly log: Log }): RpcHandler {
  const onConnection = getWSConnectionHandler({
    // The handler asks for a server only to reach its clients, which it never does: nothing listens here.
    wss: new WebSocketServer({ noServer: true }),
    router: createRouter(),
    createContext: () => ({ till }),
    onError: ({ error, path }) => {
      if (error.code === 'INTERNAL_SERVER_ERROR') log.error({ call: path, error: error.cause ?? error }, 'a call failed')
      else log.warn({ call: path, code: error.code }, 'a call was refused')
    },
    experimental_encoder: { encode: (data) => JSON.stringify(data), decode: decodeBatch },
  })
  return {
    attachSocket: (socket, request) => {
      dropUnread(socket)
      onConnection(socket, request)
    },
    attachPort: (port) => {
      const socket = new PortSocket(port)
      // Of a WebSocket the handler uses on, once, send, close, terminate and readyState, all of which are here.
      onConnection(socket, portRequest())
      port.start()
      return () => socket.close()
    },
  }
}

/** One message's calls. The handler answers an exception with a parse error. */
function decodeBatch(text: string | ArrayBuffer | Uint8Array): unknown {
  if (typeof text !== 'string') throw new Error('binary messages are not spoken here')
  const calls: unknown = JSON.parse(text)
  if (Array.isArray(calls) && calls.length > BATCH_CALLS_MAX) throw new Error('too many calls in one message')
  return calls
}

/** Ends a socket whose page has stopped reading, before what waits for it fills our memory. */
function dropUnread(socket: WebSocket): void {
  const send = socket.send.bind(socket)
  const sendOrDrop = (data: string) => {
    if (socket.bufferedAmount > UNREAD_BYTES_MAX) socket.terminate()
    else if (socket.readyState === WebSocket.OPEN) send(data)
  }
  Object.assign(socket, { send: sendOrDrop })
}

/** A port has no HTTP request behind it. The handler reads nothing of this but its address. */
function portRequest(): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.url = '/trpc'
  return request
}

/** A WebSocket's shape over a port. */
class PortSocket extends EventEmitter {
  readyState: number = WebSocket.OPEN
  readonly #port: RpcPort

  constructor(port: RpcPort) {
    super()
    this.#port = port
    port.on('message', ({ data }) => this.#receive(data))
    port.on('close', () => this.#closed())
  }

  send(data: string): void {
    if (this.readyState === WebSocket.OPEN) this.#port.postMessage(data)
  }

  close(): void {
    if (this.readyState === WebSocket.CLOSED) return
    this.#port.close()
    this.#closed()
  }

  terminate(): void {
    this.close()
  }

  #receive(data: unknown): void {
    if (this.readyState !== WebSocket.OPEN) return
    if (typeof data !== 'string' || Buffer.byteLength(data) > MESSAGE_BYTES_MAX) {
      this.close()
      return
    }
    // The handler takes only a Buffer marked as text; a string it would answer with an error and then never serve.
    this.emit('message', Buffer.from(data), false)
  }

  #closed(): void {
    if (this.readyState === WebSocket.CLOSED) return
    this.readyState = WebSocket.CLOSED
    this.emit('close')
  }
}
