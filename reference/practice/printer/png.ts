/** Dots as a PNG of one bit a dot (PNG, third edition: colour type 0, bit depth 1). */
import { crc32, deflateSync } from 'node:zlib'
import type { Dots } from './paper.ts'

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
/** Grey of one bit, deflate, no filter but the one each row names, not interlaced. */
const BIT_DEPTH = 1
const GREY = 0

export function pngOf({ widthDots, heightDots, rows }: Dots): Uint8Array {
  const rowBytes = Math.ceil(widthDots / 8)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(widthDots, 0)
  header.writeUInt32BE(heightDots, 4)
  header.set([BIT_DEPTH, GREY, 0, 0, 0], 8)
  // Each row begins with its filter, none; black is 0 in a PNG and 1 on paper.
  const data = Buffer.alloc((rowBytes + 1) * heightDots)
  for (let y = 0; y < heightDots; y += 1) {
    for (let x = 0; x < rowBytes; x += 1) data[y * (rowBytes + 1) + 1 + x] = ~(rows[y * rowBytes + x] ?? 0) & 0xff
  }
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', deflateSync(data)), chunk('IEND', new Uint8Array())])
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
