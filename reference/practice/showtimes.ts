/**
 * Today's programme, made from the clock: the practice cinema plays round the clock, so that there is always a show to sell in the next
 * hours, whatever the hour somebody practises at. The same day gives the same showtimes.
 */
import type * as z from 'zod'
import type { programmeSchema } from '#shared/contracts/backend-api.ts'
import { FILMS, HALLS, PRODUCTS, SITE, TICKET_TYPES } from './cinema.ts'

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60
/**
 * A show starts in each hall every 160 minutes, nine a day, so that a day joins the next without two films in one hall at once (the
 * longest has 131 minutes). The second hall starts half a turn later. Minutes after midnight.
 */
const SHOW_EVERY_MINUTES = 160
const FIRST_SHOW_MINUTES = [30, 110] as const
const DAYS_AHEAD = 1

/** The calendar day in a time zone, and the moment it began, milliseconds since 1970 UTC. */
export function localDay(nowMs: number, timeZone: string): { readonly date: string; readonly startMs: number } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(nowMs)
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? '00'
  const date = `${part('year')}-${part('month')}-${part('day')}`
  const passedMs = ((Number(part('hour')) * 60 + Number(part('minute'))) * 60 + Number(part('second'))) * 1_000 + (nowMs % 1_000)
  return { date, startMs: nowMs - passedMs }
}

/** What the site sells on this day and the next. */
export function programmeAt(nowMs: number): z.input<typeof programmeSchema> {
  const today = localDay(nowMs, SITE.timeZone)
  const showtimes = Array.from({ length: 1 + DAYS_AHEAD }, (_, ahead) => {
    // The middle of a day is in that day whatever a time zone does to its ends.
    const noonMs = today.startMs + (ahead * DAY_MINUTES + DAY_MINUTES / 2) * MINUTE_MS
    return showtimesOf(localDay(noonMs, SITE.timeZone))
  }).flat()
  return { version: `practice-${today.date}`, currency: SITE.currency, halls: [...HALLS], showtimes, products: [...PRODUCTS] }
}

function showtimesOf({ date, startMs }: { readonly date: string; readonly startMs: number }): z.input<typeof programmeSchema>['showtimes'] {
  return HALLS.flatMap((hall, hallIndex) => {
    const first = FIRST_SHOW_MINUTES[hallIndex] ?? 0
    const count = Math.ceil((DAY_MINUTES - first) / SHOW_EVERY_MINUTES)
    return Array.from({ length: count }, (_, index) => {
      const minutes = first + index * SHOW_EVERY_MINUTES
      const film = FILMS[(index + hallIndex * 2) % FILMS.length] ?? FILMS[0]
      const clockTime = `${pad(Math.floor(minutes / 60))}${pad(minutes % 60)}`
      return film
        ? [
            {
              id: `${date}-${hall.id}-${clockTime}`,
              hallId: hall.id,
              title: film.title,
              format: film.format,
              startsAt: new Date(startMs + minutes * MINUTE_MS).toISOString(),
              minutes: film.minutes,
              rating: film.rating,
              ticketTypes: [...TICKET_TYPES],
            },
          ]
        : []
    }).flat()
  })
}

function pad(number: number): string {
  return String(number).padStart(2, '0')
}
