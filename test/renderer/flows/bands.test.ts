import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BandView } from '#shared/contracts/till.ts'
import type { SightingId } from '#shared/domain/ids.ts'
import { bandFlags, chargeAct, inOrder, movedBands, nearestFirst, selectedBand } from '../../../renderer/flows/bands.ts'
import { BANDS, TWINS } from '../support/fake-bands.ts'

const bandArbitrary: fc.Arbitrary<BandView> = fc.record({
  id: fc.uuid().map((id) => id as SightingId),
  letter: fc.constantFrom('A', 'B', 'C', 'D', 'Z', 'AA', 'AB'),
  nearness: fc.constantFrom(0, 1, 2, 3, 4),
  worn: fc.boolean(),
  armed: fc.boolean(),
  phoneLinked: fc.boolean(),
  lowBattery: fc.boolean(),
  proposed: fc.constant(false),
  needsKnock: fc.boolean(),
})

test('bands are nearest first, and the order does not depend on how they arrived', () => {
  fc.assert(
    fc.property(fc.uniqueArray(bandArbitrary, { selector: (band) => band.letter }), (bands) => {
      const ordered = nearestFirst(bands)
      expect(ordered.map((band) => band.nearness)).toEqual(bands.map((band) => band.nearness).toSorted((a, b) => b - a))
      expect(nearestFirst(bands.toReversed())).toEqual(ordered)
    }),
  )
})

test('a kept order keeps everybody in place, whatever their nearness; newcomers stand last, and who is gone leaves no gap', () => {
  const [a, b, c, d] = BANDS
  if (!a || !b || !c || !d) throw new Error('four bands')
  const nearer = [{ ...a, nearness: 0 as const }, b, { ...c, nearness: 4 as const }, { ...d, nearness: 4 as const }]
  expect(inOrder(nearer, [a.id, b.id]).map(({ letter }) => letter)).toEqual(['A', 'B', 'C', 'D'])
  expect(inOrder(nearer.slice(1), [a.id, b.id]).map(({ letter }) => letter)).toEqual(['B', 'C', 'D'])
  expect(inOrder(BANDS, [])).toEqual(nearestFirst(BANDS))
  expect(movedBands([a.id, b.id], [a.id, b.id, c.id])).toEqual([])
  expect(movedBands([a.id, b.id, c.id], [b.id, c.id])).toEqual([b.id, c.id])
})

test('letters count A to Z, then AA', () => {
  const [first] = BANDS
  const bands = ['AA', 'B', 'A'].map((letter) => ({ ...first, letter }) as BandView)
  expect(nearestFirst(bands).map((band) => band.letter)).toEqual(['A', 'B', 'AA'])
})

test('the proposed band is chosen until the cashier chooses; a choice that is gone falls back to the proposal', () => {
  expect(selectedBand(BANDS, undefined)?.letter).toBe('A')
  expect(selectedBand(BANDS, 'sighting-c' as SightingId)?.letter).toBe('C')
  expect(selectedBand(BANDS, 'sighting-gone' as SightingId)?.letter).toBe('A')
})

test('without a proposal nobody is guessed', () => {
  fc.assert(
    fc.property(fc.array(bandArbitrary), (bands) => {
      expect(selectedBand(bands, undefined)).toBeUndefined()
    }),
  )
})

test('flags name what is in the way, most important first', () => {
  expect(BANDS.map(bandFlags)).toEqual([[], ['low-battery'], ['not-worn', 'not-armed'], ['not-armed', 'no-phone']])
})

test('a band that is one of several about as near is never charged on a guess, chosen or not', () => {
  expect(chargeAct(TWINS, undefined)).toBe('knock')
  expect(TWINS.map((band) => chargeAct(TWINS, band))).toEqual(['knock', 'knock', 'charge', 'charge'])
  expect(chargeAct(BANDS, selectedBand(BANDS, undefined))).toBe('charge')
  expect(chargeAct([], undefined)).toBe('none')
  fc.assert(
    fc.property(fc.array(bandArbitrary), fc.option(fc.nat()), (bands, index) => {
      const selected = index === null ? undefined : bands[index % Math.max(1, bands.length)]
      const act = chargeAct(bands, selected)
      if (act === 'charge') expect(selected?.needsKnock).toBe(false)
      if (act === 'none') expect(bands.some((band) => band.needsKnock)).toBe(false)
    }),
  )
})
