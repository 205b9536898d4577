/** The harness's side of the conformance line: connections to the target, and what it says on them. */
import { connect, type Socket } from 'node:net'
import { decodeLineFrame, encodeLineFrame, type LineFrame, type LineRole, lineDeframer } from '#shared/contracts/conformance-line.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Broken } from './rule.ts'

const CONNECT_WAIT_MS = 5_000

export type TargetAddress = { readonly host: string; readonly port: number }
/** What a rule waits for at most, and how long silence must last to count as silence. */
export type Patience = { readonly answerMs: number; readonly silenceMs: number }

/** `tcp:HOST:PORT`, the host in brackets when it has colons. */
export function parseAddress(text: string): Result<TargetAddress, 'not-an-address'> {
  const parts = /^tcp:(?:\[(?<six>[0-9a-f:]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/iu.exec(text)?.groups
  const port = Number(parts?.port)
  const host = parts?.six ?? parts?.host
  return host !== undefined && port > 0 && port < 65_536 ? ok({ host, port }) : err('not-an-address')
}

type Waiter = () => void

export class LineEnd {
  readonly #socket: Socket
  readonly #inbox: LineFrame[] = []
  readonly #waiters = new Set<Waiter>()
  #isClosed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    const deframer = lineDeframer()
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      const payloads = deframer.push(chunk)
      const frames = payloads.ok ? payloads.value.map((payload) => decodeLineFrame(payload)) : []
      // What is no frame of the line ends the connection: the rule that waits sees that.
      for (const frame of frames) if (frame.ok) this.#inbox.push(frame.value)
      if (!payloads.ok || frames.some((frame) => !frame.ok)) socket.destroy()
      this.#wake()
    })
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  static async open(address: TargetAddress, role: LineRole): Promise<Result<LineEnd, 'unreachable' | 'no-room'>> {
    const socket = connect(address)
    const connected = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => connected.resolve(false), CONNECT_WAIT_MS)
    socket.once('connect', () => connected.resolve(true))
    socket.once('error', () => connected.resolve(false))
    const isConnected = await connected.promise
    clearTimeout(timer)
    if (!isConnected) {
      socket.destroy()
      return err('unreachable')
    }
    const end = new LineEnd(socket)
    end.send({ type: 'hello', role })
    const welcome = await end.take((frame) => (frame.type === 'welcome' ? frame : undefined), CONNECT_WAIT_MS)
    if (welcome) return ok(end)
    const why = end.isClosed ? 'no-room' : 'unreachable'
    await end.close()
    return err(why)
  }

  send(frame: LineFrame): void {
    if (!this.#isClosed) this.#socket.write(encodeLineFrame(frame))
  }

  /** Ends the connection; resolves when the target has seen it. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    const closed = new Promise<void>((resolve) => {
      this.#socket.once('close', () => resolve())
    })
    this.#socket.destroy()
    await closed
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Frames that came and were not taken yet, in order. `look` is asked again with each that comes, until it answers. */
  async until<T>(look: (inbox: LineFrame[], isClosed: boolean) => T | undefined, withinMs: number): Promise<T | undefined> {
    const endMs = performance.now() + withinMs
    for (;;) {
      const found = look(this.#inbox, this.#isClosed)
      const leftMs = endMs - performance.now()
      if (found !== undefined || leftMs <= 0) return found
      await this.#change(leftMs)
    }
  }

  /** Takes the first frame that is wanted out of those that came, or undefined when none comes in time. */
  async take<T>(want: (frame: LineFrame) => T | undefined, withinMs: number): Promise<T | undefined> {
    const taken = await this.until((inbox, isClosed) => {
      for (const [index, frame] of inbox.entries()) {
        const wanted = want(frame)
        if (wanted === undefined) continue
        inbox.splice(index, 1)
        return { wanted }
      }
      return isClosed ? 'closed' : undefined
    }, withinMs)
    return taken === 'closed' ? undefined : taken?.wanted
  }

  async #change(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        this.#waiters.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, withinMs)
      this.#waiters.add(wake)
    })
  }

  #wake(): void {
    for (const wake of this.#waiters) wake()
  }
}

/** Tells the target's hands what to do, one thing after another. */
export class Hands<Command extends { readonly do: string }, Reply extends { readonly ok: boolean }> {
  readonly #line: LineEnd
  readonly #parse: (value: unknown) => { readonly success: boolean; readonly data?: Reply }
  readonly #patience: Patience

  constructor(line: LineEnd, parse: (value: unknown) => { readonly success: boolean; readonly data?: Reply }, patience: Patience) {
    this.#line = line
    this.#parse = parse
    this.#patience = patience
  }

  async tell(command: Command): Promise<Reply> {
    this.#line.send({ type: 'command', json: Buffer.from(JSON.stringify(command)) })
    const json = await this.#line.take((frame) => (frame.type === 'reply' ? frame.json : undefined), this.#patience.answerMs)
    const reply = json === undefined ? undefined : this.#parse(asJson(json)).data
    if (!reply) throw new Broken(`no proper reply to the command ${command.do} (docs/conformance.md)`)
    return reply
  }
}

/** What these bytes say as JSON in UTF-8; undefined when they are none. */
export function asJson(json: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(json).toString('utf8'))
  } catch {
    return undefined
  }
}
