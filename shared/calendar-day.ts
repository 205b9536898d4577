/**
 * Calendar days of a time zone: "today" begins at a person's midnight, not at that of a server. A day is text such as `2026-05-01`, so that
 * days compare as texts do. Instants are milliseconds since 1970 UTC. A time zone is an IANA name; RangeError when there is no such zone.
 */
import type { Currency } from './domain/money.ts'

const SECOND_MS = 1_000
const DAY_MS = 86_400_000
/** No zone's midnight was ever further than this from midnight in UTC. */
const MIDNIGHT_OFF_MAX_S = 16 * 3_600
/** `2026-05-01T…`: the day of an instant as text. */
const DAY_LENGTH = 10
/** Formats are costly to make and few: one for each time zone in use. */
const FORMATS_MAX = 64
const formats = new Map<string, Intl.DateTimeFormat>()
/** The day each zone was last asked about: to find where it begins takes long, and the next question is nearly always about the same. */
const lastDays = new Map<string, { readonly startMs: number; readonly endMs: number }>()

/** Whose midnight an account's day begins at, until it has a time zone of its own: that of the place its currency comes from. */
export const TIME_ZONE_OF: Readonly<Record<Currency, string>> = {
  CNY: 'Asia/Shanghai',
  EUR: 'Europe/Brussels',
  USD: 'America/New_York',
  JPY: 'Asia/Tokyo',
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0
  } catch {
    // RangeError is how Intl says that it does not know the zone.
    return false
  }
}

/** The day on the calendar of this zone at this instant. */
export function dayAt(ms: number, timeZone: string): string {
  return formatOf(timeZone).format(ms).padStart(DAY_LENGTH, '0')
}

export function dayAfter(day: string): string {
  return shifted(day, DAY_MS)
}

export function dayBefore(day: string): string {
  return shifted(day, -DAY_MS)
}

/**
 * The instant at which a day is over in this zone: the first one of any later day. A day may be longer or shorter than 24 hours, begin at
 * another hour than midnight, or be left out (then it ends with the day before it): the calendar is asked, not reckoned.
 */
export function endOf(day: string, timeZone: string): number {
  const midnight = Date.parse(dayAfter(day)) / SECOND_MS
  let within = midnight - MIDNIGHT_OFF_MAX_S
  let over = midnight + MIDNIGHT_OFF_MAX_S
  // Clocks change on whole seconds: the first one that is of a later day is found by halving.
  while (over - within > 1) {
    const middle = Math.floor((within + over) / 2)
    if (dayAt(middle * SECOND_MS, timeZone) > day) over = middle
    else within = middle
  }
  return over * SECOND_MS
}

/** When the day began that this instant lies in: exact on days on which clocks change. */
export function dayStartMs(nowMs: number, timeZone: string): number {
  const known = lastDays.get(timeZone)
  if (known && known.startMs <= nowMs && nowMs < known.endMs) return known.startMs
  const day = dayAt(nowMs, timeZone)
  const startMs = endOf(dayBefore(day), timeZone)
  if (lastDays.size >= FORMATS_MAX) lastDays.clear()
  lastDays.set(timeZone, { startMs, endMs: endOf(day, timeZone) })
  return startMs
}

function shifted(day: string, byMs: number): string {
  return new Date(Date.parse(day) + byMs).toISOString().slice(0, DAY_LENGTH)
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  // Swedish writes a date as ISO 8601 does.
  const made = new Intl.DateTimeFormat('sv-SE', { timeZone, calendar: 'gregory', numberingSystem: 'latn', dateStyle: 'short' })
  if (formats.size >= FORMATS_MAX) formats.clear()
  formats.set(timeZone, made)
  return made
}
