/**
 * Receipts on their way to paper. Each is a row before it is tried, one is tried at a time, and what the printer refuses is tried again
 * with growing waits. What broke off in the middle is left to a person, who can see whether there is paper. No sale waits for any of this. A print is counted in the moment its first byte leaves: paper that nobody counted
 * does not exist, and what was never sent is never counted.
 */
import type { Clock, Store, StoreFault, WriteStore } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import type { Unsubscribe } from '#shared/contracts/till.ts'
import { PRINTER_TROUBLES, type PrinterTrouble, type StorageTrouble } from '#shared/contracts/troubles.ts'
import type { PrintJobId, ReceiptId } from '#shared/domain/ids.ts'
import type { Language } from '#shared/domain/words.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { addJob, beginJob, endJob, type JobRow, openJobs, putJob } from './print-jobs.ts'
import { type Printer, type PrinterFailure, printerFailure } from './printer.ts'

/** Receipts that may wait for one printer. Beyond that the printer is plainly not keeping up, and the cashier is told so. */
export const PRINT_QUEUE_MAX = 50
/** Waits between tries; the last one repeats. */
export const PRINT_RETRY_DELAYS_MS = [1_000, 2_000, 5_000, 10_000, 30_000] as const
/** How long a print is tried for. Then nobody waits for it any more: it stays until the cashier asks again or gives it up. */
export const PRINT_GIVE_UP_AFTER_MS = 600_000
/** The drawer opens with a cash sale's paper only when that comes at once: not by itself, minutes later, with nobody there. */
const DRAWER_WITHIN_MS = 15_000
/** How long an end of the program waits for the paper under way. */
const STOP_WAIT_MS = 500

/**
 * `printer-failed`: it waits, and is tried again by itself. `not-printed`: it does not wait. `print-unknown`: bytes had reached the
 * printer, so some paper may be out. `storage-failed`: the disk did not take the job or the count, so nothing left.
 */
export type PrintRefused =
  | { readonly code: 'printer-failed' | 'not-printed' | 'print-unknown'; readonly subject: PrinterTrouble }
  | { readonly code: 'storage-failed'; readonly subject?: StorageTrouble }
export type Printed = Result<void, PrintRefused>

export type QueueParts = {
  readonly store: Store
  readonly clock: Clock
  readonly newId: () => string
  readonly printer: () => Printer
  /** The paper's bytes and its copy number: 0 for the original. Throws when it cannot be drawn. */
  readonly draw: (job: { receiptId: ReceiptId; language: Language; drawer: boolean }) => Promise<{ bytes: Uint8Array; copy: number }>
  /** Counts a print within the transaction that marks its job. The answer is the number of prints, this one included. */
  readonly count: (tx: WriteStore, receiptId: ReceiptId) => number
  readonly onChange: () => void
  readonly onFault: (what: string, fields: Readonly<Record<string, string>>) => void
}

export type Job = Omit<JobRow, 'createdAt' | 'detail'> & { readonly trouble: PrinterTrouble | undefined }
type OpenJob = { -readonly [K in keyof Job]: Job[K] } & { giveUpAtMs: number; drawerUntilMs: number }

type Aside = { readonly bytes: () => Promise<Uint8Array>; readonly done: (printed: Printed) => void }

export class PrintQueue {
  readonly #parts: QueueParts
  readonly #jobs: OpenJob[] = []
  readonly #asides: Aside[] = []
  /** Whoever waits for the first word on a job. */
  readonly #hearers = new Map<PrintJobId, (printed: Printed) => void>()
  #active: PrintJobId | undefined
  #failures = 0
  #trouble: PrinterTrouble | undefined
  #isDraining = false
  #draining: Promise<void> = Promise.resolve()
  #cancelRetry: Unsubscribe | undefined
  #phase: 'running' | 'stopping' | 'stopped' = 'running'

  constructor(parts: QueueParts) {
    this.#parts = parts
  }

  /**
   * Takes up what an earlier run left. A job it stopped in the middle of may have its paper out: that is for a person to see. One that
   * waited goes on while somebody may still be waiting for it.
   */
  start(): void {
    const { store, clock } = this.#parts
    const changed: OpenJob[] = []
    for (const row of openJobs(store)) {
      const ageMs = clock.nowMs() - Date.parse(row.createdAt)
      const isStale = row.state === 'waiting' && !(ageMs < PRINT_GIVE_UP_AFTER_MS)
      const state = row.state === 'printing' ? 'unknown' : isStale ? 'failed' : row.state
      const trouble =
        state === 'unknown' ? 'till-stopped' : row.detail === '' ? (isStale ? 'till-stopped' : undefined) : troubleOf(row.detail)
      const job = { ...row, state, trouble, giveUpAtMs: clock.monotonicMs() + PRINT_GIVE_UP_AFTER_MS, drawerUntilMs: 0 }
      this.#jobs.push(job)
      if (state !== row.state) changed.push(job)
    }
    if (changed.length > 0) this.#keep(changed)
    this.#kick()
  }

