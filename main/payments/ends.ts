/**
 * The ends of attempts: on disk first, then on the screen, then told to whoever waits for it. An attempt ends once; what comes later
 * finds it ended and changes nothing.
 */
import type { Refused } from '#shared/contracts/till.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import type { ReceiptId, RequestId } from '#shared/domain/ids.ts'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import type { Result } from '#shared/result.ts'
import type { Outcome } from './answers.ts'
import { type Attempt, attemptById } from './attempt-book.ts'
import type { OpenSession } from './band-session.ts'
import type { Settled } from './in-doubt.ts'
import type { PaymentScreen } from './payment-screen.ts'
import { refusedOf, refuseLateYes, type SettleDeps, type SettleRefusal, settlePaid, settleUnpaid } from './settle.ts'

export type EndsDeps = SettleDeps & {
  readonly screen: PaymentScreen
  readonly onPaid: (receipt: Receipt) => void
  /** An attempt ended without money; what the backend must hear of it is in the outbox. */
  readonly onUnpaid: () => void
  /** Shows a receipt that is on disk as Done. */
  readonly onShowPaid: (receiptId: ReceiptId) => void
  readonly onChange: () => void
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
  /** The wallet refused because nobody had knocked. */
  readonly onKnockMissing: () => void
  /** The attempt has ended: nobody asks about it or waits for it any more. */
  readonly forget: (requestId: RequestId) => void
  /** True when nobody was there in time: even a yes is reversed. */
  readonly isUnattended: (requestId: RequestId) => boolean
  /** Keeps a yes for the cashier of an interrupted sale. False when no such sale waits for it. */
  readonly keepForCashier: (requestId: RequestId, approved: Approved) => boolean
}

export type Approved = Outcome & { readonly kind: 'authorized' }
export type UnpaidEnd = Parameters<typeof settleUnpaid>[2]

export class Ends {
  readonly #deps: EndsDeps

  constructor(deps: EndsDeps) {
    this.#deps = deps
  }

  /** Acts on what an answer said. A yes is a receipt only while somebody is there and nothing else has ended the attempt. */
  async settleOutcome(attempt: Attempt, outcome: Outcome, open?: OpenSession): Promise<Settled> {
    const { requestId } = attempt
    switch (outcome.kind) {
      case 'authorized':
        return this.#settleAuthorized(requestId, outcome, open)
      case 'revoked':
        // Its owner has reported a loss: whoever stands here hears no more than from a wallet that says no.
        return this.end(requestId, { state: 'refused', reason: 'wallet-refused', answer: outcome.signed, why: 'declined' })
      case 'declined':
        return this.end(requestId, { state: 'declined', reason: outcome.reason, answer: outcome.signed, why: 'declined' })
      case 'refused':
        return this.end(requestId, { state: 'refused', reason: outcome.reason, answer: outcome.signed, why: 'refused-by-phone' })
      case 'never-seen':
        return this.end(requestId, { state: 'refused', reason: 'cancelled', answer: outcome.signed, why: 'refused-by-phone' })
    }
  }

  /** Writes the receipt of a yes. */
  paidByBand(requestId: RequestId, approved: Approved, open?: OpenSession): Result<Receipt, SettleRefusal> {
    const { authorization, signed, offline } = approved
    const evidence = offline ? { offline } : {}
    const paid = settlePaid(this.#deps, requestId, {
      tender: 'band',
      authorization,
      signed,
      ...evidence,
      ...(open ? { radio: open.radio } : {}),
    })
    if (paid.ok) this.#afterPaid(requestId, paid.value)
    else if (paid.error.code === 'storage-failed') {
      this.#deps.onFault('receipt-not-written', { requestId, detail: paid.error.detail })
      this.#deps.screen.show(requestId, { refusal: refusedOf(paid.error) })
    } else if (refuseLateYes(this.#deps, requestId, authorization, signed)) {
      // The cashier may still be looking at the cancelled payment: a yes did come, and goes back.
      this.#deps.screen.show(requestId, { why: 'late-yes' })
    }
    return paid
  }

  /** Writes the receipt of a cash sale. `tenderedMinor` is what the customer handed over, minor units. */
  paidInCash(requestId: RequestId, tenderedMinor: number): Result<Receipt, SettleRefusal> {
    const paid = settlePaid(this.#deps, requestId, { tender: 'cash', tenderedMinor })
    if (paid.ok) this.#afterPaid(requestId, paid.value)
    return paid
  }

  /** Ends an attempt without money, on disk and then on screen. */
  unpaid(requestId: RequestId, end: UnpaidEnd, refusal?: Refused): Result<void, SettleRefusal> {
    const { screen, forget, onUnpaid, onKnockMissing, onFault } = this.#deps
    const settled = settleUnpaid(this.#deps, requestId, end)
    if (settled.ok) {
      forget(requestId)
      onUnpaid()
      const { state, reason, why } = end
      if (reason === 'knock-missing') onKnockMissing()
      screen.show(requestId, {
        state,
        ...(reason ? { reason } : {}),
        ...(refusal ? { refusal } : {}),
        ...(state === 'reversed' ? { why } : {}),
      })
    } else if (settled.error.code === 'storage-failed') {
      onFault('end-not-written', { requestId, detail: settled.error.detail })
      screen.show(requestId, { refusal: { code: 'storage-failed', subject: settled.error.trouble } })
    }
    return settled
  }

  /** As `unpaid`, for those who ask until it is ended. */
  end(requestId: RequestId, end: UnpaidEnd): Settled {
    return settledOf(this.unpaid(requestId, end))
  }

  /** Shows the end that is on disk already, of an attempt whose end could not be shown when it was written. */
  showEnd(requestId: RequestId): void {
    const { store, screen, forget, onShowPaid, onChange } = this.#deps
    const attempt = attemptById(store, requestId)
    if (!attempt || !isFinal(attempt.state)) return
    const { state, reason, receiptId } = attempt
    forget(requestId)
    if (!receiptId) return screen.show(requestId, { state, ...(reason ? { reason } : {}) })
    if (screen.ofRequest(requestId)) screen.clear()
    onShowPaid(receiptId)
    onChange()
  }

  /** Nobody touched the till in time. A yes that is known by then is kept as evidence. */
  endAsUnattended(requestId: RequestId, approved?: Approved): Settled {
    const ended = this.end(requestId, { state: 'reversed', reason: 'expired', why: 'unattended' })
    if (ended === 'ended' && approved) refuseLateYes(this.#deps, requestId, approved.authorization, approved.signed)
    return ended
  }

  async #settleAuthorized(requestId: RequestId, approved: Approved, open?: OpenSession): Promise<Settled> {
    const { isUnattended, keepForCashier } = this.#deps
    if (isUnattended(requestId)) return this.endAsUnattended(requestId, approved)
    if (keepForCashier(requestId, approved)) return 'waits'
    const paid = this.paidByBand(requestId, approved, open)
    // The customer's wrist says it after the disk does. When the link is gone by now, the e-receipt reaches the phone another way.
    if (paid.ok) await open?.commit(requestId, printedNumber(paid.value))
    return settledOf(paid)
  }

  #afterPaid(requestId: RequestId, receipt: Receipt): void {
    const { screen, forget, onPaid, onChange } = this.#deps
    forget(requestId)
    if (screen.ofRequest(requestId)) screen.clear()
    onPaid(receipt)
    onChange()
  }
}

function settledOf(result: Result<unknown, SettleRefusal>): Settled {
  return result.ok || result.error.code === 'already-ended' ? 'ended' : 'open'
}
