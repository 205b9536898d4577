/**
 * Attempts in doubt, and how the terminal learns what became of them: it asks over the band while it is near, and the backend at
 * growing intervals. It stops only when an outcome is on disk.
 */
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Ledger } from '#main/ledger/ports.ts'
import type { BackendClient, Clock, Keys, Store } from '#main/ports.ts'
import { fromHex } from '#shared/contracts/bytes.ts'
import type { Unsubscribe } from '#shared/contracts/till.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import { type Outcome, readAnswer, readAuthorization, readDecline } from './answers.ts'
import { type Attempt, attemptById } from './attempt-book.ts'
import type { BandSessions, OpenSession } from './band-session.ts'
import { askedOf, signQuery } from './statements.ts'

/** Waits between questions, milliseconds: the first soon, because most doubts are a lost answer; the last is repeated. */
const ASK_AFTER_MS = [2_000, 5_000, 10_000, 20_000, 40_000, 60_000] as const
/**
 * The backend refuses a SUBMIT after `expires` by its own clock. When it does not know the request this long after, by ours, none will
 * come: the two clocks may differ by up to five minutes (CLOCK_TOLERANCE_S), but a reversal is sent in any case and honoured first.
 */
const UNKNOWN_AFTER_EXPIRY_MS = 5_000
/** A query is answered from the phone's memory: no session needs longer. */
const QUERY_TIMEOUT_MS = 15_000

export type DoubtDeps = {
  readonly store: Store
  readonly clock: Clock
  readonly keys: Keys
  readonly sessions: BandSessions
  readonly ledger: Ledger
  readonly standing: () => Standing
  readonly attemptAtBackend: BackendClient['attempt']
  /** Acts on an outcome; true when the attempt is ended on disk. */
  readonly settleOutcome: (attempt: Attempt, outcome: Outcome, open?: OpenSession) => Promise<boolean>
  readonly endAsReversed: (requestId: RequestId, reason: Reason) => boolean
  /** Where the band that was asked can be reached, while it is still in sight. */
  readonly bandAddress: (requestId: RequestId) => string | undefined
  readonly onNext: (requestId: RequestId, nextQueryAt: string) => void
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

export class DoubtDesk {
  readonly #deps: DoubtDeps
  /** What takes back each attempt's next question, or hangs up on the one being asked. */
  readonly #waiting = new Map<RequestId, Unsubscribe>()
  /** Questions that are being asked now. */
  readonly #asking = new Set<Promise<void>>()
  #stopped = false

  constructor(deps: DoubtDeps) {
    this.#deps = deps
  }

  count(): number {
    return this.#waiting.size
  }

  /** Begins to ask about an attempt. */
  watch(requestId: RequestId): void {
    if (!this.#waiting.has(requestId)) this.#askLater(requestId, 0)
  }

  /** The attempt has ended: no more questions. */
  forget(requestId: RequestId): void {
    this.#waiting.get(requestId)?.()
    this.#waiting.delete(requestId)
  }

  /** No more questions. Resolves when those under way have come back. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const requestId of [...this.#waiting.keys()]) this.forget(requestId)
    await Promise.all(this.#asking)
  }

  #askLater(requestId: RequestId, tries: number): void {
    if (this.#stopped) return
    const { clock, onNext, onFault } = this.#deps
    const delayMs = ASK_AFTER_MS[Math.min(tries, ASK_AFTER_MS.length - 1)] ?? 0
    const cancelTimer = clock.after(delayMs, () => {
      const asking = this.#ask(requestId, tries)
        .catch((bug: unknown) => {
          onFault('bug', { requestId, detail: String(bug) })
          this.#askLater(requestId, tries + 1)
        })
        .finally(() => this.#asking.delete(asking))
      this.#asking.add(asking)
    })
    this.#waiting.set(requestId, cancelTimer)
    onNext(requestId, new Date(clock.nowMs() + delayMs).toISOString())
  }

  async #ask(requestId: RequestId, tries: number): Promise<void> {
    const attempt = attemptById(this.#deps.store, requestId)
    if (attempt?.state !== 'in-doubt' && attempt?.state !== 'sent') return this.forget(requestId)
    const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>()
    this.#waiting.set(requestId, cancel)
    const settled = (await this.#askBand(attempt, cancelled)) || (await this.#askBackend(attempt))
    if (settled) this.forget(requestId)
    else if (this.#waiting.has(requestId)) this.#askLater(requestId, tries + 1)
  }

  async #askBand(attempt: Attempt, cancelled: Promise<void>): Promise<boolean> {
    const { clock, keys, ledger, standing, bandAddress, settleOutcome, sessions } = this.#deps
    const address = bandAddress(attempt.requestId)
    const firstDigest = attempt.sent?.statementDigest
    if (!address || !firstDigest) return false
    const nowS = () => Math.floor(clock.nowMs() / 1_000)
    const deadlineMs = clock.nowMs() + QUERY_TIMEOUT_MS
    const end = await sessions.run({
      address,
      requestId: attempt.requestId,
      statementFor: (offer) =>
        signQuery({ keys, offer, requestId: attempt.requestId, firstDigest, head: journalHead(ledger), nowS: nowS() }),
      persist: () => ({ ok: true, value: undefined }),
      expiresAtMs: () => deadlineMs,
      onStage: () => {},
      cancelled,
    })
    if (end.kind !== 'answered') return false
    const { keys: trusted } = standing()
    const trust = { keys: trusted, phoneKey: end.phoneKey, nowS: nowS() }
    try {
      const outcome = await readAnswer(end.plaintext, askedOf(attempt, standing()), trust)
      return await this.#actOn(attempt, outcome, async (value) => settleOutcome(attempt, value, end.open))
    } finally {
      await end.open.close()
    }
  }

  async #askBackend(attempt: Attempt): Promise<boolean> {
    const { attemptAtBackend, clock, standing, settleOutcome, endAsReversed } = this.#deps
    const answer = await attemptAtBackend(attempt.requestId)
    if (!answer.ok) return false
    const { state, signed } = answer.value
    const asked = askedOf(attempt, standing())
    const trust = { keys: standing().keys, nowS: Math.floor(clock.nowMs() / 1_000) }
    if (signed && (state === 'held' || state === 'captured')) {
      return this.#actOn(attempt, await readAuthorization(signed, asked, trust), (value) => settleOutcome(attempt, value))
    }
    if (signed && state === 'declined') {
      return this.#actOn(attempt, await readDecline(signed, asked, trust), (value) => settleOutcome(attempt, value))
    }
    if (state === 'reversed') return endAsReversed(attempt.requestId, 'cancelled')
    const isOver = clock.nowMs() > asked.expiresAtS * 1_000 + UNKNOWN_AFTER_EXPIRY_MS
    return state === 'unknown' && isOver ? endAsReversed(attempt.requestId, 'expired') : false
  }

  async #actOn(
    attempt: Attempt,
    outcome: Awaited<ReturnType<typeof readAnswer>>,
    act: (outcome: Outcome) => Promise<boolean>,
  ): Promise<boolean> {
    if (outcome.ok) return act(outcome.value)
    this.#deps.onFault('answer-refused', { requestId: attempt.requestId, fault: outcome.error })
    return false
  }
}

/** The journal head as a request carries it. */
export function journalHead(ledger: Ledger): { readonly seq: number; readonly hash: Uint8Array } {
  const { seq, hash } = ledger.head()
  return { seq, hash: fromHex(hash) ?? new Uint8Array() }
}
