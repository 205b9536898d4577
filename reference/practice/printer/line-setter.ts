/** One line of print as it fills: how the next character looks, and where it goes. */
import {
  CELL_DOTS,
  CELL_HEIGHT_DOTS,
  HEAD_DOTS,
  type Picture,
  RUNS_MAX,
  type Run,
  SMALL_CELL_DOTS,
  SMALL_CELL_HEIGHT_DOTS,
  type Style,
} from './paper.ts'

const TAB_DOTS = 8 * CELL_DOTS
const PLAIN: Style = { font: 'A', widthScale: 1, heightScale: 1, isStrong: false, underlineDots: 0, isInverse: false }

/** Width and height of characters, each from 1 to 8, as GS ! has them in one byte. */
function scales(byte: number): Pick<Style, 'widthScale' | 'heightScale'> {
  return { widthScale: ((byte >> 4) & 7) + 1, heightScale: (byte & 7) + 1 }
}

export class LineSetter {
  #style = PLAIN
  #spacingDots = 0
  #x = 0
  #runs: Run[] = []
  #pictures: Picture[] = []
  #runsLeft = RUNS_MAX

  get isEmpty(): boolean {
    return this.#runs.length === 0 && this.#pictures.length === 0
  }

  /** Takes a command about the look of characters; false when it is about something else. Digits do as well as numbers. */
  look(name: string, value: number): boolean {
    const style = this.#changed(name, value)
    if (style) this.#style = { ...this.#style, ...style }
    else if (name === 'ESC \u0020') this.#spacingDots = value
    else return false
    return true
  }

  fits(isWide: boolean, roomDots: number): boolean {
    return this.#x === 0 || this.#x + this.#widthDots(isWide) <= roomDots
  }

  /** False when a paper can take no more pieces. */
  put(character: string, isWide: boolean): boolean {
    const step = this.#widthDots(isWide)
    const last = this.#runs.at(-1)
    if (last && last.style === this.#style && last.isWide === isWide && last.step === step && last.end === this.#x) {
      last.text += character
      last.end += step
    } else {
      if (this.#runsLeft === 0) return false
      this.#runsLeft -= 1
      this.#runs.push({ text: character, x: this.#x, step, isWide, style: this.#style, end: this.#x + step })
    }
    this.#x += step
    return true
  }

  place(picture: Picture): void {
    this.#pictures.push({ ...picture, x: this.#x })
    this.#x += picture.dots.widthDots * picture.widthScale
  }

  moveTo(x: number): void {
    this.#x = Math.max(0, Math.min(HEAD_DOTS[80], x))
  }

  moveBy(dots: number): void {
    this.moveTo(this.#x + dots)
  }

  tab(): void {
    this.moveTo((Math.floor(this.#x / TAB_DOTS) + 1) * TAB_DOTS)
  }

  toLineStart(): void {
    this.#x = 0
  }

  /** The line so far; the next one begins at the left, with the same look. */
  end(): { readonly runs: readonly Run[]; readonly pictures: readonly Picture[]; readonly inkDots: number } {
    const heights = [
      ...this.#runs.map(({ style }) => heightDots(style)),
      ...this.#pictures.map((one) => one.dots.heightDots * one.heightScale),
    ]
    const line = { runs: this.#runs, pictures: this.#pictures, inkDots: heights.reduce((most, height) => Math.max(most, height), 0) }
    this.#runs = []
    this.#pictures = []
    this.#x = 0
    return line
  }

  /** ESC @: what has not been printed yet is gone, and so is the look. */
  reset(): void {
    this.end()
    this.#style = PLAIN
    this.#spacingDots = 0
  }

  beginPaper(): void {
    this.#runsLeft = RUNS_MAX
  }

  #widthDots(isWide: boolean): number {
    const { font, widthScale } = this.#style
    if (isWide) return 2 * CELL_DOTS * widthScale
    return ((font === 'A' ? CELL_DOTS : SMALL_CELL_DOTS) + this.#spacingDots) * widthScale
  }

  #changed(name: string, value: number): Partial<Style> | undefined {
    switch (name) {
      case 'ESC E':
      case 'ESC G':
        return { isStrong: (value & 1) === 1 }
      case 'ESC -':
      case 'FS -':
        return { underlineDots: Math.min(2, value % 48) }
      case 'GS B':
        return { isInverse: (value & 1) === 1 }
      case 'ESC M':
        return { font: value % 48 === 1 ? 'B' : 'A' }
      case 'GS !':
        return scales(value)
      case 'FS W':
        return (value & 1) === 1 ? { widthScale: 2, heightScale: 2 } : { widthScale: 1, heightScale: 1 }
      case 'ESC !':
        return {
          font: (value & 0x01) === 0 ? 'A' : 'B',
          isStrong: (value & 0x08) !== 0,
          heightScale: (value & 0x10) === 0 ? 1 : 2,
          widthScale: (value & 0x20) === 0 ? 1 : 2,
          underlineDots: (value & 0x80) === 0 ? 0 : 1,
        }
      case 'FS !':
        return {
          widthScale: (value & 0x04) === 0 ? 1 : 2,
          heightScale: (value & 0x08) === 0 ? 1 : 2,
          underlineDots: (value & 0x80) === 0 ? 0 : 1,
        }
      default:
        return undefined
    }
  }
}

/** How high characters of this look are. */
export function heightDots({ font, heightScale }: Style): number {
  return (font === 'A' ? CELL_HEIGHT_DOTS : SMALL_CELL_HEIGHT_DOTS) * heightScale
}
