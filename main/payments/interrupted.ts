/**
 * Sales that were under way when the till last stopped. What was never sent has ended by now and is only shown; what was sent is asked
 * about, and a yes waits here for the cashier, because whether the customer still stands at the counter is not on any disk. The answer
 * is kept in memory alone: it can be asked for again. One sale is shown at a time, oldest first.
 */
import type { ReadStore } from '#main/ports.ts'
import type { Charged, InterruptedView } from '#shared/contracts/recovery.ts'
import type { Refused } from '#shared/contracts/till.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import type { HoldId, ReceiptId, RequestId } from '#shared/domain/ids.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { type Attempt, attemptById, isReversalUnheard, requestOfReceipt, stateOf } from './attempt-book.ts'
import type { Approved, Ends } from './ends.ts'
import type { PaymentScreen } from './payment-screen.ts'
import { recoveredPayment } from './running.ts'
import { refusedOf, type SettleRefusal } from './settle.ts'

export type InterruptedDeps = {
  readonly store: ReadStore
  readonly ends: Ends
  readonly screen: PaymentScreen
  readonly onChange: () => void
  readonly undoneAt: (requestId: RequestId) => string | undefined
  /** False until it is known whether these records are the newest: a lost file may have ended this sale already. */
  readonly maySettle: (requestId: RequestId) => boolean
  /** True when nobody was there in time: even a yes is reversed. */
  readonly isUnattended: (requestId: RequestId) => boolean
  readonly isBackendOffline: () => boolean
  /** What the backend said of these holds since the start. */
  readonly seatsFound: (holdIds: readonly HoldId[]) => 'held' | 'pinned' | 'unknown'
  readonly printedOf: (receiptId: ReceiptId) => InterruptedView['printed']
  /** A receipt that was written before the till stopped: shown as Done now. */
  readonly onShowPaid: (receiptId: ReceiptId) => void
}

type Interruption =
  | { readonly kind: 'attempt'; readonly requestId: RequestId; approved?: Approved }
  /** The receipt was written, and nobody saw it done. */
  | { readonly kind: 'paid'; readonly receipt: Receipt }

export class InterruptedDesk {
  readonly #deps: InterruptedDeps
  readonly #queue: Interruption[] = []

  constructor(deps: InterruptedDeps) {
    this.#deps = deps
  }

  addAttempt(requestId: RequestId): void {
    this.#queue.push({ kind: 'attempt', requestId })
  }

  addPaid(receipt: Receipt): void {
    this.#queue.push({ kind: 'paid', receipt })
  }

