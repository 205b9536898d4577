import { expect, test } from 'vitest'
import { FILMS, HALLS, PRODUCTS, SITE, TICKET_TYPES } from '#reference/practice/cinema.ts'
import { localDay, programmeAt } from '#reference/practice/showtimes.ts'
import { hallSchema, programmeSchema } from '#shared/contracts/backend-api.ts'

const HOUR_MS = 3_600_000
const DAY = Date.UTC(2030, 5, 14, 16)

test('the programme is what the backend takes, at every hour of a day', () => {
  for (let hour = 0; hour < 24; hour += 1) {
    const programme = programmeSchema.safeParse(programmeAt(DAY + hour * HOUR_MS))
    expect(programme.error).toBeUndefined()
  }
})

test('whatever the time, shows start within the next three hours, in both halls', () => {
  for (let minutes = 0; minutes < 24 * 60; minutes += 7) {
    const nowMs = DAY + minutes * 60_000
    const soon = programmeAt(nowMs).showtimes.filter(({ startsAt }) => {
      const inMs = Date.parse(startsAt) - nowMs
      return inMs > 0 && inMs <= 3 * HOUR_MS
    })
    expect(new Set(soon.map(({ hallId }) => hallId)).size).toBe(HALLS.length)
  }
})

test('the same day gives the same programme; tomorrow keeps the shows it had from today', () => {
  const morning = programmeAt(DAY)
  expect(programmeAt(DAY + 23 * HOUR_MS)).toEqual(morning)
  const next = programmeAt(DAY + 24 * HOUR_MS)
  expect(next.version).not.toBe(morning.version)
  const nextById = new Map(next.showtimes.map((showtime) => [showtime.id, showtime]))
  const shared = morning.showtimes.filter(({ id }) => nextById.has(id))
  expect(shared.length).toBeGreaterThan(10)
  for (const showtime of shared) expect(nextById.get(showtime.id)).toEqual(showtime)
})

test('no hall shows two films at once, and every film is on', () => {
  const { showtimes } = programmeAt(DAY)
  for (const hall of HALLS) {
    const inHall = showtimes.filter(({ hallId }) => hallId === hall.id).toSorted((a, b) => a.startsAt.localeCompare(b.startsAt))
    for (const [index, showtime] of inHall.entries()) {
      const next = inHall[index + 1]
      if (next) expect(Date.parse(next.startsAt)).toBeGreaterThanOrEqual(Date.parse(showtime.startsAt) + showtime.minutes * 60_000)
    }
  }
  expect(new Set(showtimes.map(({ title }) => title.en))).toEqual(new Set(FILMS.map(({ title }) => title.en)))
})

test('halls have aisles and accessible seats, and each seat once', () => {
  for (const hall of HALLS) {
    expect(hallSchema.safeParse(hall).success).toBe(true)
    const seats = hall.rows.flatMap((row) => row.seats)
    expect(new Set(seats.map(({ id }) => id)).size).toBe(seats.length)
    expect(seats.some(({ accessible }) => accessible)).toBe(true)
    expect(new Set(seats.map(({ column }) => column)).size).toBeLessThan(hall.columns)
  }
  expect(HALLS.map((hall) => [hall.rows.length, hall.rows[0]?.seats.length])).toEqual([
    [9, 14],
    [7, 10],
  ])
})

test('what is sold has whole prices and a tax rate of the trade', () => {
  expect(PRODUCTS.length).toBeGreaterThanOrEqual(12)
  expect(new Set(PRODUCTS.map(({ group }) => group)).size).toBe(4)
  for (const { price, taxBasisPoints } of [...PRODUCTS, ...TICKET_TYPES]) {
    expect(price.amount).toBeGreaterThan(0)
    expect([600, 1_300]).toContain(taxBasisPoints)
  }
})

test('a local day begins at local midnight', () => {
  const late = Date.UTC(2030, 5, 14, 15, 59, 59, 999)
  expect(localDay(late, SITE.timeZone)).toEqual({ date: '2030-06-14', startMs: Date.UTC(2030, 5, 13, 16) })
  expect(localDay(late + 1, SITE.timeZone)).toEqual({ date: '2030-06-15', startMs: Date.UTC(2030, 5, 14, 16) })
})
