import { type BaseCommand, commands, qrcode } from 'receiptline'
import { cellsOf, graphemesOf } from './print-text.ts'

/** Dots of one cell, as thermal heads print font A: 12 wide, 24 high, 6 between the lines. */
const CELL_WIDTH_DOTS = 12
const CELL_HEIGHT_DOTS = 24
const LEADING_DOTS = 6

/** The faces of the picture. One is narrow and of one width, the other draws what takes two cells. Bundled: see receipt-picture.ts. */
export const NARROW_FACE = 'Roboto Mono'
export const WIDE_FACE = 'Noto Sans SC'

/** Roboto Mono advances 0.6 em: 20 pixels make exactly one cell of 12. A Chinese character of 22 sits in two cells with a little air. */
const NARROW_SIZE_PIXELS = 20
const WIDE_SIZE_PIXELS = 22
/** From the bottom of a line up to its baseline, so that both faces stay inside the 24 dots. */
const BASELINE_DOTS = 4
/** Stroke around strong text, in dots: stands in for a bold face, of which Chinese would need ten megabytes more. */
const STRONG_STROKE_DOTS = 0.7

const XML_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => XML_ESCAPES[character] ?? '')
}

type Placed = { readonly character: string; readonly x: number; readonly isWide: boolean }

/** One run of characters of one width, each at its own place: the columns hold whatever face the viewer has. */
function runSvg(run: readonly Placed[], attributes: string): string {
  const isWide = run[0]?.isWide === true
  const face = isWide ? ` font-family="'${WIDE_FACE}', sans-serif" font-size="${WIDE_SIZE_PIXELS}"` : ''
  // One place per character is only well defined where a character is one code unit.
  const isSimple = run.every(({ character }) => character.length === 1)
  if (isSimple) {
    const text = run.map(({ character }) => escapeXml(character)).join('')
    return `<text${face}${attributes} y="${-BASELINE_DOTS}" x="${run.map(({ x }) => x).join(' ')}">${text}</text>`
  }
  return run.map(({ character, x }) => `<text${face}${attributes} y="${-BASELINE_DOTS}" x="${x}">${escapeXml(character)}</text>`).join('')
}

type Scale = { readonly width: number; readonly height: number }
const NORMAL: Scale = { width: 1, height: 1 }

/** What is drawn so far, and how the next letters are to look. */
class Drawing {
  #body = ''
  #heightDots = 0
  #line = ''
  #lineHeight = 1
  #cell = 0
  #leftCells = 0
  #areaCells = 0
  #align = 0
  #scale = NORMAL
  #isStrong = false
  #isInverse = false

  area(leftCells: number, areaCells: number): void {
    this.#leftCells = leftCells
    this.#areaCells = areaCells
  }

  align(align: number): void {
    this.#align = align
  }

  goTo(cell: number): void {
    this.#cell = cell
  }

  goOn(cells: number): void {
    this.#cell += cells
  }

  normal(): void {
    this.#scale = NORMAL
    this.#isStrong = false
    this.#isInverse = false
  }

  strong(): void {
    this.#isStrong = true
  }

  inverse(): void {
    this.#isInverse = true
  }

  /** receiptline counts the marks: 1 is twice as wide, 2 twice as high, 3 both. */
  enlarge(marks: number): void {
    this.#scale = { width: marks < 2 ? marks + 1 : marks - 1, height: marks < 3 ? marks : marks - 1 }
    this.#lineHeight = Math.max(this.#lineHeight, this.#scale.height)
  }

  text(text: string): void {
    const scale = this.#scale
    const start = this.#cell
    const runs: Placed[][] = []
    for (const character of graphemesOf(text)) {
      const cells = cellsOf(character)
      const x = (this.#cell / scale.width + cells / 2) * CELL_WIDTH_DOTS
      this.#cell += cells * scale.width
      if (character === ' ') continue
      const placed = { character, x, isWide: cells === 2 }
      const run = runs.at(-1)
      if (run?.[0]?.isWide === placed.isWide) run.push(placed)
      else runs.push([placed])
    }
    const stroke = this.#isStrong ? ` stroke="#000" stroke-width="${STRONG_STROKE_DOTS / scale.width}"` : ''
    const letters = runs.map((run) => runSvg(run, stroke)).join('')
    const scaled = scale === NORMAL ? letters : `<g transform="scale(${scale.width},${scale.height})">${letters}</g>`
    this.#line += this.#isInverse ? this.#onBlack(scaled, start) : scaled
  }

  #onBlack(letters: string, start: number): string {
    const height = this.#scale.height * CELL_HEIGHT_DOTS
    const place = `x="${start * CELL_WIDTH_DOTS}" y="${-height}" width="${(this.#cell - start) * CELL_WIDTH_DOTS}" height="${height}"`
    return `<rect ${place}/><g fill="#fff">${letters}</g>`
  }

