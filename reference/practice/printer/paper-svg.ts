/** A paper as an SVG document: its letters as text, in the faces of paper-dots.ts, its codes and pictures as dots. */

import { heightDots } from './line-setter.ts'
import { CELL_DOTS, type Dots, inkWidthDots, type Paper, type Piece, type QrCode, type Run } from './paper.ts'
import { pngOf } from './png.ts'

/** White around what is printed: heads do not reach the edges. */
export const MARGIN_DOTS = 24
export const NARROW_FACE = 'Roboto Mono'
export const WIDE_FACE = 'Noto Sans SC'
/** Roboto Mono advances 0.6 em. */
const NARROW_ADVANCE_EM = 0.6
const WIDE_SIZE = 22
/** From the bottom of a character's box up to its baseline, as part of its height. */
const BASELINE_PART = 1 / 6
const STRONG_STROKE_DOTS = 0.8
const NOTE_HEIGHT_DOTS = 36
/** Said at the end of a paper of which not everything is drawn. */
const OVERFULL_NOTE = '… 其余未显示 · the rest is not shown'

const XML_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => XML_ESCAPES[character] ?? '')
}

export type Size = { readonly width: number; readonly height: number }

/** How large a paper's drawing is, margins included. */
export function drawingSize(paper: Paper): Size {
  const length = paper.pieces.reduce((total, piece) => total + piece.heightDots, paper.isOverfull ? NOTE_HEIGHT_DOTS : 0)
  return { width: paper.widthDots + 2 * MARGIN_DOTS, height: length + 2 * MARGIN_DOTS }
}

/** The whole paper. Attributes stand in single quotes, so that the document does not grow when it is put into JSON. */
export function paperSvg(paper: Paper): string {
  let y = 0
  const body: string[] = []
  for (const piece of paper.pieces) {
    body.push(pieceSvg(piece, y, paper.widthDots))
    y += piece.heightDots
  }
  if (paper.isOverfull) body.push(textAt(OVERFULL_NOTE, { x: paper.widthDots / 2, y: y + CELL_DOTS * 2, size: 18 }))
  return documentSvg(
    drawingSize(paper),
    `<g transform='translate(${MARGIN_DOTS},${MARGIN_DOTS})' fill='#000' font-family='${NARROW_FACE}, monospace' text-anchor='middle'>${body.join('')}</g>`,
  )
}

/** A white sheet of this size with something on it. */
export function documentSvg({ width, height }: Size, content: string): string {
  return (
    `<svg xmlns='http://www.w3.org/2000/svg' width='${width}' height='${height}' viewBox='0 0 ${width} ${height}'>` +
    `<rect width='${width}' height='${height}' fill='#fff'/>${content}</svg>`
  )
}

function pieceSvg(piece: Piece, y: number, paperDots: number): string {
  const { align, left, areaDots } = piece.across
  const roomDots = Math.min(areaDots ?? paperDots - left, paperDots - left)
  const x = left + Math.max(0, Math.floor((roomDots - inkWidthDots(piece)) * align))
  const content = contentSvg(piece)
  return content === '' ? '' : `<g transform='translate(${x},${y})'>${content}</g>`
}

function contentSvg(piece: Piece): string {
  switch (piece.kind) {
    case 'qr':
      return qrSvg(piece.qr)
    case 'label':
      return labelSvg(piece.text, inkWidthDots(piece))
    case 'line': {
      const pictures = piece.pictures.map(({ dots, x, widthScale, heightScale }) => {
        const [width, height] = [dots.widthDots * widthScale, dots.heightDots * heightScale]
        return pictureSvg(dots, { x, y: piece.inkDots - height, width, height })
      })
      return [...pictures, ...piece.runs.map((run) => runSvg(run, piece.inkDots))].join('')
    }
  }
}

/** One run: its characters each in the middle of their cells, so that columns stay straight. */
function runSvg(run: Run, lineDots: number): string {
  const { style, isWide } = run
  const height = heightDots(style)
  const width = run.end - run.x
  const baseHeight = height / style.heightScale
  const size = isWide ? WIDE_SIZE : (baseHeight === 24 ? CELL_DOTS : 9) / NARROW_ADVANCE_EM
  const face = isWide ? ` font-family='${WIDE_FACE}, sans-serif'` : ''
  const step = run.step / style.widthScale
  const baseline = baseHeight * (1 - BASELINE_PART)
  const colour = style.isInverse ? ` fill='#fff'` : ''
  const stroke = style.isStrong ? ` stroke='${style.isInverse ? '#fff' : '#000'}' stroke-width='${STRONG_STROKE_DOTS}'` : ''
  const letters = lettersSvg(run.text, step, `font-size='${size}' y='${baseline}'${face}${colour}${stroke}`)
  const ground = style.isInverse ? `<rect width='${width}' height='${height}'/>` : ''
  const line = style.underlineDots > 0 ? `<rect y='${height - style.underlineDots}' width='${width}' height='${style.underlineDots}'/>` : ''
  const isScaled = style.widthScale !== 1 || style.heightScale !== 1
  const scaled = isScaled ? `<g transform='scale(${style.widthScale},${style.heightScale})'>${letters}</g>` : letters
  return `<g transform='translate(${run.x},${lineDots - height})'>${ground}${scaled}${line}</g>`
}

function lettersSvg(text: string, step: number, attributes: string): string {
  const places = Array.from(text).flatMap((character, index) => (character === ' ' ? [] : [{ character, x: (index + 0.5) * step }]))
  if (places.length === 0) return ''
  // One place per character is only well defined where a character is one code unit.
  if (places.every(({ character }) => character.length === 1)) {
    const xs = places.map(({ x }) => x).join(' ')
    return `<text ${attributes} x='${xs}'>${escapeXml(places.map(({ character }) => character).join(''))}</text>`
  }
  return places.map(({ character, x }) => `<text ${attributes} x='${x}'>${escapeXml(character)}</text>`).join('')
}

function textAt(text: string, { x, y, size }: { x: number; y: number; size: number }): string {
  return `<text x='${x}' y='${y}' font-size='${size}' font-family='${WIDE_FACE}, sans-serif'>${escapeXml(text)}</text>`
}

function qrSvg({ modules, cellDots }: QrCode): string {
  let path = ''
  for (const [y, row] of modules.entries()) {
    for (const [x, module] of row.entries()) {
      if (module === 1) path += `M${x * cellDots},${y * cellDots}h${cellDots}v${cellDots}h-${cellDots}z`
    }
  }
  return `<path d='${path}'/>`
}

function labelSvg(text: string, width: number): string {
  const frame = `<rect x='1' y='1' width='${width - 2}' height='40' fill='none' stroke='#000' stroke-width='2'/>`
  return frame + textAt(text, { x: width / 2, y: 27, size: 18 })
}

/** Dots as a picture at this place. */
export function pictureSvg(dots: Dots, { x, y, width, height }: { x: number; y: number; width: number; height: number }): string {
  const href = `data:image/png;base64,${Buffer.from(pngOf(dots)).toString('base64')}`
  return `<image x='${x}' y='${y}' width='${width}' height='${height}' preserveAspectRatio='none' image-rendering='optimizeSpeed' href='${href}'/>`
}
