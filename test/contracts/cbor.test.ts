import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '#shared/contracts/bytes.ts'
import { CBOR_DEPTH_MAX, CBOR_SIZE_MAX_BYTES, type CborValue, decodeCbor, encodeCbor } from '#shared/contracts/cbor.ts'

const bytes = (hex: string) => fromHex(hex.replaceAll(' ', '')) ?? new Uint8Array(0)
const MALFORMED = { ok: false, error: 'malformed' }

const REFUSED: readonly (readonly [what: string, hex: string])[] = [
  ['nothing', ''],
  ['5,000 nested arrays', '81'.repeat(4_095)],
  ['nested arrays beyond the size limit', '81'.repeat(5_000)],
  ['nested maps', 'a101'.repeat(2_000)],
  ['an array of 2^40 items', '9b 0000010000000000'],
  ['a map of 2^40 items', 'bb 0000010000000000'],
  ['a byte string of 2^40 bytes', '5b 0000010000000000 00'],
  ['a byte string of 2^32-1 bytes', '5a ffffffff 00'],
  ['a text of 2^63 bytes', '7b 8000000000000000 61'],
  ['a duplicate key', 'a2 01 02 01 03'],
  ['keys out of order', 'a2 02 00 01 00'],
  ['a negative key before a positive one', 'a2 20 00 01 00'],
  ['a number in two bytes that fits in one', '18 17'],
  ['a number in three bytes that fits in two', '19 00ff'],
  ['a number in five bytes that fits in three', '1a 0000ffff'],
  ['a number in nine bytes that fits in five', '1b 00000000ffffffff'],
  ['a length in two bytes that fits in one', '58 01 00'],
  ['an array length that could be shorter', '98 01 00'],
  ['a map length that could be shorter', 'b8 01 01 00'],
  ['a negative number that could be shorter', '38 00'],
  ['NaN', 'f9 7e00'],
  ['infinity', 'f9 7c00'],
  ['a half', 'f9 3800'],
  ['a whole float', 'fa 3f800000'],
  ['a double', 'fb 3ff0000000000000'],
  ['true', 'f5'],
  ['null', 'f6'],
  ['undefined', 'f7'],
  ['a simple value', 'e0'],
  ['an array without a stated end', '9f 01 ff'],
  ['a map without a stated end', 'bf 01 02 ff'],
  ['a byte string in pieces', '5f 41 00 ff'],
  ['a text in pieces', '7f 61 61 ff'],
  ['a break by itself', 'ff'],
  ['a tag', 'c0 61 61'],
  ['a tagged COSE_Sign1', 'd2 84 40 a0 40 40'],
  ['a big number', 'c2 49 010000000000000000'],
  ['2^64-1', '1b ffffffffffffffff'],
  ['2^53', '1b 0020000000000000'],
  ['-2^64', '3b ffffffffffffffff'],
  ['the key __proto__', 'a1 69 5f5f70726f746f5f5f a1 01 02'],
  ['a text key', 'a1 61 61 00'],
  ['a map as a key', 'a1 a0 00'],
  ['UTF-8 cut in the middle', '62 e5bd'],
  ['overlong UTF-8', '62 c080'],
  ['a surrogate in UTF-8', '63 eda080'],
  ['a lone continuation byte', '61 80'],
  ['bytes after the end', '00 00'],
  ['a reserved length', '1c'],
  ['a map with half an entry', 'a1 01'],
]

test.each(REFUSED)('%s is refused', (_what, hex) => {
  expect(decodeCbor(bytes(hex))).toEqual(MALFORMED)
})

test('nesting is allowed to the limit and no further, in arrays and maps', () => {
  const nested = (depth: number, head: string) => bytes(head.repeat(depth) + (head === '81' ? '80' : 'a0'))
  expect(decodeCbor(nested(CBOR_DEPTH_MAX - 1, '81')).ok).toBe(true)
  expect(decodeCbor(nested(CBOR_DEPTH_MAX, '81'))).toEqual(MALFORMED)
  expect(decodeCbor(nested(CBOR_DEPTH_MAX - 1, 'a101')).ok).toBe(true)
  expect(decodeCbor(nested(CBOR_DEPTH_MAX, 'a101'))).toEqual(MALFORMED)
})

test('a wide array is not a deep one', () => {
  const wide = Array.from({ length: 1_000 }, (): CborValue => [])
  expect(decodeCbor(encodeCbor(wide))).toEqual({ ok: true, value: wide })
})

test('size is allowed to the limit and no further', () => {
  const longest = new Uint8Array(CBOR_SIZE_MAX_BYTES - 3)
  expect(encodeCbor(longest)).toHaveLength(CBOR_SIZE_MAX_BYTES)
  expect(decodeCbor(encodeCbor(longest)).ok).toBe(true)
  expect(decodeCbor(encodeCbor(new Uint8Array(CBOR_SIZE_MAX_BYTES - 2)))).toEqual(MALFORMED)
})

// RFC 8949 appendix A, as far as the narrow form reaches.
test.each<readonly [CborValue, string]>([
  [0, '00'],
  [23, '17'],
  [24, '1818'],
  [1000, '1903e8'],
  [1_000_000, '1a000f4240'],
  [1_000_000_000_000, '1b000000e8d4a51000'],
  [-1, '20'],
  [-1000, '3903e7'],
  [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
  [Number.MIN_SAFE_INTEGER, '3b001ffffffffffffe'],
  [new Uint8Array([1, 2, 3, 4]), '4401020304'],
  ['IETF', '6449455446'],
  ['水', '63e6b0b4'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [
    new Map([
      [1, 2],
      [3, 4],
    ]),
    'a201020304',
  ],
])('%j is %s', (value, hex) => {
  expect(toHex(encodeCbor(value))).toBe(hex)
  expect(decodeCbor(bytes(hex))).toEqual({ ok: true, value })
})

const { tree } = fc.letrec<{ tree: CborValue }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('tree'), { maxLength: 5 }),
    fc.array(fc.tuple(fc.maxSafeInteger(), tie('tree')), { maxLength: 5 }).map((entries): CborValue => new Map(entries)),
  ),
}))

test('what is encoded decodes to the same value, whatever order a map was made in', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const encoded = encodeCbor(value)
      const decoded = decodeCbor(encoded)
      expect(decoded.ok && toHex(encodeCbor(decoded.value))).toBe(toHex(encoded))
      expect(decoded).toEqual({ ok: true, value })
    }),
  )
})

test('any bytes are refused or are the one encoding of what they decode to', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (received) => {
      const decoded = decodeCbor(received)
      if (decoded.ok) expect(toHex(encodeCbor(decoded.value))).toBe(toHex(received))
      else expect(decoded).toEqual(MALFORMED)
    }),
    { numRuns: 5_000 },
  )
})
