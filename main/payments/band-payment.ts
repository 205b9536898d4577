/** One payment by band, step by step: seats pinned, one session with the band, and what its end means. */
import type { SeatDesk } from '#main/cinema/seat-desk.ts'
import type { Keys } from '#main/ports.ts'
import { REQUEST_LIFETIME_MAX_S } from '#shared/contracts/radio-messages.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { readAnswer, type Trust } from './answers.ts'
import { attemptById, markInDoubt, markSent, stateOf } from './attempt-book.ts'
import type { BandSessions, CheckedOffer, NotPersisted, SessionEnd } from './band-session.ts'
import type { Ends } from './ends.ts'
import { journalHead, type Settled } from './in-doubt.ts'
import type { PaymentScreen } from './payment-screen.ts'
import type { Running } from './running.ts'
import type { SettleDeps } from './settle.ts'
import { askedOf, signPay } from './statements.ts'

const REQUEST_LIFETIME_MS = REQUEST_LIFETIME_MAX_S * 1_000

export type BandPaymentDeps = SettleDeps & {
  readonly keys: Keys
  readonly seats: SeatDesk
  readonly sessions: BandSessions
  readonly screen: PaymentScreen
  readonly ends: Ends
  /** The outcome is unknown: it is asked about from now on. `unattendedFromMs`: when its minute may begin, on the monotonic clock. */
  readonly onDoubt: (requestId: RequestId, unattendedFromMs: number) => void
  readonly isRevoked: Trust['isRevoked']
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

/** Which band is asked, and as the knock rule had it at that moment: the knocks, and the age of our news. */
type Asked = { readonly address: string; readonly knocks: number; readonly listAgeMinutes: number }

export class BandPayments {
  readonly #deps: BandPaymentDeps

  constructor(deps: BandPaymentDeps) {
    this.#deps = deps
  }

  /** Asks the band. Resolves when the attempt has ended or is in doubt; a bug on the way leaves it in doubt, too. */
  async run(payment: Running, asked: Asked): Promise<void> {
    const { requestId } = payment
    try {
      await this.#ask(payment, asked)
    } catch (bug) {
      this.#deps.onFault('bug', { requestId, detail: String(bug) })
      this.#giveUp(requestId)
    }
  }

  /** The outcome is unknown: written down, shown, and asked about until it is known. */
  enterDoubt(requestId: RequestId): void {
    const { store, carts, clock, screen, onDoubt } = this.#deps
    const written = store.write((tx) => {
      const attempt = attemptById(tx, requestId)
      if (attempt?.state !== 'sent') return false
      markInDoubt(tx, requestId)
      carts.lock(tx, attempt.cartId, 'in-doubt')
      return true
    })
    if (written.ok && !written.value) return
    // When even this cannot be written, the attempt stays `sent` on disk, which a restart reads as doubt: so do we now.
    carts.reload()
    screen.show(requestId, { state: 'in-doubt', ...(written.ok ? {} : { refusal: { code: 'storage-failed' } }) })
    onDoubt(requestId, screen.ofRequest(requestId)?.expiresMonotonicMs ?? clock.monotonicMs())
  }

  async #ask(payment: Running, { address, knocks, listAgeMinutes }: Asked): Promise<void> {
    const { store, clock, carts, keys, ledger, seats, sessions, screen, ends } = this.#deps
    const { requestId } = payment
    const pinned = carts.current().holds.length === 0 ? ok() : await seats.pin(requestId)
    // With no connection of our own the request names the holds: the backend then authorizes only if they live (design §7).
    if (!pinned.ok && pinned.error.code !== 'backend-offline') {
      ends.unpaid(requestId, { state: 'not-asked', reason: 'seat-not-held', why: 'cancelled' }, pinned.error)
      return
    }
    const attempt = attemptById(store, requestId)
    if (attempt?.state !== 'prepared') return
    const { amount, holdIds } = attempt
    const { lines } = carts.current()
    const end = await sessions.run({
      address,
      requestId,
      statementFor: (offer) => {
        const nowS = Math.floor(clock.nowMs() / 1_000)
        return signPay({ keys, offer, requestId, amount, lines, holdIds, knocks, listAgeMinutes, head: journalHead(ledger), nowS })
      },
      persist: (statement, offer, sealed) => this.#persistSent(payment, { statement, offer, sealed }),
      expiresMonotonicMs: () => payment.expiresMonotonicMs ?? clock.monotonicMs(),
      onStage: (stage) => screen.show(requestId, { stage }),
      cancelled: payment.cancelled,
    })
    await this.#afterSession(requestId, end)
  }

  async #persistSent(
    payment: Running,
    { statement, offer, sealed }: { readonly statement: Uint8Array; readonly offer: CheckedOffer; readonly sealed: Uint8Array },
  ): Promise<Result<void, NotPersisted>> {
    const { clock, store, screen } = this.#deps
    const { requestId } = payment
    const [statementDigest, requestDigest] = await Promise.all([sha256(statement), sha256(sealed)])
    const nowMs = clock.nowMs()
    const sentAt = new Date(nowMs).toISOString()
    const expiresAt = new Date(nowMs + REQUEST_LIFETIME_MS).toISOString()
    const written = store.write((tx) => {
      if (stateOf(tx, requestId) !== 'prepared') return false
      const phoneCertificate = offer.message.certificate
      markSent(tx, requestId, { statement, statementDigest, phoneCertificate, requestDigest, sentAt, expiresAt })
      return true
    })
    if (!written.ok) return err(written.error)
    if (!written.value) return err({ code: 'already-ended' })
    screen.sent(requestId, { expiresAt, expiresMonotonicMs: clock.monotonicMs() + REQUEST_LIFETIME_MS })
    return ok()
  }

  async #afterSession(requestId: RequestId, end: SessionEnd): Promise<void> {
    const { ends, onFault } = this.#deps
    switch (end.kind) {
      case 'not-asked':
        ends.unpaid(requestId, { state: 'not-asked', reason: end.reason, why: 'cancelled' })
        return
      case 'not-persisted':
        // Cancelled meanwhile: it has its end.
        if (end.why.code !== 'storage-failed') return
        onFault('request-not-kept', { requestId, detail: end.why.detail })
        ends.unpaid(requestId, { state: 'not-asked', why: 'cancelled' }, { code: 'storage-failed', subject: end.why.trouble })
        return
      case 'unknown':
        if (end.why === 'cancelled') return
        onFault('session-ended', { requestId, why: end.why })
        this.enterDoubt(requestId)
        return
      case 'answered':
        if ((await this.#settleAnswer(requestId, end)) === 'open') this.enterDoubt(requestId)
    }
  }

  async #settleAnswer(requestId: RequestId, end: SessionEnd & { kind: 'answered' }): Promise<Settled> {
    const { store, clock, standing, ledger, ends, isRevoked, onFault } = this.#deps
    try {
      const attempt = attemptById(store, requestId)
      if (!attempt?.sent) return 'ended'
      const trust = { keys: standing().keys, phoneKey: end.phoneKey, isRevoked, nowS: Math.floor(clock.nowMs() / 1_000) }
      const outcome = await readAnswer(end.plaintext, askedOf(attempt, standing()), trust)
      if (outcome.ok) return await ends.settleOutcome(attempt, outcome.value, end.open)
      onFault('answer-refused', { requestId, fault: outcome.error })
      store.write((tx) => ledger.appendEvent(tx, 'answer-refused', { request_id: requestId, fault: outcome.error }))
      return 'open'
    } finally {
      await end.open.close()
    }
  }

  #giveUp(requestId: RequestId): void {
    const { store, ends } = this.#deps
    const state = stateOf(store, requestId)
    if (state === 'prepared') ends.unpaid(requestId, { state: 'not-asked', reason: 'band-gone', why: 'cancelled' })
    else if (state && isFinal(state)) ends.showEnd(requestId)
    else this.enterDoubt(requestId)
  }
}
