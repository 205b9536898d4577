import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PIN_DIGITS_MAX, PIN_DIGITS_MIN, type SessionView } from '#shared/contracts/staff.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import { chosenPerson, isWholePin, PIN_KEYS, pinKeyOf, typePin, waitLeft } from '../../../renderer/flows/pin.ts'
import { CASHIER, MANAGER } from '../support/fake-desk.ts'

const NOW_MS = Date.parse('2026-11-22T10:00:00.000Z')

test('the keyboard types digits, takes them back and nothing else', () => {
  expect(['0', '9', 'Backspace', 'Delete', 'a', 'Enter', '١', '12'].map(pinKeyOf)).toEqual([
    '0',
    '9',
    'back',
    'clear',
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('whatever is pressed, a PIN is digits and never longer than one may be', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIN_KEYS, 'back' as const, 'clear' as const)), (keys) => {
      const pin = keys.reduce<string>(typePin, '')
      expect(pin).toMatch(/^\d*$/)
      expect(pin.length).toBeLessThanOrEqual(PIN_DIGITS_MAX)
      expect(isWholePin(pin)).toBe(pin.length >= PIN_DIGITS_MIN)
    }),
  )
})

test('the pad is for who was tapped, else who was here last, else the only one, else nobody', () => {
  const locked = { state: 'locked', staff: [CASHIER, MANAGER] } as const satisfies SessionView
  expect(chosenPerson(locked, undefined)).toBeUndefined()
  expect(chosenPerson({ ...locked, lastStaffId: MANAGER.id }, undefined)).toBe(MANAGER)
  expect(chosenPerson({ ...locked, lastStaffId: MANAGER.id }, CASHIER.id)).toBe(CASHIER)
  expect(chosenPerson({ ...locked, lastStaffId: MANAGER.id }, 'staff-gone' as StaffId)).toBe(MANAGER)
  expect(chosenPerson({ state: 'locked', staff: [CASHIER] }, undefined)).toBe(CASHIER)
  expect(chosenPerson({ state: 'locked', staff: [] }, undefined)).toBeUndefined()
})

test('the wait counts down in whole seconds and ends', () => {
  const person = { waitUntil: '2026-11-22T10:00:05.000Z' }
  expect([0, 1, 4_999, 5_000, 60_000].map((ms) => waitLeft(person, NOW_MS + ms))).toEqual([5, 5, 1, 0, 0])
  expect(waitLeft({}, NOW_MS)).toBe(0)
  expect(waitLeft(undefined, NOW_MS)).toBe(0)
})
