/** The payment on the screen: running, in doubt, or ended without money and not yet put away. */
import type { BandPaymentView, PaymentView } from '#shared/contracts/till.ts'
import { isFinal } from '#shared/domain/attempt.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import type { Running } from './running.ts'

export type ShownChange = Partial<Omit<BandPaymentView, 'tender' | 'requestId'>>

export class PaymentScreen {
  readonly #onChange: () => void
  #running: Running | undefined

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  running(): Running | undefined {
    return this.#running
  }

  /** The payment on the screen, if it is this one. */
  ofRequest(requestId: RequestId): Running | undefined {
    return this.#running?.requestId === requestId ? this.#running : undefined
  }

  /** True while a payment has not ended: a second one waits for it. */
  isBusy(): boolean {
    return this.#running !== undefined && !isFinal(this.#running.view.state)
  }

  view(): PaymentView | undefined {
    return this.#running?.view
  }

  put(running: Running): void {
    this.#running = running
    this.#onChange()
  }

  /** Changes what is shown of this payment; of one that is not on the screen, nothing. */
  show(requestId: RequestId, change: ShownChange): void {
    const running = this.ofRequest(requestId)
    if (!running) return
    const { view } = running
    if (view.tender === 'band') {
      // A new state is on disk by now: what the disk refused before is past. Progress alone says nothing about the disk.
      const { refusal, ...now } = view
      const kept = change.state === undefined && refusal !== undefined ? { refusal } : {}
      running.view = { ...now, ...kept, ...change }
    } else running.view = { ...view, state: change.state ?? view.state }
    this.#onChange()
  }

  /** The request has left. `expiresAt` by the wall clock, for people; `expiresMonotonicMs` for ourselves. */
  sent(requestId: RequestId, when: { readonly expiresAt: string; readonly expiresMonotonicMs: number }): void {
    const running = this.ofRequest(requestId)
    if (running) running.expiresMonotonicMs = when.expiresMonotonicMs
    this.show(requestId, { state: 'sent', expiresAt: when.expiresAt })
  }

  clear(): void {
    this.#running = undefined
    this.#onChange()
  }
}
