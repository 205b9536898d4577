import type { BandView } from '#shared/contracts/till.ts'
import type { SightingId } from '#shared/domain/ids.ts'

/** Nearest first; equally near ones by their letter, so that cards do not swap places under a finger. */
export function nearestFirst(bands: readonly BandView[]): readonly BandView[] {
  return bands.toSorted((a, b) => b.nearness - a.nearness || a.letter.length - b.letter.length || (a.letter < b.letter ? -1 : 1))
}

/** The bands in the order they were shown in; those that came since stand after them, nearest first. */
export function inOrder(bands: readonly BandView[], order: readonly SightingId[]): readonly BandView[] {
  const placeOf = ({ id }: BandView) => (order.includes(id) ? order.indexOf(id) : order.length)
  return nearestFirst(bands).toSorted((a, b) => placeOf(a) - placeOf(b))
}

/** Those that stand where something else stood before, or somewhere else than before: a finger on its way there means another one. */
export function movedBands(before: readonly SightingId[], after: readonly SightingId[]): readonly SightingId[] {
  return after.filter((id, index) => index < before.length && before[index] !== id)
}

/**
 * The band that Charge would ask: the cashier's own choice while it is still heard, else the one the terminal proposes.
 * Nothing otherwise: two people equally near are never guessed between.
 */
export function selectedBand(bands: readonly BandView[], chosen: SightingId | undefined): BandView | undefined {
  return bands.find((band) => band.id === chosen) ?? bands.find((band) => band.proposed)
}

/** What the big button does: charges the chosen band, asks for a knock, or nothing while no band is chosen. */
export type ChargeAct = 'charge' | 'knock' | 'none'

/**
 * A chosen band that is one of several about as near is asked by a knock. So is everybody, when nobody is chosen and nobody is clearly
 * nearest: the knock finds out.
 */
export function chargeAct(bands: readonly BandView[], selected: BandView | undefined): ChargeAct {
  if (selected !== undefined) return selected.needsKnock ? 'knock' : 'charge'
  return bands.some((band) => band.needsKnock) ? 'knock' : 'none'
}

export type BandFlag = 'not-worn' | 'not-armed' | 'no-phone' | 'low-battery'

/** What stands in the way of this band, most important first. Empty: ready to pay. */
export function bandFlags(band: BandView): readonly BandFlag[] {
  const flags: BandFlag[] = []
  if (!band.worn) flags.push('not-worn')
  if (!band.armed) flags.push('not-armed')
  if (!band.phoneLinked) flags.push('no-phone')
  if (band.lowBattery) flags.push('low-battery')
  return flags
}
