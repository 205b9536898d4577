/**
 * What a start asks of the backend before anything old is settled or sent: is there a later journal than this file's? Which receipts
 * has it lost? Is money held for requests it knows nothing of? Until that is answered, the outbox waits.
 */
import type { BackendClient, BackendStanding } from '#main/ports.ts'
import type { OutboxAlarm } from '#main/sync/ports.ts'
import { readAlarmLine } from '#shared/contracts/alarms.ts'
import type { AlarmView, RecoveryView, UnknownYesView } from '#shared/contracts/recovery.ts'
import type { Refused, Unsubscribe } from '#shared/contracts/till.ts'
import type { SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import type { Words } from '#shared/domain/words.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { type EndDeps, type EndInput, endUnknownYes } from './end-yes.ts'
import { type FindDeps, findYeses, learnEnd } from './find-yeses.ts'
import { restoredAlarms } from './local-alarms.ts'
import { compareWithBackend, type OpenedRecords } from './open-records.ts'
import { pullReceipts } from './pull-receipts.ts'
import type { RecordsMarker } from './records-mark.ts'
import { pullCursor } from './reopen.ts'
import { putAwayAlarm, seenAlarms } from './seen-alarms.ts'
import { countWaiting, shownYeses, type UnknownYes } from './yes-rows.ts'

/** Between two tries while the backend does not answer, milliseconds. Its coming back is noticed at once. */
export const RETRY_MS = 5_000

export type RecoveryDeps = Omit<EndDeps, 'learnEnd' | 'backend'> & {
  readonly backend: Pick<BackendClient, 'standing' | 'ownReceipts' | 'ownAuthorizations' | 'attempt'>
  readonly marker: RecordsMarker
  readonly opened: OpenedRecords
  readonly outboxAlarms: () => readonly OutboxAlarm[]
  /** The name of a showtime's hall, when the programme still has it. */
  readonly hallOf: (showtimeId: ShowtimeId) => Words | undefined
  /** `maySettle` has become true. May be called more than once. */
  readonly onMaySettle: () => void
  /** Everything is answered: the outbox may send, and what is in doubt may be asked about. */
  readonly onSettled: () => void
  /** The open sale on disk has changed: seats that were lent to a lost file are gone from it. */
  readonly onCartChanged: () => void
  /** Attempts that were open here and are paid on a receipt that came back. */
  readonly onFoundPaid: (requestIds: readonly string[]) => void
  /** Something was put into the outbox. */
  readonly onOutbox: () => void
  readonly onChange: () => void
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

export class Recovery {
  readonly #deps: RecoveryDeps
  #verdict: OpenedRecords['verdict']
  #oldHolds: readonly string[]
  #state: 'waiting' | 'asking' | 'settled' | 'stopped' = 'waiting'
  #isMissed = false
  #asking: Promise<void> = Promise.resolve()
  #cancelTimer: Unsubscribe | undefined
  /** Work of this run's that a person should hear of. */
  readonly #noticed: AlarmView[] = []
  /** Alarms a manager has put away. */
  #seen: ReadonlySet<string>

  constructor(deps: RecoveryDeps) {
    this.#deps = deps
    this.#verdict = deps.opened.verdict
    this.#oldHolds = deps.opened.oldHolds
    this.#seen = new Set(seenAlarms(deps.store))
    this.#noticeLost(deps.opened.lostSeats)
  }

  start(): void {
    this.#ask()
  }

  /** The backend answers again. */
  backOnline(): void {
    this.#ask()
  }

  /** Resolves when nothing is in flight any more. Close the backend client first. */
  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.#cancelTimer?.()
    await this.#asking
    this.#deps.marker.stop()
  }

  isSettled(): boolean {
    return this.#state === 'settled'
  }

  /**
   * May an attempt of an earlier run be settled? Once everything is answered; and before that only while the backend cannot be reached,
   * the mark says that this file is the one that was left, and nothing of an earlier copying back is still to be pulled.
   */
  maySettle(): boolean {
    if (this.#state === 'settled') return true
    return this.#verdict === 'newest' && this.#isMissed && !this.isPulling()
  }

  /** True from a copying back until every receipt the lost file had sent is here again, over any number of starts. */
  isPulling(): boolean {
    return pullCursor(this.#deps.store) !== undefined
  }

  view(): RecoveryView {
    return { unknownYeses: shownYeses(this.#deps.store).map((yes) => this.#viewOf(yes)), alarms: this.#alarms() }
  }

  /** What waits for a person: yeses without an end, and alarms. */
  attention(): number {
    return countWaiting(this.#deps.store) + this.#alarms().length
  }

  async end(input: EndInput): Promise<Result<void, Refused>> {
    if (this.#state !== 'settled') return err({ code: 'backend-offline' })
    const ended = await endUnknownYes({ ...this.#deps, learnEnd: async (yes) => learnEnd(this.#findDeps(), yes) }, input)
    if (ended.ok) this.#deps.onOutbox()
    this.#deps.onChange()
    return ended
  }

  /** Of an alarm that is not there any more, nothing happens. `storage-failed`: it stays. */
  putAwayAlarm(id: string): Result<void, Refused> {
    const { store, onChange } = this.#deps
    const written = store.write((tx) => putAwayAlarm(tx, id))
    if (!written.ok) return err({ code: 'storage-failed', subject: written.error.trouble })
    this.#seen = new Set(seenAlarms(store))
    onChange()
    return ok()
  }

  #ask(): void {
    if (this.#state !== 'waiting') return
    this.#state = 'asking'
    this.#cancelTimer?.()
    this.#asking = this.#askAll()
      .catch((bug: unknown) => {
        this.#deps.onFault('bug', { where: 'recovery', detail: String(bug) })
        return false
      })
      .then((isAnswered) => this.#asked(isAnswered))
  }

  #asked(isAnswered: boolean): void {
    if (this.#state === 'stopped') return
    this.#isMissed = !isAnswered
    this.#state = isAnswered ? 'settled' : 'waiting'
    if (this.maySettle()) this.#deps.onMaySettle()
    if (isAnswered) this.#deps.onSettled()
    else this.#cancelTimer = this.#deps.clock.after(RETRY_MS, () => this.#ask())
    this.#deps.onChange()
  }

  async #askAll(): Promise<boolean> {
    const { backend, store } = this.#deps
    const standing = await backend.standing()
    if (!standing.ok || !this.#compare(standing.value)) return false
    const cursor = pullCursor(store)
    if (cursor !== undefined && !(await this.#pull(cursor))) return false
    return findYeses(this.#findDeps())
  }

  /** False when the file is a copy, and the disk refuses to open it as one. */
  #compare(standing: BackendStanding): boolean {
    const { onCartChanged, onChange } = this.#deps
    const before = { verdict: this.#verdict, oldHolds: this.#oldHolds, lostSeats: [] }
    const compared = compareWithBackend(this.#deps, before, standing)
    if (!compared.ok) return false
    if (compared.value === before) return true
    this.#verdict = compared.value.verdict
    this.#oldHolds = compared.value.oldHolds
    this.#noticeLost(compared.value.lostSeats)
    onCartChanged()
    onChange()
    return true
  }

  async #pull(from: number): Promise<boolean> {
    const { store, ledger, backend, onFoundPaid, onFault } = this.#deps
    return pullReceipts({ store, ledger, backend, onPaid: onFoundPaid, onFault }, from)
  }

  #findDeps(): FindDeps {
    return { ...this.#deps, pullAgain: async () => this.#pull(0) }
  }

  #noticeLost(seats: readonly string[]): void {
    if (seats.length === 0) return
    const { newId, clock } = this.#deps
    this.#noticed.push({ id: newId(), at: new Date(clock.nowMs()).toISOString(), code: 'seats-lost', seats })
  }

  #alarms(): readonly AlarmView[] {
    const { store, ledger, clock, outboxAlarms } = this.#deps
    const fromBackend = outboxAlarms().map(({ id, at, kind, alarm }) => ({ id, at, record: kind, ...readAlarmLine(alarm) }))
    const all = [...this.#noticed, ...restoredAlarms(store, ledger, clock.nowMs()), ...fromBackend]
    return all.filter(({ id }) => !this.#seen.has(id))
  }

  #seatsOf(showtimeId: ShowtimeId, seats: readonly SeatId[]): UnknownYesView['seats'][number] {
    const hall = this.#deps.hallOf(showtimeId)
    return { ...(hall ? { hall } : {}), seats }
  }

  #viewOf(yes: UnknownYes): UnknownYesView {
    const { authorizationId, requestId, amount, payerName, approvedAt, captureBy, holds, state, endedAt, endedBy } = yes
    return {
      authorizationId,
      requestId,
      amount,
      payerName,
      approvedAt,
      captureBy,
      seats: holds.map(({ showtimeId, seats }) => this.#seatsOf(showtimeId, seats)),
      state,
      ...(endedAt === undefined ? {} : { endedAt }),
      ...(endedBy === undefined ? {} : { endedBy }),
    }
  }
}
