import { assert } from '#shared/assert.ts'

/** ISO 4217 codes this program sells in. Each has its number of minor digits below. */
export const CURRENCIES = ['CNY', 'EUR', 'USD', 'JPY'] as const
export type Currency = (typeof CURRENCIES)[number]

/** Digits after the decimal point, from ISO 4217. */
export const MINOR_DIGITS: Readonly<Record<Currency, number>> = { CNY: 2, EUR: 2, USD: 2, JPY: 0 }

/** An amount of money: whole minor units (fen, cents), never a float. Negative in refunds and voids. */
export type Money = { readonly amount: number; readonly currency: Currency }

/** The largest amount one sale may reach: ten million minor units. A limit, so that no sum leaves the safe integers. */
export const SALE_AMOUNT_MAX = 10_000_000

export function isCurrency(text: string): text is Currency {
  return (CURRENCIES as readonly string[]).includes(text)
}

/** Makes money of whole minor units. Throws (a bug) when the amount is not a safe integer. */
export function money(amount: number, currency: Currency): Money {
  assert(Number.isSafeInteger(amount), `money must be whole minor units, got ${amount}`)
  return { amount: amount === 0 ? 0 : amount, currency }
}

export function add(a: Money, b: Money): Money {
  assert(a.currency === b.currency, `cannot add ${a.currency} and ${b.currency}`)
  return money(a.amount + b.amount, a.currency)
}

export function subtract(a: Money, b: Money): Money {
  assert(a.currency === b.currency, `cannot subtract ${b.currency} from ${a.currency}`)
  return money(a.amount - b.amount, a.currency)
}

export function times(a: Money, quantity: number): Money {
  assert(Number.isSafeInteger(quantity), `a quantity is whole, got ${quantity}`)
  return money(a.amount * quantity, a.currency)
}

export function sum(amounts: readonly Money[], currency: Currency): Money {
  return amounts.reduce(add, money(0, currency))
}

/**
 * The tax inside an amount that already includes it: amount × rate ÷ (1 + rate), rounded half away from zero to whole minor units.
 * `rateBasisPoints`: 600 means 6 %. Integer arithmetic throughout (BigInt), so no rounding but the stated one.
 */
export function taxIncludedIn(amount: Money, rateBasisPoints: number): Money {
  assert(
    Number.isSafeInteger(rateBasisPoints) && rateBasisPoints >= 0 && rateBasisPoints <= 10_000,
    `tax rate out of range: ${rateBasisPoints}`,
  )
  const numerator = BigInt(Math.abs(amount.amount)) * BigInt(rateBasisPoints)
  const denominator = BigInt(10_000 + rateBasisPoints)
  const rounded = Number((2n * numerator + denominator) / (2n * denominator))
  return money(amount.amount < 0 ? -rounded : rounded, amount.currency)
}

/** Plain decimal text such as `128.00`, for logs, receipts in text and scripts. Screens use Intl.NumberFormat. */
export function toDecimalText({ amount, currency }: Money): string {
  const digits = MINOR_DIGITS[currency]
  const sign = amount < 0 ? '-' : ''
  const whole = String(Math.abs(amount)).padStart(digits + 1, '0')
  return digits === 0 ? sign + whole : `${sign}${whole.slice(0, -digits)}.${whole.slice(-digits)}`
}
