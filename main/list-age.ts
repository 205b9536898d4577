/** How old this terminal's news of revocations is: the time since it last heard the whole list of them. */
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Clock, Store } from '#main/ports.ts'
import { LIST_AGE_MINUTES_MAX } from '#shared/contracts/radio-messages.ts'

const MINUTE_MS = 60_000
/** Honest clocks differ by less. A last contact that lies further ahead says that this clock was set back: nothing is known then. */
const AHEAD_MAX_MS = 2 * MINUTE_MS
// Only the end of the outbox waits, so this looks at the newest records and stops at the first that was acknowledged.
const LAST_ACK = 'SELECT acked_at FROM outbox WHERE acked_at IS NOT NULL ORDER BY seq DESC LIMIT 1'

type Parts = {
  readonly store: Store
  readonly clock: Clock
  /** Since the list was last heard in this run, milliseconds; undefined before the first time. */
  readonly news: { silentMs(): number | undefined }
  readonly standing: () => Standing
}

export class ListAge {
  readonly #parts: Parts
  readonly #startedMonotonicMs: number
  /** When an earlier run was last answered, as far as its file tells: milliseconds since 1970 UTC. Never later than it was. */
  readonly #keptMs: number

  constructor(parts: Parts) {
    this.#parts = parts
    this.#startedMonotonicMs = parts.clock.monotonicMs()
    const acked = Date.parse(String(parts.store.get(LAST_ACK)?.['acked_at']))
    const certified = parts.standing().certificate.from * 1_000
    this.#keptMs = Number.isNaN(acked) ? certified : Math.max(acked, certified)
  }

  /** Whole minutes, as a request says them; LIST_AGE_MINUTES_MAX when nobody can tell. */
  minutes(): number {
    const silentMs = this.#parts.news.silentMs() ?? this.#sinceKeptMs()
    return Math.min(LIST_AGE_MINUTES_MAX, Math.floor(silentMs / MINUTE_MS))
  }

  /** Before this run was answered: by the wall clock, and no less than this run has lasted. */
  #sinceKeptMs(): number {
    const { clock } = this.#parts
    const sinceMs = clock.nowMs() - this.#keptMs
    return sinceMs < -AHEAD_MAX_MS ? Number.POSITIVE_INFINITY : Math.max(sinceMs, clock.monotonicMs() - this.#startedMonotonicMs)
  }
}
