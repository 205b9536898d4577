import { expect, test } from 'vitest'
import type { PrinterProfile } from '#main/printing/printer-profile.ts'
import { encodeReceipt } from '#main/printing/receipt-escpos.ts'
import { receiptQrText } from '#main/printing/receipt-markup.ts'
import { EscPosReader } from '#reference/practice/printer/escpos-reader.ts'
import { type Paper, textOf } from '#reference/practice/printer/paper.ts'
import { PaperBuilder } from '#reference/practice/printer/paper-builder.ts'
import { drawPaper, PAPER_SVG_MAX_BYTES } from '#reference/practice/printer/paper-dots.ts'
import { MARGIN_DOTS } from '#reference/practice/printer/paper-svg.ts'
import { LANGUAGES } from '#shared/domain/words.ts'
import { bandPayment, cashPayment, HEAD, sampleReceipt, yuan } from '#test/main/printing/sample-receipts.ts'
import { decodeEscPos } from '#test/support/escpos-decoder.ts'
import { shownDots } from './support/shown-dots.ts'

const PROFILE: PrinterProfile = { model: 'generic', columns: 48, encoding: 'gb18030', cut: true, drawerPulse: true }
const PARTS = [
  '极光影城 AuroraCinema 滨江店 上海市滨江路88号 88BinjiangRoad,Shanghai 练习收银员 aurora-1-1 A-000042 2026-11-2219:05:33+08:00',
  '第九码头来信 LettersfromtheNinthHarbour 1号厅 Hall1 F7 F8 成人票 Adult 45.00 焦糖爆米花 Caramelpopcorn 大份 Large 36.00',
  '合计 TOTAL 126.00 手环 小雨 86.00 现金 40.00 50.00 10.00',
].flatMap((parts) => parts.split(' '))

/** What these bytes print; fails when they are not one whole paper. */
function printed(bytes: Uint8Array): Paper {
  const reader = new EscPosReader()
  const builder = new PaperBuilder()
  const papers: Paper[] = []
  for (const token of reader.push(bytes)) {
    const effect = builder.take(token)
    if (effect && 'cut' in effect) papers.push(builder.finish(true))
  }
  if (builder.hasBegun) papers.push(builder.finish(false))
  const [paper] = papers
  if (!paper || papers.length > 1) throw new Error(`${papers.length} papers`)
  return paper
}

const bothTenders = () => sampleReceipt({ payments: [bandPayment(yuan(8600), '小雨'), cashPayment(yuan(4000), yuan(5000))] })

for (const [columns, widthDots] of [
  [48, 576],
  [32, 384],
] as const) {
  for (const language of LANGUAGES) {
    for (const model of ['generic', 'epson'] as const) {
      test(`a receipt of ${columns} columns, ${language} first, ${model}, is readable on the paper`, async () => {
        const receipt = bothTenders()
        const { bytes } = await encodeReceipt(receipt, { ...PROFILE, columns, model }, { language, head: HEAD })
        const paper = printed(bytes)
        const ink = textOf(paper).join('').replace(/\s/g, '')
        for (const part of PARTS) expect(ink).toContain(part)
        expect(ink.indexOf(language === 'en' ? 'AuroraCinema' : '极光影城')).toBeLessThan(
          ink.indexOf(language === 'en' ? '极光影城' : 'AuroraCinema'),
        )
        expect(ink).not.toContain('□')
        expect(paper).toMatchObject({ widthDots, cut: true, drawerOpened: true, isOverfull: false, unknown: [] })
        const qr = paper.pieces.find((piece) => piece.kind === 'qr')
        expect(qr).toMatchObject({ across: { align: 0.5 }, qr: { data: receiptQrText(receipt, HEAD), level: 'm' } })
      })
    }
  }
}

test('titles are centred, large and white on black where the receipt says so', async () => {
  const { bytes } = await encodeReceipt({ ...bothTenders(), practice: true }, PROFILE, { language: 'en' })
  const lines = printed(bytes).pieces.flatMap((piece) => (piece.kind === 'line' ? [piece] : []))
  const lineWith = (text: string) => lines.find(({ runs }) => runs.some((run) => run.text.includes(text)))
  expect(lineWith('PRACTICE')?.runs[0]?.style).toMatchObject({ isInverse: true, widthScale: 2, heightScale: 2 })
  const [title] = lineWith('Aurora Cinema')?.runs ?? []
  expect(((title?.x ?? 0) + (title?.end ?? 0)) / 2).toBeCloseTo(288, -1)
  expect(lineWith('126.00')?.inkDots).toBe(48)
  expect(lineWith('RECEIPT')?.runs[0]?.style.isStrong).toBe(true)
})

