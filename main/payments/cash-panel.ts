/** Being paid in cash: the panel opens when the seats are pinned, and money is taken only for what can be given. */
import type { Carts } from '#main/cart/carts.ts'
import type { SeatDesk } from '#main/cinema/seat-desk.ts'
import type { Refused } from '#shared/contracts/till.ts'
import type { ReceiptId, RequestId } from '#shared/domain/ids.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Ends } from './ends.ts'
import type { PaymentScreen } from './payment-screen.ts'
import type { Running } from './running.ts'
import { refusedOf } from './settle.ts'

export type CashPanelDeps = { readonly carts: Carts; readonly seats: SeatDesk; readonly screen: PaymentScreen; readonly ends: Ends }

export class CashPanel {
  readonly #deps: CashPanelDeps

  constructor(deps: CashPanelDeps) {
    this.#deps = deps
  }

  /** Pins the seats of an attempt that is on disk. Refused, the panel is closed again. */
  async open(payment: Running): Promise<Result<{ requestId: RequestId }, Refused>> {
    const { carts, seats, screen, ends } = this.#deps
    const { requestId } = payment
    const pinned = carts.current().holds.length === 0 ? ok() : await seats.pin(requestId)
    // While the backend was asked, the cashier may have closed the panel, and even begun another payment.
    if (screen.running() !== payment) return err({ code: 'no-payment' })
    if (pinned.ok) {
      payment.mayTakeCash = true
      return ok({ requestId })
    }
    const ended = ends.unpaid(requestId, { state: 'not-asked', reason: 'seat-not-held', why: 'cancelled' })
    // What could not be written is still open on disk: the panel stays, so that it can be closed when the disk works again.
    if (!ended.ok) return err(refusedOf(ended.error))
    screen.clear()
    return err(pinned.error.code === 'backend-offline' ? { code: 'seats-unpinned' } : pinned.error)
  }

  /** `tenderedMinor`: what the customer hands over, minor units. */
  take(tenderedMinor: number): Result<{ receiptId: ReceiptId }, Refused> {
    const { screen, ends } = this.#deps
    const running = screen.running()
    if (running?.view.tender !== 'cash' || running.view.state !== 'prepared') return err({ code: 'no-payment' })
    if (!running.mayTakeCash) return err({ code: 'seats-unpinned' })
    if (tenderedMinor < running.view.total.amount) return err({ code: 'too-little-cash' })
    const paid = ends.paidInCash(running.requestId, tenderedMinor)
    return paid.ok ? ok({ receiptId: paid.value.id }) : err(refusedOf(paid.error))
  }
}
