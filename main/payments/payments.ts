/**
 * Being paid. One payment runs at a time. The attempt is on disk before anything leaves; the outcome is on disk before anyone is told;
 * what cannot be known is in doubt, and stays locked until it is settled or reversed.
 */
import type { SeatDesk } from '#main/cinema/seat-desk.ts'
import type { Keys, Radio } from '#main/ports.ts'
import type { Sightings } from '#main/radio/sightings.ts'
import { REQUEST_LIFETIME_MAX_S } from '#shared/contracts/radio-messages.ts'
import type { BandPaymentView, PaymentView, Refused } from '#shared/contracts/till.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import type { ReceiptId, RequestId, SightingId } from '#shared/domain/ids.ts'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { type Outcome, readAnswer } from './answers.ts'
import { type Attempt, attemptById, insertAttempt, markInDoubt, markSent, openAttempts, stateOf } from './attempt-book.ts'
import { BandSessions, type CheckedOffer, type OpenSession, type SessionEnd } from './band-session.ts'
import { type DoubtDeps, DoubtDesk, journalHead } from './in-doubt.ts'
import { type BandInSight, begunPayment, type Running, recoveredPayment } from './running.ts'
import { refusedOf, type SettleDeps, type SettleRefusal, settlePaid, settleUnpaid } from './settle.ts'
import { askedOf, signPay } from './statements.ts'

export type PaymentsDeps = SettleDeps & {
  readonly newId: () => string
  readonly keys: Keys
  readonly radio: Radio
  readonly sightings: Sightings
  readonly seats: SeatDesk
  readonly attemptAtBackend: DoubtDeps['attemptAtBackend']
  readonly onChange: () => void
  readonly onPaid: (receipt: Receipt) => void
  /** An attempt ended without money; what the backend must hear of it is in the outbox. */
  readonly onUnpaid: () => void
  readonly onFault: DoubtDeps['onFault']
}

export class Payments {
  readonly #deps: PaymentsDeps
  readonly #sessions: BandSessions
  readonly #doubts: DoubtDesk
  /** Work that will still write when it comes back: the store stays open for it. */
  readonly #underWay = new Set<Promise<unknown>>()
  /** The payment on the screen: running, in doubt, or ended without money and not yet put away. */
  #running: Running | undefined

