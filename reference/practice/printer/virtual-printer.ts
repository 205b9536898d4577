/**
 * The practice world's receipt printer. It behaves as a network printer of 80 mm does: it takes raw bytes, answers for its status at any
 * time, prints, cuts and opens the drawer. Its papers can be looked at. It runs out of paper and is switched off when told.
 */
import { createServer, type Server, type Socket } from 'node:net'
import type { PaperView, PracticeView } from '#shared/contracts/practice-desk.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { listenOn, stopListening } from '../local-socket.ts'
import type { PracticeClock } from '../practice-clock.ts'
import { EscPosReader, type Token } from './escpos-reader.ts'
import { type Paper, textOf } from './paper.ts'
import { PaperBuilder } from './paper-builder.ts'
import { drawPaper } from './paper-dots.ts'
import { answerFor } from './status-answers.ts'

/** A paper without a cut ends when nothing has come for this long. */
export const PAPER_SILENCE_MS = 1_000
export const PAPERS_MAX = 10
/** All papers together, as JSON: a view of the world has to fit into one line of the desk, with everybody in it. */
export const PAPERS_MAX_BYTES = 900_000
/** The contract's limit for what is written on one. */
const PAPER_TEXT_MAX_CHARACTERS = 20_000
/** Bytes kept while there is no paper, over all connections. Beyond that the printer reads no further, as real ones with a full buffer. */
export const HELD_MAX_BYTES = 1_000_000
/** Tills that print at once. */
export const CONNECTIONS_MAX = 16
/** Papers waiting to be drawn. */
const DRAWING_MAX = 20

export type VirtualPrinterParts = {
  readonly clock: PracticeClock
  /** A paper could not be drawn: a mistake of ours, said once each time. */
  readonly onFault: (detail: string) => void
}

export class VirtualPrinter {
  readonly #path: string
  readonly #parts: VirtualPrinterParts
  readonly #jobs = new Set<Job>()
  #server: Server | undefined
  #papers: readonly PaperView[] = []
  #nextId = 1
  #hasPaper = true
  #isOnline = true
  #drawing: Promise<void> = Promise.resolve()
  #drawingCount = 0
  /** Switching off and on takes its time: one after the other. */
  #switching: Promise<void> = Promise.resolve()

  private constructor(path: string, parts: VirtualPrinterParts) {
    this.#path = path
    this.#parts = parts
  }

