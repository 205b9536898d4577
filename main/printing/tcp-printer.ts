import { Socket } from 'node:net'
import { assert } from '#shared/assert.ts'
import type { PrinterTrouble } from '#shared/contracts/troubles.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { NOT_COUNTED, type Printer, type PrinterFailure, type PrintJob, printerFailure } from './printer.ts'
import { faultIn, isStatusAnswer, OFFLINE_BIT, STATUS_QUERIES, type StatusQuery, statusQueryBytes } from './printer-status.ts'

/** The port receipt printers take raw jobs on. */
export const PRINTER_PORT = 9100

export type TcpPrinterLimits = {
  readonly connectTimeoutMs: number
  /** How long one answer to a status query may take before the job. A printer that says nothing by then is a silent one. */
  readonly statusTimeoutMs: number
  /** The same after the job, for a printer that did answer before: it may be busy. */
  readonly confirmTimeoutMs: number
  /** How long a whole job may take to be handed over. */
  readonly writeTimeoutMs: number
  /** How long the printer may take to close its side. Many never do. */
  readonly closeTimeoutMs: number
}

const DEFAULT_LIMITS: TcpPrinterLimits = {
  connectTimeoutMs: 3_000,
  statusTimeoutMs: 400,
  confirmTimeoutMs: 5_000,
  writeTimeoutMs: 15_000,
  closeTimeoutMs: 1_000,
}

/** A printer on the network, or one that listens on a socket of this machine: the practice world's. */
export type PrinterPlace = { readonly host: string; readonly port?: number } | { readonly path: string }
export type TcpPrinterOptions = PrinterPlace & {
  readonly limits?: Partial<TcpPrinterLimits>
  /** For tests that need a connection which never comes about. */
  readonly newSocket?: () => Socket
}

/**
 * A printer on the network. It asks for the printer's status before and after each job: a printer that answers is refused for paper,
 * cover or errors, with the reason; one that says nothing is trusted. Every step has its time, so a job always ends.
 */
export function createTcpPrinter(options: TcpPrinterOptions): Printer {
  const { newSocket = () => new Socket() } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const where = 'path' in options ? { path: options.path } : { host: options.host, port: options.port ?? PRINTER_PORT }
  if ('port' in where) assert(Number.isInteger(where.port) && where.port > 0 && where.port <= 65_535, `not a port: ${where.port}`)
  return {
    async print(job) {
      const line = new PrinterLine(newSocket())
      return runJob(line, where, limits, job).finally(() => line.drop())
    },
    place: () => ('path' in where ? where.path : `${where.host}:${where.port}`),
  }
}

type Step = Result<void, PrinterFailure>

type Where = { readonly host: string; readonly port: number } | { readonly path: string }

async function runJob(line: PrinterLine, where: Where, limits: TcpPrinterLimits, job: PrintJob): Promise<Step> {
  const connected = await line.connect(where, limits.connectTimeoutMs)
  if (!connected.ok) return connected
  const before = await askStatus(line, limits.statusTimeoutMs)
  if (before.state === 'failed') return err(before.failure)
  if (!job.begin()) return err(NOT_COUNTED)
  const written = await line.write(job.bytes, limits.writeTimeoutMs)
  if (!written.ok) return written
  if (before.state === 'answered') {
    const after = await askStatus(line, limits.confirmTimeoutMs)
    if (after.state === 'failed') return err(after.failure)
    if (after.state === 'silent') return err(SILENT)
  }
  return line.end(limits.closeTimeoutMs)
}

type StatusReport = { readonly state: 'answered' | 'silent' } | { readonly state: 'failed'; readonly failure: PrinterFailure }

const SILENT = printerFailure('silent', 'the printer stopped answering')
const TROUBLE_DETAILS: Readonly<Partial<Record<PrinterTrouble, string>>> = {
  'no-paper': 'out of paper',
  'cover-open': 'the cover is open',
  'printer-error': 'the printer reports an error',
}

