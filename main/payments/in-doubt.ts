/**
 * Attempts in doubt, and how the terminal learns what became of them: it asks over the band while it is near, and the backend at
 * growing intervals. It stops only when an outcome is on disk.
 */
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Ledger } from '#main/ledger/ports.ts'
import type { BackendClient, Clock, Keys, Store } from '#main/ports.ts'
import { equalBytes, fromHex } from '#shared/contracts/bytes.ts'
import { phoneCertificate } from '#shared/contracts/radio-messages.ts'
import type { Unsubscribe } from '#shared/contracts/till.ts'
import { isValidAt } from '#shared/crypto/key-set.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import { err, ok } from '#shared/result.ts'
import { type Outcome, readAnswer, readAuthorization, readDecline, type Trust } from './answers.ts'
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
/** Where the band of an earlier run is, nobody remembers: so many of the nearest are looked at in one round. */
const LOOKED_AT_MAX = 3

/**
 * What became of an outcome: `ended` on disk, or it `waits` for the cashier of an interrupted sale. `open`: nothing is settled, ask again.
 */
export type Settled = 'ended' | 'waits' | 'open'

export type DoubtDeps = {
  readonly store: Store
  readonly clock: Clock
  readonly keys: Keys
  readonly sessions: BandSessions
  readonly ledger: Ledger
  readonly standing: () => Standing
  readonly attemptAtBackend: BackendClient['attempt']
  readonly isRevoked: Trust['isRevoked']
  readonly settleOutcome: (attempt: Attempt, outcome: Outcome, open?: OpenSession) => Promise<Settled>
  readonly endAsReversed: (requestId: RequestId, reason: Reason) => Settled
  /** False for an attempt of an earlier run until it is known whether these records are the newest. */
  readonly maySettle: (requestId: RequestId) => boolean
  /** Where the band that was asked can be reached, while it is still in sight. */
  readonly bandAddress: (requestId: RequestId) => string | undefined
  /** Addresses of the bands in sight, nearest first. */
  readonly bandsInSight: () => readonly string[]
  readonly onNext: (requestId: RequestId, nextQueryAt: string) => void
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

/** `takeBack` cancels a question that waits, or hangs up on the one being asked; `askNow` is there while it waits. */
type Question = { readonly takeBack: Unsubscribe; readonly askNow?: () => void }

export class DoubtDesk {
  readonly #deps: DoubtDeps
  /** Attempts that are asked about, each with its next question or the one being asked. */
  readonly #waiting = new Map<RequestId, Question>()
  /** Attempts whose answer is known and waits for the cashier: still in doubt on disk. */
  readonly #answered = new Set<RequestId>()
  /** Questions that are being asked now. */
  readonly #asking = new Set<Promise<void>>()
  #stopped = false

  constructor(deps: DoubtDeps) {
    this.#deps = deps
  }

  count(): number {
    return this.#waiting.size + this.#answered.size
  }

  /** Begins to ask about an attempt. */
  watch(requestId: RequestId): void {
    if (!this.#waiting.has(requestId)) this.#askLater(requestId, 0)
  }

  /** The backend answers again: what waits for its next question is asked now, and from then on as if it were new. */
  backOnline(): void {
    for (const question of [...this.#waiting.values()]) question.askNow?.()
  }

  /** The attempt has ended: no more questions. */
  forget(requestId: RequestId): void {
    this.#waiting.get(requestId)?.takeBack()
    this.#waiting.delete(requestId)
    this.#answered.delete(requestId)
  }

  /** No more questions. Resolves when those under way have come back. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const requestId of [...this.#waiting.keys()]) this.forget(requestId)
    await Promise.all(this.#asking)
  }

  #askLater(requestId: RequestId, tries: number): void {
    if (this.#stopped) return
    const { clock, onNext } = this.#deps
    const delayMs = ASK_AFTER_MS[Math.min(tries, ASK_AFTER_MS.length - 1)] ?? 0
    const takeBack = clock.after(delayMs, () => this.#askNow(requestId, tries))
    const askNow = () => {
      takeBack()
      this.#askNow(requestId, 0)
    }
    this.#waiting.set(requestId, { takeBack, askNow })
    onNext(requestId, new Date(clock.nowMs() + delayMs).toISOString())
  }

  #askNow(requestId: RequestId, tries: number): void {
    const { promise: cancelled, resolve: takeBack } = Promise.withResolvers<void>()
    this.#waiting.set(requestId, { takeBack })
    const asking = this.#ask(requestId, tries, cancelled)
      .catch((bug: unknown) => {
        this.#deps.onFault('bug', { requestId, detail: String(bug) })
        if (this.#waiting.has(requestId)) this.#askLater(requestId, tries + 1)
      })
      .finally(() => this.#asking.delete(asking))
    this.#asking.add(asking)
  }

  async #ask(requestId: RequestId, tries: number, cancelled: Promise<void>): Promise<void> {
    const attempt = attemptById(this.#deps.store, requestId)
    if (attempt?.state !== 'in-doubt' && attempt?.state !== 'sent') return this.forget(requestId)
    const settled = this.#deps.maySettle(requestId) ? await this.#askAll(attempt, cancelled) : 'open'
    if (settled === 'ended') return this.forget(requestId)
    // It may have ended by another hand while it was asked about.
    if (!this.#waiting.has(requestId)) return
    if (settled === 'open') return this.#askLater(requestId, tries + 1)
    this.#waiting.delete(requestId)
    this.#answered.add(requestId)
  }

  async #askAll(attempt: Attempt, cancelled: Promise<void>): Promise<Settled> {
    const address = this.#deps.bandAddress(attempt.requestId)
    if (address) {
      const byBand = await this.#askBand(attempt, { address, cancelled })
      return byBand === 'open' ? this.#askBackend(attempt) : byBand
    }
    const byBackend = await this.#askBackend(attempt)
    return byBackend === 'open' ? this.#lookForBand(attempt, cancelled) : byBackend
  }

  /**
   * An attempt of an earlier run: its customer may still stand here, with a band that nobody remembers. A phone shows one certificate for
   * as long as its band keeps an id, so an offer with the attempt's own comes from the phone that was asked, and from no other. Only that
   * one is asked anything; the others are let go unasked, and keep their offers.
   */
  async #lookForBand(attempt: Attempt, cancelled: Promise<void>): Promise<Settled> {
    const { clock, bandsInSight } = this.#deps
    const onlyPhone = attempt.sent?.phoneCertificate
    const certificate = onlyPhone && peekSign1(phoneCertificate, onlyPhone)
    if (!certificate?.ok || !isValidAt(certificate.value.value, Math.floor(clock.nowMs() / 1_000))) return 'open'
    for (const address of bandsInSight().slice(0, LOOKED_AT_MAX)) {
      if (!this.#waiting.has(attempt.requestId)) return 'open'
      const settled = await this.#askBand(attempt, { address, cancelled, onlyPhone })
      if (settled !== 'open') return settled
    }
    return 'open'
  }

  async #askBand(
    attempt: Attempt,
    band: { readonly address: string; readonly cancelled: Promise<void>; readonly onlyPhone?: Uint8Array | undefined },
  ): Promise<Settled> {
    const { clock, keys, ledger, standing, settleOutcome, sessions } = this.#deps
    const { address, cancelled, onlyPhone } = band
    const firstDigest = attempt.sent?.statementDigest
    if (!firstDigest) return 'open'
    const nowS = () => Math.floor(clock.nowMs() / 1_000)
    const deadlineMs = clock.monotonicMs() + QUERY_TIMEOUT_MS
    const end = await sessions.run({
      address,
      kind: 'probe',
      requestId: attempt.requestId,
      statementFor: (offer) =>
        signQuery({ keys, offer, requestId: attempt.requestId, firstDigest, head: journalHead(ledger), nowS: nowS() }),
      persist: (_statement, { message }) =>
        onlyPhone && !equalBytes(message.certificate, onlyPhone) ? err({ code: 'other-phone' }) : ok(),
      expiresMonotonicMs: () => deadlineMs,
      onStage: () => {},
      cancelled,
    })
    if (end.kind !== 'answered') return 'open'
    const { keys: trusted } = standing()
    const trust = { keys: trusted, phoneKey: end.phoneKey, isRevoked: this.#deps.isRevoked, nowS: nowS() }
    try {
      const outcome = await readAnswer(end.plaintext, askedOf(attempt, standing()), trust)
      return await this.#actOn(attempt, outcome, async (value) => settleOutcome(attempt, value, end.open))
    } finally {
      await end.open.close()
    }
  }

  async #askBackend(attempt: Attempt): Promise<Settled> {
    const { attemptAtBackend, clock, standing, settleOutcome, endAsReversed } = this.#deps
    const answer = await attemptAtBackend(attempt.requestId)
    if (!answer.ok) return 'open'
    const { state, signed } = answer.value
    const asked = askedOf(attempt, standing())
    const trust = { keys: standing().keys, nowS: Math.floor(clock.nowMs() / 1_000) }
    // Captured, and no receipt here: these records are not the newest, and a second receipt would be one too many. A person looks at it.
    if (state === 'captured') this.#deps.onFault('captured-elsewhere', { requestId: attempt.requestId })
    if (signed && state === 'held') {
      return this.#actOn(attempt, await readAuthorization(signed, asked, trust), (value) => settleOutcome(attempt, value))
    }
    if (signed && state === 'declined') {
      return this.#actOn(attempt, await readDecline(signed, asked, trust), (value) => settleOutcome(attempt, value))
    }
    if (state === 'reversed') return endAsReversed(attempt.requestId, 'cancelled')
    const isOver = clock.nowMs() > asked.expiresAtS * 1_000 + UNKNOWN_AFTER_EXPIRY_MS
    return state === 'unknown' && isOver ? endAsReversed(attempt.requestId, 'expired') : 'open'
  }

  async #actOn(
    attempt: Attempt,
    outcome: Awaited<ReturnType<typeof readAnswer>>,
    act: (outcome: Outcome) => Promise<Settled>,
  ): Promise<Settled> {
    if (outcome.ok) return act(outcome.value)
    this.#deps.onFault('answer-refused', { requestId: attempt.requestId, fault: outcome.error })
    return 'open'
  }
}

/** The journal head as a request carries it. */
export function journalHead(ledger: Ledger): { readonly seq: number; readonly hash: Uint8Array } {
  const { seq, hash } = ledger.head()
  return { seq, hash: fromHex(hash) ?? new Uint8Array() }
}
