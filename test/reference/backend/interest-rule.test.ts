import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { adopted, earnedThrough, interestOfDay, nextEarningDay, PARTS_IN_MINOR_UNIT } from '#reference/backend/services/interest-rule.ts'
import { dayAfter, dayAt, dayBefore, endOf, isTimeZone } from '#shared/calendar-day.ts'

const at = (instant: string) => Date.parse(instant)
const iso = (ms: number) => new Date(ms).toISOString()

describe('what a day earns', () => {
  test('a year of 1.5 % on 1,000.00 is 15.00, a leap year one day more', () => {
    let [credit, carried] = [0, 0]
    const days = (count: number) => {
      for (let day = 0; day < count; day += 1) {
        const earned = interestOfDay(100_000, 150, carried)
        credit += earned.credit
        carried = earned.carried
      }
    }
    days(365)
    expect([credit, carried]).toEqual([1_500, 0])
    days(1)
    // 100,000 × 150 ÷ 3,650,000 = 4 and 400,000 parts.
    expect([credit, carried]).toEqual([1_504, 400_000])
  })

  test('a small wallet earns nothing for days, and then its minor unit', () => {
    const credits: number[] = []
    let carried = 0
    for (let day = 0; day < 244; day += 1) {
      const earned = interestOfDay(100, 150, carried)
      credits.push(earned.credit)
      carried = earned.carried
    }
    // 15,000 parts a day: the 244th brings them to 3,660,000.
    expect(credits.findIndex((credit) => credit > 0)).toBe(243)
    expect(carried).toBe(10_000)
  })

  test('an empty wallet, one below zero and a rate of nothing earn nothing and lose nothing of what is carried', () => {
    for (const [closing, rate] of [
      [0, 150],
      [-5_000, 150],
      [5_000, 0],
    ] as const)
      expect(interestOfDay(closing, rate, 77)).toEqual({ credit: 0, carried: 77 })
  })

  test('whatever the days, the sum of the credits is the exact sum rounded down once', () => {
    const day = fc.record({ closing: fc.integer({ min: -10, max: 100_000_000_000 }), rate: fc.integer({ min: 0, max: 5_000 }) })
    fc.assert(
      fc.property(fc.array(day, { maxLength: 100 }), (days) => {
        let [credit, carried, exact] = [0n, 0, 0n]
        for (const { closing, rate } of days) {
          const earned = interestOfDay(closing, rate, carried)
          credit += BigInt(earned.credit)
          carried = earned.carried
          exact += BigInt(Math.max(0, closing)) * BigInt(rate)
          expect(credit).toBe(exact / 3_650_000n)
          expect(BigInt(carried)).toBe(exact % 3_650_000n)
        }
      }),
    )
  })

  test.each([
    [0.5, 150, 0],
    [1, 1.5, 0],
    [1, -1, 0],
    [1, 150, -1],
    [1, 150, Number(PARTS_IN_MINOR_UNIT)],
    [2 ** 53, 150, 0],
  ])('a balance of %d at %d with %d carried is a bug', (...wrong) => {
    expect(() => interestOfDay(...wrong)).toThrow()
  })
})

