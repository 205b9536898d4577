/** Calendar days of a time zone. A day is text such as `2026-05-01`, so that days compare as texts do. Instants are milliseconds UTC. */

const DAY_MS = 86_400_000
/** No zone's midnight was ever further than this from midnight in UTC. */
const MIDNIGHT_OFF_MAX_MS = 16 * 3_600_000
/** `2026-05-01T…`: the day of an instant as text. */
const DAY_LENGTH = 10

const formats = new Map<string, Intl.DateTimeFormat>()

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
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  )
  return [(parts.get('year') ?? '').padStart(4, '0'), parts.get('month'), parts.get('day')].join('-')
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
  const midnightMs = Date.parse(dayAfter(day))
  let within = midnightMs - MIDNIGHT_OFF_MAX_MS
  let over = midnightMs + MIDNIGHT_OFF_MAX_MS
  while (over - within > 1) {
    const middle = Math.floor((within + over) / 2)
    if (dayAt(middle, timeZone) > day) over = middle
    else within = middle
  }
  return over
}

function shifted(day: string, byMs: number): string {
  return new Date(Date.parse(day) + byMs).toISOString().slice(0, DAY_LENGTH)
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  formats.set(timeZone, made)
  return made
}
