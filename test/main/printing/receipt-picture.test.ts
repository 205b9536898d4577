import { expect, test } from 'vitest'
import { receiptMarkup } from '#main/printing/receipt-markup.ts'
import { markupBitmap, paperPng, paperSvg } from '#main/printing/receipt-picture.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { bandPayment, HEAD, sampleReceipt, yuan } from './sample-receipts.ts'

const bitmapOf = async (receipt: Receipt, columns: 32 | 48 = 48) =>
  markupBitmap(receiptMarkup(receipt, { ...print, columns }), { columns, title: 'test' })

const print = { language: 'zh-CN', columns: 48, head: HEAD } as const

/** Dots of a region that are black, from a bitmap, as rows of # and spaces. */
async function inkOf(payerName: string): Promise<string> {
  const { rows } = await bitmapOf(sampleReceipt({ payments: [bandPayment(yuan(12_600), payerName)] }))
  return Buffer.from(rows).toString('hex')
}

test('the same receipt is the same drawing, without style sheets, scripts or addresses', () => {
  const svg = paperSvg(sampleReceipt(), print)
  expect(paperSvg(sampleReceipt(), print)).toBe(svg)
  expect(svg).not.toMatch(/<style|<script|https?:\/\/(?!www\.w3\.org\/2000\/svg)|@import|style=/)
  expect(svg).toContain('<title>A-000042</title>')
  expect(svg).toMatch(/width="632"/)
})

test('names are text in the drawing, never elements of it', () => {
  const payments = [bandPayment(yuan(12_600), '<script>&"\'</script>')]
  const svg = paperSvg(sampleReceipt({ payments }), print)
  expect(svg).not.toContain('<script')
  expect(svg).toContain("&lt;script&gt;&amp;&quot;'&lt;/script&gt;")
})

test('every character stands in its cells, and the figures end at the right edge', () => {
  const svg = paperSvg(sampleReceipt(), print)
  const amount = /x="([\d. ]+)">45\.00</.exec(svg)
  // Five cells of 12 dots, each character in the middle of its own; the last cell ends at 48 × 12.
  expect(amount?.[1]).toBe('522 534 546 558 570')
})

test('the picture is a PNG of twice the drawing’s size', async () => {
  const png = Buffer.from(await paperPng(sampleReceipt(), print))
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  const height = Number(/height="(\d+)"/.exec(paperSvg(sampleReceipt(), print))?.[1])
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([632 * 2, height * 2])
})

test('Chinese has its own shapes: no character is missing from the bundled face', async () => {
  // Characters that a face lacks all become the same box, so different names would look the same.
  expect(await inkOf('永')).not.toBe(await inkOf('龍'))
  expect(await inkOf('㈱')).not.toBe(await inkOf('A'))
  // These two no bundled face has: the same box for both, and a drawing all the same.
  expect(await inkOf('\u{13000}')).toBe(await inkOf('\u{13001}'))
})

test('the dots are as wide as the paper', async () => {
  for (const columns of [32, 48] as const) {
    const { widthDots, heightDots, rows } = await bitmapOf(sampleReceipt(), columns)
    expect(widthDots).toBe(columns * 12)
    expect(rows).toHaveLength((widthDots / 8) * heightDots)
  }
})
