import * as fc from 'fast-check'
import iconv from 'iconv-lite'
import { expect, test } from 'vitest'
import { ChineseBytes, characterOn, MISSING } from '#reference/practice/printer/code-pages.ts'
import { COMMAND_MAX_BYTES, EscPosReader, type Token } from '#reference/practice/printer/escpos-reader.ts'
import { PaperBuilder } from '#reference/practice/printer/paper-builder.ts'

/** Tokens as text, text that was cut in pieces put together again. */
function told(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.kind === 'text') return Buffer.from(token.bytes).toString('latin1')
      return token.kind === 'command' ? `<${token.name}:${Buffer.from(token.args).toString('hex')}>` : `<${JSON.stringify(token)}>`
    })
    .join('')
}

const PIECES = fc.oneof(
  fc.constantFrom('\u001b@', '\u001ba\u0001', '\u001d!\u0011', '\u001dV\u0000', '\u001dVB\u0000', '\u001c&', '\u001bD\u0008\u0010\u0000'),
  fc.constantFrom(
    '\u001d(k\u0004\u00001A2\u0000',
    '\u001dv0\u0000\u0001\u0000\u0002\u0000ab',
    '\u001b*\u0021\u0001\u0000abc',
    '\u001dk\u0002123\u0000',
  ),
  fc.constantFrom(
    '\u001dkI\u0003abc',
    '\u0010\u0004\u0001',
    '\u0010\u0014\u0001\u0000\u0001',
    '\n',
    '\r',
    'text',
    '\u00c4\u00e3',
    '\u001d~',
  ),
)

test('however the bytes are cut into packets, the same commands come of them', () => {
  fc.assert(
    fc.property(
      fc.array(PIECES, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 }),
      (pieces, sizes) => {
        const bytes = Buffer.from(pieces.join(''), 'latin1')
        const whole = told(new EscPosReader().push(bytes))
        const reader = new EscPosReader()
        let cut = ''
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1
          cut += told(reader.push(bytes.subarray(at, at + size)))
          at += size
        }
        expect(cut).toBe(whole)
        expect(whole.startsWith(pieces[0] === 'text' ? 'text' : '')).toBe(true)
      },
    ),
  )
})

test('no bytes make reader or printer throw, and text after a reset is read again', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }), (chunks) => {
      const [reader, builder] = [new EscPosReader(), new PaperBuilder()]
      const steer = fc.sample(fc.constantFrom(0x1b, 0x1c, 0x1d, 0x10), { numRuns: 1, seed: chunks.length })
      for (const chunk of [...chunks, Uint8Array.from(steer)]) for (const token of reader.push(chunk)) builder.take(token)
      expect(builder.finish(false).widthDots).toBeGreaterThan(0)
    }),
    { numRuns: 300 },
  )
})

test('a command larger than the memory is passed over, and what follows it is read', () => {
  const reader = new EscPosReader()
  const [rowBytes, rows] = [1_000, 2_000]
  const head = Uint8Array.of(0x1d, 0x76, 0x30, 0, rowBytes & 255, rowBytes >> 8, rows & 255, rows >> 8)
  expect(rowBytes * rows).toBeGreaterThan(COMMAND_MAX_BYTES)
  expect(told(reader.push(head))).toContain('unknown')
  const piece = new Uint8Array(100_000).fill(0x1b)
  for (let sent = 0; sent < rowBytes * rows; sent += piece.length) expect(reader.push(piece)).toEqual([])
  expect(told(reader.push(Buffer.from('after\n')))).toContain('after')
})

test('a picture that comes byte by byte is read in time that grows with its size only', () => {
  const reader = new EscPosReader()
  reader.push(Uint8Array.of(0x1d, 0x76, 0x30, 0, 72, 0, 0xd0, 0x07))
  let tokens: readonly Token[] = []
  const one = Uint8Array.of(0x55)
  for (let sent = 0; sent < 72 * 2_000; sent += 1) tokens = reader.push(one)
  expect(tokens).toHaveLength(1)
})

test.for([
  [0, 'cp437'],
  [2, 'cp850'],
  [16, 'cp1252'],
  [17, 'cp866'],
  [18, 'cp852'],
  [19, 'cp858'],
] as const)('page %i is %s', ([page, encoding]) => {
  for (let byte = 0x20; byte < 0x100; byte += 1) {
    const expected = iconv.decode(Buffer.of(byte), encoding)
    expect(characterOn(page, byte)).toBe(/[\p{Cc}\ufffd]/u.test(expected) ? MISSING : expected)
  }
})

test('Chinese of one, two and four bytes; broken bytes are one box and do not eat what follows', () => {
  const read = (bytes: Uint8Array) => {
    const chinese = new ChineseBytes()
    return [...bytes].flatMap((byte) => chinese.take(byte) ?? [])
  }
  const text = '成A人票㐂€'
  expect(
    read(iconv.encode(text, 'gb18030'))
      .map(({ character }) => character)
      .join(''),
  ).toBe(text)
  expect(read(iconv.encode('票a', 'gb18030')).map(({ isWide }) => isWide)).toEqual([true, false])
  expect(read(Uint8Array.of(0xff, 0x41)).map(({ character }) => character)).toEqual([MISSING, 'A'])
})
