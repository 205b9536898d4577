import { expect, test } from 'vitest'
import { localTime } from '#main/printing/local-time.ts'
import { cellsOf, wrapToCells } from '#main/printing/print-text.ts'
import { receiptText } from '#main/printing/receipt-text.ts'
import { cashPayment, productLine, sampleReceipt, ticketLine, yuan } from './sample-receipts.ts'

test('a receipt as text, whole: Chinese counts two cells', () => {
  const text = receiptText(sampleReceipt(), { language: 'zh-CN', columns: 48 })
  expect(text).toBe(`                    极光影城
                  Aurora Cinema
                     滨江店
                    Riverside
                上海市滨江路88号
           88 Binjiang Road, Shanghai
------------------------------------------------
                  小票 RECEIPT
单号 No.                                A-000042
时间 Time             2026-11-22 19:05:33 +08:00
收银员 Cashier                        练习收银员
终端 Terminal                         aurora-1-1
------------------------------------------------
第九码头来信
Letters from the Ninth Harbour
1号厅 Hall 1                    2026-11-22 19:30
  座位 Seat F7 · 成人票 Adult              45.00
  座位 Seat F8 · 成人票 Adult              45.00
焦糖爆米花 Caramel popcorn · 大份 Large    36.00
  2 x 18.00
------------------------------------------------
合计 TOTAL                              ￥126.00
含税 Tax incl. 6% (90.00)                   5.10
含税 Tax incl. 13% (36.00)                  4.14
------------------------------------------------
手环 Band                                 126.00
  付款人 Payer                              小雨
  授权号 Auth.                      0123456789ab

                    A-000042
               谢谢惠顾 Thank you
`)
})

test('no line of text is wider than the paper, however long the names are', () => {
  const long = {
    en: 'An unusually long title that goes on and on, in Supercalifragilisticexpialidocious words',
    'zh-CN': '很长很长的名字，'.repeat(8),
  }
  const receipt = sampleReceipt({
    cashierName: long.en,
    lines: [
      ticketLine('F7', { name: long, detail: long }),
      productLine({ name: long, detail: long, quantity: 99, unitPrice: yuan(99_999) }),
    ],
    payments: [cashPayment(yuan(9_904_401), yuan(10_000_000))],
  })
  for (const columns of [32, 48] as const) {
    for (const language of ['en', 'zh-CN'] as const) {
      const lines = receiptText(receipt, { language, columns }).split('\n')
      expect(lines.filter((line) => cellsOf(line) > columns)).toEqual([])
      expect(lines.join('').replace(/\s/g, '')).toContain(long.en.replace(/\s/g, ''))
      expect(lines.some((line) => line.endsWith('99044.01'))).toBe(true)
    }
  }
})

test('lines break between words, between Chinese characters, and never before closing punctuation', () => {
  expect(wrapToCells('The Long Way Home', 9)).toEqual(['The Long', 'Way Home'])
  expect(wrapToCells('第九码头，来信', 8)).toEqual(['第九码', '头，来信'])
  expect(wrapToCells('Supercalifragilistic ok', 8)).toEqual(['Supercal', 'ifragili', 'stic ok'])
  expect(wrapToCells('', 8)).toEqual([])
})

test('times are the site’s, with their offset, also across a change of clocks', () => {
  expect(localTime('2026-11-22T11:05:33.120Z', 'Asia/Shanghai')).toEqual({
    minute: '2026-11-22 19:05',
    second: '2026-11-22 19:05:33',
    offset: '+08:00',
  })
  expect(localTime('2026-10-25T00:30:00Z', 'Europe/Berlin')).toMatchObject({ minute: '2026-10-25 02:30', offset: '+02:00' })
  expect(localTime('2026-10-25T01:30:00Z', 'Europe/Berlin')).toMatchObject({ minute: '2026-10-25 02:30', offset: '+01:00' })
  expect(localTime('2026-03-29T01:00:00Z', 'Europe/Berlin')).toMatchObject({ minute: '2026-03-29 03:00', offset: '+02:00' })
  // No clock of ours counts leap seconds; one that somebody else wrote is printed as it is.
  expect(localTime('2016-12-31T23:59:60Z', 'Asia/Shanghai').minute).toBe('2016-12-31T23:59:60Z')
  expect(localTime('2017-01-01T00:00:00Z', 'Asia/Shanghai').second).toBe('2017-01-01 08:00:00')
  expect(localTime('2026-11-22T16:00:00Z', 'Asia/Shanghai').minute).toBe('2026-11-23 00:00')
})

test('a zone this machine does not know prints in UTC, and says so', () => {
  expect(localTime('2026-11-22T11:05:33Z', 'Mars/Olympus')).toEqual({
    minute: '2026-11-22 11:05',
    second: '2026-11-22 11:05:33',
    offset: '+00:00',
  })
  expect(receiptText(sampleReceipt({ issuedAt: 'yesterday' }), { language: 'en', columns: 48 })).toContain('yesterday')
})

test('one language alone has no word of the other', () => {
  const print = { language: 'en', columns: 48, bilingual: false } as const
  const receipt = sampleReceipt({ practice: true, cashierName: 'Ann', payments: [cashPayment(yuan(12_600), yuan(12_600))] })
  expect(receiptText(receipt, { ...print, copy: 1 })).not.toMatch(/\p{Script=Han}/u)
})

test('a receipt that was taken back says so at both ends of every print', () => {
  const marks = (isVoided: boolean) => receiptText(sampleReceipt(), { language: 'en', columns: 48, isVoided }).match(/VOID/g)?.length
  expect([marks(true), marks(false)]).toEqual([2, undefined])
})

test('a name too long for one line puts its other language on a line of its own, never in the middle', () => {
  const name = { en: 'Duo: large popcorn and two colas', 'zh-CN': '双人套餐：大爆米花+两杯可乐' }
  const line = productLine({ name, detail: { en: '', 'zh-CN': '' }, quantity: 1, unitPrice: yuan(55_00), total: yuan(55_00) })
  const receipt = sampleReceipt({ lines: [line], total: yuan(55_00), payments: [cashPayment(yuan(55_00), yuan(55_00))] })
  const printed = (columns: 48 | 32) => receiptText(receipt, { language: 'zh-CN', columns }).split('\n')
  expect(printed(48)).toContain(`双人套餐：大爆米花+两杯可乐${' '.repeat(48 - 27 - 5)}55.00`)
  expect(printed(48)).toContain('Duo: large popcorn and two colas')
  expect(printed(32)).toContain('Duo: large popcorn and two colas')
})