  /** The last trouble with the printer, until something has been printed. */
  trouble(): PrinterTrouble | undefined {
    return this.#trouble
  }

  jobs(): readonly Job[] {
    return this.#jobs
  }

  /**
   * Puts a receipt in the queue and answers with the first word on it: printed, or why not yet. A receipt that waits there already is not
   * put in twice. With `sale` the drawer opens.
   */
  async add(receiptId: ReceiptId, language: Language, { sale = false } = {}): Promise<Printed> {
    const { clock } = this.#parts
    const standing = this.#jobs.find((job) => job.receiptId === receiptId && job.state !== 'printing')
    if (standing) return this.#again(standing)
    const full = this.#makeRoom()
    if (!full.ok) return full
    const nowMs = clock.monotonicMs()
    const id = this.#parts.newId() as PrintJobId
    const written = this.#parts.store.write((tx) => addJob(tx, { id, receiptId, language, at: new Date(clock.nowMs()).toISOString() }))
    if (!written.ok) return err({ code: 'storage-failed', subject: written.error.trouble })
    const job: OpenJob = {
      id,
      receiptId,
      language,
      copy: undefined,
      state: 'waiting',
      tries: 0,
      trouble: undefined,
      giveUpAtMs: nowMs + PRINT_GIVE_UP_AFTER_MS,
      drawerUntilMs: sale ? nowMs + DRAWER_WITHIN_MS : 0,
    }
    this.#jobs.push(job)
    return this.#firstWord(job)
  }

  /** Tries a job at once and for another while. What may have come out before comes as a copy. */
  async retry(id: PrintJobId): Promise<Result<void, PrintRefused | { readonly code: 'print-job-unknown' }>> {
    const job = this.#jobs.find((each) => each.id === id)
    return job ? this.#again(job) : err({ code: 'print-job-unknown' })
  }

