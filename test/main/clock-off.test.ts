/** A till whose clock is wrong: it starts, sells for cash, asks no band, and says what is wrong. */
import { afterEach, expect, test } from 'vitest'
import { CounterWorld } from '#test/support/counter-world.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

let world: CounterWorld
afterEach(async () => world.close())

async function sellForCash(): Promise<void> {
  await world.popcorn()
  const started = await world.till.startCash()
  expect(started).toMatchObject({ ok: true })
  expect(await world.till.takeCash({ tenderedMinor: 5_000 })).toMatchObject({ ok: true })
}

test.each([-30, -1, 1, 30])('started with a clock that is %i days off', async (days) => {
  world = await CounterWorld.open()
  expect(world.state.status.clock).toBeUndefined()
  await world.stop()
  world.hooks.skewMs = days * DAY_MS
  await world.start()
  await world.until('it is said', () => world.state.status.clock !== undefined)
  expect(Math.abs((world.state.status.clock?.skewMs ?? 0) - days * DAY_MS)).toBeLessThan(2_000)
  await world.until('a band is in sight', () => world.state.bands.length > 0)
  await sellForCash()
  expect(world.receiptCount()).toBe(1)

  await world.popcorn()
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('not-asked')
  expect(world.payment).toMatchObject({ reason: 'terminal-not-trusted' })
  expect(await world.authorizations()).toEqual(new Map())

  // The clock is set right, and the next answer of the backend shows it.
  world.hooks.skewMs = 0
  await world.restart()
  await world.ready()
  await world.until('all is well', () => world.state.status.clock === undefined && world.state.status.backend.state === 'online')
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('a clock that is behind shows without a backend too: the certificate is from tomorrow', async () => {
  world = await CounterWorld.open()
  await world.stop()
  await world.backend.stop()
  world.hooks.skewMs = -DAY_MS
  await world.start()
  expect(world.state.status.clock?.skewMs).toBeLessThan(-DAY_MS + 10 * MINUTE_MS)
  await sellForCash()
  await world.backend.listen()
})

test('two minutes are nobody’s concern; from there to five it is said, and bands still pay', async () => {
  world = await CounterWorld.open()
  world.hooks.skewMs = 1.9 * MINUTE_MS
  await world.restart()
  await world.ready()
  await world.until('the backend has answered', () => world.state.status.backend.state === 'online')
  expect(world.state.status.clock).toBeUndefined()
  world.hooks.skewMs = 3 * MINUTE_MS
  await world.restart()
  await world.ready()
  await world.until('it is said', () => world.state.status.clock !== undefined)
  await world.popcorn()
  expect(await world.settled(await world.charge())).toBe('paid')
})
