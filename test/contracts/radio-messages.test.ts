import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '#shared/contracts/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '#shared/contracts/cbor.ts'
import { ERROR_CODES, MESSAGE_KINDS, messageKindOf, phoneOffer, terminalCertificate } from '#shared/contracts/radio-messages.ts'
import { type FieldShape, structure, text, uint } from '#shared/contracts/structure.ts'
import { REASON_LIST, REASONS, reasonOfCode } from '#shared/domain/reasons.ts'
import { STRUCTURES, smallest, valuesOf } from '#test/support/structures.ts'

const MALFORMED = { ok: false, error: 'malformed' }

test('every structure of the protocol is here', () => {
  expect(STRUCTURES.map(([name]) => name)).toContain('payStatement')
  expect(STRUCTURES.length).toBeGreaterThanOrEqual(19)
})

test.each(STRUCTURES)('%s: what is encoded decodes to the same value', (_name, one) => {
  fc.assert(
    fc.property(valuesOf(one), (value) => {
      expect(one.decode(one.encode(value))).toEqual({ ok: true, value })
    }),
    { numRuns: 50 },
  )
})

test.each(STRUCTURES)('%s: every prefix is refused', (_name, one) => {
  const whole = one.encode(smallest(one))
  for (let length = 0; length < whole.length; length += 1) expect(one.decode(whole.subarray(0, length))).toEqual(MALFORMED)
})

test.each(STRUCTURES)('%s: every single-bit flip is refused, or decodes to something else', (_name, one) => {
  const whole = one.encode(smallest(one))
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const flipped = Uint8Array.from(whole, (byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    const decoded = one.decode(flipped)
    if (decoded.ok) expect(toHex(one.encode(decoded.value))).toBe(toHex(flipped))
    else expect(decoded).toEqual(MALFORMED)
  }
})

test.each(STRUCTURES)('%s: an unknown key, a missing field and a wrong type are refused', (_name, one) => {
  const decoded = decodeCbor(one.encode(smallest(one)))
  const entries = [...(decoded.ok && decoded.value instanceof Map ? (decoded.value as ReadonlyMap<number, CborValue>) : new Map())]
  expect(one.decode(encodeCbor(new Map([...entries, [99, 0]])))).toEqual(MALFORMED)
  for (const [key] of entries) {
    const field = Object.values(one.fields).find((candidate) => candidate.key === key)
    const without = one.decode(encodeCbor(new Map(entries.filter(([other]) => other !== key))))
    expect(without.ok).toBe(field?.optional ?? false)
    for (const wrong of [[[]], new Map<number, CborValue>()]) {
      expect(one.decode(encodeCbor(new Map(entries.map(([other, value]) => [other, other === key ? wrong : value]))))).toEqual(MALFORMED)
    }
  }
})

test.each(STRUCTURES)('%s: a value beyond a limit is refused on arrival and never sent', (_name, one) => {
  const decoded = decodeCbor(one.encode(smallest(one)))
  const map = decoded.ok && decoded.value instanceof Map ? (decoded.value as ReadonlyMap<number, CborValue>) : new Map<number, CborValue>()
  for (const [name, { key, shape }] of Object.entries(one.fields)) {
    const beyond = beyondLimits(shape)
    for (const value of beyond) {
      expect(one.decode(encodeCbor(new Map([...map, [key, value]])))).toEqual(MALFORMED)
      expect(() => one.encode({ ...smallest(one), [name]: value })).toThrow(`field ${name}`)
    }
  }
})

function beyondLimits(shape: FieldShape): readonly CborValue[] {
  switch (shape.type) {
    case 'integer':
      return shape.max < Number.MAX_SAFE_INTEGER ? [shape.min - 1, shape.max + 1] : [shape.min - 1]
    case 'bytes':
      return [new Uint8Array(shape.min - 1), new Uint8Array(shape.max + 1)]
    case 'text':
      return ['', 'a'.repeat(shape.max + 1)]
    case 'bytes-list':
      return [Array.from({ length: shape.max + 1 }, () => new Uint8Array(shape.length)), [new Uint8Array(shape.length + 1)], ['text']]
  }
}

test('no two signed statements share a label, and none decodes as another', () => {
  const signed = STRUCTURES.filter(([, one]) => one.label !== undefined)
  expect(new Set(signed.map(([, one]) => one.label)).size).toBe(signed.length)
  for (const [name, one] of signed) {
    const encoded = one.encode(smallest(one))
    for (const [otherName, other] of STRUCTURES) if (otherName !== name) expect(other.decode(encoded)).toEqual(MALFORMED)
  }
})

test('an encoder refuses what is not whole', () => {
  const counted = structure({ count: uint(1, 10) })
  expect(() => counted.encode({ count: 1.5 })).toThrow('out of its limits')
  expect(() => counted.encode({ count: Number.NaN })).toThrow('out of its limits')
})

test.each([
  ['a right-to-left override', 'abc\u202Edef'],
  ['an isolate', 'abc\u2066def'],
  ['a zero-width space', 'abc\u200Bdef'],
  ['a zero-width joiner', 'abc\u200Ddef'],
  ['a byte order mark', '\uFEFFabc'],
  ['a line break', 'abc\ndef'],
  ['a line separator', 'abc\u2028def'],
  ['a NUL', 'abc\u0000'],
  ['a DEL', 'abc\u007F'],
])('a name with %s is refused', (_what, name) => {
  const named = structure({ name: text(1, 40) })
  expect(named.decode(encodeCbor(new Map([[1, name]])))).toEqual(MALFORMED)
  const value = { ...smallest(terminalCertificate as never), name }
  expect(() => terminalCertificate.encode(value as never)).toThrow('field name')
})

test('a statement with another version of its label is another statement', () => {
  const decoded = decodeCbor(phoneOffer.encode({ offerId: new Uint8Array(8), sealingPoint: new Uint8Array(33), expires: 1 }))
  const map = decoded.ok && decoded.value instanceof Map ? (decoded.value as ReadonlyMap<number, CborValue>) : new Map<number, CborValue>()
  expect(map.get(0)).toBe('bt1o')
  expect(phoneOffer.decode(encodeCbor(new Map([...map, [0, 'bt2o']])))).toEqual(MALFORMED)
})

test('codes are distinct and found again; an unknown code is nothing', () => {
  for (const codes of [MESSAGE_KINDS, ERROR_CODES]) expect(new Set(Object.values(codes)).size).toBe(Object.values(codes).length)
  for (const [name, code] of Object.entries(MESSAGE_KINDS)) expect(messageKindOf(code)).toBe(name)
  expect([0, 9, 15, 50, 255].map(messageKindOf)).toEqual([undefined, undefined, undefined, undefined, undefined])
  for (const reason of REASON_LIST) expect(reasonOfCode(REASONS[reason].code)).toBe(reason)
  expect([0, 200, 255].map(reasonOfCode)).toEqual([undefined, undefined, undefined])
})
