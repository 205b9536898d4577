import { expect, test } from 'vitest'
import { AirLink, type Direction, type Fate, WAITING_MAX } from '#reference/practice/air-link.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

function link(intervalMs: number, fates: readonly Fate[] = []) {
  const clock = new ManualClock()
  const delivered: string[] = []
  const queue = [...fates]
  let ended = 0
  const air: AirLink = new AirLink({
    clock,
    intervalMs,
    fateOf: () => queue.shift() ?? 'deliver',
    deliver: (direction, pdu) => {
      delivered.push(`${clock.monotonicMs()} ${direction} ${pdu.join(',')}`)
      // The band answers 1 with 2 at once.
      if (direction === 'to-band' && pdu[0] === 1) air.send('to-terminal', Uint8Array.of(2))
    },
    onEnd: () => {
      ended += 1
    },
  })
  const send = (direction: Direction, ...bytes: readonly number[]) => air.send(direction, Uint8Array.from(bytes))
  return { clock, air, delivered, send, ended: () => ended }
}

test('without an interval a request and its answer take no time', () => {
  const { send, delivered } = link(0)
  send('to-band', 1)
  expect(delivered).toEqual(['0 to-band 1', '0 to-terminal 2'])
})

test('at 15 ms a request takes one interval, its answer the next; commands go one by one', async () => {
  const { clock, send, delivered } = link(15)
  send('to-band', 1)
  await clock.advance(30)
  expect(delivered).toEqual(['15 to-band 1', '30 to-terminal 2'])
  delivered.length = 0
  send('to-band', 7)
  send('to-band', 8)
  send('to-band', 9)
  await clock.advance(45)
  expect(delivered).toEqual(['45 to-band 7', '60 to-band 8', '75 to-band 9'])
})

test('PDUs are lost, doubled, garbled and late; what follows keeps its place', async () => {
  const { clock, send, delivered } = link(0, ['lose', 'twice', { garbled: Uint8Array.of(99) }, { lateMs: 40 }])
  for (const byte of [3, 4, 5, 6, 7]) send('to-band', byte)
  await clock.advance(39)
  expect(delivered).toEqual(['0 to-band 4', '0 to-band 4', '0 to-band 99'])
  await clock.advance(1)
  expect(delivered.slice(3)).toEqual(['40 to-band 6', '40 to-band 7'])
})

test('a cut ends the link for both sides, once, and nothing more is delivered', () => {
  const { send, delivered, air, ended } = link(0, ['deliver', 'cut'])
  for (const byte of [3, 4, 5]) send('to-band', byte)
  air.end()
  expect(delivered).toEqual(['0 to-band 3'])
  expect(ended()).toBe(1)
})

test('an end comes after what was sent before it', async () => {
  const { clock, air, send, delivered, ended } = link(15)
  send('to-terminal', 3)
  air.endAfter('to-terminal')
  await clock.advance(15)
  expect([delivered.length, ended()]).toEqual([1, 0])
  await clock.advance(15)
  expect(ended()).toBe(1)
  expect(clock.waiting).toBe(0)
})

test('a sender that never waits is cut off', () => {
  const { send, ended } = link(15)
  for (let count = 0; count <= WAITING_MAX; count += 1) send('to-band', 3)
  expect(ended()).toBe(1)
})
