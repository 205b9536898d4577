import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  FRAME_HEADER_BYTES,
  MESSAGE_TIMEOUT_MS,
  type Message,
  Reassembler,
  SEGMENT_TIMEOUT_MS,
  SEGMENTS_MAX,
  segmentBytes,
  toFrames,
} from '#shared/contracts/frames.ts'
import { MESSAGE_KINDS, MESSAGE_MAX_BYTES, type MessageKind } from '#shared/contracts/radio-messages.ts'

const kinds = Object.keys(MESSAGE_KINDS) as MessageKind[]
const message = (length: number, kind: MessageKind = 'request'): Message => ({
  kind,
  body: Uint8Array.from({ length }, (_, index) => (index * 7) & 0xff),
})

/** What a receiver makes of these frames, all at time 0: whole messages, or the error that ended it. */
function received(frames: readonly Uint8Array[]) {
  const reassembler = new Reassembler()
  const messages: Message[] = []
  for (const frame of frames) {
    const result = reassembler.receive(frame, 0)
    if (!result.ok) return result.error
    if (result.value) messages.push(result.value)
  }
  return messages
}

const FIVE = toFrames(message(80), 9, 20)
const five = (index: number) => FIVE[index] ?? new Uint8Array(0)
/** The same segment with one header byte set: 0 kind, 1 message id, 2 index, 3 count. */
const withHeader = (frame: Uint8Array, at: number, value: number) => Uint8Array.from(frame, (byte, index) => (index === at ? value : byte))

test('five segments of 16 bytes', () => {
  expect(FIVE.map((frame) => [...frame.subarray(0, FRAME_HEADER_BYTES)])).toEqual(
    [0, 1, 2, 3, 4].map((index) => [MESSAGE_KINDS.request, 9, index, 5]),
  )
})

test.each([23, 24, 64, 185, 247, 517])('messages of every size cross a link with MTU %s', (mtu) => {
  const frameBytes = segmentBytes(mtu, mtu)
  const longest = Math.min(MESSAGE_MAX_BYTES, (frameBytes - FRAME_HEADER_BYTES) * SEGMENTS_MAX)
  fc.assert(
    fc.property(
      fc.constantFrom(...kinds),
      fc.oneof(fc.integer({ min: 1, max: longest }), fc.constantFrom(1, longest)),
      fc.nat(255),
      (kind, length, id) => {
        const sent = message(length, kind)
        const frames = toFrames(sent, id, frameBytes)
        expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(frameBytes)
        expect(received(frames)).toEqual([sent])
      },
    ),
    { numRuns: 60 },
  )
})

test('2,048 bytes cross a link with MTU 23 in 128 segments; a byte more does not', () => {
  expect(toFrames(message(2_048), 0, 20)).toHaveLength(SEGMENTS_MAX)
  expect(received(toFrames(message(2_048), 0, 20))).toEqual([message(2_048)])
  expect(() => toFrames(message(2_049), 0, 253)).toThrow('cannot frame')
  expect(() => toFrames(message(0), 0, 20)).toThrow('cannot frame')
  expect(() => toFrames(message(2_048), 0, 19)).toThrow('too many')
  expect(() => toFrames(message(1), 0, FRAME_HEADER_BYTES)).toThrow('cannot frame')
})

test.each([
  [256, 185, 182],
  [256, 517, 253],
  [256, 65_535, 253],
  [256, 23, 20],
  [256, 5, 20],
  [256, 0, 20],
  [256, null, 20],
  [23, 517, 20],
])('asked %s, reported %s: %s bytes a frame', (asked, reported, bytes) => {
  expect(segmentBytes(asked, reported)).toBe(bytes)
})

test('messages follow one another, also under an id used before', () => {
  const [one, two, three] = [message(50, 'offer'), message(5, 'pending'), message(70, 'answer')]
  expect(received([...toFrames(one, 1, 20), ...toFrames(two, 2, 20), ...toFrames(three, 1, 20)])).toEqual([one, two, three])
})

test('a segment repeated with the same bytes is ignored, while its message is open and after it is whole', () => {
  const repeated = [0, 0, 1, 0, 1, 2, 3, 3, 4, 4, 0, 2].map(five)
  expect(received(repeated)).toEqual([message(80)])
})

test('a repeat of the last message is ignored also when another one follows', () => {
  expect(received([...FIVE, five(4), ...toFrames(message(40), 10, 20)])).toEqual([message(80), message(40)])
})