  view(): InterruptedView | undefined {
    const [first] = this.#queue
    if (!first) return undefined
    if (first.kind === 'paid') return this.#viewOfPaid(first.receipt)
    const attempt = attemptById(this.#deps.store, first.requestId)
    return attempt && this.#viewOfAttempt(attempt, first.approved)
  }

  /** True while a sale found at the start has no end yet: nothing else is begun. */
  isOpen(): boolean {
    return this.#queue.some((each) => !this.#isOver(each))
  }

  /** True when this is the sale that is shown, and it has no end yet. */
  isShown(requestId: RequestId): boolean {
    const [first] = this.#queue
    return first?.kind === 'attempt' && first.requestId === requestId && !this.#isOver(first)
  }

  /** Keeps a yes for the cashier. False when it is not of a sale that waits here. */
  keep(requestId: RequestId, approved: Approved): boolean {
    const waiting = this.#queue.find((each) => each.kind === 'attempt' && each.requestId === requestId)
    if (waiting?.kind !== 'attempt' || this.#isOver(waiting)) return false
    waiting.approved = approved
    this.#deps.onChange()
    return true
  }

  /** Writes the receipt of a yes, shows the receipt of a sale that was paid, or goes on with the sale when it ended without money. */
  finish(): Result<void, Refused> {
    const { store, ends, onShowPaid } = this.#deps
    const [first] = this.#queue
    if (!first) return err({ code: 'nothing-interrupted' })
    if (first.kind === 'paid') {
      this.#next()
      onShowPaid(first.receipt.id)
      return ok()
    }
    const { requestId, approved } = first
    if (this.#isOver(first)) {
      const receiptId = attemptById(store, requestId)?.receiptId
      if (receiptId) onShowPaid(receiptId)
      return this.#goOn(requestId)
    }
    if (!this.#deps.maySettle(requestId)) return err({ code: 'backend-offline' })
    if (this.#isPrepared(requestId)) {
      const ended = ends.unpaid(requestId, { state: 'not-asked', reason: 'cancelled', why: 'cancelled' })
      return ended.ok ? this.#goOn(requestId) : err(refused(ended.error))
    }
    if (!approved) return err({ code: 'cart-locked' })
    // Its minute is over, and only a disk that refused has kept it open: no touch brings it back.
    if (this.#deps.isUnattended(requestId)) return this.#endLate(requestId, approved)
    const paid = ends.paidByBand(requestId, approved)
    if (!paid.ok) return err(refused(paid.error))
    this.#next()
    return ok()
  }

  /** Commits the reversal, then frees the sale: whatever the outcome was, the money goes back. */
  undo(): Result<void, Refused> {
    const { ends } = this.#deps
    const [first] = this.#queue
    if (!first) return err({ code: 'nothing-interrupted' })
    if (first.kind === 'paid' || this.#isOver(first)) return err({ code: 'already-ended' })
    const { requestId } = first
    if (!this.#deps.maySettle(requestId)) return err({ code: 'backend-offline' })
    const state = this.#isPrepared(requestId) ? 'not-asked' : 'reversed'
    const undone = ends.unpaid(requestId, { state, reason: 'cancelled', why: 'cancelled' })
    if (!undone.ok) return err(refused(undone.error))
    this.#next()
    return ok()
  }

  /** The cashier has gone on: what is over and only shown is put away. */
  putAway(): void {
    for (let [first] = this.#queue; first && this.#isOver(first); [first] = this.#queue) this.#next()
  }

  #endLate(requestId: RequestId, approved: Approved): Result<void, Refused> {
    const isEnded = this.#deps.ends.endAsUnattended(requestId, approved) === 'ended'
    return err({ code: isEnded ? 'already-ended' : 'cart-locked' })
  }

  #goOn(requestId: RequestId): Result<void, Refused> {
    const { screen } = this.#deps
    if (screen.ofRequest(requestId)) screen.clear()
    this.#next()
    return ok()
  }

  /** The next one that was found, if any, takes the place of the first; its payment is the one on the screen. */
  #next(): void {
    const { store, screen, onChange } = this.#deps
    this.#queue.shift()
    const [first] = this.#queue
    const attempt = first?.kind === 'attempt' ? attemptById(store, first.requestId) : undefined
    if (attempt && !isFinal(attempt.state)) screen.put(recoveredPayment(attempt))
    onChange()
  }

  #isOver(each: Interruption): boolean {
    const state = each.kind === 'attempt' ? stateOf(this.#deps.store, each.requestId) : undefined
    return state === undefined || isFinal(state)
  }

  #isPrepared(requestId: RequestId): boolean {
    return stateOf(this.#deps.store, requestId) === 'prepared'
  }

  #viewOfAttempt(attempt: Attempt, approved: Approved | undefined): InterruptedView {
    const { requestId, tender, amount: total, createdAt: startedAt, receiptId, state } = attempt
    const charged = this.#chargedOf(attempt, approved)
    const undoneAt = this.#deps.undoneAt(requestId)
    const isPromise = state === 'reversed' && isReversalUnheard(this.#deps.store, requestId)
    return {
      tender,
      total,
      startedAt,
      requestId,
      ...(receiptId ? { receiptId } : {}),
      ...(approved ? { payerName: approved.authorization.displayName } : {}),
      charged,
      ...(isPromise ? { isPromise } : {}),
      seats: this.#seatsOf(attempt, approved),
      printed: receiptId ? this.#deps.printedOf(receiptId) : tender === 'cash' ? 'no' : 'not-needed',
      canFinish: charged !== 'asking' && charged !== 'unknown',
      canUndo: !isFinal(state) && state !== 'prepared' && this.#deps.maySettle(requestId),
      ...(undoneAt ? { undoneAt } : {}),
    }
  }

  #chargedOf({ requestId, state }: Attempt, approved: Approved | undefined): Charged {
    const { maySettle, isBackendOffline } = this.#deps
    switch (state) {
      case 'paid':
        return 'yes'
      case 'not-asked':
        return 'no'
      case 'refused':
      case 'declined':
      case 'reversed':
        return state
      case 'prepared':
        // Never sent by this file. Of a copy, the lost file may have gone on with it.
        if (maySettle(requestId)) return 'no'
        return isBackendOffline() ? 'unknown' : 'asking'
      case 'sent':
      case 'in-doubt':
        if (approved) return 'yes'
        return isBackendOffline() ? 'unknown' : 'asking'
    }
  }

  #seatsOf({ holdIds, state }: Attempt, approved: Approved | undefined): InterruptedView['seats'] {
    if (holdIds.length === 0) return 'none'
    if (state === 'paid') return 'sold'
    // The backend grants money only with the seats of the request pinned to it.
    if (approved && !isFinal(state)) return 'pinned'
    const found = this.#deps.seatsFound(holdIds)
    // Ended without money: its reversal turns the pins into the sale's holds again.
    return found === 'pinned' && isFinal(state) ? 'held' : found
  }

  #viewOfPaid(receipt: Receipt): InterruptedView {
    const { store, printedOf } = this.#deps
    const band = receipt.payments.find((payment) => payment.tender === 'band')
    return {
      tender: receipt.tender,
      total: receipt.total,
      startedAt: receipt.issuedAt,
      requestId: band?.requestId ?? requestOfReceipt(store, receipt.id) ?? ('' as RequestId),
      receiptId: receipt.id,
      ...(band ? { payerName: band.payerName } : {}),
      charged: 'yes',
      seats: receipt.lines.some(({ subject }) => subject.kind === 'ticket') ? 'sold' : 'none',
      printed: printedOf(receipt.id),
      canFinish: true,
      canUndo: false,
    }
  }
}

function refused(refusal: SettleRefusal): Refused {
  return refusal.code === 'already-ended' ? { code: 'already-ended' } : refusedOf(refusal)
}
