import { expect, test } from 'vitest'
import { BandState, DISARM_AFTER_MS, KNOCKS_KEPT_MS } from '#reference/band/band-state.ts'
import { FLAG_ARMED, FLAG_LOW_BATTERY, FLAG_PHONE_LINKED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

function wornAndArmed() {
  const clock = new ManualClock()
  const disarmed: number[] = []
  const state = new BandState(clock, () => disarmed.push(clock.monotonicMs()))
  state.setPhoneLinked(true)
  state.setWorn(true)
  expect(state.arm()).toEqual({ ok: true, value: undefined })
  return { clock, state, disarmed }
}

test('a band starts disarmed, and is armed only on the wrist with the phone in reach', () => {
  const state = new BandState(new ManualClock(), () => undefined)
  expect(state.flags()).toBe(0)
  expect(state.arm()).toEqual({ ok: false, error: 'not-worn' })
  state.setWorn(true)
  expect(state.arm()).toEqual({ ok: false, error: 'phone-not-linked' })
  state.setPhoneLinked(true)
  expect(state.obstacle()).toBe('not-armed')
  expect(state.arm().ok).toBe(true)
  expect(state.flags()).toBe(FLAG_WORN | FLAG_ARMED | FLAG_PHONE_LINKED)
  expect(state.obstacle()).toBeUndefined()
})

test('off the wrist it says so at once, and is disarmed after five seconds', async () => {
  const { clock, state, disarmed } = wornAndArmed()
  state.setWorn(false)
  expect(state.obstacle()).toBe('not-worn')
  await clock.advance(DISARM_AFTER_MS - 1)
  expect(state.armed).toBe(true)
  await clock.advance(1)
  expect(state.armed).toBe(false)
  expect(disarmed).toEqual([DISARM_AFTER_MS])
  state.setWorn(true)
  expect(state.obstacle()).toBe('not-armed')
})

test('back on within five seconds it stays armed, and the old timer does not disarm it later', async () => {
  const { clock, state, disarmed } = wornAndArmed()
  state.setWorn(false)
  await clock.advance(DISARM_AFTER_MS - 1)
  state.setWorn(true)
  await clock.advance(DISARM_AFTER_MS * 2)
  expect(state.armed).toBe(true)
  expect(disarmed).toEqual([])
})

test('a timer that never fires does not keep a band armed', () => {
  let nowMs = 0
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, after: () => () => undefined }
  const state = new BandState(clock, () => undefined)
  state.setPhoneLinked(true)
  state.setWorn(true)
  state.arm()
  state.setWorn(false)
  nowMs = DISARM_AFTER_MS
  state.setWorn(true)
  expect(state.armed).toBe(false)
})

test('knocks are kept for fifteen seconds and used up by the first proof', async () => {
  const { clock, state } = wornAndArmed()
  state.knocked(3)
  expect([state.takeKnocks(), state.takeKnocks()]).toEqual([3, 0])
  state.knocked(2)
  await clock.advance(KNOCKS_KEPT_MS + 1)
  expect(state.takeKnocks()).toBe(0)
})

test('knocks that are only read stay for the proof that takes them, and no longer than fifteen seconds', async () => {
  const { clock, state } = wornAndArmed()
  state.knocked(3)
  expect([state.readKnocks(), state.readKnocks(), state.takeKnocks(), state.readKnocks()]).toEqual([3, 3, 3, 0])
  state.knocked(2)
  await clock.advance(KNOCKS_KEPT_MS)
  expect(state.readKnocks()).toBe(2)
  await clock.advance(1)
  expect(state.readKnocks()).toBe(0)
})

test('a low battery shows in the flags', () => {
  const { state } = wornAndArmed()
  state.setBattery(14)
  expect(state.flags() & FLAG_LOW_BATTERY).toBe(FLAG_LOW_BATTERY)
  state.setBattery(15)
  expect(state.flags() & FLAG_LOW_BATTERY).toBe(0)
})