  /** Listens on a Unix socket or a Windows pipe. `cannot-listen` when the path is too long or not allowed. */
  static async listen(path: string, parts: VirtualPrinterParts): Promise<Result<VirtualPrinter, 'cannot-listen'>> {
    const printer = new VirtualPrinter(path, parts)
    return (await printer.#open()) ? ok(printer) : err('cannot-listen')
  }

  view(): PracticeView['printer'] {
    return { paper: this.#hasPaper, online: this.#isOnline, papers: [...this.#papers] }
  }

  /** Takes the paper out or puts it in, switches off or on: what is given. Resolves when it is so; false when it could not be. */
  async set({ paper, online }: { readonly paper?: boolean | undefined; readonly online?: boolean | undefined }): Promise<boolean> {
    if (paper !== undefined && paper !== this.#hasPaper) {
      this.#hasPaper = paper
      for (const job of this.#jobs) job.onPaper()
    }
    if (online === undefined) return true
    const switched = this.#switching.then(async () => this.#switch(online))
    this.#switching = switched.then(() => undefined)
    return switched
  }

  async close(): Promise<void> {
    await this.set({ online: false })
    await this.#drawing
  }

  async #switch(online: boolean): Promise<boolean> {
    if (online === this.#isOnline) return true
    if (online) return this.#open()
    this.#isOnline = false
    const server = this.#server
    this.#server = undefined
    // What it had in memory is gone with the current; what is out already lies there.
    for (const job of this.#jobs) job.powerOff()
    this.#jobs.clear()
    if (server) await stopListening(server)
    return true
  }

  async #open(): Promise<boolean> {
    const server = createServer((socket) => this.#accept(socket))
    if (!(await listenOn(server, this.#path)).ok) return false
    // An error of a listening socket is about one connection that could not be accepted: the next may be.
    server.on('error', (error) => this.#parts.onFault(`the practice printer could not accept: ${error.message}`))
    this.#server = server
    this.#isOnline = true
    return true
  }

  #accept(socket: Socket): void {
    if (this.#jobs.size >= CONNECTIONS_MAX) {
      socket.destroy()
      return
    }
    const job: Job = new Job(socket, {
      clock: this.#parts.clock,
      hasPaper: () => this.#hasPaper,
      mayHold: () => [...this.#jobs].reduce((bytes, each) => bytes + each.heldBytes, 0) < HELD_MAX_BYTES,
      onPaper: (paper) => this.#lay(paper),
      onDone: () => this.#jobs.delete(job),
    })
    this.#jobs.add(job)
  }

  /** Papers are drawn one after the other, in the order they came out. */
  #lay(paper: Paper): void {
    if (this.#drawingCount >= DRAWING_MAX) return this.#parts.onFault('papers come faster than they can be drawn: one is left out')
    const at = new Date(this.#parts.clock.nowMs()).toISOString()
    const id = this.#nextId
    this.#nextId += 1
    this.#drawingCount += 1
    this.#drawing = this.#drawing
      .then(async () => {
        const svg = await drawPaper(paper)
        const text = textOf(paper).join('\n').trim().slice(0, PAPER_TEXT_MAX_CHARACTERS)
        this.#keep({ id, at, svg, text, cut: paper.cut, drawerOpened: paper.drawerOpened })
      })
      .catch((error: unknown) => this.#parts.onFault(`a paper could not be drawn: ${String(error)}`))
      .finally(() => {
        this.#drawingCount -= 1
      })
  }

  #keep(paper: PaperView): void {
    const papers = [...this.#papers, paper].slice(-PAPERS_MAX)
    while (papers.length > 1 && Buffer.byteLength(JSON.stringify(papers)) > PAPERS_MAX_BYTES) papers.shift()
    this.#papers = papers
  }
}

type JobParts = {
  readonly clock: PracticeClock
  readonly hasPaper: () => boolean
  readonly mayHold: () => boolean
  readonly onPaper: (paper: Paper) => void
  readonly onDone: () => void
}

/** One connection: what it sends and the paper that comes of it. Papers of several tills do not mix. */
class Job {
  readonly #socket: Socket
  readonly #parts: JobParts
  readonly #reader = new EscPosReader()
  readonly #builder = new PaperBuilder()
  #held: Token[] = []
  #isClosed = false
  #stopTimer: (() => void) | undefined
  heldBytes = 0

  constructor(socket: Socket, parts: JobParts) {
    this.#socket = socket
    this.#parts = parts
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    // A socket error is always followed by close.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      this.#isClosed = true
      this.#finishIfClosed()
    })
  }

  /** The paper has been put in or taken out. */
  onPaper(): void {
    if (!this.#parts.hasPaper()) return this.#stopTimer?.()
    const held = this.#held
    this.#held = []
    this.heldBytes = 0
    for (const token of held) this.#print(token)
    if (this.#socket.isPaused()) this.#socket.resume()
    this.#watchSilence()
    this.#finishIfClosed()
  }

  powerOff(): void {
    this.#held = []
    this.heldBytes = 0
    this.#finish(false)
    this.#socket.destroy()
  }

  #receive(chunk: Uint8Array): void {
    for (const token of this.#reader.push(chunk)) {
      if (token.kind === 'ask-status') this.#answer(answerFor(token.what, { hasPaper: this.#parts.hasPaper() }))
      else if (this.#parts.hasPaper()) this.#print(token)
      else this.#hold(token)
    }
    this.#watchSilence()
  }

  #hold(token: Token): void {
    this.#held.push(token)
    this.heldBytes += bytesOf(token)
    if (!this.#parts.mayHold()) this.#socket.pause()
  }

  #print(token: Token): void {
    const effect = this.#builder.take(token)
    if (!effect) return
    if ('answer' in effect) this.#answer(effect.answer)
    else this.#finish(true)
  }

  #answer(bytes: Uint8Array | undefined): void {
    if (bytes && this.#socket.writable) this.#socket.write(bytes)
  }

  #watchSilence(): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    if (!this.#builder.hasBegun || !this.#parts.hasPaper()) return
    this.#stopTimer = this.#parts.clock.after(PAPER_SILENCE_MS, () => this.#finish(false))
  }

  #finishIfClosed(): void {
    // Without paper the rest is still to come, whether or not anybody waits for it.
    if (!this.#isClosed || !this.#parts.hasPaper()) return
    this.#finish(false)
    this.#parts.onDone()
  }

  #finish(cut: boolean): void {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    if (cut || this.#builder.hasBegun) this.#parts.onPaper(this.#builder.finish(cut))
  }
}

function bytesOf(token: Token): number {
  // What an object weighs beside the bytes in it, roughly: many short commands must not outgrow the limit.
  const OBJECT_BYTES = 64
  if (token.kind === 'text') return token.bytes.length + OBJECT_BYTES
  return token.kind === 'command' ? token.args.length + OBJECT_BYTES : OBJECT_BYTES
}
