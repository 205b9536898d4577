/** Pictures as commands carry them, made into rows of dots. */
import { type Dots, HEAD_DOTS, type Picture } from './paper.ts'

const at = (bytes: Uint8Array, index: number): number => bytes[index] ?? 0
const word = (bytes: Uint8Array, index: number): number => at(bytes, index) | (at(bytes, index + 1) << 8)
/** Modes 0 to 3 of GS v 0: as it is, twice as wide, twice as high, both. */
const SCALES = [
  { widthScale: 1, heightScale: 1 },
  { widthScale: 2, heightScale: 1 },
  { widthScale: 1, heightScale: 2 },
  { widthScale: 2, heightScale: 2 },
] as const
/** ESC * modes: dots high, and how large each comes out on a head of 203 dpi. */
const COLUMN_MODES: Readonly<Record<number, { readonly high: number; readonly widthScale: number; readonly heightScale: number }>> = {
  0: { high: 8, widthScale: 2, heightScale: 3 },
  1: { high: 8, widthScale: 1, heightScale: 3 },
  32: { high: 24, widthScale: 2, heightScale: 1 },
  33: { high: 24, widthScale: 1, heightScale: 1 },
}

/** The picture in the arguments of GS v 0 or ESC *; undefined when they are none. */
export function pictureIn(name: 'GS v' | 'ESC *', args: Uint8Array): Picture | undefined {
  if (name === 'ESC *') return columnPicture(args)
  const scale = SCALES[at(args, 1) % 48]
  if (at(args, 0) % 48 !== 0 || !scale) return undefined
  const dots = rowsOf(args.subarray(6), { widthDots: word(args, 2) * 8, heightDots: word(args, 4) })
  return dots && { dots, x: 0, ...scale }
}

/** The picture of function 112 of GS ( L, in one colour; undefined when it is another kind. */
export function storedPicture(parameters: Uint8Array): Dots | undefined {
  if (at(parameters, 2) !== 48) return undefined
  return rowsOf(parameters.subarray(10), { widthDots: word(parameters, 6), heightDots: word(parameters, 8) })
}

/** Rows of whole bytes, cut off where the head ends; what was announced and did not come is white. */
function rowsOf(data: Uint8Array, { widthDots, heightDots }: { widthDots: number; heightDots: number }): Dots | undefined {
  const givenBytes = Math.ceil(widthDots / 8)
  const rowBytes = Math.min(givenBytes, HEAD_DOTS[80] / 8)
  if (rowBytes === 0 || heightDots === 0) return undefined
  const rows = new Uint8Array(rowBytes * heightDots)
  for (let y = 0; y < heightDots; y += 1) {
    rows.set(data.subarray(y * givenBytes, y * givenBytes + rowBytes), y * rowBytes)
  }
  return { widthDots: Math.min(widthDots, rowBytes * 8), heightDots, rows }
}

/** Columns from the left, each from the top: turned into rows. */
function columnPicture(args: Uint8Array): Picture | undefined {
  const mode = COLUMN_MODES[at(args, 0)]
  const widthDots = Math.min(word(args, 1), HEAD_DOTS[80])
  if (!mode || widthDots === 0) return undefined
  const columnBytes = mode.high / 8
  const rowBytes = Math.ceil(widthDots / 8)
  const rows = new Uint8Array(rowBytes * mode.high)
  for (let x = 0; x < widthDots; x += 1) {
    for (let y = 0; y < mode.high; y += 1) {
      const isBlack = (at(args, 3 + x * columnBytes + (y >> 3)) & (0x80 >> (y & 7))) !== 0
      if (isBlack) rows[y * rowBytes + (x >> 3)] = at(rows, y * rowBytes + (x >> 3)) | (0x80 >> (x & 7))
    }
  }
  return { dots: { widthDots, heightDots: mode.high, rows }, x: 0, widthScale: mode.widthScale, heightScale: mode.heightScale }
}
