import type { BackendClient, BackendRefusal, Clock, OutboxOutcome, Store, WriteStore } from '#main/ports.ts'
import { alarmLine } from '#shared/contracts/alarms.ts'
import { OUTBOX_BATCH_MAX } from '#shared/contracts/backend-api.ts'
import type { Unsubscribe } from '#shared/contracts/till.ts'
import type { OutboxId } from '#shared/domain/ids.ts'
import { backOffMs } from './back-off.ts'
import { alarmsOf, countPending, markAcked, markAlarm, nextBatch, type OutboxRecord } from './outbox-rows.ts'
import type { Outbox, OutboxAlarm } from './ports.ts'

export const BACK_OFF_FIRST_MS = 1_000
export const BACK_OFF_MAX_MS = 60_000
/** A record the backend would not take is offered again after this long: by then a person may have mended one side. */
export const SET_ASIDE_MS = 10 * 60_000

export type OutboxInput = {
  readonly store: Store
  readonly backend: Pick<BackendClient, 'postOutbox'>
  readonly clock: Clock
  /** From 0 up to 1. */
  readonly random: () => number
  /** Something shown may have changed: pending, unsynced total, alarms. */
  readonly onChange: () => void
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
  /** What to add before a batch is taken, such as the journal's head. Asked first, so that an idle outbox writes nothing. */
  readonly before?: { readonly isDue: () => boolean; readonly add: (tx: WriteStore) => void }
}

/** Sends what must reach the backend: in order, in batches, one at a time, for as long as it takes. */
export function createOutbox(input: OutboxInput): Outbox {
  const sender = new Sender(input)
  return {
    start: () => sender.start(),
    kick: () => sender.kick(),
    backOnline: () => sender.backOnline(),
    pending: () => countPending(input.store),
    alarms: () => sender.alarms(),
    drained: async (withinMs) => sender.drained(withinMs),
    stop: async () => sender.stop(),
  }
}

/** These say "this record", not "not now": the same batch would be refused for ever. */
function isAboutContent(refusal: BackendRefusal): boolean {
  return refusal.code === 'malformed' || refusal.code === 'conflict'
}

class Sender {
  readonly #input: OutboxInput
  readonly #setAside = new Map<OutboxId, number>()
  readonly #waiting = new Set<(isDrained: boolean) => void>()
  #running = false
  #sending: Promise<void> | undefined
  /** A kick that came while a batch was in flight. */
  #kicked = false
  #failures = 0
  #batchLimit = OUTBOX_BATCH_MAX
  /** Set while the outbox waits after a failure. */
  #cancelTimer: Unsubscribe | undefined
  /** Set while records are set aside: an idle till offers them again, too. */
  #cancelOffer: Unsubscribe | undefined
  /** The rows with an alarm, which only answers of the backend change: every look at the till asks for them. */
  #alarms: readonly OutboxAlarm[] | undefined

  constructor(input: OutboxInput) {
    this.#input = input
  }

  start(): void {
    this.#running = true
    this.kick()
  }

  alarms(): readonly OutboxAlarm[] {
    this.#alarms ??= alarmsOf(this.#input.store)
    return this.#alarms
  }

  kick(): void {
    if (!this.#running || this.#cancelTimer) return
    this.#kicked = true
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined
      // A kick between the last look at the queue and now would otherwise wait for the next one.
      if (this.#kicked) this.kick()
    })
  }

  backOnline(): void {
    this.#failures = 0
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.kick()
  }

  async stop(): Promise<void> {
    this.#running = false
    this.#cancelTimer?.()
    this.#cancelOffer?.()
    this.#cancelTimer = undefined
    this.#giveUpWaiting()
    await this.#sending
  }

