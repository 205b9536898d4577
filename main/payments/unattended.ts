/**
 * A till that nobody touches. An attempt in doubt waits for its cashier; when none has been there for a minute, it is undone, and from
 * that moment even a yes is reversed: nobody would hand the goods over. Counted on the monotonic clock, so that no clock that is set
 * undoes a sale.
 */
import type { Clock } from '#main/ports.ts'
import type { Unsubscribe } from '#shared/contracts/till.ts'
import type { RequestId } from '#shared/domain/ids.ts'

/** Design §4.4: so long after the last touch, and after the request expired or the start that found it. */
export const UNATTENDED_AFTER_MS = 60_000
/** A reversal that could not be written, or may not be yet, is tried again after this long. */
export const UNDO_RETRY_MS = 5_000

export type UnattendedDeps = {
  readonly clock: Clock
  /** When somebody last touched the till, on the monotonic clock. */
  readonly lastTouchMs: () => number
  /** Commits the reversal. False when it could not be written, or may not be yet. */
  readonly undo: (requestId: RequestId) => boolean
}

type Watched = { readonly fromMs: number; isOver: boolean; cancelTimer: Unsubscribe }

export class Unattended {
  readonly #deps: UnattendedDeps
  readonly #watched = new Map<RequestId, Watched>()
  #isStopped = false

  constructor(deps: UnattendedDeps) {
    this.#deps = deps
  }

  /** Begins to watch an attempt: its minute starts at `fromMs` on the monotonic clock, or at the last touch, whichever is later. */
  watch(requestId: RequestId, fromMs: number): void {
    if (this.#isStopped || this.#watched.has(requestId)) return
    const watched: Watched = { fromMs, isOver: false, cancelTimer: () => {} }
    this.#watched.set(requestId, watched)
    this.#wait(requestId, watched)
  }

  /** The attempt has ended. */
  forget(requestId: RequestId): void {
    this.#watched.get(requestId)?.cancelTimer()
    this.#watched.delete(requestId)
  }

  /** True when the minute has passed once: no touch brings the attempt back, whether or not its reversal could be written so far. */
  isOver(requestId: RequestId): boolean {
    const watched = this.#watched.get(requestId)
    if (!watched) return false
    watched.isOver ||= this.#leftMs(watched) <= 0
    return watched.isOver
  }

  /** When it is undone if nobody touches the till until then, ISO 8601 UTC by the wall clock. Undefined when it is not watched. */
  undoneAt(requestId: RequestId): string | undefined {
    const watched = this.#watched.get(requestId)
    return watched && new Date(this.#deps.clock.nowMs() + Math.max(0, this.#leftMs(watched))).toISOString()
  }

  stop(): void {
    this.#isStopped = true
    for (const requestId of [...this.#watched.keys()]) this.forget(requestId)
  }

  #leftMs({ fromMs }: Watched): number {
    const { clock, lastTouchMs } = this.#deps
    return Math.max(fromMs, lastTouchMs()) + UNATTENDED_AFTER_MS - clock.monotonicMs()
  }

  #wait(requestId: RequestId, watched: Watched): void {
    const { clock, undo } = this.#deps
    const retryMs = watched.isOver ? UNDO_RETRY_MS : 0
    watched.cancelTimer = clock.after(Math.max(retryMs, this.#leftMs(watched)), () => {
      // Touched in the meantime: its minute began again. Once over, it stays over.
      if (!this.isOver(requestId) || !undo(requestId)) this.#wait(requestId, watched)
    })
  }
}
