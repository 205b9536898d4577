import { createRequire } from 'node:module'
import { renderAsync } from '@resvg/resvg-js'
import { transform } from 'receiptline'
import { assert } from '#shared/assert.ts'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import type { PaperColumns } from './markup-lines.ts'
import { NARROW_FACE, paperDrawing, WIDE_FACE } from './paper-drawing.ts'
import { printable } from './print-text.ts'
import { type ReceiptPrint, receiptMarkup } from './receipt-markup.ts'

/** White around the picture of a paper, in dots. */
const PICTURE_MARGIN_DOTS = 28
/** Pixels per dot in a PNG: twice, so that it is sharp on a screen. */
const PNG_ZOOM = 2
/** A pixel at or below this lightness (0 black, 255 white) becomes a black dot: a little above the middle, so that thin strokes survive. */
const BLACK_LIGHTNESS_MAX = 160

const resolve = createRequire(import.meta.url).resolve
// Native code reads the font itself, and cannot look into Electron's archive: those two files are unpacked beside it.
const FONT_FILES = [
  '@expo-google-fonts/roboto-mono/400Regular/RobotoMono_400Regular.ttf',
  '@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf',
].map((name) => resolve(name).replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked'))

/** A picture of one bit per dot, rows from the top, each row padded to whole bytes, most significant bit leftmost, 1 is black. */
export type Bitmap = { readonly widthDots: number; readonly heightDots: number; readonly rows: Uint8Array }

/** The paper as an SVG document, drawn from the very markup that is printed. Pure and repeatable. */
export function paperSvg(receipt: Receipt, print: ReceiptPrint): string {
  return draw(receipt, print, PICTURE_MARGIN_DOTS)
}

/** The paper as a PNG, Chinese right on any machine: the faces are bundled. Drawn off the main thread. */
export async function paperPng(receipt: Receipt, print: ReceiptPrint): Promise<Uint8Array> {
  const image = await render(paperSvg(receipt, print), PNG_ZOOM)
  return image.asPng()
}

type PaperShape = { readonly columns: PaperColumns; readonly title: string }

/** A paper as dots for a thermal head: as wide as its columns, without margins. */
export async function markupBitmap(markup: string, paper: PaperShape): Promise<Bitmap> {
  const { width, height, pixels } = await render(drawMarkup(markup, paper, 0), 1)
  assert(width % 8 === 0, `a paper is whole bytes wide, got ${width} dots`)
  const rows = new Uint8Array((width / 8) * height)
  for (let dot = 0; dot < width * height; dot += 1) {
    // Drawn in black on white only, so one channel is the lightness.
    if ((pixels[dot * 4] ?? 255) <= BLACK_LIGHTNESS_MAX) rows[dot >> 3] = (rows[dot >> 3] ?? 0) | (0x80 >> (dot & 7))
  }
  return { widthDots: width, heightDots: height, rows }
}

function draw(receipt: Receipt, print: ReceiptPrint, marginDots: number): string {
  return drawMarkup(receiptMarkup(receipt, print), { columns: print.columns, title: printable(printedNumber(receipt)) }, marginDots)
}

function drawMarkup(markup: string, { columns, title }: PaperShape, marginDots: number): string {
  const command = paperDrawing({ columns, marginDots, title })
  return transform(markup, { command, cpl: columns, encoding: 'multilingual', cutting: false })
}

function render(svg: string, zoom: number) {
  return renderAsync(svg, {
    fitTo: { mode: 'zoom', value: zoom },
    font: {
      loadSystemFonts: false,
      fontFiles: FONT_FILES,
      defaultFontFamily: WIDE_FACE,
      monospaceFamily: NARROW_FACE,
      sansSerifFamily: WIDE_FACE,
    },
  })
}
