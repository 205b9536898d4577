import { expect, test } from 'vitest'
import { StatePusher } from '#main/till-state.ts'
import type { TillState } from '#shared/contracts/till.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

/** Design: at most 20 times a second. */
const INTERVAL_MS = 50

function pusher() {
  const clock = new ManualClock()
  let revision = 0
  const seen: number[] = []
  const faults: string[] = []
  const disk = { isBroken: false }
  const states = new StatePusher(
    clock,
    () => {
      if (disk.isBroken) throw new Error('the disk does not read')
      return { revision } as TillState
    },
    (error) => faults.push(String(error)),
  )
  const change = (when: 'soon' | 'now' = 'soon') => {
    revision += 1
    if (when === 'now') states.pushNow()
    else states.touch()
  }
  return { clock, states, seen, change, faults, disk, listen: (state: TillState) => seen.push(state.revision) }
}

test('a listener hears the state at once', () => {
  const { states, seen, listen } = pusher()
  states.add(listen)
  expect(seen).toEqual([0])
})

test('a burst of changes is one push, of the newest', async () => {
  const { clock, states, seen, change, listen } = pusher()
  states.add(listen)
  for (let count = 0; count < 1_000; count += 1) change()
  expect(seen).toEqual([0])
  await clock.advance(INTERVAL_MS)
  expect(seen).toEqual([0, 1_000])
})

test('changes all the time are pushed at most twenty times a second', async () => {
  const { clock, states, seen, change, listen } = pusher()
  states.add(listen)
  for (let passedMs = 0; passedMs < 1_000; passedMs += 1) {
    change()
    await clock.advance(1)
  }
  expect(seen.length - 1).toBeLessThanOrEqual(1_000 / INTERVAL_MS + 1)
  expect(seen.length - 1).toBeGreaterThanOrEqual(1_000 / INTERVAL_MS - 1)
  await clock.advance(INTERVAL_MS)
  expect(seen.at(-1)).toBe(1_000)
})

test('what people wait for comes at once, and takes what was waiting with it', async () => {
  const { clock, states, seen, change, listen } = pusher()
  states.add(listen)
  change()
  change('now')
  expect(seen).toEqual([0, 2])
  await clock.advance(INTERVAL_MS)
  expect(seen).toEqual([0, 2])
})

test('a state that cannot be read just now is no trouble of who changed it, and is shown when it can be', async () => {
  const { clock, states, seen, change, faults, disk, listen } = pusher()
  states.add(listen)
  disk.isBroken = true
  change('now')
  expect(seen).toEqual([0])
  expect(faults).toEqual(['Error: the disk does not read'])
  disk.isBroken = false
  await clock.advance(1_000)
  expect(seen).toEqual([0, 1])
})

test('who unsubscribed hears nothing more, and twice is harmless', async () => {
  const { clock, states, seen, change, listen } = pusher()
  const unsubscribe = states.add(listen)
  const others: number[] = []
  states.add((state) => others.push(state.revision))
  unsubscribe()
  unsubscribe()
  change()
  await clock.advance(INTERVAL_MS)
  expect(seen).toEqual([0])
  expect(others).toEqual([0, 1])
})

test('without listeners nothing is read and no timer runs; stopped, the same', async () => {
  const { clock, states, seen, change, listen } = pusher()
  change()
  change('now')
  expect(clock.waiting).toBe(0)
  states.add(listen)
  change()
  states.stop()
  await clock.advance(INTERVAL_MS)
  change('now')
  expect(seen).toEqual([2])
  expect(clock.waiting).toBe(0)
})
