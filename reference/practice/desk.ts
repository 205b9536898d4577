/**
 * The practice desk: the local socket through which a terminal's practice drawer sees the world and steers it. Lines of JSON, each asked
 * and answered once, in order. Whoever sends what is no such line loses its own connection only.
 */
import { createServer, type Server, type Socket } from 'node:net'
import { type FromDesk, PRACTICE_LINE_MAX_BYTES, type PracticeView, toDesk } from '#shared/contracts/practice-desk.ts'
import type { PracticeTrouble } from '#shared/contracts/troubles.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { listenOn, stopListening } from './local-socket.ts'
import type { SteeringCommand } from './steering.ts'

/** Drawers open at once. */
export const DESK_CLIENTS_MAX = 16
const LINE_END = 0x0a
const utf8 = new TextDecoder('utf-8', { fatal: true })

export type DeskParts = {
  readonly view: () => Promise<PracticeView>
  /** Undefined when done, else why not. */
  readonly act: (command: SteeringCommand) => Promise<PracticeTrouble | undefined>
}

export class Desk {
  readonly #parts: DeskParts
  readonly #server: Server
  readonly #clients = new Set<Socket>()

  private constructor(parts: DeskParts) {
    this.#parts = parts
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Listens on a Unix socket or a Windows pipe. `cannot-listen` when the path is too long or not allowed. */
  static async listen(path: string, parts: DeskParts): Promise<Result<Desk, 'cannot-listen'>> {
    const desk = new Desk(parts)
    return (await listenOn(desk.#server, path)).ok ? ok(desk) : err('cannot-listen')
  }

  async close(): Promise<void> {
    for (const socket of this.#clients) socket.destroy()
    await stopListening(this.#server)
  }

  #accept(socket: Socket): void {
    if (this.#clients.size >= DESK_CLIENTS_MAX) {
      socket.destroy()
      return
    }
    this.#clients.add(socket)
    socket.once('close', () => this.#clients.delete(socket))
    socket.on('error', () => socket.destroy())
    void this.#serve(socket)
      .catch(() => undefined)
      .finally(() => socket.destroy())
  }

  /**
   * One line after the other: the next is read when the answer to the one before has been handed over, so that a client that asks and
   * does not read holds up nobody but itself, and costs no more than one answer.
   */
  async #serve(socket: Socket): Promise<void> {
    for await (const line of linesOf(socket)) {
      const answer = line === undefined ? undefined : await this.#answer(line)
      if (!answer || socket.destroyed) return
      await written(socket, `${JSON.stringify(answer)}\n`)
    }
  }

  /** Undefined when the line is none of ours. */
  async #answer(line: string): Promise<FromDesk | undefined> {
    const asked = toDesk.safeParse(json(line))
    if (!asked.success) return undefined
    const { id } = asked.data
    if (asked.data.ask === 'view') return { answer: 'view', id, view: await this.#parts.view() }
    const refused = await this.#parts.act(asked.data.command)
    return refused === undefined ? { answer: 'done', id } : { answer: 'refused', id, trouble: refused }
  }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** The lines a client sends; undefined, as the last one, for a line that is too long or is not UTF-8. */
async function* linesOf(socket: Socket): AsyncGenerator<string | undefined, void> {
  let begun: Buffer[] = []
  let begunBytes = 0
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    let rest = chunk
    for (let end = rest.indexOf(LINE_END); end >= 0; end = rest.indexOf(LINE_END)) {
      if (begunBytes + end > PRACTICE_LINE_MAX_BYTES) {
        yield undefined
        return
      }
      yield decoded(Buffer.concat([...begun, rest.subarray(0, end)]))
      begun = []
      begunBytes = 0
      rest = rest.subarray(end + 1)
    }
    begun.push(rest)
    begunBytes += rest.length
    if (begunBytes > PRACTICE_LINE_MAX_BYTES) {
      yield undefined
      return
    }
  }
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Resolves when the client has taken it, or is gone. */
async function written(socket: Socket, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.write(text, () => resolve())
  await promise
}
