/**
 * The terminal's side of the practice desk: what the practice drawer sees and does. Connects when something is asked, and again after the
 * world was gone. Nothing of it is part of a sale: whatever goes wrong here is a refusal in the drawer.
 */
import { connect, type NetConnectOpts, type Socket } from 'node:net'
import type { Clock } from '#main/ports.ts'
import {
  type FromDesk,
  fromDesk,
  PRACTICE_LINE_MAX_BYTES,
  type PracticeCommand,
  type PracticeView,
  type ToDesk,
} from '#shared/contracts/practice-desk.ts'
import type { PracticeTrouble } from '#shared/contracts/troubles.ts'
import { err, ok, type Result } from '#shared/result.ts'

/** The world is on this machine: what is not answered by then, connecting included, will not be. */
export const PRACTICE_TIMEOUT_MS = 2_000
/** Questions under way at once. The drawer asks one a second and one for each touch. */
export const PRACTICE_ASKS_MAX = 32
const LINE_END = 0x0a

/** `practice-gone`: the world does not answer. `practice-refused`: it says why not. */
export type PracticeRefusal = { readonly code: 'practice-gone' } | { readonly code: 'practice-refused'; readonly subject: PracticeTrouble }

export interface PracticeDesk {
  view(): Promise<Result<PracticeView, PracticeRefusal>>
  steer(command: PracticeCommand): Promise<Result<void, PracticeRefusal>>
  /** Ends what is under way, and asks nothing any more. */
  close(): void
}

export type PracticeClientParts = { readonly where: NetConnectOpts; readonly clock: Clock }

export function createPracticeClient(parts: PracticeClientParts): PracticeDesk {
  return new PracticeClient(parts)
}

const GONE = { code: 'practice-gone' } as const
/** An answer to a question, or undefined when none will come. */
type Settle = (answer: FromDesk | undefined) => void

class PracticeClient implements PracticeDesk {
  readonly #parts: PracticeClientParts
  #line: DeskLine | undefined
  #nextId = 0
  #isClosed = false

  constructor(parts: PracticeClientParts) {
    this.#parts = parts
  }

  async view(): Promise<Result<PracticeView, PracticeRefusal>> {
    const answer = await this.#ask((id) => ({ ask: 'view', id }))
    return answer?.answer === 'view' ? ok(answer.view) : err(refusalIn(answer))
  }

  async steer(command: PracticeCommand): Promise<Result<void, PracticeRefusal>> {
    const answer = await this.#ask((id) => ({ ask: 'do', id, command }))
    return answer?.answer === 'done' ? ok() : err(refusalIn(answer))
  }

  close(): void {
    this.#isClosed = true
    this.#line?.end()
  }

  async #ask(question: (id: number) => ToDesk): Promise<FromDesk | undefined> {
    if (this.#isClosed) return undefined
    if (!this.#line || this.#line.isOver) this.#line = new DeskLine(connect(this.#parts.where))
    const line = this.#line
    const id = this.#nextId
    this.#nextId = (this.#nextId + 1) % Number.MAX_SAFE_INTEGER
    const { promise, resolve } = Promise.withResolvers<FromDesk | undefined>()
    // A world that does not answer one question answers none: the next one is asked on another connection.
    const stopTimer = this.#parts.clock.after(PRACTICE_TIMEOUT_MS, () => line.end())
    line.ask(question(id), resolve)
    const answer = await promise
    stopTimer()
    return answer
  }
}

function refusalIn(answer: FromDesk | undefined): PracticeRefusal {
  return answer?.answer === 'refused' ? { code: 'practice-refused', subject: answer.trouble } : GONE
}

/** One connection to the desk, with the questions that wait on it. Over once, for good; then no question stays open. */
class DeskLine {
  readonly #socket: Socket
  readonly #waiting = new Map<number, Settle>()
  #begun: Buffer[] = []
  #begunBytes = 0
  isOver = false

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    socket.on('error', () => this.end())
    socket.on('close', () => this.end())
  }

  ask(question: ToDesk, settle: Settle): void {
    if (this.isOver || this.#waiting.size >= PRACTICE_ASKS_MAX) return settle(undefined)
    this.#waiting.set(question.id, settle)
    this.#socket.write(`${JSON.stringify(question)}\n`)
  }

  end(): void {
    if (this.isOver) return
    this.isOver = true
    this.#socket.destroy()
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const settle of waiting) settle(undefined)
  }

  #receive(chunk: Buffer): void {
    let rest = chunk
    for (let end = rest.indexOf(LINE_END); end >= 0 && !this.isOver; end = rest.indexOf(LINE_END)) {
      const line = Buffer.concat([...this.#begun, rest.subarray(0, end)])
      this.#begun = []
      this.#begunBytes = 0
      rest = rest.subarray(end + 1)
      this.#settle(line)
    }
    this.#begun.push(rest)
    this.#begunBytes += rest.length
    if (this.#begunBytes > PRACTICE_LINE_MAX_BYTES) this.end()
  }

  /** What is no answer to a question of ours ends the connection: it is no desk that speaks there. */
  #settle(line: Buffer): void {
    const answer = line.length > PRACTICE_LINE_MAX_BYTES ? undefined : fromDesk.safeParse(json(line.toString('utf8')))
    const settle = answer?.success ? this.#waiting.get(answer.data.id) : undefined
    if (!answer?.success || !settle) return this.end()
    this.#waiting.delete(answer.data.id)
    settle(answer.data)
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
