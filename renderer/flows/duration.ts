const HOUR_MINUTES = 60
const DAY_MINUTES = 1_440

/** How a stretch of time is spoken of: in the largest unit of which it is at least two, rounded. */
export function durationShown(minutes: number): { readonly unit: 'minutes' | 'hours' | 'days'; readonly count: number } {
  if (minutes < 2 * HOUR_MINUTES) return { unit: 'minutes', count: Math.round(minutes) }
  if (minutes < 2 * DAY_MINUTES) return { unit: 'hours', count: Math.round(minutes / HOUR_MINUTES) }
  return { unit: 'days', count: Math.round(minutes / DAY_MINUTES) }
}
