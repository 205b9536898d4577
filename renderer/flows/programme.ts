import type { Programme, Showtime } from '#shared/domain/programme.ts'
import { minutesAndSeconds, secondsUntil } from './countdown.ts'

export type Film = { readonly key: string; readonly first: Showtime; readonly showtimes: readonly Showtime[] }

/** A show stays on the wall this long after it began: latecomers buy too. The terminal decides whether it still sells. */
const SHOWN_AFTER_START_MS = 30 * 60_000
/** The nearest show is marked `soon` within this time. */
export const SOON_MS = 30 * 60_000

/** A cinema's evening does not end at midnight: shows that begin this soon are on the wall too, whatever their date. */
const NIGHT_AHEAD_MS = 3 * 60 * 60_000

/**
 * Today's shows and those of the coming hours, by film, each film's in order of time, films by their next show. `day` is the site's
 * calendar day of an instant.
 */
export function filmsOf(programme: Pick<Programme, 'showtimes'>, nowMs: number, day: (atMs: number) => string): readonly Film[] {
  const today = day(nowMs)
  const films = new Map<string, Showtime[]>()
  const shown = programme.showtimes.filter(({ startsAt }) => {
    const startMs = Date.parse(startsAt)
    return startMs + SHOWN_AFTER_START_MS > nowMs && (day(startMs) === today || startMs < nowMs + NIGHT_AHEAD_MS)
  })
  for (const showtime of shown.toSorted((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt))) {
    const key = `${showtime.title.en}\n${showtime.title['zh-CN']}`
    films.set(key, [...(films.get(key) ?? []), showtime])
  }
  return [...films].flatMap(([key, showtimes]) => {
    const first = showtimes[0]
    return first === undefined ? [] : [{ key, first, showtimes }]
  })
}

/** A hue for a film's tile, the same every day: not random, so that the cashier's eye learns it. */
export function hueOf(key: string): number {
  let hash = 7
  for (const char of key) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 9_973
  return (hash * 211) % 360
}

export type Countdown = { readonly minutes: number; readonly kind: 'started' | 'now' | 'soon' | 'later' }

/** How soon a show starts, in whole minutes (since it began, when it has). */
export function countdownTo(startsAt: string, nowMs: number): Countdown {
  const leftMs = Date.parse(startsAt) - nowMs
  if (leftMs <= -60_000) return { minutes: Math.floor(-leftMs / 60_000), kind: 'started' }
  if (leftMs < 60_000) return { minutes: 0, kind: 'now' }
  return { minutes: Math.floor(leftMs / 60_000), kind: leftMs <= SOON_MS ? 'soon' : 'later' }
}

/** What is left of a hold, as `m:ss`; `0:00` when it ran out. */
export function holdLeft(expiresAt: string, nowMs: number): { readonly text: string; readonly isShort: boolean; readonly isOver: boolean } {
  const seconds = secondsUntil(expiresAt, nowMs)
  return { text: minutesAndSeconds(seconds), isShort: seconds <= 60, isOver: seconds === 0 }
}
