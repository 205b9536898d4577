import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ATT, attError, isAttRequest, readU16, u16, uuidBytes, uuidText } from '#shared/contracts/att.ts'
import {
  ADVERT_BYTES,
  decodeAdvert,
  encodeAdvert,
  REQUEST_UUID,
  RESPONSE_UUID,
  SERVICE_UUID,
  SESSION_UUID,
} from '#shared/contracts/band-advert.ts'
import { equalBytes, fromBase64Url, fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import {
  decodeFromAir,
  decodeToAir,
  encodeFromAir,
  encodeToAir,
  type FromAir,
  PRACTICE_FRAME_MAX_BYTES,
  practiceDeframer,
  type ToAir,
} from '#shared/contracts/practice-link.ts'

const MALFORMED = { ok: false, error: 'malformed' }
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

test('UUIDs go on the air backwards and come back', () => {
  expect(toHex(uuidBytes('00112233-4455-6677-8899-aabbccddeeff'))).toBe('ffeeddccbbaa99887766554433221100')
  for (const uuid of [SERVICE_UUID, RESPONSE_UUID, SESSION_UUID, REQUEST_UUID]) expect(uuidText(uuidBytes(uuid))).toBe(uuid)
  expect(uuidText(Uint8Array.of(0x02, 0x29))).toBe('2902')
})

test('16-bit numbers are little-endian, and not read past the end', () => {
  expect([...u16(0x2902)]).toEqual([0x02, 0x29])
  expect(readU16(Uint8Array.of(9, 0x02, 0x29), 1)).toEqual({ ok: true, value: 0x2902 })
  for (const offset of [2, 3, 99]) expect(readU16(Uint8Array.of(9, 0x02, 0x29), offset)).toEqual(MALFORMED)
})

test('only what waits for an answer counts as an ATT request', () => {
  const requests = Object.entries(ATT).filter(([, opcode]) => isAttRequest(Uint8Array.of(opcode)))
  expect(requests.map(([name]) => name)).toEqual([
    'exchangeMtuRequest',
    'findInformationRequest',
    'readByTypeRequest',
    'readRequest',
    'readByGroupTypeRequest',
    'writeRequest',
  ])
  expect(isAttRequest(new Uint8Array(0))).toBe(false)
  expect(toHex(attError(ATT.readRequest, 0x1234, 0x0a))).toBe('010a34120a')
})

test('an advert is ten bytes after the company id, and only our version with known flags is one', () => {
  fc.assert(
    fc.property(fc.nat(15), bytes(8), (flags, rotatingId) => {
      const encoded = encodeAdvert({ flags, rotatingId })
      expect(encoded).toHaveLength(2 + ADVERT_BYTES)
      expect(decodeAdvert(encoded)).toEqual({ flags, rotatingId })
      for (const wrong of [
        encoded.subarray(1),
        encoded.with(0, 0),
        encoded.with(1, 0x4c),
        encoded.with(2, 2),
        encoded.with(3, flags + 16),
      ]) {
        expect(decodeAdvert(wrong)).toBeUndefined()
      }
      expect(decodeAdvert(Uint8Array.from([...encoded, 0]))).toBeUndefined()
    }),
  )
})

test('hex and base64url round trip, and nothing else is read as either', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (value) => {
      expect(fromHex(toHex(value))).toEqual(value)
      expect(toBase64Url(value)).toBe(Buffer.from(value).toString('base64url'))
      expect(fromBase64Url(toBase64Url(value))).toEqual(value)
      expect(equalBytes(value, Uint8Array.from(value))).toBe(true)
      expect(equalBytes(value, Uint8Array.from([...value, 0]))).toBe(false)
    }),
  )
  for (const text of ['0', '0g', 'a b', '０1']) expect(fromHex(text)).toBeUndefined()
  for (const text of ['A', 'AB', 'AAB', 'A+', 'AA==', 'AA/A', 'AAA\n']) expect(fromBase64Url(text)).toBeUndefined()
})

