import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CURRENCIES, MINOR_DIGITS } from '#shared/domain/money.ts'
import { changeDue, type KeypadKey, minorOf, quickAmounts, TENDERED_MINOR_MAX, typeKey } from '../../../renderer/flows/cash.ts'

const KEYS: readonly KeypadKey[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '00', '.', 'back', 'clear']
const type = (keys: readonly KeypadKey[], currency: (typeof CURRENCIES)[number] = 'CNY') =>
  keys.reduce((text, key) => typeKey(text, key, currency), '')

test('what is typed is what is counted', () => {
  expect(minorOf(type(['3', '0', '0']), 'CNY')).toBe(30_000)
  expect(minorOf(type(['1', '2', '.', '5']), 'CNY')).toBe(1_250)
  expect(minorOf(type(['.', '5']), 'CNY')).toBe(50)
  expect(minorOf(type(['1', '.', '2', '3', '4']), 'CNY')).toBe(123)
  expect(minorOf(type(['5', '00']), 'JPY')).toBe(500)
  expect(type(['5', '.', '5'], 'JPY')).toBe('55')
  expect(minorOf('', 'CNY')).toBe(0)
})

test('leading zeros do not pile up, and back and clear take away', () => {
  expect(type(['0', '0', '5'])).toBe('5')
  expect(type(['00', '5'])).toBe('5')
  expect(type(['1', '2', 'back'])).toBe('1')
  expect(type(['1', '2', 'clear'])).toBe('')
  expect(type(['back'])).toBe('')
})

test('any typing in any currency is a whole number of minor units within the limit', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...KEYS), { maxLength: 30 }), fc.constantFrom(...CURRENCIES), (keys, currency) => {
      const minor = minorOf(type(keys, currency), currency)
      expect(Number.isSafeInteger(minor) && minor >= 0 && minor <= TENDERED_MINOR_MAX).toBe(true)
    }),
  )
})

test('typing an amount digit by digit gives exactly that amount', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: TENDERED_MINOR_MAX }), fc.constantFrom(...CURRENCIES), (minor, currency) => {
      const text = (minor / 10 ** MINOR_DIGITS[currency]).toFixed(MINOR_DIGITS[currency])
      const typed = Array.from(text).reduce((so, key) => typeKey(so, key as KeypadKey, currency), '')
      expect(minorOf(typed, currency)).toBe(minor)
    }),
  )
})

test('quick amounts are a few, rising, above the total, and payable in whole banknotes', () => {
  expect(quickAmounts(23_180, 'CNY')).toEqual([24_000, 25_000, 30_000])
  expect(quickAmounts(10_000, 'CNY')).toEqual([])
  expect(quickAmounts(1_234, 'JPY')).toEqual([2_000, 5_000, 10_000])
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.constantFrom(...CURRENCIES), (total, currency) => {
      const amounts = quickAmounts(total, currency)
      expect(amounts.length).toBeLessThanOrEqual(4)
      expect(amounts).toEqual([...new Set(amounts)].toSorted((a, b) => a - b))
      expect(amounts.every((amount) => amount > total)).toBe(true)
    }),
  )
})

test('change is due only when enough was given', () => {
  expect(changeDue(30_000, 23_180)).toBe(6_820)
  expect(changeDue(23_180, 23_180)).toBe(0)
  expect(changeDue(23_179, 23_180)).toBeUndefined()
})
