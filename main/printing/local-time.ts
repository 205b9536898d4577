/**
 * A moment as the site's clock showed it. `moment` is ISO 8601 UTC; `timeZone` an IANA name.
 * A zone this machine does not know must not keep a receipt from being printed: the time is then given in UTC, and says so by its offset.
 */
export function localTime(moment: string, timeZone: string): { readonly minute: string; readonly second: string; readonly offset: string } {
  const instant = new Date(moment)
  if (Number.isNaN(instant.getTime())) return { minute: moment, second: moment, offset: '' }
  const parts = new Map(
    formatFor(timeZone)
      .formatToParts(instant)
      .map((part) => [part.type, part.value]),
  )
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? ''
  const minute = `${part('year')}-${part('month')}-${part('day')} ${part('hour')}:${part('minute')}`
  const offset = part('timeZoneName').replace('GMT', '')
  return { minute, second: `${minute}:${part('second')}`, offset: offset === '' ? '+00:00' : offset }
}

/** A till is in one time zone: its format is made once. */
let made: { readonly timeZone: string; readonly format: Intl.DateTimeFormat } | undefined

function formatFor(timeZone: string): Intl.DateTimeFormat {
  if (made?.timeZone !== timeZone) made = { timeZone, format: makeFormat(timeZone) }
  return made.format
}

function makeFormat(timeZone: string): Intl.DateTimeFormat {
  const options = {
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  } as const
  try {
    return new Intl.DateTimeFormat('en-US', { ...options, timeZone })
  } catch {
    return new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' })
  }
}