const toAir: fc.Arbitrary<ToAir> = fc.oneof(
  fc.record({ type: fc.constant('scan' as const), on: fc.boolean() }),
  fc.record({ type: fc.constant('connect' as const), address: bytes(6) }),
  fc.record({ type: fc.constant('disconnect' as const), link: fc.nat(255) }),
  fc.record({ type: fc.constant('att' as const), link: fc.nat(255), pdu: fc.uint8Array({ minLength: 1, maxLength: 517 }) }),
)
const fromAir: fc.Arbitrary<FromAir> = fc.oneof(
  fc.record({
    type: fc.constant('sighting' as const),
    address: bytes(6),
    rssi: fc.integer({ min: -127, max: 20 }),
    manufacturerData: fc.uint8Array({ maxLength: 29 }),
  }),
  fc.record({ type: fc.constant('connected' as const), address: bytes(6), link: fc.nat(255) }),
  fc.record({ type: fc.constant('connect-failed' as const), address: bytes(6) }),
  fc.record({ type: fc.constant('disconnected' as const), link: fc.nat(255) }),
  fc.record({ type: fc.constant('att' as const), link: fc.nat(255), pdu: fc.uint8Array({ minLength: 1, maxLength: 517 }) }),
)

/** Pushes a stream in pieces of these lengths, in turn, and gathers the payloads. */
function deframed(stream: Uint8Array, pieces: readonly number[]): Uint8Array[] {
  const deframer = practiceDeframer()
  const payloads: Uint8Array[] = []
  for (let at = 0, turn = 0; at < stream.length; turn += 1) {
    const length = pieces[turn % pieces.length] ?? 1
    const result = deframer.push(stream.subarray(at, at + length))
    if (!result.ok) throw new Error(result.error)
    payloads.push(...result.value)
    at += length
  }
  return payloads
}

const pieces = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 5 })

test('the practice link carries every message, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(toAir, { maxLength: 6 }), pieces, (messages, cuts) => {
      const stream = Buffer.concat(messages.map(encodeToAir))
      expect(deframed(stream, cuts).map(decodeToAir)).toEqual(messages.map((value) => ({ ok: true, value })))
    }),
  )
  fc.assert(
    fc.property(fc.array(fromAir, { maxLength: 6 }), pieces, (messages, cuts) => {
      const stream = Buffer.concat(messages.map(encodeFromAir))
      expect(deframed(stream, cuts).map(decodeFromAir)).toEqual(messages.map((value) => ({ ok: true, value })))
    }),
  )
})

test('short, long and unknown payloads of the practice link are refused', () => {
  const wrong = [[], [0], [1], [2, 1, 2, 3], [2, 1, 2, 3, 4, 5, 6, 7], [3], [4], [4, 1], [1, 2], [3, 1, 2], [99, 1, 2, 3, 4, 5, 6, 7]]
  for (const payload of wrong) expect(decodeToAir(Uint8Array.from(payload))).toEqual(MALFORMED)
  const wrongFrom = [
    [],
    [16, 1, 2, 3, 4, 5, 6],
    [17, 1, 2, 3, 4, 5, 6],
    [18, 1, 2, 3],
    [18, 1, 2, 3, 4, 5, 6, 7],
    [19],
    [20],
    [20, 1],
    [19, 1, 2],
  ]
  for (const payload of wrongFrom) expect(decodeFromAir(Uint8Array.from(payload))).toEqual(MALFORMED)
})

test('a stream with a length of nothing, or of too much, cannot be followed', () => {
  expect(practiceDeframer().push(Uint8Array.of(0, 0, 1))).toEqual(MALFORMED)
  const tooLong = PRACTICE_FRAME_MAX_BYTES + 1
  expect(practiceDeframer().push(Uint8Array.of(tooLong >> 8, tooLong & 0xff))).toEqual(MALFORMED)
  expect(practiceDeframer().push(Uint8Array.of(PRACTICE_FRAME_MAX_BYTES >> 8, PRACTICE_FRAME_MAX_BYTES & 0xff, 1))).toEqual({
    ok: true,
    value: [],
  })
})