describe('calendar days', () => {
  test('follow each other over months, years and leap days', () => {
    expect(['2028-02-28', '2027-02-28', '2026-12-31', '2100-02-28'].map(dayAfter)).toEqual([
      '2028-02-29',
      '2027-03-01',
      '2027-01-01',
      '2100-03-01',
    ])
    expect(dayBefore('2028-03-01')).toBe('2028-02-29')
  })

  test.each([
    ['2026-05-01', 'Asia/Shanghai', '2026-05-01T16:00:00.000Z'],
    ['2026-05-01', 'UTC', '2026-05-02T00:00:00.000Z'],
    ['2026-05-01', 'America/New_York', '2026-05-02T04:00:00.000Z'],
    ['2026-12-31', 'Pacific/Kiritimati', '2026-12-31T10:00:00.000Z'],
    ['2026-12-31', 'Etc/GMT+12', '2027-01-01T12:00:00.000Z'],
    // A day of 23 hours, and one of 25.
    ['2026-03-08', 'America/New_York', '2026-03-09T04:00:00.000Z'],
    ['2026-11-01', 'America/New_York', '2026-11-02T05:00:00.000Z'],
    // A day that begins at one o'clock, because midnight was left out.
    ['2018-11-03', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    // The island that went to bed on a Thursday and woke on a Saturday: the Friday between ends with the Thursday.
    ['2011-12-29', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
  ])('%s in %s is over at %s', (day, zone, end) => {
    expect(iso(endOf(day, zone))).toBe(end)
    expect(dayAt(endOf(day, zone), zone) > day).toBe(true)
    expect(dayAt(endOf(day, zone) - 1, zone) <= day).toBe(true)
  })

  test('zones are known by name', () => {
    expect(['Asia/Shanghai', 'UTC', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false])
  })
})

describe('terms', () => {
  const shanghai = 'Asia/Shanghai'
  const first = { fromDay: '2026-05-01', basisPoints: 150, timeZone: shanghai }

  test('a day is settled when it is over in its own zone', () => {
    expect(earnedThrough([first], at('2026-05-01T15:59:59.999Z'))).toBeUndefined()
    expect(earnedThrough([first], at('2026-05-01T16:00:00.000Z'))).toBe('2026-05-01')
    expect(earnedThrough([first], at('2026-05-03T15:59:59.999Z'))).toBe('2026-05-02')
  })

  test('days at another rate, or at none, are what they were', () => {
    const terms = [
      first,
      { ...first, fromDay: '2026-05-04', basisPoints: 0 },
      { ...first, fromDay: '2026-05-06', basisPoints: 300 },
      { ...first, fromDay: '2026-05-09', basisPoints: 0 },
    ]
    expect(earnedThrough(terms, at('2026-05-05T20:00:00.000Z'))).toBe('2026-05-03')
    expect(earnedThrough(terms, at('2026-06-01T00:00:00.000Z'))).toBe('2026-05-08')
    const walked: string[] = []
    for (let next = nextEarningDay(terms, '2026-01-01'); next; next = nextEarningDay(terms, next.day))
      walked.push(`${next.day} ${next.terms.basisPoints}`)
    expect(walked).toEqual(['2026-05-01 150', '2026-05-02 150', '2026-05-03 150', '2026-05-06 300', '2026-05-07 300', '2026-05-08 300'])
  })

  test('a day of an old zone that still runs is waited for, though later days are over in the new one', () => {
    const terms = [
      { fromDay: '2026-05-01', basisPoints: 150, timeZone: 'Etc/GMT+12' },
      { fromDay: '2026-05-02', basisPoints: 150, timeZone: 'Pacific/Kiritimati' },
    ]
    expect(earnedThrough(terms, at('2026-05-02T11:00:00.000Z'))).toBeUndefined()
    expect(earnedThrough(terms, at('2026-05-02T12:00:00.000Z'))).toBe('2026-05-02')
  })

  test('new terms are in force from today on, never for a day that is settled', () => {
    const wanted = { basisPoints: 200, timeZone: shanghai }
    const evening = at('2026-05-09T12:00:00.000Z')
    expect(adopted([], wanted, evening, '')).toEqual({ ...wanted, fromDay: '2026-05-09' })
    expect(adopted([first], wanted, evening, '2026-05-08')).toEqual({ ...wanted, fromDay: '2026-05-09' })
    expect(adopted([first], { basisPoints: 150, timeZone: shanghai }, evening, '')).toBeUndefined()
    // West of where the day was settled, it is still that day.
    const west = { basisPoints: 200, timeZone: 'America/New_York' }
    expect(adopted([first], west, at('2026-05-09T17:00:00.000Z'), '2026-05-09')).toEqual({ ...west, fromDay: '2026-05-10' })
    // Changed twice in a day: the later word counts.
    expect(adopted([{ ...first, fromDay: '2026-05-09' }], wanted, evening, '2026-05-08')).toEqual({ ...wanted, fromDay: '2026-05-09' })
    // A clock that was far ahead has left terms behind that are not begun yet.
    expect(adopted([{ ...first, fromDay: '2027-01-01' }], wanted, evening, '')).toEqual({ ...wanted, fromDay: '2027-01-01' })
  })
})
