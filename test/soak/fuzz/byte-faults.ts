/** Faults made in bytes, whatever they stand for: what a radio, a disk or an enemy does to them. */
import type { Seeded } from '#test/support/seeded.ts'
import type { InputMaker } from './parser.ts'

/** Longer than anything a parser takes is made by repeating; this keeps one input cheap to make. */
const RANDOM_BYTES_MAX = 96
const FAULTS_MAX = 3
const PIECE_MAX = 24
const CHOICES = 11
const DEEP = 5_000
const DEEPEST_ONE_IN = 50

const EDGE_BYTES = [0x00, 0x01, 0x17, 0x18, 0x1b, 0x3b, 0x40, 0x5f, 0x60, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xf6, 0xf9, 0xfb, 0xff]
/** As 16 and 32 bits: lengths, counts and handles at their ends. */
const EDGE_NUMBERS = [
  0, 1, 4, 16, 22, 23, 24, 127, 128, 255, 256, 511, 512, 1_024, 2_048, 2_049, 4_096, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff,
]

const text = (value: string) => new Uint8Array(Buffer.from(value))
const hex = (value: string) => new Uint8Array(Buffer.from(value, 'hex'))

/** Pieces that have broken parsers elsewhere. */
const KNOWN_BAD: readonly Uint8Array[] = [
  hex('9b0000010000000000'), // a list of 2^40
  hex('bb0000010000000000'),
  hex('5bffffffffffffffff'), // 2^64 - 1 bytes
  hex('7b7fffffffffffffff'),
  hex('1bffffffffffffffff'),
  hex('1b0020000000000000'), // one more than a double holds exactly
  hex('3bffffffffffffffff'),
  hex('c249010000000000000000'), // 2^64 as a bignum
  hex('1801'), // not the shortest
  hex('190001'),
  hex('5801ff'),
  hex('f97e00'), // NaN
  hex('f97c00'),
  hex('fb7ff8000000000000'),
  hex('5f4100ff'), // indefinite
  hex('9fff'),
  hex('bfff'),
  hex('d81840'), // tagged
  hex('695f5f70726f746f5f5f'), // __proto__
  hex('62c328'), // not UTF-8
  hex('63eda080'), // a surrogate in UTF-8
  hex('a201000100'), // one key twice
  text('\u202eevil\u200b\u2066'),
  text('[{"'.repeat(40)),
  text('"__proto__":{"polluted":1},'),
  text('"constructor":{"prototype":{"polluted":1}},'),
  text('1e999'),
  text('-0'),
  text('9007199254740993'),
  text('NaN'),
  text('\\ud800'),
  text('\\u0000'),
  text('\ufeff'),
  text('%00%2e%2e%2f'),
  text('\r\n'),
  text(';;=,"'),
]

/** Nesting that uses up a stack. Seldom put in: reading it takes as long as a hundred other inputs. */
const DEEPEST: readonly Uint8Array[] = [
  new Uint8Array(DEEP).fill(0x81),
  new Uint8Array(DEEP).fill(0xa1),
  text('['.repeat(DEEP)),
  text('{"a":'.repeat(DEEP)),
]

function knownBad(seeded: Seeded): Uint8Array {
  return seeded.below(DEEPEST_ONE_IN) === 0 ? seeded.pick(DEEPEST) : seeded.pick(KNOWN_BAD)
}

/** One to three faults in one of the specimens; now and then only a cut, only a bit, two specimens in one, or nothing but noise. */
export function byteFaults(specimens: readonly Uint8Array[]): InputMaker {
  return (seeded) => {
    const specimen = seeded.pick(specimens)
    switch (seeded.below(10)) {
      case 0:
        return specimen.subarray(0, seeded.below(specimen.length + 1))
      case 1:
        return flipped(seeded, Uint8Array.from(specimen))
      case 2:
        return spliced(seeded, specimen, seeded.pick(specimens))
      case 3:
        return seeded.below(4) === 0 ? seeded.bytes(seeded.below(RANDOM_BYTES_MAX)) : flipped(seeded, Uint8Array.from(specimen))
      default:
        return withFaults(seeded, specimen)
    }
  }
}

/** One to three faults, one after another. */
export function withFaults(seeded: Seeded, bytes: Uint8Array): Uint8Array {
  let faulty: Uint8Array = Uint8Array.from(bytes)
  for (let count = 1 + seeded.below(FAULTS_MAX); count > 0; count -= 1) faulty = withFault(seeded, faulty)
  return faulty
}

/** `bytes` may be changed in place. */
function withFault(seeded: Seeded, bytes: Uint8Array): Uint8Array {
  const at = seeded.below(bytes.length + 1)
  switch (seeded.below(CHOICES)) {
    case 0:
    case 1:
      return flipped(seeded, bytes)
    case 2:
      bytes.fill(seeded.below(256), at, at + 1)
      return bytes
    case 3:
      bytes.fill(seeded.pick(EDGE_BYTES), at, at + 1)
      return bytes
    case 4:
      return numbered(seeded, bytes, at)
    case 5:
      return bytes.subarray(0, at)
    case 6:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + seeded.below(PIECE_MAX)))
    case 7:
      return joined(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - 1 - seeded.below(PIECE_MAX))))
    case 8:
      return joined(bytes.subarray(0, at), seeded.bytes(1 + seeded.below(PIECE_MAX)), bytes.subarray(at))
    case 9:
      return joined(bytes.subarray(0, at), knownBad(seeded), bytes.subarray(at))
    default: {
      const bad = knownBad(seeded)
      return joined(bytes.subarray(0, at), bad, bytes.subarray(at + bad.length))
    }
  }
}

function flipped(seeded: Seeded, bytes: Uint8Array): Uint8Array {
  const at = seeded.below(Math.max(1, bytes.length))
  if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << seeded.below(8))
  return bytes
}

/** A number of one, two or four bytes, either end first, where a length or a count may stand. */
function numbered(seeded: Seeded, bytes: Uint8Array, at: number): Uint8Array {
  const number = seeded.pick(EDGE_NUMBERS)
  const size = 1 << seeded.below(3)
  const isLittle = seeded.below(2) === 0
  for (let index = 0; index < size && at + index < bytes.length; index += 1) {
    bytes[at + index] = (number >>> (8 * (isLittle ? index : size - 1 - index))) & 0xff
  }
  return bytes
}

function spliced(seeded: Seeded, a: Uint8Array, b: Uint8Array): Uint8Array {
  return joined(a.subarray(0, seeded.below(a.length + 1)), b.subarray(seeded.below(b.length + 1)))
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
