import type { T } from '../i18n/i18n.ts'

const MINUTE_MS = 60_000
const HOUR_MINUTES = 60
const DAY_MINUTES = 1_440

type ClockOffShown = { readonly way: 'ahead' | 'behind'; readonly unit: 'minutes' | 'hours' | 'days'; readonly count: number }

/** How a clock that is off is spoken of: in the largest unit of which it is off by at least two, rounded. */
export function clockOffShown(skewMs: number): ClockOffShown {
  const way = skewMs > 0 ? 'ahead' : 'behind'
  const minutes = Math.round(Math.abs(skewMs) / MINUTE_MS)
  if (minutes < 2 * HOUR_MINUTES) return { way, unit: 'minutes', count: minutes }
  if (minutes < 2 * DAY_MINUTES) return { way, unit: 'hours', count: Math.round(minutes / HOUR_MINUTES) }
  return { way, unit: 'days', count: Math.round(minutes / DAY_MINUTES) }
}

/** "Clock 24 hours fast", in the language of `t`. */
export function clockOffWords(skewMs: number, t: T): string {
  const { way, unit, count } = clockOffShown(skewMs)
  return t(`status.clock.${way}`, { by: t(`status.clockBy.${unit}`, { count }) })
}