  constructor(deps: PaymentsDeps) {
    this.#deps = deps
    this.#sessions = new BandSessions(deps)
    this.#doubts = new DoubtDesk({
      ...deps,
      sessions: this.#sessions,
      settleOutcome: (attempt, outcome, open) => this.#settleOutcome(attempt, outcome, open),
      endAsReversed: (requestId, reason) => this.#endUnpaid(requestId, { state: 'reversed', reason, why: 'expired' }).ok,
      bandAddress: (requestId) => (this.#running?.requestId === requestId ? this.#running.bandAddress : undefined),
      onNext: (requestId, nextQueryAt) => this.#show(requestId, { nextQueryAt }),
    })
  }

  view(): PaymentView | undefined {
    return this.#running?.view
  }

  inDoubtCount(): number {
    return this.#doubts.count()
  }

  /** Asks a band to pay the open cart. Returns once the attempt is on disk; the rest shows in `view`. */
  chargeBand(sightingId: SightingId): Result<{ requestId: RequestId }, Refused> {
    const { sightings, onFault } = this.#deps
    const address = sightings.addressOf(sightingId)
    const letter = sightings.list().find((band) => band.id === sightingId)?.letter
    if (!address || !letter) return err({ code: 'band-gone' })
    const begun = this.#begin({ address, letter })
    if (!begun.ok) return begun
    const { requestId } = begun.value
    const asking = this.#askBand(begun.value, address).catch((bug: unknown) => {
      onFault('bug', { requestId, detail: String(bug) })
      this.#giveUp(requestId)
    })
    void this.#tracked(asking)
    return ok({ requestId })
  }

  /** Opens the cash panel: the attempt is on disk and the seats are pinned before any money is taken. */
  async startCash(): Promise<Result<{ requestId: RequestId }, Refused>> {
    const begun = this.#begin()
    if (!begun.ok) return begun
    return this.#tracked(this.#openCash(begun.value))
  }

  async #openCash(payment: Running): Promise<Result<{ requestId: RequestId }, Refused>> {
    const { requestId } = payment
    const pinned = await this.#pinSeats(requestId)
    // While the backend was asked, the cashier may have closed the panel, and even begun another payment.
    if (this.#running !== payment) return err({ code: 'no-payment' })
    if (pinned.ok) {
      payment.mayTakeCash = true
      return ok({ requestId })
    }
    const ended = this.#endUnpaid(requestId, { state: 'not-asked', reason: 'seat-not-held', why: 'cancelled' })
    // What could not be written is still open on disk: the panel stays, so that it can be closed when the disk works again.
    if (!ended.ok) return err(refusedOf(ended.error))
    this.#clear()
    return err(pinned.error.code === 'backend-offline' ? { code: 'seats-unpinned' } : pinned.error)
  }

  takeCash(tenderedMinor: number): Result<{ receiptId: ReceiptId }, Refused> {
    const running = this.#running
    if (running?.view.tender !== 'cash' || running.view.state !== 'prepared') return err({ code: 'no-payment' })
    if (!running.mayTakeCash) return err({ code: 'seats-unpinned' })
    if (tenderedMinor < running.view.total.amount) return err({ code: 'too-little-cash' })
    const paid = settlePaid(this.#deps, running.requestId, { tender: 'cash', tenderedMinor })
    if (!paid.ok) return err(refusedOf(paid.error))
    this.#afterPaid(running.requestId, paid.value)
    return ok({ receiptId: paid.value.id })
  }

  /** Ends the payment: the reversal is on disk before the cart is free. Of a payment that already ended, it clears the screen. */
  cancel(): Result<void, Refused> {
    const running = this.#running
    if (!running) return err({ code: 'no-payment' })
    const { requestId, view, cancel } = running
    if (isFinal(view.state)) {
      this.#clear()
      return ok()
    }
    const state = view.state === 'prepared' ? 'not-asked' : 'reversed'
    const ended = this.#endUnpaid(requestId, { state, reason: 'cancelled', why: 'cancelled' })
    if (!ended.ok) return err(refusedOf(ended.error))
    cancel()
    if (view.tender === 'cash') this.#clear()
    return ok()
  }

  /** Puts an ended payment away. A running one stays. */
  putAway(): void {
    if (this.#running && isFinal(this.#running.view.state)) this.#clear()
  }

  /** At start: what an earlier run left open. What was never sent is given up; what was sent is in doubt. */
  recover(): void {
    for (const attempt of openAttempts(this.#deps.store)) {
      if (attempt.state !== 'prepared') this.#recoverSent(attempt)
      // Still open on disk when the disk refuses: it is shown, so that it can be cancelled when the disk works again.
      else if (!this.#endUnpaid(attempt.requestId, { state: 'not-asked', reason: 'cancelled', why: 'cancelled' }).ok) {
        this.#running ??= recoveredPayment(attempt)
      }
    }
  }

  /** Asks no more. Resolves when what was under way has come back and written what it must: cut the radio and the backend first. */
  async stop(): Promise<void> {
    await Promise.all([this.#doubts.stop(), ...this.#underWay])
  }

  async #tracked<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }

  // --- One band payment, step by step --------------------------------------------------------------------------------------------

  #begin(band?: BandInSight): Result<Running, Refused> {
    const { carts, store, clock } = this.#deps
    if (this.#running && !isFinal(this.#running.view.state)) return err({ code: 'payment-running' })
    const cart = carts.current()
    if (cart.state !== 'open') return err({ code: 'cart-locked' })
    if (cart.lines.length === 0) return err({ code: 'cart-empty' })
    const { total } = carts.view()
    const requestId = this.#deps.newId() as RequestId
    const nowMs = clock.nowMs()
    const createdAt = new Date(nowMs).toISOString()
    const tender = band ? 'band' : 'cash'
    const bandLetter = band?.letter ?? ''
    const holdIds = cart.holds.map((hold) => hold.holdId)
    const written = store.write((tx) => {
      insertAttempt(tx, { requestId, cartId: cart.id, tender, amount: total, holdIds, createdAt, bandLetter })
      carts.lock(tx, cart.id, 'paying')
    })
    if (!written.ok) return err({ code: 'storage-failed', subject: written.error.detail })
    carts.reload()
    this.#running = begunPayment({ requestId, total, nowMs, band })
    this.#deps.onChange()
    return ok(this.#running)
  }

  async #askBand(payment: Running, address: string): Promise<void> {
    const { store, clock, carts, keys, ledger } = this.#deps
    const { requestId } = payment
    const pinned = await this.#pinSeats(requestId)
    // With no connection of our own the request names the holds: the backend then authorizes only if they live (design §7).
    if (!pinned.ok && pinned.error.code !== 'backend-offline') {
      this.#endUnpaid(requestId, { state: 'not-asked', reason: 'seat-not-held', why: 'cancelled' }, pinned.error)
      return
    }
    const attempt = attemptById(store, requestId)
    if (attempt?.state !== 'prepared') return
    const { lines } = carts.current()
    const end = await this.#sessions.run({
      address,
      requestId,
      statementFor: (offer) => {
        const { amount, holdIds } = attempt
        return signPay({
          keys,
          offer,
          requestId,
          amount,
          lines,
          holdIds,
          head: journalHead(ledger),
          nowS: Math.floor(clock.nowMs() / 1_000),
        })
      },
      persist: (statement, offer) => this.#persistSent(requestId, statement, offer),
      expiresAtMs: () => (payment.view.tender === 'band' ? Date.parse(payment.view.expiresAt) : clock.nowMs()),
      onStage: (stage) => this.#show(requestId, { stage }),
      cancelled: payment.cancelled,
    })
    await this.#afterSession(requestId, end)
  }

  async #pinSeats(requestId: RequestId): Promise<Result<void, Refused>> {
    return this.#deps.carts.current().holds.length === 0 ? ok() : this.#deps.seats.pin(requestId)
  }

  async #persistSent(requestId: RequestId, statement: Uint8Array, offer: CheckedOffer): Promise<Result<void, { detail: string }>> {
    const { clock, store } = this.#deps
    const statementDigest = await sha256(statement)
    const sentAt = this.#nowIso()
    const expiresAt = new Date(clock.nowMs() + REQUEST_LIFETIME_MAX_S * 1_000).toISOString()
    const written = store.write((tx) => {
      if (stateOf(tx, requestId) !== 'prepared') return false
      markSent(tx, requestId, { statement, statementDigest, phoneCertificate: offer.message.certificate, sentAt, expiresAt })
      return true
    })
    if (!written.ok) return err(written.error)
    if (!written.value) return err({ detail: 'it was cancelled before it was sent' })
    this.#show(requestId, { state: 'sent', expiresAt })
    return ok()
  }

  async #afterSession(requestId: RequestId, end: SessionEnd): Promise<void> {
    switch (end.kind) {
      case 'not-asked':
        this.#endUnpaid(requestId, { state: 'not-asked', reason: end.reason, why: 'cancelled' })
        return
      case 'not-persisted':
        this.#endUnpaid(requestId, { state: 'not-asked', why: 'cancelled' }, { code: 'storage-failed', subject: end.detail })
        return
      case 'unknown':
        if (end.why === 'cancelled') return
        this.#deps.onFault('session-ended', { requestId, why: end.why })
        this.#enterDoubt(requestId)
        return
      case 'answered': {
        const settled = await this.#settleAnswer(requestId, end)
        if (!settled) this.#enterDoubt(requestId)
      }
    }
  }

  async #settleAnswer(requestId: RequestId, end: SessionEnd & { kind: 'answered' }): Promise<boolean> {
    try {
      return await this.#readAndSettle(requestId, end)
    } finally {
      await end.open.close()
    }
  }

  async #readAndSettle(requestId: RequestId, end: SessionEnd & { kind: 'answered' }): Promise<boolean> {
    const { store, clock, standing, onFault } = this.#deps
    const attempt = attemptById(store, requestId)
    if (!attempt?.sent) return true
    const trust = { keys: standing().keys, phoneKey: end.phoneKey, nowS: Math.floor(clock.nowMs() / 1_000) }
    const outcome = await readAnswer(end.plaintext, askedOf(attempt, standing()), trust)
    if (outcome.ok) return this.#settleOutcome(attempt, outcome.value, end.open)
    onFault('answer-refused', { requestId, fault: outcome.error })
    store.write((tx) => this.#deps.ledger.appendEvent(tx, 'answer-refused', { request_id: requestId, fault: outcome.error }))
    return false
  }

  // --- Ends ----------------------------------------------------------------------------------------------------------------------

  /** Acts on what an answer said. True when the attempt is ended on disk. */
  async #settleOutcome(attempt: Attempt, outcome: Outcome, open?: OpenSession): Promise<boolean> {
    const { requestId } = attempt
    switch (outcome.kind) {
      case 'authorized':
        return this.#settleAuthorized(requestId, outcome, open)
      case 'declined':
        return this.#ended(
          this.#endUnpaid(requestId, { state: 'declined', reason: outcome.reason, answer: outcome.signed, why: 'declined' }),
        )
      case 'refused':
        return this.#ended(
          this.#endUnpaid(requestId, { state: 'refused', reason: outcome.reason, answer: outcome.signed, why: 'refused-by-phone' }),
        )
      case 'never-seen':
        return this.#ended(
          this.#endUnpaid(requestId, { state: 'refused', reason: 'cancelled', answer: outcome.signed, why: 'refused-by-phone' }),
        )
    }
  }

  async #settleAuthorized(requestId: RequestId, outcome: Outcome & { kind: 'authorized' }, open?: OpenSession): Promise<boolean> {
    const { authorization, signed } = outcome
    const paid = settlePaid(this.#deps, requestId, { tender: 'band', authorization, signed, ...(open ? { radio: open.radio } : {}) })
    if (!paid.ok) {
      if (paid.error.code === 'storage-failed') this.#deps.onFault('receipt-not-written', { requestId, detail: paid.error.detail })
      return this.#ended(paid)
    }
    this.#afterPaid(requestId, paid.value)
    // The customer's wrist says it after the disk does. When the link is gone by now, the e-receipt reaches the phone another way.
    await open?.commit(requestId, printedNumber(paid.value))
    return true
  }

  #ended(settled: Result<unknown, SettleRefusal>): boolean {
    return settled.ok || settled.error.code === 'already-ended'
  }

  /** Ends an attempt without money, on disk and then on screen. */
  #endUnpaid(requestId: RequestId, end: Parameters<typeof settleUnpaid>[2], refusal?: Refused): Result<void, SettleRefusal> {
    const settled = settleUnpaid(this.#deps, requestId, end)
    if (settled.ok) {
      this.#doubts.forget(requestId)
      this.#deps.onUnpaid()
      this.#show(requestId, { state: end.state, ...(end.reason ? { reason: end.reason } : {}), ...(refusal ? { refusal } : {}) })
    } else if (settled.error.code === 'storage-failed') {
      this.#deps.onFault('end-not-written', { requestId, detail: settled.error.detail })
      this.#show(requestId, { refusal: { code: 'storage-failed', subject: settled.error.detail } })
    }
    return settled
  }

  #afterPaid(requestId: RequestId, receipt: Receipt): void {
    this.#doubts.forget(requestId)
    if (this.#running?.requestId === requestId) this.#running = undefined
    this.#deps.onPaid(receipt)
    this.#deps.onChange()
  }

  #enterDoubt(requestId: RequestId): void {
    const { store, carts } = this.#deps
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
    this.#show(requestId, { state: 'in-doubt' })
    this.#doubts.watch(requestId)
  }

  #giveUp(requestId: RequestId): void {
    if (stateOf(this.#deps.store, requestId) === 'prepared') {
      this.#endUnpaid(requestId, { state: 'not-asked', reason: 'band-gone', why: 'cancelled' })
    } else this.#enterDoubt(requestId)
  }

  #recoverSent(attempt: Attempt): void {
    const { requestId, state } = attempt
    this.#running ??= recoveredPayment(attempt)
    if (state === 'sent') this.#enterDoubt(requestId)
    else this.#doubts.watch(requestId)
  }

  // --- The screen ----------------------------------------------------------------------------------------------------------------

  #show(requestId: RequestId, change: Partial<Omit<BandPaymentView, 'tender' | 'requestId'>>): void {
    const running = this.#running
    if (running?.requestId !== requestId) return
    const { view } = running
    if (view.tender === 'band') {
      // What the terminal refused before is past once something else happens.
      const { refusal: _past, ...now } = view
      running.view = { ...now, ...change }
    } else running.view = { ...view, state: change.state ?? view.state }
    this.#deps.onChange()
  }

  #clear(): void {
    this.#running = undefined
    this.#deps.onChange()
  }

  #nowIso(): string {
    return new Date(this.#deps.clock.nowMs()).toISOString()
  }
}
