/** Money, times and dates as people read them, in the language of the screen and the time zone of the site. */
import { MINOR_DIGITS, type Money, toDecimalText } from '#shared/domain/money.ts'
import type { Language } from '#shared/domain/words.ts'

/** Intl formatters are slow to make and cheap to keep. */
const moneyFormats = new Map<string, Intl.NumberFormat>()
const dateFormats = new Map<string, Intl.DateTimeFormat>()

function keep<F>(formats: Map<string, F>, key: string, make: () => F): F {
  const format = formats.get(key) ?? make()
  formats.set(key, format)
  return format
}

/** `¥128.00`. Only for display: nothing is computed from it. */
export function formatMoney(amount: Money, language: Language): string {
  const format = keep(moneyFormats, `${language} ${amount.currency}`, () => {
    const digits = MINOR_DIGITS[amount.currency]
    return new Intl.NumberFormat(language, {
      style: 'currency',
      currency: amount.currency,
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    })
  })
  return format.format(Number(toDecimalText(amount)))
}

/** `19:30`, always with 24 hours, as cinemas print it. */
export function formatTime(at: string, language: Language, timeZone: string): string {
  return keep(
    dateFormats,
    `time ${language} ${timeZone}`,
    () => new Intl.DateTimeFormat(language, { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  ).format(Date.parse(at))
}

/** `Sun 22 Nov` and `11月22日周日`. */
export function formatDay(atMs: number, language: Language, timeZone: string): string {
  const key = `day ${language} ${timeZone}`
  const make = () =>
    new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { timeZone, weekday: 'short', day: 'numeric', month: 'short' })
  return keep(dateFormats, key, make).format(atMs)
}
