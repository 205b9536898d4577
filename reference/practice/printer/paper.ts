/** What a paper is made of before it is drawn. Lengths are dots of the print head: 8 to the millimetre. */

/** Dots a head prints across, by the paper's width in millimetres (203 dpi). */
export const HEAD_DOTS = { 58: 384, 80: 576 } as const
/** A character of font A: 12 dots wide and 24 high; a Chinese one is two cells. Font B is 9 by 17. */
export const CELL_DOTS = 12
export const CELL_HEIGHT_DOTS = 24
export const SMALL_CELL_DOTS = 9
export const SMALL_CELL_HEIGHT_DOTS = 17
/** A metre and a half. What comes after is not drawn. */
export const PAPER_LENGTH_MAX_DOTS = 12_000
/** Pieces of text of one look on one paper. */
export const RUNS_MAX = 40_000
/** Bytes that may go into one paper. */
export const PAPER_INPUT_MAX_BYTES = 1_000_000

export type Style = {
  readonly font: 'A' | 'B'
  readonly widthScale: number
  readonly heightScale: number
  readonly isStrong: boolean
  readonly underlineDots: number
  readonly isInverse: boolean
}
export type Run = {
  text: string
  readonly x: number
  /** From one character to the next. */
  readonly step: number
  readonly isWide: boolean
  readonly style: Style
  end: number
}
/** One bit a dot, rows from the top, each padded to whole bytes, most significant bit leftmost, 1 is black. */
export type Dots = { readonly widthDots: number; readonly heightDots: number; readonly rows: Uint8Array }
export type Picture = { readonly dots: Dots; readonly x: number; readonly widthScale: number; readonly heightScale: number }
export type QrCode = {
  readonly data: string
  readonly cellDots: number
  readonly level: 'l' | 'm' | 'q' | 'h'
  readonly modules: readonly Uint8Array[]
}

/** Where a piece stands across: alignment 0 to 1 within an area, which is the whole head where none was set. */
export type Across = { readonly align: 0 | 0.5 | 1; readonly left: number; readonly areaDots: number | undefined }
export type Piece = { readonly across: Across; readonly heightDots: number } & (
  | { readonly kind: 'line'; readonly runs: readonly Run[]; readonly pictures: readonly Picture[]; readonly inkDots: number }
  | { readonly kind: 'qr'; readonly qr: QrCode }
  /** A symbol this printer does not draw: its text in a frame. */
  | { readonly kind: 'label'; readonly text: string }
)

export type Paper = {
  readonly widthDots: number
  readonly pieces: readonly Piece[]
  readonly drawerOpened: boolean
  readonly cut: boolean
  /** More was sent than is drawn. */
  readonly isOverfull: boolean
  /** Commands it did not know, by name, each once. */
  readonly unknown: readonly string[]
}

/** How wide the ink of a piece is. */
export function inkWidthDots(piece: Piece): number {
  switch (piece.kind) {
    case 'qr':
      return piece.qr.modules.length * piece.qr.cellDots
    case 'label':
      return Math.min(HEAD_DOTS[58], piece.text.length * CELL_DOTS + 2 * CELL_DOTS)
    case 'line': {
      const runs = piece.runs.map((run) => run.end)
      const pictures = piece.pictures.map(({ x, dots, widthScale }) => x + dots.widthDots * widthScale)
      return Math.max(0, ...runs, ...pictures)
    }
  }
}

/** How far to the right a piece reaches, or the area it was put in. */
export function rightEdgeDots(piece: Piece): number {
  return piece.across.left + (piece.across.areaDots ?? inkWidthDots(piece))
}

/** What is written on a paper, line by line, each character at its column. */
export function textOf(paper: Paper): readonly string[] {
  return paper.pieces.map((piece) => {
    switch (piece.kind) {
      case 'qr':
        return piece.qr.data
      case 'label':
        return piece.text
      case 'line':
        return lineText(piece.runs)
    }
  })
}

function lineText(runs: readonly Run[]): string {
  let text = ''
  let endX = 0
  for (const run of [...runs].sort((a, b) => a.x - b.x)) {
    const cellDots = (run.style.font === 'A' ? CELL_DOTS : SMALL_CELL_DOTS) * run.style.widthScale
    text += ' '.repeat(Math.max(0, Math.round((run.x - endX) / cellDots))) + run.text
    endX = run.end
  }
  return text.trimEnd()
}
