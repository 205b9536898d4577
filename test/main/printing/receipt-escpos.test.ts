import * as fc from 'fast-check'
import iconv from 'iconv-lite'
import { expect, test } from 'vitest'
import { PAPER_COLUMNS } from '#main/printing/markup-lines.ts'
import { cellsOf, printable } from '#main/printing/print-text.ts'
import type { PrinterProfile } from '#main/printing/printer-profile.ts'
import { encodeReceipt } from '#main/printing/receipt-escpos.ts'
import { receiptQrText } from '#main/printing/receipt-markup.ts'
import { LANGUAGES } from '#shared/domain/words.ts'
import { decodeEscPos, type Paper } from '#test/support/escpos-decoder.ts'
import { bandPayment, cashPayment, HEAD, productLine, sampleReceipt, ticketLine, yuan } from './sample-receipts.ts'

const chinese: PrinterProfile = { model: 'generic', columns: 48, encoding: 'gb18030', cut: true, drawerPulse: true }
const textOf = (paper: Paper) => paper.lines.map((line) => line.text).join('\n')
/** Names may be broken over lines: what was printed, without its spaces. */
const inkOf = (paper: Paper) => textOf(paper).replace(/\s/g, '')

/** What the sample receipt must show, without its spaces. */
const PARTS = [
  '极光影城 AuroraCinema 滨江店 上海市滨江路88号 88BinjiangRoad,Shanghai 练习收银员 aurora-1-1 A-000042 2026-11-2219:05:33+08:00',
  '第九码头来信 LettersfromtheNinthHarbour 1号厅 Hall1 2026-11-2219:30 F7 F8 成人票 Adult 45.00',
  '焦糖爆米花 Caramelpopcorn 大份 Large 2x18.00 36.00 合计 TOTAL 6%(90.00) 5.10 13%(36.00) 4.14',
  '手环 小雨 0123456789ab 86.00 现金 40.00 50.00 10.00',
].flatMap((parts) => parts.split(' '))

for (const columns of PAPER_COLUMNS) {
  for (const language of LANGUAGES) {
    for (const model of ['generic', 'epson'] as const) {
      test(`every name, line and figure is on ${columns} columns, ${language} first, ${model}`, async () => {
        const receipt = sampleReceipt({ payments: [bandPayment(yuan(8600), '小雨'), cashPayment(yuan(4000), yuan(5000))] })
        const { bytes, sentAs } = await encodeReceipt(receipt, { ...chinese, columns, model }, { language, head: HEAD })
        expect(sentAs).toBe('text')
        expect([...bytes.subarray(0, 2)]).toEqual([0x1b, 0x40])
        const paper = decodeEscPos(bytes)
        const ink = inkOf(paper)
        for (const part of [...PARTS, language === 'zh-CN' ? '￥126.00' : 'CNY126.00']) {
          expect(ink).toContain(part)
        }
        expect(Math.max(...paper.lines.map((line) => line.widthCells))).toBeLessThanOrEqual(columns)
        const total = paper.lines.find((line) => line.text.includes('126.00'))
        expect(total).toMatchObject({ isLarge: true })
        expect(ink.indexOf(language === 'zh-CN' ? '极光影城' : 'AuroraCinema')).toBeLessThan(
          ink.indexOf(language === 'zh-CN' ? 'AuroraCinema' : '极光影城'),
        )
        expect(paper.qrCodes).toEqual([
          { model: 50, cell: columns === 48 ? 5 : 4, level: 49, data: `bandtill:aurora-1-1/A-000042?head=${HEAD}` },
        ])
        expect(paper).toMatchObject({ cuts: 1, pulses: 1, rasters: [] })
      })
    }
  }
}

