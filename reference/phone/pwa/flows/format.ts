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

/** `1.50%`, from hundredths of a percent. */
export function formatRate(basisPoints: number, language: Language): string {
  const make = () => new Intl.NumberFormat(language, { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2 })
  return keep(`rate ${language}`, make).format(basisPoints / 10_000)
}

/** English dates are written with the day first, as most of the world does. */
function localeOf(language: Language): string {
  return language === 'en' ? 'en-GB' : language
}

/** `19:30`, always with 24 hours. Without a time zone: this device's. */
export function formatTime(at: string, language: Language, timeZone?: string): string {
  const make = () => new Intl.DateTimeFormat(language, { ...zone(timeZone), hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  return keep(`time ${language} ${timeZone ?? ''}`, make).format(Date.parse(at))
}

/** `Fri, 1 May 2026` and `2026年5月1日周五`. */
export function formatDay(at: string, language: Language, timeZone?: string): string {
  const make = () =>
    new Intl.DateTimeFormat(localeOf(language), { ...zone(timeZone), weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' })
  return keep(`day ${language} ${timeZone ?? ''}`, make).format(Date.parse(at))
}

/** `1 May` and `5月1日`: where the year is plain. */
export function formatShortDay(at: string, language: Language, timeZone?: string): string {
  const make = () => new Intl.DateTimeFormat(localeOf(language), { ...zone(timeZone), day: 'numeric', month: 'short' })
  return keep(`short ${language} ${timeZone ?? ''}`, make).format(Date.parse(at))
}

/** Day and time together, by this device's clock zone: `1 May 2026, 19:30`. */
export function formatMoment(at: string | number, language: Language): string {
  const make = () =>
    new Intl.DateTimeFormat(localeOf(language), {
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  return keep(`moment ${language}`, make).format(new Date(at))
}

/** To the second: when everything was stopped. */
export function formatSecond(at: string, language: Language): string {
  const make = () =>
    new Intl.DateTimeFormat(localeOf(language), { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
  return keep(`second ${language}`, make).format(Date.parse(at))
}

/** A calendar day such as `2026-05-01`, in no time zone at all. */
export function formatCalendarDay(day: string, language: Language): string {
  return formatDay(`${day}T12:00:00Z`, language, 'UTC')
}

function zone(timeZone: string | undefined): { readonly timeZone?: string } {
  return timeZone === undefined ? {} : { timeZone }
}

/** What tells one device from another at a glance, of an id nobody can read: its last four figures. */
export function shortId(id: string): string {
  return id.slice(-4).toUpperCase()
}
