/** A till that nobody touches locks itself, but never with a customer's money on its way. */
import { afterEach, expect, test } from 'vitest'
import { StaffWorld } from './staff-world.ts'

const MINUTE_MS = 60_000
let world: Awaited<ReturnType<typeof StaffWorld.withPeople>>
afterEach(() => world.close())
const isOpen = () => world.desk.signedIn() !== undefined

async function open(minutes: number): Promise<void> {
  world = await StaffWorld.withPeople()
  world.desk.lockAfter(minutes)
  await world.signIn(world.cashier, '2580')
}

test('it locks after the minutes that are set, counted from the last touch', async () => {
  await open(5)
  await world.passing.advance(4 * MINUTE_MS)
  world.desk.touched()
  await world.passing.advance(5 * MINUTE_MS - 1)
  expect(isOpen()).toBe(true)
  await world.passing.advance(1)
  expect(isOpen()).toBe(false)
  // Nobody is there to lock out: no timer is left, and a touch opens nothing.
  expect(world.passing.waiting).toBe(0)
  world.desk.touched()
  expect(isOpen()).toBe(false)
})

test('a payment that takes its time keeps it open, and the minutes begin anew after it', async () => {
  await open(2)
  world.isBusy = true
  await world.passing.advance(60 * MINUTE_MS)
  expect(isOpen()).toBe(true)
  world.isBusy = false
  await world.passing.advance(2 * MINUTE_MS)
  expect(isOpen()).toBe(false)
})

test('0 is never; a change counts at once, from the last touch', async () => {
  await open(0)
  await world.passing.advance(24 * 60 * MINUTE_MS)
  expect(isOpen()).toBe(true)
  world.desk.touched()
  await world.passing.advance(3 * MINUTE_MS)
  world.desk.lockAfter(5)
  await world.passing.advance(2 * MINUTE_MS - 1)
  expect(isOpen()).toBe(true)
  await world.passing.advance(1)
  expect(isOpen()).toBe(false)
})

test('the wall clock has no say', async () => {
  await open(2)
  world.skewMs = 86_400_000
  await world.passing.advance(MINUTE_MS)
  expect(isOpen()).toBe(true)
  world.skewMs = -86_400_000
  await world.passing.advance(MINUTE_MS)
  expect(isOpen()).toBe(false)
})