test('the drawer opens for cash only, not for a reprint, and not where none hangs', async () => {
  const cash = sampleReceipt({ payments: [cashPayment(yuan(12_600), yuan(20_000))] })
  const pulses = async (...[receipt, profile, copy]: [typeof cash, PrinterProfile, number?]) => {
    const { bytes } = await encodeReceipt(receipt, profile, { language: 'en', ...(copy === undefined ? {} : { copy }) })
    return decodeEscPos(bytes).pulses
  }
  expect(await pulses(cash, chinese)).toBe(1)
  expect(await pulses(cash, chinese, 1)).toBe(0)
  expect(await pulses(cash, { ...chinese, drawerPulse: false })).toBe(0)
  expect(await pulses(sampleReceipt(), chinese)).toBe(0)
})

test('a printer without a cutter feeds to the tear bar', async () => {
  const { bytes } = await encodeReceipt(sampleReceipt(), { ...chinese, cut: false }, { language: 'en' })
  expect(decodeEscPos(bytes)).toMatchObject({ cuts: 0, fedLines: 5 })
})

test('practice is marked at both ends, on both widths, and its QR code says so', async () => {
  for (const columns of PAPER_COLUMNS) {
    const { bytes } = await encodeReceipt(sampleReceipt({ practice: true }), { ...chinese, columns }, { language: 'zh-CN' })
    const paper = decodeEscPos(bytes)
    const marks = paper.lines.filter((line) => line.isInverse && line.isLarge && line.text.replaceAll(' ', '').includes('PRACTICE·练习'))
    expect(marks).toHaveLength(2)
    expect(paper.lines[0]).toEqual(marks[0])
    expect(paper.lines.at(-2)).toEqual(marks[1])
    expect(paper.lines[1]?.text.trim()).toBe('非有效小票 · NOT A RECEIPT')
    expect(paper.lines.at(-1)?.text.trim()).toBe('非有效小票 · NOT A RECEIPT')
    expect(paper.qrCodes[0]?.data).toBe('bandtill-practice:aurora-1-1/A-000042')
  }
})

test('a reprint says which copy it is, at both ends; an original never does', async () => {
  const copy = textOf(decodeEscPos((await encodeReceipt(sampleReceipt(), chinese, { language: 'en', copy: 3 })).bytes))
  expect(copy.match(/COPY 3 \/ 副本 3/g)).toHaveLength(2)
  const original = textOf(decodeEscPos((await encodeReceipt(sampleReceipt(), chinese, { language: 'en' })).bytes))
  expect(original).not.toMatch(/COPY|副本|PRACTICE|练习 /)
})

test('a refund prints its negative figures and opens with its name', async () => {
  const lines = [productLine({ unitPrice: yuan(-1800) })]
  const receipt = sampleReceipt({ kind: 'refund', lines, payments: [bandPayment(yuan(-3600))] })
  const text = textOf(decodeEscPos((await encodeReceipt(receipt, chinese, { language: 'zh-CN' })).bytes))
  expect(text).toMatch(/退款单 REFUND/)
  expect(text).toMatch(/￥-36\.00/)
  expect(text).toMatch(/2 x -18\.00/)
})

test('names made of markup print as themselves', async () => {
  const nasty = [
    '|{^_~"\\',
    '`-=`',
    '----',
    '====',
    '{command:\\x1bp\\x00\\x19\\xfa}',
    '\\x1b@',
    '\\n\\n\\n',
    '{width:0}',
    '^^^^',
    '{code:1;option:qrcode}',
  ]
  for (const name of nasty) {
    const receipt = sampleReceipt({ cashierName: name, payments: [bandPayment(yuan(12_600), name)] })
    const paper = decodeEscPos((await encodeReceipt(receipt, chinese, { language: 'en' })).bytes)
    expect(paper.lines.filter(({ text }) => text.trim() === name || text.endsWith(` ${name}`))).toHaveLength(2)
    expect(paper).toMatchObject({ cuts: 1, pulses: 0 })
    expect(paper.qrCodes).toHaveLength(1)
  }
})

