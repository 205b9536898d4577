/** Places on Earth as certificates and phones give them: WGS 84, whole hundred-thousandths of a degree (about a metre). */
export type Place = { readonly latitudeE5: number; readonly longitudeE5: number }

/** Mean radius of the Earth, metres (IUGG 1980). */
const EARTH_RADIUS_METRES = 6_371_008.8
const E5 = 100_000
const RADIANS = Math.PI / 180

/**
 * From one place to the other over the ground, whole metres, by the haversine formula. The Earth is taken for a ball, which is wrong by 0.6 %
 * at most; the places themselves are rounded to a metre. Good enough to tell this building from another town, which is all it is for.
 */
export function distanceMetres(a: Place, b: Place): number {
  const [latitudeA, latitudeB] = [(a.latitudeE5 / E5) * RADIANS, (b.latitudeE5 / E5) * RADIANS]
  const between = ((b.longitudeE5 - a.longitudeE5) / E5) * RADIANS
  const haversine = Math.sin((latitudeB - latitudeA) / 2) ** 2 + Math.cos(latitudeA) * Math.cos(latitudeB) * Math.sin(between / 2) ** 2
  // Rounding may lift opposite ends of the Earth above 1, where the arc sine has no value.
  return Math.round(2 * EARTH_RADIUS_METRES * Math.asin(Math.sqrt(Math.min(1, haversine))))
}