  endLine(): void {
    const height = this.#lineHeight * CELL_HEIGHT_DOTS
    if (this.#line !== '') {
      this.#body += `<g transform="translate(${this.#leftCells * CELL_WIDTH_DOTS},${this.#heightDots + height})">${this.#line}</g>`
    }
    this.#heightDots += height + LEADING_DOTS
    this.#line = ''
    this.#lineHeight = 1
    this.#cell = 0
  }

  rule(cells: number): void {
    const y = this.#heightDots + CELL_HEIGHT_DOTS / 2 - 1
    this.#body += `<rect x="${this.#leftCells * CELL_WIDTH_DOTS}" y="${y}" width="${cells * CELL_WIDTH_DOTS}" height="2"/>`
  }

  qrCode(matrix: readonly Uint8Array[], cell: number): void {
    const side = matrix.length * cell
    const left = this.#leftCells * CELL_WIDTH_DOTS + Math.floor(((this.#areaCells * CELL_WIDTH_DOTS - side) * this.#align) / 2)
    let path = ''
    for (const [y, row] of matrix.entries()) {
      for (const [x, module] of row.entries()) if (module === 1) path += `M${x * cell},${y * cell}h${cell}v${cell}h-${cell}z`
    }
    this.#body += `<path transform="translate(${left},${this.#heightDots})" d="${path}"/>`
    this.#heightDots += side + CELL_HEIGHT_DOTS // below it, its quiet zone
  }

  document(columns: number, marginDots: number, title: string): string {
    const width = columns * CELL_WIDTH_DOTS + 2 * marginDots
    const height = this.#heightDots + 2 * marginDots
    return (
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">` +
      `<title>${escapeXml(title)}</title><rect width="${width}" height="${height}" fill="#fff"/>` +
      `<g transform="translate(${marginDots},${marginDots})" fill="#000" font-family="'${NARROW_FACE}', monospace" ` +
      `font-size="${NARROW_SIZE_PIXELS}" text-anchor="middle">${this.#body}</g></svg>\n`
    )
  }
}

export type PaperDrawingOptions = { readonly columns: number; readonly marginDots: number; readonly title: string }

/**
 * A command set for receiptline that draws the paper as SVG, in our own lettering: bundled faces, no style sheet and no address on the web
 * (a strict content policy and a till without network both refuse those), no random ids (the same receipt is the same picture).
 */
export function paperDrawing({ columns, marginDots, title }: PaperDrawingOptions): BaseCommand {
  const drawing = new Drawing()
  const silently = (act: () => void) => {
    act()
    return ''
  }
  return {
    ...commands.base,
    charWidth: CELL_WIDTH_DOTS,
    measureText: cellsOf,
    arrayFrom: graphemesOf,
    area: (left, width) => silently(() => drawing.area(left, width)),
    align: (align) => silently(() => drawing.align(align)),
    absolute: (position) => silently(() => drawing.goTo(position)),
    relative: (position) => silently(() => drawing.goOn(position)),
    normal: () => silently(() => drawing.normal()),
    em: () => silently(() => drawing.strong()),
    iv: () => silently(() => drawing.inverse()),
    wh: (marks) => silently(() => drawing.enlarge(marks)),
    text: (text) => silently(() => drawing.text(text)),
    lf: () => silently(() => drawing.endLine()),
    hr: (width) => silently(() => drawing.rule(width)),
    qrcode: (symbol) => silently(() => drawing.qrCode(qrcode.generate(symbol), symbol.cell)),
    close: () => drawing.document(columns, marginDots, title),
  }
}