  /** Gives a job up. One whose bytes are leaving cannot be held back any more. */
  drop(
    id: PrintJobId,
  ): Result<void, { readonly code: 'print-job-unknown' } | { readonly code: 'storage-failed'; readonly subject: StorageTrouble }> {
    const job = this.#jobs.find((each) => each.id === id)
    if (!job || job.state === 'printing') return err({ code: 'print-job-unknown' })
    const ended = this.#end(job, 'dropped')
    if (!ended.ok) return err({ code: 'storage-failed', subject: ended.error.trouble })
    this.#tell(job, err({ code: 'not-printed', subject: job.trouble ?? 'off-line' }))
    if (!this.#jobs.some(({ state }) => state !== 'printing')) this.#trouble = undefined
    this.#parts.onChange()
    return ok()
  }

  /** Prints something that is no receipt, once, before the receipts that wait. */
  async aside(bytes: () => Promise<Uint8Array>): Promise<Printed> {
    if (this.#asides.length >= PRINT_QUEUE_MAX) return err({ code: 'not-printed', subject: 'queue-full' })
    const { promise, resolve } = Promise.withResolvers<Printed>()
    this.#asides.push({ bytes, done: resolve })
    this.#kick()
    return promise
  }

  /** Another printer: what waits is tried there at once. */
  printerChanged(): void {
    this.#failures = 0
    this.#trouble = undefined
    this.#kick()
    this.#parts.onChange()
  }

  /** Ends the queue; the paper under way gets a moment. What is not known to be printed by then is found as `unknown` at the next start. */
  async stop(): Promise<void> {
    this.#phase = 'stopping'
    this.#cancelRetry?.()
    let cancelWait: Unsubscribe | undefined
    const late = new Promise<void>((resolve) => {
      cancelWait = this.#parts.clock.after(STOP_WAIT_MS, resolve)
    })
    await Promise.race([this.#draining, late])
    cancelWait?.()
    this.#phase = 'stopped'
    for (const job of this.#jobs) this.#tell(job, err({ code: codeOf(job), subject: 'till-stopped' }))
    for (const { done } of this.#asides.splice(0)) done(err({ code: 'not-printed', subject: 'till-stopped' }))
  }

  // --- The line before the printer -----------------------------------------------------------------------------------------------

  /** When nothing goes, the oldest print that was given up already makes room: its receipt is in the books and can be printed from there. */
  #makeRoom(): Printed {
    if (this.#jobs.length < PRINT_QUEUE_MAX) return ok()
    const oldest = this.#jobs.find(({ state }) => state === 'failed')
    if (oldest && this.#end(oldest, 'dropped').ok) return ok()
    return err({ code: 'not-printed', subject: 'queue-full' })
  }

  async #again(job: OpenJob): Promise<Printed> {
    if (job.id !== this.#active) {
      job.giveUpAtMs = this.#parts.clock.monotonicMs() + PRINT_GIVE_UP_AFTER_MS
      if (job.state !== 'waiting') {
        job.state = 'waiting'
        this.#keep([job])
      }
      this.#failures = 0
    }
    return this.#firstWord(job)
  }

  async #firstWord(job: OpenJob): Promise<Printed> {
    const { promise, resolve } = Promise.withResolvers<Printed>()
    const earlier = this.#hearers.get(job.id)
    this.#hearers.set(job.id, (printed) => {
      earlier?.(printed)
      resolve(printed)
    })
    this.#parts.onChange()
    this.#kick()
    return promise
  }

  #tell(job: OpenJob, printed: Printed): void {
    const hearer = this.#hearers.get(job.id)
    this.#hearers.delete(job.id)
    hearer?.(printed)
  }

  #kick(): void {
    if (this.#phase !== 'running' || this.#isDraining) return
    this.#cancelRetry?.()
    if (this.#asides.length === 0 && !this.#next()) return
    this.#isDraining = true
    this.#draining = this.#drain()
  }

  #next(): OpenJob | undefined {
    return this.#jobs.find(({ state }) => state === 'waiting')
  }

  async #drain(): Promise<void> {
    while (this.#phase === 'running') {
      const aside = this.#asides.shift()
      if (aside) {
        aside.done(await this.#printAside(aside))
        continue
      }
      const job = this.#next()
      if (!job || !(await this.#printJob(job))) break
    }
    this.#isDraining = false
    if (this.#phase === 'running' && this.#next()) this.#waitAndRetry()
  }

  #waitAndRetry(): void {
    const last = PRINT_RETRY_DELAYS_MS.length - 1
    const delayMs = PRINT_RETRY_DELAYS_MS[Math.min(Math.max(this.#failures - 1, 0), last)] ?? 0
    this.#cancelRetry = this.#parts.clock.after(delayMs, () => this.#kick())
  }

  // --- One print -----------------------------------------------------------------------------------------------------------------

  async #printAside({ bytes }: Aside): Promise<Printed> {
    const id = this.#parts.newId()
    const tried = await attempt(async () =>
      this.#parts.printer().print({ id, bytes: await bytes(), begin: () => this.#phase === 'running' }),
    )
    const printed = tried.ok ? tried.value : err(printerFailure('driver-failed', tried.error))
    this.#trouble = printed.ok ? undefined : printed.error.trouble
    this.#parts.onChange()
    return printed.ok ? ok() : err({ code: 'not-printed', subject: printed.error.trouble })
  }

  /** True when the next one may be tried at once. */
  async #printJob(job: OpenJob): Promise<boolean> {
    this.#active = job.id
    const { receiptId, language } = job
    const drawer = this.#parts.clock.monotonicMs() < job.drawerUntilMs
    const drawn = await attempt(async () => this.#parts.draw({ receiptId, language, drawer }))
    const tried = drawn.ok ? await this.#sendTo(job, drawn.value) : err(printerFailure('not-drawn', drawn.error))
    this.#active = undefined
    // The store may be closed by now. A job that had begun is found as `unknown`.
    if (this.#phase === 'stopped') return false
    const goesOn = tried.ok ? this.#printed(job) : this.#failed(job, tried.error)
    this.#parts.onChange()
    return goesOn
  }

  async #sendTo(job: OpenJob, { bytes, copy }: { bytes: Uint8Array; copy: number }): Promise<Result<void, PrinterFailure>> {
    let hasBegun = false
    const begin = () => {
      // Given up, or the till is stopping: nothing has left yet, and nothing will.
      if (this.#phase !== 'running' || !this.#jobs.includes(job)) return false
      const counted = this.#parts.store.write((tx) => {
        const prints = this.#parts.count(tx, job.receiptId)
        assert(prints === copy + 1, 'the paper says which copy it is')
        beginJob(tx, job.id, { copy, tries: job.tries + 1 })
      })
      if (!counted.ok) return false
      hasBegun = true
      job.copy = copy
      job.state = 'printing'
      this.#parts.onChange()
      return true
    }
    // A second paper of one job has a name of its own, so that no file of the first is lost.
    const id = job.copy === undefined ? job.id : `${job.id}-${job.tries + 1}`
    const tried = await attempt(async () => this.#parts.printer().print({ id, bytes, begin }))
    job.tries += 1
    if (!tried.ok) return err(printerFailure('driver-failed', tried.error))
    if (tried.value.ok && !hasBegun) return err(printerFailure('driver-failed', 'the printer did not say when it began'))
    return tried.value
  }

  #printed(job: OpenJob): boolean {
    this.#failures = 0
    this.#trouble = undefined
    const ended = this.#end(job, 'printed')
    if (!ended.ok) {
      // The paper is out. A restart will ask about it, since the disk still says that it was being printed.
      this.#parts.onFault('print-end-not-kept', { jobId: job.id, detail: ended.error.detail })
      this.#remove(job)
    }
    this.#tell(job, ok())
    return true
  }

  #failed(job: OpenJob, { trouble, detail }: PrinterFailure): boolean {
    const isRemoved = !this.#jobs.includes(job)
    if (isRemoved) return true
    const nowMs = this.#parts.clock.monotonicMs()
    const mayBeOut = job.state === 'printing'
    this.#parts.onFault('print-failed', { jobId: job.id, trouble, detail })
    job.trouble = trouble
    // Once bytes have left, the paper may be out, or may still come when the printer is filled or shut: trying again by itself could
    // empty the roll with copies. A person looks, and asks again or not.
    job.state = trouble === 'not-drawn' ? 'failed' : mayBeOut ? 'unknown' : 'waiting'
    // One receipt that cannot be drawn is not the printer's fault: the others go on.
    const stuck = trouble === 'not-drawn' ? [] : this.#jobs.filter(({ state }) => state === 'waiting')
    if (trouble !== 'not-drawn') {
      this.#failures += 1
      this.#trouble = trouble
    }
    const givenUp = stuck.filter(({ giveUpAtMs }) => nowMs >= giveUpAtMs)
    for (const each of givenUp) Object.assign(each, { state: 'failed', trouble })
    this.#keep([...new Set([job, ...givenUp])])
    // Those behind it wait for the same printer: whoever asked for them is told so now.
    for (const each of new Set([job, ...stuck])) {
      this.#tell(each, err(trouble === 'not-counted' ? { code: 'storage-failed' } : { code: codeOf(each), subject: trouble }))
    }
    return trouble === 'not-drawn'
  }

  #remove(job: OpenJob): void {
    const at = this.#jobs.indexOf(job)
    if (at >= 0) this.#jobs.splice(at, 1)
  }

  #end(job: OpenJob, state: 'printed' | 'dropped'): Result<void, StoreFault> {
    const at = new Date(this.#parts.clock.nowMs()).toISOString()
    const written = this.#parts.store.write((tx) => endJob(tx, { id: job.id, state, tries: job.tries, at }))
    if (written.ok) this.#remove(job)
    return written
  }

  /** Keeps how jobs stand. What the disk refuses stands in memory, and a restart judges by the older word, which is the more careful one. */
  #keep(jobs: readonly OpenJob[]): void {
    const written = this.#parts.store.write((tx) => {
      for (const { id, state, tries, trouble } of jobs) putJob(tx, { id, state, tries, detail: trouble ?? '' })
    })
    if (!written.ok) this.#parts.onFault('print-jobs-not-kept', { detail: written.error.detail })
  }
}

/** What whoever asked for a job hears while it is not printed. */
function codeOf({ state }: Job): 'printer-failed' | 'not-printed' | 'print-unknown' {
  switch (state) {
    case 'waiting':
      return 'printer-failed'
    case 'printing':
    case 'unknown':
      return 'print-unknown'
    case 'failed':
      return 'not-printed'
  }
}

/** A code as it was kept. One that this version does not know is a failure all the same. */
function troubleOf(code: string): PrinterTrouble {
  return PRINTER_TROUBLES.find((known) => known === code) ?? 'driver-failed'
}

/** Printing comes after the sale: even our own mistakes here must reach the cashier as words, and never undo what was paid. */
async function attempt<T>(act: () => Promise<T>): Promise<Result<T, string>> {
  try {
    return ok(await act())
  } catch (cause) {
    return err(cause instanceof Error ? cause.name : 'unknown error')
  }
}
