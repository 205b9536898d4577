/** Amounts as people type them. */
import { LIMIT_AMOUNT_MAX } from '#shared/contracts/wallet-limits-api.ts'
import { type Currency, MINOR_DIGITS, toDecimalText } from '#shared/domain/money.ts'

const SYMBOLS = /[¥€$\s,，]/gu

/**
 * `1,000.5` is 100050 minor units. Full-width figures, a currency sign and thousands' commas are read over. Undefined: that is no amount, or
 * one with more digits than the currency has, or more than any limit may be.
 */
export function amountTyped(text: string, currency: Currency): number | undefined {
  const plain = text.normalize('NFKC').replaceAll('。', '.').replaceAll(SYMBOLS, '')
  const digits = MINOR_DIGITS[currency]
  const { whole, part = '' } = /^(?<whole>\d{1,10})(?:\.(?<part>\d*))?$/u.exec(plain)?.groups ?? {}
  if (whole === undefined || part.length > digits) return undefined
  const amount = Number(whole + part.padEnd(digits, '0'))
  return amount <= LIMIT_AMOUNT_MAX ? amount : undefined
}

/** What stands in the field before anybody has typed. */
export function amountText(amount: number, currency: Currency): string {
  return toDecimalText({ amount, currency })
}

/** A whole number between two bounds, or undefined. */
export function countTyped(text: string, min: number, max: number): number | undefined {
  const plain = text.normalize('NFKC').trim()
  const count = /^\d{1,8}$/u.test(plain) ? Number(plain) : Number.NaN
  return count >= min && count <= max ? count : undefined
}
