/** Listens on the conformance line. Each connection says first what it is; one that breaks the line's rules loses its own connection only. */
import { createServer, type Server, type Socket } from 'node:net'
import { decodeLineFrame, encodeLineFrame, type LineFrame, type LineRole, lineDeframer } from '#shared/contracts/conformance-line.ts'
import { ok, type Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'
import { listenAt, stopListening } from '../practice/local-socket.ts'

/** A connection that does not say what it is within this time is let go. */
const HELLO_WAIT_MS = 5_000
/** Bytes the other side may leave unread before it is taken for dead. */
const UNREAD_MAX_BYTES = 1_048_576

export type Said = Exclude<LineFrame, { type: 'hello' | 'welcome' }>
export interface LineConnection {
  send(frame: Said): void
  /** Ends it after everything handed over has left. */
  end(): void
}
/** The other side of one connection. */
export interface LineGuest {
  receive(frame: Said): void
  closed(): void
}
/** Undefined: this target is no such thing, or has no room. */
export type Accept = (role: LineRole, connection: LineConnection) => LineGuest | undefined

export class LineServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(accept: Accept) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
      serve(socket, accept)
    })
  }

  /** `port` 0 for any free one. */
  static async listen(at: { readonly host: string; readonly port: number }, accept: Accept): Promise<Result<LineServer, 'cannot-listen'>> {
    const line = new LineServer(accept)
    const listening = await listenAt(line.#server, at)
    return listening.ok ? ok(line) : listening
  }

  /** As a target is named on the command line of the harness. */
  get address(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') return 'closed'
    return `tcp:${address.address}:${address.port}`
  }

  async close(): Promise<void> {
    const stopped = stopListening(this.#server)
    for (const socket of this.#sockets) socket.destroy()
    await stopped
  }
}

function serve(socket: Socket, accept: Accept): void {
  const deframer = lineDeframer()
  let guest: LineGuest | undefined
  const connection: LineConnection = {
    send: (frame) => {
      if (!socket.writable) return
      socket.write(encodeLineFrame(frame))
      if (socket.writableLength > UNREAD_MAX_BYTES) socket.destroy()
    },
    end: () => socket.end(),
  }
  const take = (frame: LineFrame) => {
    if (guest && frame.type !== 'hello' && frame.type !== 'welcome') return guest.receive(frame)
    if (guest || frame.type !== 'hello') return socket.destroy()
    // What the guest says while it is taken in follows the welcome.
    const waiting: Said[] = []
    let isWelcome = false
    guest = accept(frame.role, { send: (said) => (isWelcome ? connection.send(said) : waiting.push(said)), end: () => connection.end() })
    if (!guest) return socket.destroy()
    socket.write(encodeLineFrame({ type: 'welcome' }))
    isWelcome = true
    for (const said of waiting) connection.send(said)
  }
  const helloTimer = setTimeout(() => {
    if (!guest) socket.destroy()
  }, HELLO_WAIT_MS)
  socket.setNoDelay(true)
  socket.on('data', (chunk: Buffer) => {
    const payloads = deframer.push(chunk)
    const frames = payloads.ok ? payloads.value.map((payload) => decodeLineFrame(payload)) : []
    for (const frame of frames) {
      if (socket.destroyed) return
      if (frame.ok) take(frame.value)
      else socket.destroy()
    }
    if (!payloads.ok) socket.destroy()
  })
  // An error is always followed by close, which is where the guest hears of it.
  socket.on('error', () => socket.destroy())
  socket.once('close', () => {
    clearTimeout(helloTimer)
    guest?.closed()
  })
}

/** Takes commands one after another and answers each; a line that is no command is answered with `ok: false`. */
export function controlGuest(connection: LineConnection, run: (json: Uint8Array) => Promise<object>): LineGuest {
  const turns = new Turns()
  return {
    receive: (frame) => {
      if (frame.type !== 'command') return connection.end()
      turns.begin(async () => connection.send({ type: 'reply', json: Buffer.from(JSON.stringify(await run(frame.json))) }))
    },
    closed: () => {},
  }
}
