import { expect, test } from 'vitest'
import { type AlarmView, CHARGED, type InterruptedView } from '#shared/contracts/recovery.ts'
import type { BandPaymentView, TillStatus } from '#shared/contracts/till.ts'
import type { ReceiptId, RequestId, SeatId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { REASON_LIST } from '#shared/domain/reasons.ts'
import { LANGUAGES } from '#shared/domain/words.ts'
import { alarmWords, seatsWords } from '../../../renderer/flows/attention.ts'
import { minutesAndSeconds, secondsUntil } from '../../../renderer/flows/countdown.ts'
import { endingOf, firstAct } from '../../../renderer/flows/ending.ts'
import { exposureShown } from '../../../renderer/flows/exposure.ts'
import { finishWords, interruptedRows } from '../../../renderer/flows/interrupted.ts'
import { jobActs, jobOf, jobWords, needsLook } from '../../../renderer/flows/print-jobs.ts'
import { voidStanding } from '../../../renderer/flows/void.ts'
import { startI18n } from '../../../renderer/i18n/i18n.ts'
import { interruptedSales, PRINT_JOBS } from '../support/fake-desk-data.ts'

const NOW_MS = Date.parse('2026-11-22T10:00:00.000Z')
const at = (ms: number) => new Date(NOW_MS + ms).toISOString()
const ENDED: BandPaymentView = {
  tender: 'band',
  requestId: 'request-1' as RequestId,
  state: 'reversed',
  stage: 'sent',
  bandLetter: 'A',
  total: money(100, 'CNY'),
  startedAt: at(0),
  expiresAt: at(90_000),
}

test('a countdown shows 1 until the moment has come, never less than 0', () => {
  expect([0, 1, 59_001, 60_000, 90_000].map((ms) => secondsUntil(at(60_000), NOW_MS + ms))).toEqual([60, 60, 1, 0, 0])
  expect([0, 9, 60, 3_599].map(minutesAndSeconds)).toEqual(['0:00', '0:09', '1:00', '59:59'])
})

test('a reversal never says that nothing was charged, whatever reason stands beside it', () => {
  expect(endingOf({ ...ENDED, reason: 'expired', why: 'unattended' }, false)).toEqual({
    kind: 'reversed',
    why: 'unattended',
    isPromise: false,
  })
  expect(endingOf({ ...ENDED, why: 'late-yes', isPromise: true }, false)).toEqual({ kind: 'reversed', why: 'late-yes', isPromise: true })
  expect(endingOf(ENDED, true)).toEqual({ kind: 'reversed', why: 'cancelled', isPromise: true })
  expect(endingOf({ ...ENDED, isPromise: false }, true)).toEqual({ kind: 'reversed', why: 'cancelled', isPromise: false })
})

test('a refusal of the till comes before a reason; a reason is told as it is', () => {
  const refusal = { code: 'storage-failed', subject: 'full' } as const
  expect(endingOf({ ...ENDED, state: 'not-asked', refusal, reason: 'busy' }, false)).toEqual({ kind: 'refusal', refusal })
  expect(endingOf({ ...ENDED, state: 'refused', reason: 'wallet-refused' }, false)).toEqual({ kind: 'reason', reason: 'wallet-refused' })
})

test('another way to pay comes first only where asking the same band again is idle', () => {
  const idle = REASON_LIST.filter((reason) => firstAct({ kind: 'reason', reason }) === 'another-way')
  expect(idle).toEqual(['wallet-refused', 'band-not-usable', 'terminal-not-trusted', 'no-network-no-allowance'])
  expect(firstAct({ kind: 'reversed', why: 'cancelled', isPromise: false })).toBe('again')
})

test('the exposure is calm only when everything is at the backend', () => {
  const calm: Pick<TillStatus, 'exposure' | 'outbox' | 'inDoubt'> = {
    exposure: { sales: 0, total: money(0, 'CNY'), voids: 0, inDoubt: 0, promises: 0 },
    outbox: { pending: 0, unsyncedTotal: money(0, 'CNY') },
    inDoubt: 0,
  }
  expect(exposureShown(calm)).toEqual({ kind: 'calm' })
  expect(exposureShown({ ...calm, outbox: { ...calm.outbox, pending: 2 } })).toEqual({ kind: 'sending', pending: 2 })
  expect(exposureShown({ ...calm, inDoubt: 1 })).toEqual({ kind: 'exposed', parts: ['in-doubt'] })
  expect(exposureShown({ ...calm, exposure: { sales: 6, total: money(41_200, 'CNY'), voids: 1, inDoubt: 2, promises: 1 } })).toEqual({
    kind: 'exposed',
    parts: ['sales', 'voids', 'in-doubt', 'promises'],
  })
})

test('every answer to every question of an interrupted sale has words in both languages', () => {
  const i18n = startI18n()
  const sale: InterruptedView = interruptedSales(NOW_MS).asking
  for (const language of LANGUAGES) {
    const t = i18n.getFixedT(language)
    for (const tender of ['band', 'cash', 'mixed'] as const) {
      for (const charged of CHARGED) {
        const rows = interruptedRows({ ...sale, tender, charged })
        expect(t(`interrupted.chargedIs.${rows.charged.words}`)).not.toContain('interrupted.')
      }
    }
  }
  expect(interruptedRows({ ...sale, tender: 'cash', charged: 'no' }).charged).toEqual({ words: 'no-cash', tone: 'quiet' })
  expect(interruptedRows({ ...sale, seats: 'unknown', printed: 'unknown' })).toEqual({
    charged: { words: 'asking', tone: 'busy' },
    seats: { words: 'unknown', tone: 'warn' },
    printed: { words: 'unknown', tone: 'warn' },
  })
})

test('Finish says what it does: shows, writes, or goes on', () => {
  const sales = interruptedSales(NOW_MS)
  expect(finishWords(sales.paid)).toBe('show')
  expect(finishWords(sales.approved)).toBe('write')
  for (const over of ['not-charged', 'declined', 'reversed', 'promised'] as const) expect(finishWords(sales[over])).toBe('go-on')
})

test('“nothing had been sent” is said only of a sale that was never asked for', () => {
  const i18n = startI18n()
  const sales = interruptedSales(NOW_MS)
  const said = (sale: InterruptedView) => i18n.getFixedT('en')(`interrupted.chargedIs.${interruptedRows(sale).charged.words}`)
  expect(said({ ...sales.reversed, charged: 'no' })).toBe('No. Nothing had been sent to the band.')
  expect(said(sales.declined)).toBe('No. The wallet declined it.')
  for (const sale of [sales.reversed, sales.promised]) expect(said(sale)).toMatch(/undone.*the money goes back/)
  expect(interruptedRows(sales.reversed).charged.tone).toBe('warn')
})

test('a sale by one band is anybody’s to void for a minute, a manager’s for a day, then nobody’s', () => {
  const sale = { kind: 'sale', tender: 'band', issuedAt: at(0) } as const
  const standings = (role: 'cashier' | 'manager') =>
    [0, 59_999, 60_000, 24 * 3_600_000, 24 * 3_600_000 + 1].map((ms) => voidStanding(sale, role, NOW_MS + ms))
  expect(standings('cashier')).toEqual(['allowed', 'allowed', 'ask-manager', 'ask-manager', 'never'])
  expect(standings('manager')).toEqual(['allowed', 'allowed', 'allowed', 'allowed', 'never'])
  for (const other of [{ kind: 'void' }, { kind: 'recovered' }, { tender: 'cash' }, { tender: 'mixed' }] as const) {
    expect(voidStanding({ ...sale, ...other }, 'manager', NOW_MS)).toBe('never')
  }
})

test('a stuck print asks for a person; one in the printer can only be waited for', () => {
  expect(PRINT_JOBS.map(({ state }) => state)).toEqual(['printing', 'waiting', 'failed', 'unknown'])
  expect(PRINT_JOBS.map(needsLook)).toEqual([false, false, true, true])
  expect(PRINT_JOBS.map(jobActs)).toEqual([[], ['retry', 'drop'], ['retry', 'drop'], ['retry', 'drop']])
  const receiptId = PRINT_JOBS[0]?.receiptId ?? ('none' as ReceiptId)
  const again = PRINT_JOBS.slice(2, 3).map((job) => ({ ...job, receiptId }))
  expect(jobOf([...PRINT_JOBS, ...again], receiptId)?.state).toBe('failed')
  expect(jobOf(PRINT_JOBS, 'receipt-none' as ReceiptId)).toBeUndefined()
})

test('an alarm is told in the language of the screen, and what was said of it stands behind as it came', () => {
  const i18n = startI18n()
  const alarm = { id: 'alarm-1', at: at(0) } as const
  const said = (view: Omit<AlarmView, 'id' | 'at'>) =>
    LANGUAGES.map((language) => alarmWords({ ...alarm, ...view }, i18n.getFixedT(language)))
  const [zh, en] = said({ code: 'capture-refused', record: 'receipt', detail: 'it was reversed' })
  expect(zh).toEqual({ say: '后台没有为一张小票入账。', detail: '小票，原文：it was reversed' })
  expect(en).toEqual({ say: 'The backend did not pay out a receipt.', detail: 'Receipt, as it was reported: it was reversed' })
  expect(said({ code: 'seats-lost', seats: ['A1', 'A2'] }).map(({ say }) => /A1.+A2/.exec(say)?.[0])).toEqual(['A1、A2', 'A1, A2'])
  expect(said({ code: 'copied-back', series: 'B' }).every(({ say, detail }) => say.includes('B') && detail === '')).toBe(true)
})

test('seats that are pinned are named with their hall, each hall by itself', () => {
  const hall = { en: 'Hall 1', 'zh-CN': '1号厅' }
  const seats = [{ hall, seats: ['F7' as SeatId, 'F8' as SeatId] }, { seats: ['A1' as SeatId] }]
  const t = startI18n().getFixedT('zh-CN')
  expect(seatsWords({ seats }, t, (words) => words['zh-CN'])).toBe('1号厅 F7、F8 · A1')
  expect(seatsWords({ seats: [] }, t, (words) => words['zh-CN'])).toBe('无')
})

test('a print says how it stands and why, and whether paper may be out', () => {
  const t = startI18n().getFixedT('zh-CN')
  const [job] = PRINT_JOBS
  if (!job) throw new Error('no job')
  expect(jobWords({ ...job, state: 'waiting', mayBeOut: false, trouble: 'no-paper' }, t)).toBe('等待打印机：缺纸')
  expect(jobWords({ ...job, state: 'unknown', mayBeOut: true, trouble: 'cut-off' }, t)).toContain('可能不完整')
  expect(jobWords({ ...job, state: 'printing', mayBeOut: true }, t)).toBe('正在打印')
})
