import { expect, test } from 'vitest'
import type { BandPaymentView, TillState, TillStatus } from '#shared/contracts/till.ts'
import type { ReceiptId, RequestId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { announcementsOf } from '../../../renderer/flows/announcements.ts'
import { createFakeTill } from '../support/fake-till.ts'

const NOW_MS = Date.parse('2026-11-22T10:00:00.000Z')
const at = (ms: number) => new Date(NOW_MS + ms).toISOString()
const TOTAL = money(10_600, 'CNY')
const STATE = createFakeTill(() => NOW_MS).state()
const BAND: BandPaymentView = {
  tender: 'band',
  requestId: 'request-1' as RequestId,
  state: 'sent',
  stage: 'sent',
  bandLetter: 'A',
  total: TOTAL,
  startedAt: at(0),
  expiresAt: at(90_000),
}

function paying(patch: Partial<BandPaymentView>, more: Partial<TillState> = {}): TillState {
  return { ...STATE, payment: { ...BAND, ...patch }, ...more }
}

function withStatus(patch: Partial<TillStatus>): TillState {
  return { ...STATE, status: { ...STATE.status, ...patch } }
}

test('each stage of a payment is said once, and what changes around it is not', () => {
  expect(announcementsOf(STATE, paying({ state: 'prepared', stage: 'connecting' }))).toEqual([{ kind: 'stage', stage: 'connecting' }])
  expect(announcementsOf(paying({}), paying({ stage: 'seen' }))).toEqual([{ kind: 'stage', stage: 'seen' }])
  const bands = STATE.bands.map((band) => ({ ...band, nearness: 0 as const, worn: !band.worn }))
  expect(announcementsOf(paying({}), paying({}, { revision: 9, bands, now: at(250) }))).toEqual([])
  const again = 'request-2' as RequestId
  expect(announcementsOf(paying({ stage: 'connecting' }), paying({ stage: 'connecting', requestId: again }))).toHaveLength(1)
})

test('how it ended is said once: paid with the amount, not paid with why, or unknown', () => {
  const receiptId = 'receipt-1' as ReceiptId
  const paid = paying({ state: 'paid' }, { lastReceiptId: receiptId })
  expect(announcementsOf(paying({}), paid)).toEqual([{ kind: 'paid', total: TOTAL }])
  expect(announcementsOf(paid, { ...paid, now: at(250) })).toEqual([])
  expect(announcementsOf(STATE, { ...STATE, lastReceiptId: receiptId })).toEqual([{ kind: 'paid', total: undefined }])
  const refused = paying({ state: 'refused', reason: 'wallet-refused' })
  expect(announcementsOf(paying({}), refused)).toEqual([{ kind: 'not-paid', payment: refused.payment }])
  expect(announcementsOf(refused, refused)).toEqual([])
  const undone = paying({ state: 'reversed', why: 'cancelled' })
  const late = paying({ state: 'reversed', why: 'late-yes' })
  expect(announcementsOf(undone, late)).toEqual([{ kind: 'not-paid', payment: late.payment }])
  expect(announcementsOf(paying({}), paying({ state: 'in-doubt' }))).toEqual([{ kind: 'in-doubt' }])
  expect(announcementsOf(paying({ state: 'in-doubt' }), paying({ state: 'in-doubt', nextQueryAt: at(5_000) }))).toEqual([])
  const knock = { state: 'nobody', count: 3, letters: ['A', 'B'], endsAt: at(0) } as const
  expect(announcementsOf({ ...STATE, knock: { ...knock, state: 'listening' } }, { ...STATE, knock })).toEqual([
    { kind: 'knock', state: 'nobody', count: 3 },
  ])
})

test('radio, backend and printer are said when they fail and when they are back, not when they start', () => {
  const { radio, printer } = STATE.status
  const failed = withStatus({
    radio: { ...radio, state: 'failed' },
    backend: { state: 'offline' },
    printer: { ...printer, state: 'failed', trouble: 'no-paper' },
    clock: { skewMs: 180_000 },
  })
  expect(announcementsOf(STATE, failed)).toEqual([
    { kind: 'radio', state: 'failed' },
    { kind: 'backend', state: 'offline' },
    { kind: 'clock', skewMs: 180_000 },
    { kind: 'printer', state: 'failed', trouble: 'no-paper' },
  ])
  expect(announcementsOf(failed, failed)).toEqual([])
  expect(announcementsOf(failed, STATE)).toEqual([
    { kind: 'radio', state: 'scanning' },
    { kind: 'backend', state: 'online' },
    { kind: 'printer', state: 'ready' },
  ])
  const starting = withStatus({ radio: { ...radio, state: 'starting' }, backend: { state: 'unknown' } })
  expect(announcementsOf(failed, withStatus({ ...failed.status, radio: starting.status.radio }))).toEqual([])
  expect(announcementsOf(starting, withStatus({ radio: starting.status.radio }))).toEqual([])
})

test('a hold that runs out is said as it does, unless its seats are being paid', () => {
  const hold = { showtimeId: 'show-1' as ShowtimeId, seats: ['F7', 'F8'] as SeatId[], expiresAt: at(1_000) }
  const cart = { ...STATE.cart, holds: [hold] }
  const state = (ms: number): TillState => ({ ...STATE, cart, now: at(ms) })
  expect(announcementsOf(state(0), state(999))).toEqual([])
  expect(announcementsOf(state(999), state(1_000))).toEqual([{ kind: 'hold-over', seats: ['F7', 'F8'] }])
  expect(announcementsOf(state(1_000), state(1_250))).toEqual([])
  expect(announcementsOf(state(999), { ...state(1_000), cart: { ...cart, state: 'paying' } })).toEqual([])
})

test('a page that has just come says nothing, and a locked till nothing of its sale', () => {
  const paid = paying({ state: 'paid' }, { lastReceiptId: 'receipt-1' as ReceiptId })
  expect(announcementsOf(undefined, paid)).toEqual([])
  const session = { state: 'locked', staff: [] } as const satisfies TillState['session']
  expect(announcementsOf(paying({}), { ...paid, session, status: { ...STATE.status, backend: { state: 'offline' } } })).toEqual([
    { kind: 'backend', state: 'offline' },
  ])
})
