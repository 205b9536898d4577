import { expect, test } from 'vitest'
import { FramedLink, RECEIVED_MESSAGES_MAX, WRITE_TIMEOUT_MS } from '#main/radio/framed-link.ts'
import { type Message, Reassembler, toFrames } from '#shared/contracts/frames.ts'
import { ERROR_CODES, errorMessage } from '#shared/contracts/radio-messages.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { ManualClock, settled } from '#test/support/manual-clock.ts'

const FRAME_BYTES = 20

function message(kind: Message['kind'], length: number, first = 0): Message {
  return { kind, body: Uint8Array.from({ length }, (_, index) => (first + index) & 0xff) }
}

type Write = (frame: Uint8Array<ArrayBuffer>) => Promise<Result<void, 'link-lost'>>

function open(options: { readonly mtuReported?: number | null; readonly write?: Write } = {}) {
  const clock = new ManualClock()
  const frames: Uint8Array<ArrayBuffer>[] = []
  let hangUps = 0
  const link = new FramedLink({
    clock,
    mtuReported: options.mtuReported === undefined ? 23 : options.mtuReported,
    write: async (frame) => {
      frames.push(frame)
      return options.write ? options.write(frame) : ok()
    },
    attRequests: () => 7,
    hangUp: async () => {
      hangUps += 1
    },
  })
  const notify = (sent: Message, id = 1) => {
    for (const frame of toFrames(sent, id, FRAME_BYTES)) link.notified(frame)
  }
  return { clock, frames, link, notify, hangUps: () => hangUps }
}

function joined(frames: readonly Uint8Array[]): Message[] {
  const reassembler = new Reassembler()
  return frames.flatMap((frame) => {
    const result = reassembler.receive(frame, 0)
    if (!result.ok) throw new Error(result.error)
    return result.value ? [result.value] : []
  })
}

test.each([
  [23, 20],
  [24, 21],
  [64, 61],
  [185, 182],
  [247, 244],
  [256, 253],
  [517, 253],
  [65_535, 253],
  [0, 20],
  [5, 20],
  [null, 20],
])('at a reported MTU of %s no write is longer than %s bytes, and the count is told', async (mtuReported, longest) => {
  const { link, frames } = open({ mtuReported })
  const request = message('request', 534)
  expect(await link.send(request)).toEqual({ ok: true, value: undefined })
  expect(Math.max(...frames.map((frame) => frame.length))).toBe(longest)
  expect(joined(frames)).toEqual([request])
  expect(link.lastSent()).toEqual({ segments: Math.ceil(534 / (longest - 4)), bytes: 534 })
  expect(link.attRequests()).toBe(7)
})

test('two messages sent at once go out one after the other, under different ids', async () => {
  const { link, frames } = open()
  const first = message('request', 100)
  const second = message('cancel', 60)
  await Promise.all([link.send(first), link.send(second)])
  expect(joined(frames)).toEqual([first, second])
})

test('message ids go round after 256 messages', async () => {
  const { link, frames } = open()
  for (let count = 0; count < 258; count += 1) await link.send(message('cancel', 1))
  expect([frames[0]?.[1], frames[255]?.[1], frames[256]?.[1]]).toEqual([0, 255, 0])
})

test('messages are read in order of arrival, waiting or not', async () => {
  const { link, notify } = open()
  notify(message('offer', 50), 1)
  const early = await link.receive(1_000)
  const later = link.receive(1_000)
  notify(message('pending', 5), 2)
  notify(message('answer', 30), 3)
  expect([early, await later, await link.receive(1_000)]).toEqual([
    ok(message('offer', 50)),
    ok(message('pending', 5)),
    ok(message('answer', 30)),
  ])
})

test('no message in time is a timeout, and the link stays open', async () => {
  const { link, notify, clock } = open()
  const waiting = link.receive(400)
  await clock.advance(400)
  expect(await waiting).toEqual(err('timeout'))
  notify(message('pending', 5))
  expect(await link.receive(400)).toEqual(ok(message('pending', 5)))
})

