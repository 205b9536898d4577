import fc from 'fast-check'
import { expect, test } from 'vitest'
import { distanceMetres, type Place } from '#shared/domain/place.ts'

const at = (latitude: number, longitude: number): Place => ({
  latitudeE5: Math.round(latitude * 100_000),
  longitudeE5: Math.round(longitude * 100_000),
})
const anywhere = fc.record({
  latitudeE5: fc.integer({ min: -9_000_000, max: 9_000_000 }),
  longitudeE5: fc.integer({ min: -18_000_000, max: 18_000_000 }),
})

/** Geodesics of the WGS 84 ellipsoid; the meridian arcs and the equator by the formulas of the ellipsoid itself. */
const KNOWN: readonly (readonly [what: string, from: Place, to: Place, metres: number])[] = [
  ['the same place', at(31.2359, 121.491), at(31.2359, 121.491), 0],
  ['a hundred-thousandth of a degree north', at(31, 121), at(31.00001, 121), 1],
  ['a degree along the equator', at(0, 10), at(0, 11), 111_319],
  ['a degree of latitude at the equator', at(0, 0), at(1, 0), 110_574],
  ['a degree of latitude at the pole', at(89, 0), at(90, 0), 111_694],
  ['a quarter of a meridian', at(0, 0), at(90, 0), 10_001_966],
  ['over the date line', at(0, 179.995), at(0, -179.995), 1_113],
]

test.each(KNOWN)('%s is known to within 0.6 % and a metre', (_, from, to, metres) => {
  expect(Math.abs(distanceMetres(from, to) - metres)).toBeLessThanOrEqual(metres * 0.006 + 1)
})

test('from one pole to the other, and between any two places, it is a whole number of metres and no more than half the way round', () => {
  expect(distanceMetres(at(90, 0), at(-90, 0))).toBe(20_015_114)
  fc.assert(
    fc.property(anywhere, anywhere, (from, to) => {
      const metres = distanceMetres(from, to)
      expect(Number.isSafeInteger(metres) && metres >= 0 && metres <= 20_015_114).toBe(true)
      expect(distanceMetres(to, from)).toBe(metres)
    }),
  )
})
