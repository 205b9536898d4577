import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayStartMs, TIME_ZONE_OF } from '#shared/calendar-day.ts'

const MINUTE_MS = 60_000
const startOf = (moment: string, timeZone: string) => new Date(dayStartMs(Date.parse(moment), timeZone)).toISOString()

test.each([
  ['2026-05-01T11:00:00.000Z', 'Asia/Shanghai', '2026-04-30T16:00:00.000Z'],
  ['2026-04-30T16:00:00.000Z', 'Asia/Shanghai', '2026-04-30T16:00:00.000Z'],
  ['2026-04-30T15:59:59.999Z', 'Asia/Shanghai', '2026-04-29T16:00:00.000Z'],
  // A day of 23 hours, and one of 25.
  ['2026-03-29T20:00:00.000Z', 'Europe/Brussels', '2026-03-28T23:00:00.000Z'],
  ['2026-10-25T22:30:00.000Z', 'Europe/Brussels', '2026-10-24T22:00:00.000Z'],
  // No midnight at all: the clocks jump from it to one.
  ['2026-03-29T12:00:00.000Z', 'Asia/Beirut', '2026-03-28T22:00:00.000Z'],
  ['2026-07-01T10:00:00.000Z', 'Asia/Kathmandu', '2026-06-30T18:15:00.000Z'],
])('the day of %s in %s began at %s', (moment, timeZone, start) => {
  expect(startOf(moment, timeZone)).toBe(start)
})

test('a day begins with the first minute of its date, in every zone an account can have', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(TIME_ZONE_OF)), fc.integer({ min: 0, max: 4_000_000_000_000 }), (timeZone, nowMs) => {
      const date = (ms: number) => new Intl.DateTimeFormat('en-CA', { timeZone }).format(ms)
      const startMs = dayStartMs(nowMs, timeZone)
      expect([date(startMs), date(startMs - MINUTE_MS) === date(nowMs)]).toEqual([date(nowMs), false])
      expect(nowMs - startMs).toBeLessThan(25 * 60 * MINUTE_MS)
    }),
    { numRuns: 200 },
  )
})

test('a zone that does not exist is a mistake of ours', () => {
  expect(() => dayStartMs(0, 'Nowhere/Land')).toThrow(RangeError)
})
