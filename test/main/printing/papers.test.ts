/** The papers themselves, read back from their bytes: voids, copies, recovered receipts and the test page, on both widths, in both languages. */
import { expect, test } from 'vitest'
import { type PrinterProfile, profileOf } from '#main/printing/printer-profile.ts'
import { encodePaper, encodeReceipt } from '#main/printing/receipt-escpos.ts'
import { testPageMarkup } from '#main/printing/test-page.ts'
import { PAPER_COLUMNS, type PaperMm, type PrinterSettings } from '#shared/contracts/settings.ts'
import type { AuthorizationId, LineId, ReceiptId } from '#shared/domain/ids.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { priceLine } from '#shared/domain/sale-line.ts'
import { LANGUAGES } from '#shared/domain/words.ts'
import { PAPER_80 } from '#test/support/collecting-printer.ts'
import { decodeEscPos, type Paper } from '#test/support/escpos-decoder.ts'
import { bandPayment, cashPayment, HEAD, productLine, sampleReceipt, yuan } from './sample-receipts.ts'

const PAPERS: readonly PaperMm[] = [58, 80]
const inkOf = (paper: Paper) => paper.lines.map(({ text }) => text.replace(/\s/g, ''))
const profile = (paperMm: PaperMm, encoding: PrinterSettings['encoding'] = 'gb18030'): PrinterProfile =>
  profileOf({ ...PAPER_80, paperMm, encoding })

function voidReceipt(): Receipt {
  return sampleReceipt({
    kind: 'void',
    number: 43,
    lines: [productLine({ unitPrice: yuan(-1_800) })],
    payments: [bandPayment(yuan(-3_600))],
    of: { receiptId: 'bb'.repeat(16) as ReceiptId, printedNumber: 'A-000042', reason: 'wrong-person' },
  })
}

function recoveredReceipt(): Receipt {
  const line = priceLine({
    id: 'line-1' as LineId,
    subject: { kind: 'recovered', authorizationId: '0123456789abcdef0123456789abcdef' as AuthorizationId },
    name: { en: 'Payment found at the backend', 'zh-CN': '后台找回的付款' },
    detail: { en: '', 'zh-CN': '' },
    quantity: 1,
    unitPrice: yuan(4_500),
    taxBasisPoints: 0,
  })
  return sampleReceipt({ kind: 'recovered', number: 44, lines: [line], payments: [bandPayment(yuan(4_500), 'Golden Carp')] })
}

for (const paperMm of PAPERS) {
  for (const language of LANGUAGES) {
    const columns = PAPER_COLUMNS[paperMm]
    const print = async (receipt: Receipt, copy?: number) => {
      const options = { language, head: HEAD, ...(copy === undefined ? {} : { copy }) }
      const paper = decodeEscPos((await encodeReceipt(receipt, profile(paperMm), options)).bytes)
      expect(Math.max(...paper.lines.map(({ widthCells }) => widthCells))).toBeLessThanOrEqual(columns)
      return paper
    }

    test(`${paperMm} mm, ${language} first: a void says so at both ends, what it takes back, and what went back`, async () => {
      const paper = await print(voidReceipt())
      const mark = language === 'en' ? 'VOID·作废' : '作废·VOID'
      const marks = paper.lines.filter(({ text, isInverse }) => isInverse && text.replace(/\s/g, '') === mark)
      expect(marks).toHaveLength(2)
      expect([paper.lines[0], paper.lines.at(-1)]).toEqual(marks)
      const ink = inkOf(paper).join('\n')
      for (const part of ['A-000043', 'A-000042', 'wrongpersoncharged', '收错人了', 'Returnedtoband', '退回手环', '-36.00', '小雨']) {
        expect(ink).toContain(part)
      }
      expect(paper.qrCodes.map(({ data }) => data)).toEqual([`bandtill:aurora-1-1/A-000043?head=${HEAD}`])
      expect(paper.pulses).toBe(0)
    })

    test(`${paperMm} mm, ${language} first: a copy names its number at both ends, and keeps the code of the original`, async () => {
      const cash = sampleReceipt({ payments: [cashPayment(yuan(12_600), yuan(20_000))] })
      const [original, copy] = [await print(cash), await print(cash, 2)]
      const mark = language === 'en' ? 'COPY2/副本2' : '副本2/COPY2'
      expect(inkOf(copy).filter((text) => text === mark)).toHaveLength(2)
      expect(inkOf(original).join('\n')).not.toMatch(/COPY|副本/)
      expect(copy.qrCodes).toEqual(original.qrCodes)
      expect([original.pulses, copy.pulses]).toEqual([1, 0])
    })

    test(`${paperMm} mm, ${language} first: a recovered receipt prints what is known of it`, async () => {
      const ink = inkOf(await print(recoveredReceipt())).join('\n')
      for (const part of ['补记小票', 'RECOVEREDRECEIPT', 'Paymentfoundatthe', '后台找回的付款', '45.00', 'GoldenCarp']) {
        expect(ink).toContain(part)
      }
    })

    test(`${paperMm} mm, ${language} first: the test page shows every column, both languages and the settings, as text and as dots`, async () => {
      for (const encoding of ['gb18030', 'picture'] as const) {
        const settings = { ...PAPER_80, paperMm, encoding, drawerPulse: true }
        const markup = testPageMarkup(settings, { terminalId: 'aurora-1', language })
        const { bytes, sentAs } = await encodePaper(markup, profileOf(settings), { opensDrawer: false, title: 'aurora-1' })
        const paper = decodeEscPos(bytes)
        expect(paper).toMatchObject({ cuts: 1, pulses: 0 })
        expect(sentAs).toBe(encoding === 'gb18030' ? 'text' : 'picture')
        if (sentAs === 'picture') {
          expect(new Set(paper.rasters.map(({ widthDots }) => widthDots))).toEqual(new Set([columns * 12]))
          continue
        }
        const ink = inkOf(paper)
        expect(ink).toContain('1234567890'.repeat(5).slice(0, columns))
        expect(ink.find((text) => text.startsWith('.........1'))).toHaveLength(Math.floor(columns / 10) * 10)
        expect(ink.join('\n')).toMatch(/座位七排八座[\s\S]*SeatF7|SeatF7[\s\S]*座位七排八座/)
        expect(ink.join('\n')).toContain(`${paperMm}mm,${columns}`)
        expect(paper.qrCodes.map(({ data }) => data)).toEqual(['bandtill-test:aurora-1'])
      }
    })
  }

  test(`${paperMm} mm: where the printer has no Chinese, all of it goes as dots as wide as the paper, drawer and cut as ever`, async () => {
    const cash = sampleReceipt({ payments: [cashPayment(yuan(12_600), yuan(20_000))] })
    for (const encoding of ['multilingual', 'cp437', 'picture'] as const) {
      const { bytes, sentAs } = await encodeReceipt(cash, profile(paperMm, encoding), { language: 'zh-CN', head: HEAD })
      const paper = decodeEscPos(bytes)
      expect(sentAs).toBe('picture')
      expect(paper).toMatchObject({ lines: [], cuts: 1, pulses: 1 })
      expect(new Set(paper.rasters.map(({ widthDots }) => widthDots))).toEqual(new Set([paperMm === 58 ? 384 : 576]))
      // Ink is there, and not everywhere: more than a twentieth of the dots, less than half.
      const data = Buffer.concat(paper.rasters.map((raster) => raster.data))
      const black = data.reduce((dots, byte) => dots + byte.toString(2).replaceAll('0', '').length, 0) / (data.length * 8)
      expect(black).toBeGreaterThan(0.05)
      expect(black).toBeLessThan(0.5)
    }
  })
}
