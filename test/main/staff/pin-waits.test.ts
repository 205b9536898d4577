/** Guessing PINs: how many guesses anyone gets, whatever they do to clocks and plugs; and that an honest cashier is never locked out for long. */
import * as fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { FIRST_WAIT_MS, FREE_TRIES, WAIT_MAX_MS, waitMsAfter } from '#main/staff/pin-waits.ts'
import { settled } from '#test/support/manual-clock.ts'
import { StaffWorld } from './staff-world.ts'

let world: Awaited<ReturnType<typeof StaffWorld.withPeople>>
afterEach(() => world.close())

test('three slips cost nothing; then 5 s, doubling to 5 min; a right PIN wipes the slate', async () => {
  world = await StaffWorld.withPeople()
  const waits: string[] = []
  for (let guess = 1; guess <= 11; guess += 1) {
    expect(await world.signIn(world.cashier, '0000')).toBe('wrong-pin')
    if (guess < FREE_TRIES) continue
    // The right PIN is not even looked at before the wait is over.
    waits.push(await world.signIn(world.cashier, '2580'))
    await world.passing.advance(waitMsAfter(guess) - 1)
    expect(await world.signIn(world.cashier, '2580')).toBe('pin-wait 1')
    await world.passing.advance(1)
  }
  expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => `pin-wait ${seconds}`))
  expect(await world.signIn(world.cashier, '2580')).toBe('in')
  expect(await world.signIn(world.cashier, '0000')).toBe('wrong-pin')
  expect(await world.signIn(world.cashier, '2580')).toBe('in')
})

test('the wait of one is not the wait of another, and the screen knows until when', async () => {
  world = await StaffWorld.withPeople()
  for (let guess = 0; guess < 4; guess += 1) {
    await world.signIn(world.cashier, '0000')
    if (guess === 2) await world.passing.advance(FIRST_WAIT_MS)
  }
  expect(world.waitUntil(world.cashier)).toBe(new Date(world.clock.nowMs() + 10_000).toISOString())
  expect(world.waitUntil(world.manager)).toBeUndefined()
  // The clock is set: the screen counts by the new one, the wait is as long as it was.
  world.skewMs = -86_400_000
  expect(world.waitUntil(world.cashier)).toBe(new Date(world.clock.nowMs() + 10_000).toISOString())
  await world.passing.advance(9_999)
  expect(await world.signIn(world.cashier, '2580')).toBe('pin-wait 1')
  await world.passing.advance(1)
  expect(world.waitUntil(world.cashier)).toBeUndefined()
  expect(await world.signIn(world.cashier, '2580')).toBe('in')
})

test('a restart in the middle of a guess has used it up, and the wait goes on', async () => {
  world = await StaffWorld.withPeople()
  const { promise, resolve } = Promise.withResolvers<void>()
  for (let guess = 0; guess < 2; guess += 1) await world.signIn(world.cashier, '0000')
  world.hold = promise
  const guess = world.signIn(world.cashier, '0000')
  await settled()
  const { desk } = world
  const stopping = desk.stop()
  resolve()
  await stopping
  expect(await guess).toBe('locked')
  world.hold = undefined
  world.restart()
  expect(await world.signIn(world.cashier, '2580')).toBe('pin-wait 5')
})

test('a clock set back by a year locks nobody out for longer than the wait there was', async () => {
  world = await StaffWorld.withPeople()
  for (let tries = 0; tries < 12; tries += 1) {
    await world.signIn(world.cashier, '0000')
    await world.passing.advance(WAIT_MAX_MS)
  }
  await world.signIn(world.cashier, '0000')
  world.skewMs = -365 * 86_400_000
  world.restart()
  expect(await world.signIn(world.cashier, '2580')).toBe('pin-wait 300')
  await world.passing.advance(WAIT_MAX_MS)
  expect(await world.signIn(world.cashier, '2580')).toBe('in')
})

test('many guesses at once: one hash at a time, and only so many wait', async () => {
  world = await StaffWorld.withPeople()
  world.hashed.length = 0
  const guesses = await Promise.all(Array.from({ length: 100 }, async (_, n) => world.signIn(world.cashier, String(1000 + n))))
  expect(world.hashingMax).toBe(1)
  expect(world.hashed).toHaveLength(FREE_TRIES)
  expect(guesses.filter((answer) => answer === 'wrong-pin')).toHaveLength(FREE_TRIES)
  expect(new Set(guesses)).toEqual(new Set(['wrong-pin', 'pin-wait 5', 'pin-wait 1']))
})

test('whatever is tried, guesses are few: three, and one for each wait that has passed', async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('guess' as const) },
    { weight: 3, arbitrary: fc.record({ pass: fc.integer({ min: 0, max: 400_000 }) }) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
    { weight: 1, arbitrary: fc.record({ setBack: fc.integer({ min: 0, max: 10_000_000 }) }) },
    { weight: 1, arbitrary: fc.record({ burst: fc.integer({ min: 2, max: 12 }) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const own = await StaffWorld.withPeople()
      own.hashed.length = 0
      const startMs = own.passing.monotonicMs()
      const madeAtMs: number[] = []
      for (const next of steps) {
        const before = own.hashed.length
        if (next === 'guess') await own.signIn(own.cashier, '0000')
        else if (next === 'restart') own.restart()
        else if ('pass' in next) await own.passing.advance(next.pass)
        else if ('setBack' in next) own.skewMs -= next.setBack
        else await Promise.all(Array.from({ length: next.burst }, async () => own.signIn(own.cashier, '0000')))
        for (let n = before; n < own.hashed.length; n += 1) madeAtMs.push(own.passing.monotonicMs() - startMs)
      }
      // The n-th guess comes no earlier than all the waits before it have passed.
      let earliestMs = 0
      for (const [index, atMs] of madeAtMs.entries()) {
        expect(atMs).toBeGreaterThanOrEqual(earliestMs)
        earliestMs = atMs + waitMsAfter(index + 1)
      }
      own.close()
    }),
    { numRuns: 25 },
  )
  world = await StaffWorld.withPeople()
})
