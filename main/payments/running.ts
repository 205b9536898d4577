/** The payment on the screen, from its first moment or as a start finds it. */
import { REQUEST_LIFETIME_MAX_S } from '#shared/contracts/radio-messages.ts'
import type { PaymentView } from '#shared/contracts/till.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import type { Money } from '#shared/domain/money.ts'
import type { Attempt } from './attempt-book.ts'

export type Running = {
  readonly requestId: RequestId
  readonly bandAddress: string | undefined
  view: PaymentView
  /** From `sent` on, when the request expires on the monotonic clock. Unknown of a payment that an earlier run began. */
  expiresMonotonicMs: number | undefined
  /** Cash may be taken: the seats are pinned, or there are none. */
  mayTakeCash: boolean
  /** Resolves when the cashier stops waiting. */
  readonly cancelled: Promise<void>
  readonly cancel: () => void
}
export type BandInSight = { readonly address: string; readonly letter: string }

/** A payment that was just prepared: by band when there is one, else in cash. */
export function begunPayment(begun: {
  readonly requestId: RequestId
  readonly total: Money
  readonly nowMs: number
  readonly band: BandInSight | undefined
}): Running {
  const { requestId, total, nowMs, band } = begun
  const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>()
  const startedAt = new Date(nowMs).toISOString()
  const expiresAt = new Date(nowMs + REQUEST_LIFETIME_MAX_S * 1_000).toISOString()
  const view: PaymentView = band
    ? { tender: 'band', requestId, state: 'prepared', stage: 'connecting', bandLetter: band.letter, total, startedAt, expiresAt }
    : { tender: 'cash', requestId, state: 'prepared', total }
  return { requestId, bandAddress: band?.address, cancelled, cancel, view, mayTakeCash: false, expiresMonotonicMs: undefined }
}

/** A payment that an earlier run left open. Where its band is, is not known any more. */
export function recoveredPayment({ requestId, tender, amount: total, bandLetter, createdAt: startedAt, sent, state }: Attempt): Running {
  const expiresAt = sent?.expiresAt ?? startedAt
  const view: PaymentView =
    tender === 'cash'
      ? { tender, requestId, state, total }
      : { tender, requestId, state, stage: 'sent', bandLetter, total, startedAt, expiresAt }
  return {
    requestId,
    bandAddress: undefined,
    cancelled: Promise.resolve(),
    cancel: () => {},
    view,
    mayTakeCash: false,
    expiresMonotonicMs: undefined,
  }
}