test('what is drawn is ink where something is written, and none where nothing is', async () => {
  const { bytes } = await encodeReceipt(bothTenders(), PROFILE, { language: 'zh-CN' })
  const paper = printed(bytes)
  const shown = shownDots(await drawPaper(paper))
  const inkIn = (fromY: number, dots: number) =>
    Array.from({ length: dots }, (_, y) => Array.from({ length: shown.width }, (__, x) => shown.isBlack(x, fromY + y)))
      .flat()
      .filter(Boolean).length
  expect(shown.width).toBe(576 + 2 * MARGIN_DOTS)
  let y = MARGIN_DOTS
  for (const [index, piece] of paper.pieces.entries()) {
    const written = (textOf(paper)[index] ?? '').replace(/\s/g, '').length
    // Even a hyphen is more than ten dots of ink; the letters of a line stay within it.
    if (written > 0) expect(inkIn(y, piece.heightDots)).toBeGreaterThan(10 * written)
    else expect(inkIn(y, piece.heightDots)).toBe(0)
    y += piece.heightDots
  }
  expect(y + MARGIN_DOTS).toBe(shown.height)
})

test.for([48, 32] as const)('a receipt of %i columns sent as a picture is shown dot by dot', async (columns) => {
  const receipt = bothTenders()
  const { bytes, sentAs } = await encodeReceipt(receipt, { ...PROFILE, columns, encoding: 'picture' }, { language: 'zh-CN' })
  expect(sentAs).toBe('picture')
  const rasters = decodeEscPos(bytes).rasters
  const rows = Buffer.concat(rasters.map(({ data }) => data))
  const heightDots = rasters.reduce((total, raster) => total + raster.heightDots, 0)
  const dotsAcross = columns * 12
  const paper = printed(bytes)
  expect(paper).toMatchObject({ widthDots: dotsAcross, unknown: [] })
  const shown = shownDots(await drawPaper(paper))
  let differing = 0
  for (let y = 0; y < heightDots; y += 1) {
    for (let x = 0; x < dotsAcross; x += 1) {
      const sent = ((rows[(y * dotsAcross + x) >> 3] ?? 0) & (0x80 >> (x & 7))) !== 0
      if (sent !== shown.isBlack(x + MARGIN_DOTS, y + MARGIN_DOTS)) differing += 1
    }
  }
  expect(heightDots).toBeGreaterThan(1_000)
  expect(differing).toBe(0)
})

test('letters of the code pages that European receipts use are printed, and Chinese in a European printer is a picture', async () => {
  const european = { ...PROFILE, encoding: 'multilingual' } as const
  const receipt = { ...sampleReceipt(), cashierName: 'Žofie Łaska' }
  const { sentAs } = await encodeReceipt(receipt, european, { language: 'en', bilingual: false })
  expect(sentAs).toBe('picture')
  expect(textOf(printed(Buffer.from('\u001b@\u001bt\u0012\u009d\u00a7ofie\u001bt\u0010 \u0080\u001bt\u0011 \u0087\n', 'latin1')))).toEqual([
    'Łžofie € З',
  ])
})

test('bold, underline, size, small print, columns, tabs and bit images', () => {
  const bytes = Buffer.from(
    '\u001b@\u001b!\u00b8Big\u001b!\u0000 \u001bM\u0001small\u001bM\u0000\n\u001b$\u0060\u0000col\u001b\\\u000c\u0000next\tx\n' +
      '\u001b*\u0021\u0002\u0000\u00ff\u0000\u0000\u0000\u0000\u00ff\n\u001bd\u0002\u001bi',
    'latin1',
  )
  const paper = printed(bytes)
  const [first, second, image] = paper.pieces
  expect(first).toMatchObject({ runs: [{ text: 'Big', x: 0, end: 72, style: { isStrong: true, underlineDots: 1 } }, {}, { step: 9 }] })
  expect(second).toMatchObject({
    runs: [
      { text: 'col', x: 96 },
      { text: 'next', x: 144 },
      { text: 'x', x: 288 - 96 + 96 },
    ],
  })
  expect(image).toMatchObject({ pictures: [{ dots: { widthDots: 2, heightDots: 24 } }], inkDots: 24 })
  expect(paper).toMatchObject({ cut: true, widthDots: 384, unknown: [] })
  expect(paper.pieces.length).toBe(5)
})

test('what it does not know is named once and printed past', () => {
  const paper = printed(Buffer.from('\u001b@before\u001d~\u001d~ after\n', 'latin1'))
  expect(paper.unknown).toEqual(['GS ~'])
  expect(textOf(paper)).toEqual(['before after'])
})

test('a paper of noise and one without end stay within their limits', async () => {
  const noise = Buffer.alloc(72 * 10_000)
  for (let at = 0, state = 1; at < noise.length; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    noise[at] = state >>> 24
  }
  const raster = Buffer.concat([Buffer.from('\u001dv0\u0000\u0048\u0000\u0010\u0027', 'latin1'), noise])
  for (const bytes of [
    raster,
    Buffer.from('\n'.repeat(5_000) + 'x\n'),
    Buffer.from('文'.repeat(300_000)),
    Buffer.from('\u001bE\u0001a\u001bE\u0000b'.repeat(60_000)),
  ]) {
    const paper = printed(Buffer.concat([bytes, Buffer.from('end\n')]))
    const svg = await drawPaper(paper)
    expect(Buffer.byteLength(svg)).toBeLessThanOrEqual(PAPER_SVG_MAX_BYTES)
    expect(svg.startsWith('<svg ')).toBe(true)
  }
})