test('an address of dashes is no rule, one of equals signs no cut', async () => {
  const { site } = sampleReceipt()
  const receipt = sampleReceipt({ site: { ...site, name: { en: '====', 'zh-CN': '' }, address: { en: '----', 'zh-CN': '-' } } })
  const paper = decodeEscPos((await encodeReceipt(receipt, chinese, { language: 'en' })).bytes)
  const plain = decodeEscPos((await encodeReceipt(sampleReceipt(), chinese, { language: 'en', bilingual: false })).bytes)
  const rules = ({ lines }: Paper) => lines.filter(({ text }) => text === '-'.repeat(48)).length
  expect(paper.lines.map(({ text }) => text.trim())).toEqual(expect.arrayContaining(['====', '----']))
  expect({ cuts: paper.cuts, rules: rules(paper) }).toEqual({ cuts: 1, rules: rules(plain) })
})

test('control and direction characters leave no trace', async () => {
  const receipt = sampleReceipt({
    cashierName: 'A\u001b@B\u202eC\u200fD\u2066E\u0000F\u007fG\nH',
    payments: [bandPayment(yuan(12_600), '\u202e\u200b')],
  })
  const { bytes, sentAs } = await encodeReceipt(receipt, chinese, { language: 'en' })
  expect(sentAs).toBe('text')
  expect(textOf(decodeEscPos(bytes))).toContain(' A@BCDEFG H')
})

/** Characters that printers, receiptline and encodings stumble over, among ordinary ones. */
const nastyName = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...Array.from('|{}^_~"\\`-=;:,x0n1b \t\n\r')),
    fc.constantFrom(
      '\u001b',
      '\u001d',
      '\u0000',
      '\u007f',
      '\u009b',
      '\u202e',
      '\u2067',
      '\u200d',
      '\u1fef',
      '\u037e',
      '\ufeff',
      '\u3000',
      '\u00a0',
      '\u2028',
    ),
    fc.constantFrom('中', '，', '￥', '¥', 'é', 'Ω', '€', '😀', '\ud800', '\ue000', '\u0301', 'ไ', 'ش', '한', '�', '\uffff'),
    fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 40,
})

/** What a receipt must show whatever its names are: its commands without the run of text, and its figures in order. */
function skeletonOf(paper: Paper) {
  const figures = paper.lines.flatMap((line) => / (-?\d+\.\d\d)$/.exec(line.text)?.[1] ?? [])
  return {
    cuts: paper.cuts,
    pulses: paper.pulses,
    qrCodes: paper.qrCodes.length,
    fedLines: paper.fedLines,
    kinds: [...new Set(paper.commands)].sort(),
    figures,
  }
}

test('no name changes the figures shown or adds a command', async () => {
  const withNames = (names: readonly string[]) => {
    const [a = '', b = '', c = '', d = ''] = names
    return sampleReceipt({
      cashierName: a,
      merchant: { ...sampleReceipt().merchant, name: { en: d, 'zh-CN': d } },
      lines: [
        ticketLine('F7', { name: { en: b, 'zh-CN': b } }),
        productLine({ name: { en: c, 'zh-CN': a }, detail: { en: b, 'zh-CN': '' } }),
      ],
      payments: [bandPayment(yuan(8100), d)],
    })
  }
  const expected = new Map(
    await Promise.all(
      PAPER_COLUMNS.map(async (columns) => {
        const plain = await encodeReceipt(withNames(['a', 'b', 'c', 'd']), { ...chinese, columns }, { language: 'zh-CN', head: HEAD })
        return [columns, skeletonOf(decodeEscPos(plain.bytes))] as const
      }),
    ),
  )
  const writable = (name: string) =>
    Array.from(printable(name)).every((character) => character < '\u0080' || iconv.encode(character, 'gb18030').length === 2)
  await fc.assert(
    fc.asyncProperty(fc.array(nastyName, { minLength: 4, maxLength: 4 }), fc.constantFrom(...PAPER_COLUMNS), async (names, columns) => {
      // Names no Chinese printer can write are drawn instead: the test after this one.
      const safe = names.map((name) =>
        writable(name)
          ? name
          : Array.from(name)
              .filter((character) => writable(character))
              .join(''),
      )
      const { bytes, sentAs } = await encodeReceipt(withNames(safe), { ...chinese, columns }, { language: 'zh-CN', head: HEAD })
      expect(sentAs).toBe('text')
      const paper = decodeEscPos(bytes)
      // A name may end in what looks like a figure: those that are ours are all there, in their order.
      const skeleton = skeletonOf(paper)
      expect({ ...skeleton, figures: undefined }).toEqual({ ...expected.get(columns), figures: undefined })
      const wanted = [...(expected.get(columns)?.figures ?? [])]
      for (const figure of skeleton.figures) if (figure === wanted[0]) wanted.shift()
      expect(wanted).toEqual([])
      expect(paper.qrCodes[0]?.data).toBe(receiptQrText(sampleReceipt(), HEAD))
      // A long name goes on below its amount.
      const inkWithoutAmounts = paper.lines
        .map(({ text }) => text.replace(/ -?\d+\.\d\d$/, ''))
        .join('')
        .replace(/\s/g, '')
      for (const name of safe) expect(inkOf(paper) + inkWithoutAmounts).toContain(printable(name).replace(/\s/g, ''))
    }),
    { numRuns: 300 },
  )
})

