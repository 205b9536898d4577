import { expect, test } from 'vitest'
import type { BandPaymentView, CashPaymentView, PaymentView, TillState } from '#shared/contracts/till.ts'
import { ATTEMPT_STATES, isFinal } from '#shared/domain/attempt.ts'
import type { ReceiptId, RequestId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { type LocalView, payPanelOf, progressOf, screenOf } from '../../../renderer/flows/screen.ts'
import { createFakeTill } from '../support/fake-till.ts'

const NOWHERE: LocalView = { history: false, paying: false, dismissed: undefined }
const REQUEST = 'request-1' as RequestId

function band(state: BandPaymentView['state']): BandPaymentView {
  return {
    tender: 'band',
    requestId: REQUEST,
    state,
    stage: 'sent',
    bandLetter: 'A',
    total: money(100, 'CNY'),
    startedAt: '2026-11-22T10:00:00.000Z',
    expiresAt: '2026-11-22T10:01:30.000Z',
  }
}

function cash(state: CashPaymentView['state']): CashPaymentView {
  return { tender: 'cash', requestId: REQUEST, state, total: money(100, 'CNY') }
}

async function withLine(patch: Partial<TillState> = {}): Promise<TillState> {
  const till = createFakeTill()
  till.lagMs = 0
  await till.setProduct({ productId: 'cola', quantity: 1 })
  return { ...till.state(), ...patch }
}

test('without a sale there is nothing to pay, whatever was pressed', () => {
  const state = createFakeTill().state()
  expect(screenOf(state, NOWHERE)).toBe('sell')
  expect(screenOf(state, { ...NOWHERE, paying: true })).toBe('sell')
})

test('Charge opens the pay screen; the history covers it; putting the history away comes back to it', async () => {
  const state = await withLine()
  expect(screenOf(state, { ...NOWHERE, paying: true })).toBe('pay')
  expect(screenOf(state, { ...NOWHERE, paying: true, history: true })).toBe('history')
})

test('a payment that may still take money always has the screen, in every state and over every other wish', async () => {
  for (const view of [band, cash]) {
    for (const state of ATTEMPT_STATES.filter((one) => !isFinal(one))) {
      const shown = await withLine({ payment: view(state), lastReceiptId: 'receipt-1' as ReceiptId })
      expect(screenOf(shown, { ...NOWHERE, history: true })).toBe('pay')
    }
  }
})

test('a cart in doubt shows the one way out, also after a restart that forgot the payment view', async () => {
  const state = await withLine()
  const doubtful = { ...state, cart: { ...state.cart, state: 'in-doubt' as const } }
  expect(screenOf(doubtful, { ...NOWHERE, history: true })).toBe('pay')
  expect(payPanelOf(doubtful, undefined)).toEqual({ kind: 'in-doubt', payment: undefined })
})

test('a payment that ended without money is read once, then the cashier chooses again', async () => {
  for (const state of ['not-asked', 'refused', 'declined', 'reversed'] as const) {
    const shown = await withLine({ payment: band(state) })
    expect(screenOf(shown, NOWHERE)).toBe('pay')
    expect(payPanelOf(shown, undefined).kind).toBe('ended')
    expect(screenOf(shown, { ...NOWHERE, dismissed: REQUEST })).toBe('sell')
    expect(payPanelOf(shown, REQUEST).kind).toBe('choosing')
  }
})

test('a paid sale shows its receipt until the next sale, and never an ending', async () => {
  const paid = await withLine({ payment: band('paid'), lastReceiptId: 'receipt-1' as ReceiptId })
  expect(screenOf(paid, { ...NOWHERE, paying: true })).toBe('done')
  expect(payPanelOf(paid, undefined).kind).toBe('choosing')
})

test('each state of a payment has exactly one panel', async () => {
  const kinds = (make: (state: PaymentView['state']) => PaymentView) =>
    Promise.all(ATTEMPT_STATES.map(async (state) => payPanelOf(await withLine({ payment: make(state) }), undefined).kind))
  expect(await kinds(band)).toEqual(['asking', 'asking', 'in-doubt', 'choosing', 'ended', 'ended', 'ended', 'ended'])
  expect(await kinds(cash)).toEqual(['cash', 'cash', 'in-doubt', 'choosing', 'choosing', 'choosing', 'choosing', 'choosing'])
})

test('progress counts by the terminal clock and stays within the life of the request', () => {
  const startMs = Date.parse('2026-11-22T10:00:00.000Z')
  expect(progressOf(band('sent'), startMs + 30_500)).toEqual({ elapsedS: 30, remainingS: 60, fraction: 30_500 / 90_000 })
  expect(progressOf(band('sent'), startMs - 5_000)).toEqual({ elapsedS: 0, remainingS: 90, fraction: 0 })
  expect(progressOf(band('sent'), startMs + 999_000)).toEqual({ elapsedS: 90, remainingS: 0, fraction: 1 })
})
