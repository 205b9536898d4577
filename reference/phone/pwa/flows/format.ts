/** Money, times and dates as people read them, in their language. */
import { MINOR_DIGITS, type Money, toDecimalText } from '#shared/domain/money.ts'
import type { Language } from '#shared/domain/words.ts'

/** Intl formatters are slow to make and cheap to keep. */
const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>()

function keep<F extends Intl.NumberFormat | Intl.DateTimeFormat>(key: string, make: () => F): F {
  const format = (formats.get(key) as F | undefined) ?? make()
  formats.set(key, format)
  return format
}

/** `¥128.00`; with `sign`, `+¥128.00` and `−¥128.00`. Only for display: nothing is computed from it. */
export function formatMoney(amount: Money, language: Language, sign: 'never' | 'always' = 'never'): string {
  const format = keep(`${language} ${amount.currency} ${sign}`, () => {
    const digits = MINOR_DIGITS[amount.currency]
    return new Intl.NumberFormat(language, {
      style: 'currency',
      currency: amount.currency,
      currencyDisplay: 'narrowSymbol',
      signDisplay: sign === 'always' ? 'exceptZero' : 'auto',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    })
  })
  // A hyphen is narrower than a figure and easily overlooked.
  return format.format(Number(toDecimalText(amount))).replace('-', '−')
}
