/**
 * Being paid. One payment runs at a time. The attempt is on disk before anything leaves; the outcome is on disk before anyone is told;
 * what cannot be known is in doubt, and stays locked until it is settled or reversed.
 */
import type { SeatDesk } from '#main/cinema/seat-desk.ts'
import type { Keys, Radio } from '#main/ports.ts'
import type { Sightings } from '#main/radio/sightings.ts'
import type { InterruptedView } from '#shared/contracts/recovery.ts'
import type { PaymentView, Refused } from '#shared/contracts/till.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import type { ReceiptId, RequestId, SightingId } from '#shared/domain/ids.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { IsRevoked } from './answers.ts'
import { type Attempt, insertAttempt, isReversalUnheard, openAttempts } from './attempt-book.ts'
import { BandPayments } from './band-payment.ts'
import { BandSessions } from './band-session.ts'
import { CashPanel } from './cash-panel.ts'
import { Ends } from './ends.ts'
import { type DoubtDeps, DoubtDesk } from './in-doubt.ts'
import { type InterruptedDeps, InterruptedDesk } from './interrupted.ts'
import { KnockRule } from './knock-rule.ts'
import { PaymentScreen } from './payment-screen.ts'
import { type BandInSight, begunPayment, type Running, recoveredPayment } from './running.ts'
import { refusedOf, type SettleDeps } from './settle.ts'
import { Unattended } from './unattended.ts'

export type PaymentsDeps = SettleDeps & {
  readonly newId: () => string
  readonly keys: Keys
  readonly radio: Radio
  readonly sightings: Sightings
  readonly seats: SeatDesk
  /** Since this terminal could last learn of revocations, whole minutes. */
  readonly listAgeMinutes: () => number
  readonly isRevoked: IsRevoked
  readonly attemptAtBackend: DoubtDeps['attemptAtBackend']
  readonly isBackendOffline: InterruptedDeps['isBackendOffline']
  /** This clock is so far off that no band is asked. */
  readonly isClockOff: () => boolean
  /** When somebody last touched the till, on the monotonic clock. */
  readonly lastTouchMs: () => number
  /** False until it is known whether these records are the newest: before that, nothing of an earlier run is settled. */
  readonly maySettle: () => boolean
  readonly printedOf: InterruptedDeps['printedOf']
  readonly onChange: () => void
  readonly onPaid: (receipt: Receipt) => void
  readonly onShowPaid: InterruptedDeps['onShowPaid']
  /** An attempt ended without money; what the backend must hear of it is in the outbox. */
  readonly onUnpaid: () => void
  readonly onFault: DoubtDeps['onFault']
}

