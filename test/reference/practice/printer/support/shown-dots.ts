import { inflateSync } from 'node:zlib'

export type Shown = { readonly width: number; readonly height: number; isBlack(x: number, y: number): boolean }

/** The dots in the picture of a paper's drawing, read from the PNG in it (one bit a dot, no filters). */
export function shownDots(svg: string): Shown {
  const encoded = /href='data:image\/png;base64,(?<png>[^']+)'/.exec(svg)?.groups?.['png']
  if (encoded === undefined) throw new Error('the drawing holds no picture')
  const png = Buffer.from(encoded, 'base64')
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const dataAt = png.indexOf('IDAT')
  const rows = inflateSync(png.subarray(dataAt + 4, dataAt + 4 + png.readUInt32BE(dataAt - 4)))
  const rowBytes = Math.ceil(width / 8) + 1
  return { width, height, isBlack: (x, y) => ((rows[y * rowBytes + 1 + (x >> 3)] ?? 0xff) & (0x80 >> (x & 7))) === 0 }
}