async function askStatus(line: PrinterLine, timeoutMs: number): Promise<StatusReport> {
  let isOffline = false
  for (const query of STATUS_QUERIES) {
    const answer = await line.ask(query, timeoutMs)
    if (!answer.ok) return { state: 'failed', failure: answer.error }
    if (answer.value === undefined) {
      // Silent from the first query on: a printer without this command. Silent after it had begun to answer: not one to rely on.
      if (query === STATUS_QUERIES[0]) return { state: 'silent' }
      return { state: 'failed', failure: SILENT }
    }
    if (query === 1) isOffline = (answer.value & OFFLINE_BIT) !== 0
    const fault = faultIn(query, answer.value)
    if (fault !== undefined) return { state: 'failed', failure: printerFailure(fault, TROUBLE_DETAILS[fault] ?? fault) }
  }
  return isOffline ? { state: 'failed', failure: printerFailure('off-line', 'the printer is off-line') } : { state: 'answered' }
}

const CLOSED_EARLY = printerFailure('cut-off', 'the printer closed the connection')
/** The system's codes for an address where nobody takes the call. Any other fault is one of a connection that was there. */
const NOBODY_THERE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EACCES',
  'EINVAL',
])

function connectionFailure(code: string): PrinterFailure {
  return printerFailure(NOBODY_THERE.has(code) ? 'unreachable' : 'cut-off', `no connection to the printer: ${code}`)
}

/** One connection to a printer, for one job. Each step waits for its event, for the end of the connection, or for its time, whichever is first. */
class PrinterLine {
  readonly #socket: Socket
  /** Settles when the connection is over, with the reason. Never rejects. */
  readonly #over: Promise<PrinterFailure>
  /** Settles when the connection is closed on both sides: true when an error did it. */
  readonly #closed: Promise<boolean>
  #waiting: ((answer: number) => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.#over = new Promise((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(connectionFailure(error.code ?? 'unknown error')))
      socket.on('end', () => resolve(CLOSED_EARLY))
      socket.on('close', () => resolve(CLOSED_EARLY))
    })
    this.#closed = new Promise((resolve) => socket.once('close', resolve))
    // Always read: unread bytes at the end would make the system drop what the printer has not taken yet.
    socket.on('data', (bytes) => {
      for (const byte of bytes) if (isStatusAnswer(byte)) this.#waiting?.(byte)
    })
  }

  connect(where: Where, timeoutMs: number): Promise<Step> {
    const connected = new Promise<void>((resolve) => {
      this.#socket.once('connect', resolve)
      this.#socket.connect(where)
    })
    return this.#within(connected, timeoutMs, () => err(printerFailure('unreachable', 'the printer does not answer the call')))
  }

  write(bytes: Uint8Array, timeoutMs: number): Promise<Step> {
    const written = new Promise<void>((resolve) => {
      // An error reaches the connection's own end; here only success counts.
      this.#socket.write(bytes, (error) => {
        if (!error) resolve()
      })
    })
    return this.#within(written, timeoutMs, () => err(printerFailure('silent', 'the printer stopped taking data')))
  }

  /** The answer to one query, or undefined when none came in time. */
  async ask(query: StatusQuery, timeoutMs: number): Promise<Result<number | undefined, PrinterFailure>> {
    let answer: number | undefined
    const answered = new Promise<void>((resolve) => {
      this.#waiting = (byte) => {
        answer = byte
        resolve()
      }
      this.#socket.write(statusQueryBytes(query))
    })
    const waited = await this.#within(answered, timeoutMs, ok)
    this.#waiting = undefined
    return waited.ok ? ok(answer) : waited
  }

  /** Closes our side. The printer closing its own is the end; so is its leaving it open. A reset is not. */
  async end(timeoutMs: number): Promise<Step> {
    this.#socket.end()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, timeoutMs, false)
    })
    const hadError = await Promise.race([this.#closed, late])
    clearTimeout(timer)
    return hadError ? err(CLOSED_EARLY) : ok()
  }

  drop(): void {
    this.#socket.destroy()
  }

  async #within(done: Promise<void>, timeoutMs: number, onTimeout: () => Step): Promise<Step> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Step>((resolve) => {
      timer = setTimeout(() => resolve(onTimeout()), timeoutMs)
    })
    const first = await Promise.race([done.then((): Step => ok()), this.#over.then((failure): Step => err(failure)), late])
    clearTimeout(timer)
    return first
  }
}