test.each([
  ['reordered', 'out-of-order', [five(0), five(2), five(1)]],
  ['begun in the middle', 'out-of-order', [five(1)]],
  ['missing one', 'out-of-order', [five(0), five(1), five(3)]],
  ['from another message while one is open', 'out-of-order', [five(0), five(1), ...toFrames(message(20), 10, 20)]],
  ['of another kind half-way', 'out-of-order', [five(0), withHeader(five(1), 0, MESSAGE_KINDS.cancel)]],
  ['of another count half-way', 'out-of-order', [five(0), withHeader(five(1), 3, 6)]],
  ['of a smaller count half-way', 'out-of-order', [five(0), withHeader(five(1), 3, 2)]],
  ['repeated with other bytes', 'altered-segment', [five(0), five(1), withHeader(five(1), 7, 99)]],
  ['repeated shorter', 'altered-segment', [five(0), five(0).subarray(0, 19)]],
  ['repeated with other bytes after the end', 'altered-segment', [...FIVE, withHeader(five(4), 7, 99)]],
  ['numbered beyond the count', 'malformed', [withHeader(five(0), 2, 5)]],
  ['counted as none', 'malformed', [withHeader(five(0), 3, 0)]],
  ['of no known kind', 'malformed', [withHeader(five(0), 0, 200)]],
  ['of kind 0', 'malformed', [withHeader(five(0), 0, 0)]],
  ['without a body', 'malformed', [five(0).subarray(0, 4)]],
  ['of three bytes', 'malformed', [five(0).subarray(0, 3)]],
  ['of one byte', 'malformed', [five(0).subarray(0, 1)]],
  ['empty', 'malformed', [new Uint8Array(0)]],
  ['counted as 129', 'oversized', [withHeader(five(0), 3, 129)]],
  [
    '2,049 bytes together',
    'oversized',
    toFrames(message(2_048), 1, 100).map((frame, index) => (index === 3 ? Uint8Array.from([...frame, 1]) : frame)),
  ],
] as const)('segments %s end the session: %s', (_what, error, frames) => {
  expect(received(frames)).toBe(error)
})

test('after an error everything is refused by the same name', () => {
  const reassembler = new Reassembler()
  reassembler.receive(five(1), 0)
  for (const frame of FIVE) expect(reassembler.receive(frame, 0)).toEqual({ ok: false, error: 'out-of-order' })
  expect(reassembler.deadlineMs()).toBeUndefined()
})

test('a segment may come a second after the one before, and no later', () => {
  const at = (secondMs: number) => {
    const reassembler = new Reassembler()
    reassembler.receive(five(0), 100)
    return { expired: reassembler.expired(secondMs), deadline: reassembler.deadlineMs(), result: reassembler.receive(five(1), secondMs) }
  }
  const deadline = 100 + SEGMENT_TIMEOUT_MS
  expect(at(deadline)).toEqual({ expired: false, deadline, result: { ok: true, value: undefined } })
  expect(at(deadline + 1)).toEqual({ expired: true, deadline, result: { ok: false, error: 'timeout' } })
})

test('a message has three seconds, however steadily it comes', () => {
  const reassembler = new Reassembler()
  for (let index = 0; index < 4; index += 1) expect(reassembler.receive(five(index), index * 900).ok).toBe(true)
  expect(reassembler.deadlineMs()).toBe(MESSAGE_TIMEOUT_MS)
  expect(reassembler.receive(five(4), MESSAGE_TIMEOUT_MS + 1)).toEqual({ ok: false, error: 'timeout' })
})

test('no message is open before the first segment and after the last: nothing expires', () => {
  const reassembler = new Reassembler()
  expect([reassembler.deadlineMs(), reassembler.expired(1e9)]).toEqual([undefined, false])
  for (const frame of FIVE) reassembler.receive(frame, 0)
  expect([reassembler.deadlineMs(), reassembler.expired(1e9)]).toEqual([undefined, false])
})

test('a caller may reuse the bytes it handed over', () => {
  const reassembler = new Reassembler()
  const buffer = new Uint8Array(20)
  const results = FIVE.map((frame) => {
    buffer.set(frame)
    return reassembler.receive(buffer.subarray(0, frame.length), 0)
  })
  buffer.fill(0)
  expect(results.at(-1)).toEqual({ ok: true, value: message(80) })
})
