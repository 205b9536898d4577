import { expect, test } from 'vitest'
import type { BandPaymentView, CashPaymentView, KnockView, PaymentView, TillState } from '#shared/contracts/till.ts'
import { ATTEMPT_STATES, isFinal } from '#shared/domain/attempt.ts'
import type { ReceiptId, RequestId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { type LocalView, payPanelOf, progressOf, screenOf } from '../../../renderer/flows/screen.ts'
import { MANAGER } from '../support/fake-desk.ts'
import { interruptedSales } from '../support/fake-desk-data.ts'
import { createFakeTill } from '../support/fake-till.ts'

const NOWHERE: LocalView = { place: 'selling', paying: false, dismissed: undefined, dismissedKnock: undefined }
const ELSEWHERE: LocalView = { ...NOWHERE, place: 'history' }
const REQUEST = 'request-1' as RequestId
const INTERRUPTED = interruptedSales(Date.parse('2026-11-22T10:00:00.000Z')).asking
const KNOCK: KnockView = { state: 'listening', count: 3, letters: ['A', 'B'], endsAt: '2026-11-22T10:00:15.000Z' }

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
  expect(screenOf(state, { ...ELSEWHERE, paying: true })).toBe('history')
})

test('whoever is asked who they are has the screen until they answer, unless money moves', async () => {
  const about = { requestId: REQUEST, bandLetter: 'A', asked: ['name'] } as const
  const life = { stage: 'seen', startedAt: '2026-11-22T10:00:00.000Z', expiresAt: '2026-11-22T10:01:00.000Z' } as const
  const asking = await withLine({ identify: { ...about, state: 'asking', ...life } })
  expect(screenOf(asking, ELSEWHERE)).toBe('identify')
  expect(screenOf({ ...asking, payment: band('sent') }, ELSEWHERE)).toBe('pay')
  const untold = await withLine({ identify: { ...about, state: 'untold', reason: 'expired' } })
  expect(screenOf(untold, ELSEWHERE)).toBe('history')
  expect(screenOf(untold, { ...NOWHERE, place: 'identify' })).toBe('identify')
})

test('a payment that may still take money always has the screen, in every state and over every other wish', async () => {
  for (const view of [band, cash]) {
    for (const state of ATTEMPT_STATES.filter((one) => !isFinal(one))) {
      const shown = await withLine({ payment: view(state), lastReceiptId: 'receipt-1' as ReceiptId })
      expect(screenOf(shown, ELSEWHERE)).toBe('pay')
    }
  }
})

test('a cart in doubt shows the one way out, also after a restart that forgot the payment view', async () => {
  const state = await withLine()
  const doubtful = { ...state, cart: { ...state.cart, state: 'in-doubt' as const } }
  expect(screenOf(doubtful, ELSEWHERE)).toBe('pay')
  expect(payPanelOf(doubtful, NOWHERE)).toEqual({ kind: 'in-doubt', payment: undefined })
})

test('a payment that ended without money is read once, then the cashier chooses again', async () => {
  for (const state of ['not-asked', 'refused', 'declined', 'reversed'] as const) {
    const shown = await withLine({ payment: band(state) })
    expect(screenOf(shown, NOWHERE)).toBe('pay')
    expect(payPanelOf(shown, NOWHERE).kind).toBe('ended')
    expect(screenOf(shown, { ...NOWHERE, dismissed: REQUEST })).toBe('sell')
    expect(payPanelOf(shown, { ...NOWHERE, dismissed: REQUEST }).kind).toBe('choosing')
  }
})

test('a paid sale shows its receipt until the next sale, and never an ending', async () => {
  const paid = await withLine({ payment: band('paid'), lastReceiptId: 'receipt-1' as ReceiptId })
  expect(screenOf(paid, { ...NOWHERE, paying: true })).toBe('done')
  expect(payPanelOf(paid, NOWHERE).kind).toBe('choosing')
})

test('each state of a payment has exactly one panel', async () => {
  const kinds = (make: (state: PaymentView['state']) => PaymentView) =>
    Promise.all(ATTEMPT_STATES.map(async (state) => payPanelOf(await withLine({ payment: make(state) }), NOWHERE).kind))
  expect(await kinds(band)).toEqual(['asking', 'asking', 'in-doubt', 'choosing', 'ended', 'ended', 'ended', 'ended'])
  expect(await kinds(cash)).toEqual(['cash', 'cash', 'in-doubt', 'choosing', 'choosing', 'choosing', 'choosing', 'choosing'])
})

test('nobody sells at a till that is new or locked, whatever else is going on', async () => {
  const running = await withLine({ payment: band('sent'), interrupted: INTERRUPTED })
  expect(screenOf({ ...running, session: { state: 'setup' } }, ELSEWHERE)).toBe('set-up')
  expect(screenOf({ ...running, session: { state: 'locked', staff: [] } }, ELSEWHERE)).toBe('sign-in')
})

test('an interrupted sale comes before every payment, receipt and wish', async () => {
  for (const state of ATTEMPT_STATES) {
    const shown = await withLine({ payment: band(state), lastReceiptId: 'receipt-1' as ReceiptId, interrupted: INTERRUPTED })
    expect(screenOf(shown, ELSEWHERE)).toBe('interrupted')
  }
})

test('a knock round has the screen while it listens; once ended it is read, then put away', async () => {
  const listening = await withLine({ knock: KNOCK })
  expect(screenOf(listening, ELSEWHERE)).toBe('pay')
  expect(payPanelOf(listening, NOWHERE)).toEqual({ kind: 'knock', knock: KNOCK })
  const several = await withLine({ knock: { ...KNOCK, state: 'several' } })
  expect(screenOf(several, ELSEWHERE)).toBe('history')
  expect(screenOf(several, NOWHERE)).toBe('pay')
  const read = { ...NOWHERE, dismissedKnock: KNOCK.endsAt }
  expect(screenOf(several, read)).toBe('sell')
  expect(payPanelOf(several, read).kind).toBe('choosing')
})

test('the payment that a knock began covers the round it came from', async () => {
  const state = await withLine({ knock: KNOCK, payment: band('sent') })
  expect(payPanelOf(state, NOWHERE).kind).toBe('asking')
})

test('what needs attention is for managers: others see what they were doing', async () => {
  const state = await withLine()
  const wish: LocalView = { ...NOWHERE, place: 'attention' }
  expect(screenOf(state, wish)).toBe('sell')
  expect(screenOf({ ...state, session: { state: 'signed-in', staff: MANAGER } }, wish)).toBe('attention')
  expect(screenOf(state, { ...NOWHERE, place: 'settings' })).toBe('settings')
})

test('progress counts by the terminal clock and stays within the life of the request', () => {
  const startMs = Date.parse('2026-11-22T10:00:00.000Z')
  expect(progressOf(band('sent'), startMs + 30_500)).toEqual({ elapsedS: 30, remainingS: 60, fraction: 30_500 / 90_000 })
  expect(progressOf(band('sent'), startMs - 5_000)).toEqual({ elapsedS: 0, remainingS: 90, fraction: 0 })
  expect(progressOf(band('sent'), startMs + 999_000)).toEqual({ elapsedS: 90, remainingS: 0, fraction: 1 })
})