export class Payments {
  readonly #deps: PaymentsDeps
  readonly #screen: PaymentScreen
  readonly #ends: Ends
  readonly #bands: BandPayments
  /** Every session with a band goes through here, one after another. */
  readonly sessions: BandSessions
  /** Who has to knock, and why. */
  readonly knockRule: KnockRule
  readonly #cash: CashPanel
  readonly #doubts: DoubtDesk
  readonly #unattended: Unattended
  readonly #interrupted: InterruptedDesk
  /** Attempts of an earlier run. */
  readonly #recovered = new Set<RequestId>()
  /** Work that will still write when it comes back: the store stays open for it. */
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(deps: PaymentsDeps) {
    const { clock, lastTouchMs, seats } = deps
    const maySettle = (requestId: RequestId) => !this.#recovered.has(requestId) || deps.maySettle()
    this.#deps = deps
    const screen = new PaymentScreen(deps.onChange)
    const sessions = new BandSessions(deps)
    const knockRule = new KnockRule(deps)
    const ends = new Ends({
      ...deps,
      screen,
      forget: (requestId) => this.#forget(requestId),
      onKnockMissing: () => knockRule.walletAsked(),
      isUnattended: (requestId) => this.#unattended.isOver(requestId),
      keepForCashier: (requestId, approved) => this.#interrupted.keep(requestId, approved),
    })
    this.#screen = screen
    this.sessions = sessions
    this.knockRule = knockRule
    this.#ends = ends
    this.#cash = new CashPanel({ ...deps, screen, ends })
    this.#bands = new BandPayments({ ...deps, screen, ends, sessions, onDoubt: (requestId, fromMs) => this.#doubt(requestId, fromMs) })
    this.#unattended = new Unattended({
      clock,
      lastTouchMs,
      undo: (requestId) => maySettle(requestId) && ends.endAsUnattended(requestId) === 'ended',
    })
    this.#doubts = new DoubtDesk({
      ...deps,
      sessions,
      maySettle,
      settleOutcome: (attempt, outcome, open) => ends.settleOutcome(attempt, outcome, open),
      endAsReversed: (requestId, reason) => ends.end(requestId, { state: 'reversed', reason, why: 'expired' }),
      bandAddress: (requestId) => screen.ofRequest(requestId)?.bandAddress,
      bandsInSight: () => deps.sightings.list().flatMap(({ id }) => deps.sightings.addressOf(id) ?? []),
      onNext: (requestId, nextQueryAt) => screen.show(requestId, { nextQueryAt }),
    })
    this.#interrupted = new InterruptedDesk({
      ...deps,
      ends,
      screen,
      seatsFound: (holdIds) => seats.found(holdIds),
      undoneAt: (requestId) => this.#unattended.undoneAt(requestId),
      isUnattended: (requestId) => this.#unattended.isOver(requestId),
      maySettle,
    })
  }

  /** The payment on the screen, with what follows from the time that passes and from what the backend has heard. */
  view(): PaymentView | undefined {
    const view = this.#screen.view()
    if (view?.tender !== 'band') return view
    const undoneAt = this.#unattended.undoneAt(view.requestId)
    const isPromise = view.state === 'reversed' && isReversalUnheard(this.#deps.store, view.requestId)
    return { ...view, ...(undoneAt ? { undoneAt } : {}), ...(isPromise ? { isPromise } : {}) }
  }

  interrupted(): InterruptedView | undefined {
    return this.#interrupted.view()
  }

  /** True while a sale found at the start has no end yet: the cart is not edited and nothing is charged. */
  isInterrupted(): boolean {
    return this.#interrupted.isOpen()
  }

  /** A customer's money is on its way, or a question about it is on the screen. */
  isOccupied(): boolean {
    return this.#screen.isBusy() || this.#interrupted.view() !== undefined
  }

  inDoubtCount(): number {
    return this.#doubts.count()
  }

  /**
   * Asks a band to pay the open cart. Returns once the attempt is on disk; the rest shows in `view`. `knocks`: how often the wrist must
   * have been knocked; none when left out.
   */
  chargeBand(sightingId: SightingId, { knocks = 0 }: { readonly knocks?: number } = {}): Result<{ requestId: RequestId }, Refused> {
    const { sightings, listAgeMinutes } = this.#deps
    const address = sightings.addressOf(sightingId)
    const band = this.knockRule.bands().find(({ id }) => id === sightingId)
    if (!address || !band) return err({ code: 'band-gone' })
    // Never a guess, and nothing large or on old news: whoever is meant has to knock.
    if (band.needsKnock && knocks === 0) return err({ code: 'knock-needed' })
    const begun = this.#begin({ address, letter: band.letter })
    if (!begun.ok) return begun
    void this.#tracked(this.#bands.run(begun.value, { address, knocks, listAgeMinutes: listAgeMinutes() }))
    return ok({ requestId: begun.value.requestId })
  }

  /** Opens the cash panel: the attempt is on disk and the seats are pinned before any money is taken. */
  async startCash(): Promise<Result<{ requestId: RequestId }, Refused>> {
    const begun = this.#begin()
    return begun.ok ? this.#tracked(this.#cash.open(begun.value)) : begun
  }

  takeCash(tenderedMinor: number): Result<{ receiptId: ReceiptId }, Refused> {
    return this.#cash.take(tenderedMinor)
  }

  /** Ends the payment: the reversal is on disk before the cart is free. Of a payment that already ended, it clears the screen. */
  cancel(): Result<void, Refused> {
    const running = this.#screen.running()
    if (!running) return err({ code: 'no-payment' })
    const { requestId, view, cancel } = running
    if (this.#interrupted.isShown(requestId)) return this.#interrupted.undo()
    if (isFinal(view.state)) {
      this.#screen.clear()
      return ok()
    }
    const state = view.state === 'prepared' ? 'not-asked' : 'reversed'
    const ended = this.#ends.unpaid(requestId, { state, reason: 'cancelled', why: 'cancelled' })
    // It ended before, and nobody was shown.
    if (!ended.ok && ended.error.code === 'already-ended') this.#ends.showEnd(requestId)
    if (!ended.ok) return err(refusedOf(ended.error))
    cancel()
    if (view.tender === 'cash') this.#screen.clear()
    return ok()
  }

  /** Puts an ended payment away, and an interrupted sale that is over. What has no end yet stays. */
  putAway(): void {
    this.#interrupted.putAway()
    if (this.#screen.running() && !this.#screen.isBusy()) this.#screen.clear()
  }

  finishInterrupted(): Result<void, Refused> {
    return this.#interrupted.finish()
  }

  undoInterrupted(): Result<void, Refused> {
    return this.#interrupted.undo()
  }

  /**
   * At start: what an earlier run left open. What was never sent is given up as soon as it may be; what was sent is in doubt, and asked
   * about. All of it is shown, and so is `paid`: the receipt of a sale that nobody saw done.
   */
  recover(paid?: Receipt): void {
    for (const attempt of openAttempts(this.#deps.store)) {
      this.#recovered.add(attempt.requestId)
      this.#interrupted.addAttempt(attempt.requestId)
      if (attempt.state === 'prepared') this.#putFirst(attempt)
      else this.#recoverSent(attempt)
    }
    if (paid) this.#interrupted.addPaid(paid)
    if (this.#deps.maySettle()) this.maySettleNow()
  }

  /**
   * These records are the newest: what an earlier run prepared and never sent is given up. Still open when the disk refuses; it is shown, so
   * that it can be ended when the disk works again.
   */
  maySettleNow(): void {
    for (const { requestId, state } of openAttempts(this.#deps.store)) {
      if (state !== 'prepared' || !this.#recovered.has(requestId)) continue
      const ended = this.#ends.unpaid(requestId, { state: 'not-asked', reason: 'cancelled', why: 'cancelled' })
      if (ended.ok && this.#screen.ofRequest(requestId)) this.#screen.clear()
    }
  }

  /** The backend answers again: what is in doubt is asked about now. */
  backOnline(): void {
    this.#doubts.backOnline()
  }

  /** After a restore: this attempt was found paid on a receipt that came back. It has ended on disk, and leaves the screen. */
  foundPaid(requestId: RequestId): void {
    this.#forget(requestId)
    if (this.#screen.ofRequest(requestId)) this.#screen.clear()
  }

  /** Asks no more. Resolves when what was under way has come back and written what it must: cut the radio and the backend first. */
  async stop(): Promise<void> {
    this.#unattended.stop()
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

  /** Whether the open cart could be paid now, or why not. */
  mayBegin(): Result<void, Refused> {
    if (this.#interrupted.isOpen()) return err({ code: 'cart-locked' })
    if (this.#screen.isBusy()) return err({ code: 'payment-running' })
    const { state, lines } = this.#deps.carts.current()
    if (state !== 'open') return err({ code: 'cart-locked' })
    return lines.length === 0 ? err({ code: 'cart-empty' }) : ok()
  }

  #begin(band?: BandInSight): Result<Running, Refused> {
    const { carts, store, clock } = this.#deps
    const may = this.mayBegin()
    if (!may.ok) return may
    const cart = carts.current()
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
    if (!written.ok) return err({ code: 'storage-failed', subject: written.error.trouble })
    carts.reload()
    this.#interrupted.putAway()
    const running = begunPayment({ requestId, total, nowMs, band })
    this.#screen.put(running)
    return ok(running)
  }

  #recoverSent(attempt: Attempt): void {
    const { requestId, state } = attempt
    this.#putFirst(attempt)
    if (state === 'sent') this.#bands.enterDoubt(requestId)
    else this.#doubt(requestId, this.#deps.clock.monotonicMs())
  }

  /** The oldest is the one on the screen. */
  #putFirst(attempt: Attempt): void {
    if (!this.#screen.running()) this.#screen.put(recoveredPayment(attempt))
  }

  /** Asked about until its outcome is known, and undone when nobody is there for a minute from then on. */
  #doubt(requestId: RequestId, unattendedFromMs: number): void {
    this.#unattended.watch(requestId, unattendedFromMs)
    this.#doubts.watch(requestId)
  }

  #forget(requestId: RequestId): void {
    this.#unattended.forget(requestId)
    this.#doubts.forget(requestId)
  }
}