const segments = toFrames(message('offer', 60), 9, FRAME_BYTES)
const segment = (index: number) => segments[index] ?? new Uint8Array(0)
const altered = Uint8Array.from(segment(0), (byte, at) => (at === 5 ? byte ^ 1 : byte))

test.each([
  ['out of order', 'out-of-order', [segment(0), segment(2)]],
  ['altered', 'altered-segment', [segment(0), altered]],
  ['of no kind', 'malformed', [Uint8Array.of(99, 0, 0, 1, 1)]],
  ['empty', 'malformed', [new Uint8Array(0)]],
  ['too many', 'oversized', [Uint8Array.of(1, 0, 0, 129, 1)]],
  ['of a kind only a terminal sends', 'malformed', [Uint8Array.of(2, 0, 0, 1, 1)]],
  ['of a kind only band and phone use', 'malformed', [Uint8Array.of(16, 0, 0, 1, 1)]],
] as const)('segments that are %s end the link as %s, and the band is told', async (_what, error, sent) => {
  const { link, frames, hangUps } = open()
  const waiting = link.receive(1_000)
  for (const frame of sent) link.notified(frame)
  expect(await waiting).toEqual(err(error))
  expect(await link.send(message('cancel', 4))).toEqual(err(error))
  expect(joined(frames)).toEqual([{ kind: 'error', body: errorMessage.encode({ code: ERROR_CODES[error], retryAfterSeconds: 0 }) }])
  expect(hangUps()).toBe(1)
})

test('a segment that does not come within a second ends the link', async () => {
  const { link, clock } = open()
  const waiting = link.receive(60_000)
  link.notified(segment(0))
  await clock.advance(1_000)
  link.notified(segment(1))
  await clock.advance(1_001)
  expect(await waiting).toEqual(err('timeout'))
})

test('a band that sends one byte at a time has three seconds for the whole', async () => {
  const { link, clock, hangUps } = open()
  const waiting = link.receive(60_000)
  for (let index = 0; index < 10; index += 1) {
    link.notified(Uint8Array.of(1, 0, index, 100, 7))
    await clock.advance(900)
  }
  expect(await waiting).toEqual(err('timeout'))
  expect(hangUps()).toBe(1)
  expect(clock.waiting).toBe(0)
})

test('a segment repeated after its message was complete starts no timer', async () => {
  const { link, notify, clock } = open()
  notify(message('offer', 60), 9)
  link.notified(segment(3))
  await clock.advance(10_000)
  expect(await link.receive(100)).toEqual(ok(message('offer', 60)))
})

test('a band that talks without being read is cut off, and what had arrived can be read', async () => {
  const { link, notify, hangUps } = open()
  for (let count = 0; count <= RECEIVED_MESSAGES_MAX; count += 1) notify(message('pending', 3, count), count)
  for (let count = 0; count < RECEIVED_MESSAGES_MAX; count += 1) expect(await link.receive(1)).toEqual(ok(message('pending', 3, count)))
  expect(await link.receive(1)).toEqual(err('oversized'))
  expect(hangUps()).toBe(1)
})

test('a write that never settles is a timeout; one that rejects is a lost link', async () => {
  const never = open({ write: async () => Promise.withResolvers<Result<void, 'link-lost'>>().promise })
  const stuck = never.link.send(message('request', 40))
  await never.clock.advance(WRITE_TIMEOUT_MS)
  expect(await stuck).toEqual(err('timeout'))
  const rejecting = open({ write: async () => Promise.reject(new Error('gone')) })
  expect(await rejecting.link.send(message('request', 40))).toEqual(err('link-lost'))
  expect(never.hangUps() + rejecting.hangUps()).toBe(2)
})

test('closing answers whoever waits and hangs up once', async () => {
  const { link, hangUps, clock } = open()
  const waiting = link.receive(1_000)
  await link.close()
  await link.close()
  link.notified(segment(0))
  await settled()
  expect(await waiting).toEqual(err('link-lost'))
  expect(await link.receive(1_000)).toEqual(err('link-lost'))
  expect(hangUps()).toBe(1)
  expect(clock.waiting).toBe(0)
})
