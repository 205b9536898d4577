import { cellsAtMost, escapeMarkup, wrapToCells } from './print-text.ts'

/** Characters per line: 48 on 80 mm paper, 32 on 58 mm paper, both at 203 dots per inch in font A (12 × 24 dots). */
export const PAPER_COLUMNS = [48, 32] as const
export type PaperColumns = (typeof PAPER_COLUMNS)[number]

/** Two cells of indent for what belongs to the line above. */
const INDENT = '  '

type Style = 'plain' | 'strong' | 'double'

function styled(text: string, style: Style): string {
  const escaped = escapeMarkup(text)
  switch (style) {
    case 'plain':
      return escaped
    case 'strong':
      return `"${escaped}"`
    case 'double':
      return `^^^"${escaped}"^^^`
  }
}

/** A space at the edge of a column would align it; `~` is receiptline's space that stays. */
function indented(text: string): string {
  return text.replace(/^ +/, (spaces) => '~'.repeat(spaces.length))
}

/** Writes receiptline markup line by line. It takes plain text and escapes it: no caller ever writes markup of its own. */
export class MarkupLines {
  readonly #columns: PaperColumns
  readonly #lines: string[] = ['{border:space}']

  constructor(columns: PaperColumns) {
    this.#columns = columns
  }

  /** A centred text, over as many lines as it needs. `double` is twice as wide and twice as high. */
  centre(text: string, style: Style = 'plain'): void {
    const width = style === 'double' ? this.#columns / 2 : this.#columns
    this.#lines.push('{width:auto}')
    for (const line of wrapToCells(text, width)) this.#lines.push(`|${styled(line, style)}|`)
  }

  /** Large, white on black, with a cell of black at either end where there is room for it. */
  banner(text: string): void {
    this.#lines.push('{width:auto}')
    for (const line of wrapToCells(text, this.#columns / 2)) {
      const edge = cellsAtMost(line) + 2 <= this.#columns / 2 ? '~' : ''
      this.#lines.push(`|\`^^^${edge}${escapeMarkup(line)}${edge}^^^\`|`)
    }
  }

  left(text: string, style: Style = 'plain', indent = ''): void {
    this.#lines.push('{width:auto}')
    for (const line of wrapToCells(text, this.#columns - indent.length)) this.#lines.push(`|${indented(indent)}${styled(line, style)} |`)
  }

  /** Text that belongs to the line above it. */
  below(text: string): void {
    this.left(text, 'plain', INDENT)
  }

  /** A label on the left, its value on the right; the value takes a line of its own where the two do not fit beside each other. */
  pair(label: string, value: string, options: { readonly indent?: boolean; readonly style?: Style } = {}): void {
    const { style = 'plain' } = options
    const indent = options.indent === true ? INDENT : ''
    const room = this.#columns - indent.length - cellsAtMost(value) - 1
    if (room < cellsAtMost(label)) {
      this.left(label, style, indent)
      this.#right(value, style)
      return
    }
    this.#columnsLine(`${indented(indent)}${styled(label, style)}`, styled(value, style), cellsAtMost(value))
  }

  /**
   * A name (in each language) and its detail with their amount beside the first line. What does not fit there goes on below: a language
   * or a detail as a whole, so that none breaks in the middle of the other.
   */
  item(names: readonly string[], detail: string | undefined, amount: string, options: { readonly indent?: boolean } = {}): void {
    const indent = options.indent === true ? INDENT : ''
    const room = this.#columns - indent.length - cellsAtMost(amount) - 1
    const name = names.join(' ')
    const wanted = [detail === undefined ? name : `${name} · ${detail}`, name, names[0] ?? '']
    const beside = wanted.find((text) => cellsAtMost(text) <= room) ?? names[0] ?? ''
    const [first = '', ...rest] = wrapToCells(beside, room)
    this.#columnsLine(`${indented(indent)}${styled(first, 'plain')}`, styled(amount, 'plain'), cellsAtMost(amount))
    for (const line of rest) this.left(line, 'plain', indent)
    if (beside !== wanted[0] && beside !== name) for (const other of names.slice(1)) this.left(other, 'plain', indent)
    if (beside !== wanted[0] && detail !== undefined) this.below(detail)
  }

  /** The total: twice as large where it fits beside its label, on a line of its own where it does not. */
  total(label: string, amount: string): void {
    const cells = cellsAtMost(amount) * 2
    if (cells + 1 + cellsAtMost(label) <= this.#columns) {
      this.#columnsLine(styled(label, 'strong'), styled(amount, 'double'), cells)
      return
    }
    this.left(label, 'strong')
    this.#right(amount, cells <= this.#columns ? 'double' : 'strong')
  }

  rule(): void {
    this.#lines.push('{width:auto}', '-')
  }

  blank(): void {
    this.#lines.push('{width:auto}', '')
  }

  /** A QR code with error correction level M. `data` is ASCII; `cell` the side of a module in dots, 3 to 8. */
  qrCode(data: string, cell: number): void {
    const escaped = escapeMarkup(data).replaceAll(';', '\\x3b')
    this.#lines.push('{width:auto}', `{code:${escaped};option:qrcode,${cell},m}`)
  }

  toString(): string {
    return this.#lines.join('\n')
  }

  #right(text: string, style: Style): void {
    this.#lines.push('{width:auto}', `| ${styled(text, style)}|`)
  }

  #columnsLine(left: string, right: string, rightCells: number): void {
    this.#lines.push(`{width:${this.#columns - rightCells - 1},${rightCells}}`, `|${left} | ${right}|`)
  }
}
