import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  add,
  CURRENCIES,
  isCurrency,
  MINOR_DIGITS,
  money,
  SALE_AMOUNT_MAX,
  subtract,
  sum,
  taxIncludedIn,
  times,
  toDecimalText,
} from '#shared/domain/money.ts'

const amount = fc.oneof(fc.integer({ min: -SALE_AMOUNT_MAX, max: SALE_AMOUNT_MAX }), fc.constantFrom(0, 1, -1, SALE_AMOUNT_MAX))
const rate = fc.integer({ min: 0, max: 10_000 })

test('tax: the exact fraction, rounded half away from zero', () => {
  fc.assert(
    fc.property(amount, rate, (minor, basisPoints) => {
      const tax = BigInt(taxIncludedIn(money(minor, 'CNY'), basisPoints).amount)
      // |tax − exact| ≤ ½, compared without a fraction: 2 |tax × d − n| ≤ d; and on a tie the larger magnitude.
      const [numerator, denominator] = [BigInt(minor) * BigInt(basisPoints), BigInt(10_000 + basisPoints)]
      const off = tax * denominator - numerator
      const distance = 2n * (off < 0n ? -off : off)
      expect(distance <= denominator).toBe(true)
      if (distance === denominator) expect(minor < 0 ? off < 0n : off > 0n).toBe(true)
    }),
  )
})

test('tax: a tie, and the cases people know', () => {
  // 1 ÷ 2 of a fen at 100 %: half away from zero.
  expect(taxIncludedIn(money(1, 'CNY'), 10_000).amount).toBe(1)
  expect(taxIncludedIn(money(-1, 'CNY'), 10_000).amount).toBe(-1)
  expect(taxIncludedIn(money(10_600, 'CNY'), 600).amount).toBe(600)
  expect(taxIncludedIn(money(4_500, 'CNY'), 600).amount).toBe(255)
  expect(taxIncludedIn(money(11_300, 'CNY'), 1_300).amount).toBe(1_300)
  expect(taxIncludedIn(money(999, 'CNY'), 0).amount).toBe(0)
})

test('tax of a refund is the negated tax of the sale, and never minus zero', () => {
  fc.assert(
    fc.property(amount, rate, (minor, basisPoints) => {
      const [plus, minus] = [taxIncludedIn(money(minor, 'CNY'), basisPoints), taxIncludedIn(money(-minor, 'CNY'), basisPoints)]
      expect(plus.amount + minus.amount).toBe(0)
      expect(Object.is(plus.amount, -0) || Object.is(minus.amount, -0)).toBe(false)
    }),
  )
})

test.each([-1, 10_001, 0.5, Number.NaN])('a tax rate of %d basis points is a bug', (basisPoints) => {
  expect(() => taxIncludedIn(money(100, 'CNY'), basisPoints)).toThrow('tax rate')
})

test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%d minor units are not money', (minor) => {
  expect(() => money(minor, 'CNY')).toThrow('whole minor units')
})

test('minus zero is zero', () => {
  expect(Object.is(money(-0, 'CNY').amount, 0)).toBe(true)
  expect(Object.is(times(money(-5, 'CNY'), 0).amount, 0)).toBe(true)
})

test('adding and taking away undo each other, sums add up, and quantities are whole', () => {
  fc.assert(
    fc.property(fc.array(amount, { maxLength: 60 }), amount, (amounts, other) => {
      const all = amounts.map((minor) => money(minor, 'EUR'))
      const total = sum(all, 'EUR')
      expect(total.amount).toBe(amounts.reduce((left, right) => left + right, 0))
      expect(subtract(add(total, money(other, 'EUR')), money(other, 'EUR'))).toEqual(total)
    }),
  )
  expect(() => times(money(1, 'CNY'), 0.5)).toThrow('whole')
})

test('currencies never mix', () => {
  expect(() => add(money(1, 'CNY'), money(1, 'USD'))).toThrow('cannot add')
  expect(() => subtract(money(1, 'CNY'), money(1, 'USD'))).toThrow('cannot subtract')
  expect(() => sum([money(1, 'CNY')], 'USD')).toThrow('cannot add')
})

test('decimal text reads back as the same amount', () => {
  fc.assert(
    fc.property(amount, fc.constantFrom(...CURRENCIES), (minor, currency) => {
      const text = toDecimalText(money(minor, currency))
      expect(text).toMatch(MINOR_DIGITS[currency] === 0 ? /^-?\d+$/ : /^-?\d+\.\d{2}$/)
      expect(Number(text.replace('.', ''))).toBe(minor)
    }),
  )
  expect([5, -5, 12_800].map((minor) => toDecimalText(money(minor, 'CNY')))).toEqual(['0.05', '-0.05', '128.00'])
})

test('a currency is one of the list, to the letter', () => {
  expect(CURRENCIES.every(isCurrency)).toBe(true)
  expect(['cny', 'CNY ', '', 'GBP', 'toString'].some(isCurrency)).toBe(false)
})
