/**
 * Keeps one helper process running: watches its heartbeat, kills it when it is silent or grown too large, and starts another, at once
 * the first time and with growing waits while it keeps dying.
 */
import type { Clock, HelperProcess, StartProcess } from '#main/ports.ts'

/** JavaScript heap of the radio process. A hostile band that drives the library into an endless list ends here, not in swap. */
export const HEAP_MB = 192
/** A process that has not been heard for so long hangs. It speaks every half second. */
export const SILENT_MAX_MS = 3_000
export const WATCH_MS = 500
/** A watch that comes so much later than asked for: this machine slept, and nobody's silence means anything. */
export const SLEPT_MS = 2_000
/** The first restart comes at once; then the wait doubles up to the longest. */
export const RESTART_FIRST_MS = 250
export const RESTART_MAX_MS = 5_000
/** A process that lived so long was a good one: the next restart comes at once again. */
export const SETTLED_MS = 10_000
/** A killed process is gone within this time, or is left behind. */
const GONE_MAX_MS = 1_000

export type KeeperParts = {
  readonly startProcess: StartProcess
  /** Asked at each start of a process. */
  readonly args: () => readonly string[]
  readonly clock: Clock
  /** A new process runs. */
  readonly onStart: () => void
  readonly onMessage: (message: unknown) => void
  /**
   * The process is gone, or will be in a moment: nothing more is heard from it. Another is already on its way. `isFault` false: it was
   * replaced without having done anything wrong. `detail` is for the log.
   */
  readonly onLost: (detail: string, isFault: boolean) => void
  /** This machine slept: time has passed that nobody counted. */
  readonly onSlept: () => void
}

export class ProcessKeeper {
  readonly #parts: KeeperParts
  #process: HelperProcess | undefined
  #stops: (() => void)[] = []
  #running = false
  #failures = 0
  #startedMs = 0
  #heardMs = 0
  #watchedMs = 0
  #stopWatch = () => {}
  #stopRestart = () => {}

  constructor(parts: KeeperParts) {
    this.#parts = parts
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#failures = 0
    this.#launch()
    this.#watchedMs = this.#parts.clock.monotonicMs()
    this.#watch()
  }

  /** Kills the process and starts no other. */
  stop(): void {
    this.#running = false
    this.#stopWatch()
    this.#stopRestart()
    this.#letGo()?.kill()
  }

  post(message: unknown): void {
    this.#process?.post(message)
  }

  /** The process is alive: something sensible was heard from it. */
  heard(): void {
    this.#heardMs = this.#parts.clock.monotonicMs()
  }

  /** Ends this process and starts another. `isFault` false: it did nothing wrong, and the next one comes at once. */
  replace(detail: string, isFault = true): void {
    const process = this.#letGo()
    if (!process || !this.#running) return
    if (!isFault) this.#failures = 0
    let done = false
    const gone = () => {
      if (done) return
      done = true
      stopTimer()
      stopListening()
      this.#scheduleRestart(isFault)
    }
    const stopTimer = this.#parts.clock.after(GONE_MAX_MS, gone)
    const stopListening = process.onExit(gone)
    process.kill()
    this.#parts.onLost(detail, isFault)
  }

  #launch(): void {
    const { startProcess, args, clock, onStart, onMessage } = this.#parts
    this.#startedMs = clock.monotonicMs()
    this.#heardMs = this.#startedMs
    let process: HelperProcess
    try {
      process = startProcess('radio', { args: args(), heapMb: HEAP_MB })
    } catch (cause) {
      this.#parts.onLost(`the radio process cannot be started (${cause instanceof Error ? cause.message : 'unknown reason'})`, true)
      return this.#scheduleRestart(true)
    }
    this.#process = process
    this.#stops = [
      process.onMessage((message) => {
        if (this.#process === process) onMessage(message)
      }),
      process.onExit((detail) => {
        if (this.#process !== process) return
        this.#letGo()
        this.#parts.onLost(`the radio process ended (${detail})`, true)
        this.#scheduleRestart(true)
      }),
    ]
    onStart()
  }

  #letGo(): HelperProcess | undefined {
    const process = this.#process
    this.#process = undefined
    for (const stop of this.#stops.splice(0)) stop()
    return process
  }

  #scheduleRestart(isFault: boolean): void {
    if (!this.#running) return
    const { clock } = this.#parts
    if (clock.monotonicMs() - this.#startedMs >= SETTLED_MS) this.#failures = 0
    const delayMs = this.#failures === 0 ? 0 : Math.min(RESTART_MAX_MS, RESTART_FIRST_MS * 2 ** (this.#failures - 1))
    if (isFault) this.#failures = Math.min(16, this.#failures + 1)
    this.#stopRestart = clock.after(delayMs, () => {
      if (this.#running && !this.#process) this.#launch()
    })
  }

  #watch(): void {
    this.#stopWatch = this.#parts.clock.after(WATCH_MS, () => {
      const nowMs = this.#parts.clock.monotonicMs()
      const slept = nowMs - this.#watchedMs - WATCH_MS >= SLEPT_MS
      this.#watchedMs = nowMs
      if (slept) {
        this.#heardMs = nowMs
        this.#parts.onSlept()
      } else if (this.#process && nowMs - this.#heardMs > SILENT_MAX_MS) this.replace('the radio process hangs')
      if (this.#running) this.#watch()
    })
  }
}