  async drained(withinMs: number): Promise<boolean> {
    const { store, clock } = this.#input
    if (countPending(store) === 0) return true
    // Stopped, or waiting after a failure: nothing leaves soon.
    if (!this.#running || this.#cancelTimer) return false
    return new Promise((resolve) => {
      const cancel = clock.after(withinMs, () => settle(countPending(store) === 0))
      const settle = (isDrained: boolean) => {
        cancel()
        this.#waiting.delete(settle)
        resolve(isDrained)
      }
      this.#waiting.add(settle)
      this.kick()
    })
  }

  async #sendAll(): Promise<void> {
    while (this.#running && this.#kicked) {
      this.#kicked = false
      while (this.#running) {
        const progress = await this.#sendBatch().catch((error: unknown) => {
          // Nothing is marked that was not acknowledged: the same again later. A disk that does not read must not end the till.
          this.#input.onFault('outbox-failed', { detail: String(error) })
          return 'failed' as const
        })
        if (progress === 'empty') break
        if (progress === 'failed') {
          this.#kicked = false
          this.#waitAndRetry()
          return
        }
      }
    }
  }

  async #sendBatch(): Promise<'empty' | 'sent' | 'failed'> {
    const { store, backend, before } = this.#input
    if (before?.isDue() && !store.write((tx) => before.add(tx)).ok) return 'failed'
    const batch = nextBatch(store, { limit: this.#batchLimit, isSetAside: (id) => this.#isSetAside(id) })
    if (batch.length === 0) return 'empty'
    const answer = await backend.postOutbox(batch.map(({ id, kind, body }) => ({ id, kind, body })))
    if (!answer.ok) return this.#refused(batch, answer.error)
    return this.#acked(batch, answer.value)
  }

  #acked(batch: readonly OutboxRecord[], outcomes: readonly OutboxOutcome[]): 'sent' | 'failed' {
    const { store, clock, onChange } = this.#input
    const at = new Date(clock.nowMs()).toISOString()
    const marked = store.write((tx) => markAcked(tx, batch, outcomes, at))
    this.#alarms = undefined
    // An answer about nothing that was sent, or a disk that takes no marks: the same batch again at once would spin.
    if (!marked.ok || marked.value === 0) return 'failed'
    this.#failures = 0
    this.#batchLimit = OUTBOX_BATCH_MAX
    onChange()
    if (countPending(store) === 0) for (const settle of [...this.#waiting]) settle(true)
    return 'sent'
  }

  /** A batch refused for its content is halved until the record that is refused stands alone; that one is set aside, with an alarm. */
  #refused(batch: readonly OutboxRecord[], refusal: BackendRefusal): 'sent' | 'failed' {
    const { store, clock, onChange } = this.#input
    if (!isAboutContent(refusal)) return 'failed'
    const [only] = batch
    if (batch.length > 1 || !only) {
      this.#batchLimit = Math.max(1, Math.floor(batch.length / 2))
      return 'sent'
    }
    this.#setAside.set(only.id, clock.monotonicMs() + SET_ASIDE_MS)
    this.#cancelOffer?.()
    this.#cancelOffer = clock.after(SET_ASIDE_MS, () => this.kick())
    const alarm = alarmLine('not-taken', refusal.code)
    const marked = store.write((tx) => markAlarm(tx, only, alarm))
    this.#alarms = undefined
    if (!marked.ok) return 'failed'
    onChange()
    return 'sent'
  }

  #isSetAside(id: OutboxId): boolean {
    const until = this.#setAside.get(id)
    if (until === undefined) return false
    if (until > this.#input.clock.monotonicMs()) return true
    this.#setAside.delete(id)
    return false
  }

  /** Nothing leaves for a while: whoever waits for it goes on without. */
  #giveUpWaiting(): void {
    for (const settle of [...this.#waiting]) settle(false)
  }

  #waitAndRetry(): void {
    this.#giveUpWaiting()
    if (!this.#running) return
    this.#failures += 1
    const { clock, random } = this.#input
    const delayMs = backOffMs({ failures: this.#failures, firstMs: BACK_OFF_FIRST_MS, maxMs: BACK_OFF_MAX_MS, random })
    this.#cancelTimer?.()
    this.#cancelTimer = clock.after(delayMs, () => {
      this.#cancelTimer = undefined
      this.kick()
    })
  }
}
