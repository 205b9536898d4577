import { expect, test } from 'vitest'
import { dayAt } from '#shared/calendar-day.ts'
import { countdownTo, filmsOf, holdLeft, hueOf } from '../../../renderer/flows/programme.ts'
import { programmeAround } from '../support/programme.ts'

const NOON_MS = Date.parse('2026-11-22T04:00:00.000Z') // Noon in Shanghai.
const day = (atMs: number) => dayAt(atMs, 'Asia/Shanghai')

test('films come by their next show, each with its shows in order', () => {
  const films = filmsOf(programmeAround(NOON_MS), NOON_MS, day)
  expect(films.map((film) => film.first.title.en)).toEqual([
    'The Lighthouse Keeper',
    'A Small Orchestra of Cats',
    'Paper Kites over the River',
    'Second Moon',
  ])
  expect(films.map((film) => film.showtimes.length)).toEqual([4, 3, 3, 2])
  for (const { showtimes } of films) expect(showtimes.map((one) => one.startsAt)).toEqual(showtimes.map((one) => one.startsAt).toSorted())
})

test('a show leaves the wall half an hour after it began, and tomorrow is not today', () => {
  const programme = programmeAround(NOON_MS)
  const [show] = programme.showtimes
  if (show === undefined) throw new Error('the day has shows')
  const only = (startsAt: string) => filmsOf({ showtimes: [{ ...show, startsAt }] }, NOON_MS, day).length
  expect(only('2026-11-22T03:31:00.000Z')).toBe(1)
  expect(only('2026-11-22T03:29:00.000Z')).toBe(0)
  expect(only('2026-11-22T15:59:00.000Z')).toBe(1)
  expect(only('2026-11-22T16:00:00.000Z')).toBe(0)
})

test('a show that began before midnight is still shown after it', () => {
  const [show] = programmeAround(NOON_MS).showtimes
  if (show === undefined) throw new Error('the day has shows')
  const nowMs = Date.parse('2026-11-22T16:05:00.000Z')
  expect(filmsOf({ showtimes: [{ ...show, startsAt: '2026-11-22T15:50:00.000Z' }] }, nowMs, day)).toHaveLength(1)
})

test('the evening goes on after midnight: the shows of the next hours are on the wall, tomorrow evening is not', () => {
  const [show] = programmeAround(NOON_MS).showtimes
  if (show === undefined) throw new Error('the day has shows')
  const nowMs = Date.parse('2026-11-22T15:45:00.000Z')
  const shown = ['2026-11-22T16:30:00.000Z', '2026-11-22T18:44:00.000Z', '2026-11-22T18:46:00.000Z', '2026-11-23T11:10:00.000Z'].filter(
    (startsAt) => filmsOf({ showtimes: [{ ...show, startsAt }] }, nowMs, day).length === 1,
  )
  expect(shown).toEqual(['2026-11-22T16:30:00.000Z', '2026-11-22T18:44:00.000Z'])
})

test('how soon a show starts is told in whole minutes', () => {
  const at = (leftMs: number) => countdownTo(new Date(NOON_MS + leftMs).toISOString(), NOON_MS)
  expect(at(95 * 60_000)).toEqual({ minutes: 95, kind: 'later' })
  expect(at(30 * 60_000)).toEqual({ minutes: 30, kind: 'soon' })
  expect(at(30_000)).toEqual({ minutes: 0, kind: 'now' })
  expect(at(-30_000)).toEqual({ minutes: 0, kind: 'now' })
  expect(at(-11 * 60_000)).toEqual({ minutes: 11, kind: 'started' })
})

test('a hold counts down to zero and no further', () => {
  const left = (ms: number) => holdLeft(new Date(NOON_MS + ms).toISOString(), NOON_MS)
  expect(left(8 * 60_000)).toEqual({ text: '8:00', isShort: false, isOver: false })
  expect(left(59_500)).toEqual({ text: '1:00', isShort: true, isOver: false })
  expect(left(9_000)).toEqual({ text: '0:09', isShort: true, isOver: false })
  expect(left(-5_000)).toEqual({ text: '0:00', isShort: true, isOver: true })
})

test('a film keeps its colour', () => {
  expect(hueOf('Second Moon')).toBe(hueOf('Second Moon'))
  expect(hueOf('Second Moon')).not.toBe(hueOf('Paper Kites over the River'))
})