test('one character the printer lacks turns the whole receipt into dots, as wide as the paper', async () => {
  const cases = [
    ['multilingual', '小雨'],
    ['cp437', 'Łukasz'],
    ['gb18030', 'Ñandú'], // Ñ is a four-byte code: printers built on GBK print two wrong characters
    ['gb18030', '¥en'],
    ['gb18030', '😀'],
    ['picture', 'Ann'],
  ] as const
  for (const [encoding, payerName] of cases) {
    for (const columns of PAPER_COLUMNS) {
      const receipt = sampleReceipt({ payments: [bandPayment(yuan(12_600), payerName)] })
      const { bytes, sentAs } = await encodeReceipt(receipt, { ...chinese, columns, encoding }, { language: 'en', bilingual: false })
      expect({ encoding, payerName, sentAs }).toEqual({ encoding, payerName, sentAs: 'picture' })
      const paper = decodeEscPos(bytes)
      expect(paper).toMatchObject({ lines: [], cuts: 1, pulses: 0 })
      expect(paper.rasters.length).toBeGreaterThan(1)
      for (const raster of paper.rasters) {
        expect(raster.widthDots).toBe(columns * 12)
        expect(raster.heightDots).toBeLessThanOrEqual(256)
      }
      const ink = paper.rasters.reduce(
        (dots, { data }) => dots + data.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0),
        0,
      )
      const all = paper.rasters.reduce((dots, { widthDots, heightDots }) => dots + widthDots * heightDots, 0)
      expect(ink / all).toBeGreaterThan(0.03)
      expect(ink / all).toBeLessThan(0.3)
    }
  }
})

test('a Latin printer gets text where its pages suffice', async () => {
  const plain = { name: { en: 'Café Zoë', 'zh-CN': '' } }
  const receipt = sampleReceipt({ lines: [productLine(plain)], cashierName: 'Ivan Иван', payments: [bandPayment(yuan(3600), 'Łukasz €')] })
  const { bytes, sentAs } = await encodeReceipt(receipt, { ...chinese, encoding: 'multilingual' }, { language: 'en', bilingual: false })
  expect(sentAs).toBe('text')
  const text = textOf(decodeEscPos(bytes))
  for (const part of ['Café Zoë', 'Ivan Иван', 'Łukasz €']) expect(text).toContain(part)
})

test('cleaned names hold no character that steers, and cleaning them again changes nothing', () => {
  fc.assert(
    fc.property(nastyName, (name) => {
      const clean = printable(name)
      expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      expect(printable(clean)).toBe(clean)
      expect(cellsOf(clean)).toBeGreaterThan(0)
    }),
    { numRuns: 2_000 },
  )
})
