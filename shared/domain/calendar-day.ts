/** The calendar day of a person: "today" in limits begins at their midnight, not at that of a server. */
import type { Currency } from './money.ts'

const MINUTE_MS = 60_000
/** Longer than any calendar day: one on which clocks go back has 25 hours. */
const SEARCHED_MINUTES = 26 * 60
/** Formats are costly to make and few: one for each time zone in use. */
const FORMATS_MAX = 64
const formats = new Map<string, Intl.DateTimeFormat>()

/** Whose midnight an account's day begins at, until it has a time zone of its own: that of the place its currency comes from. */
export const TIME_ZONE_OF: Readonly<Record<Currency, string>> = {
  CNY: 'Asia/Shanghai',
  EUR: 'Europe/Brussels',
  USD: 'America/New_York',
  JPY: 'Asia/Tokyo',
}

/**
 * When the day began that this moment lies in, in an IANA time zone; milliseconds since 1970 UTC. Exact on days on which clocks change.
 * Throws RangeError when there is no such zone.
 */
export function dayStartMs(nowMs: number, timeZone: string): number {
  const format = formatOf(timeZone)
  const today = format.format(nowMs)
  // Zones change by whole minutes, and a day is one run of them: its first minute is found by halving.
  let last = Math.floor(nowMs / MINUTE_MS)
  let before = last - SEARCHED_MINUTES
  while (last - before > 1) {
    const middle = Math.floor((before + last) / 2)
    if (format.format(middle * MINUTE_MS) === today) last = middle
    else before = middle
  }
  return last * MINUTE_MS
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-CA', { timeZone, calendar: 'gregory', year: 'numeric', month: '2-digit', day: '2-digit' })
  if (formats.size >= FORMATS_MAX) formats.clear()
  formats.set(timeZone, made)
  return made
}
