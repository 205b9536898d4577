import type { BandView } from '#shared/contracts/till.ts'
import type { SightingId } from '#shared/domain/ids.ts'

/** Four people at the counter: one close and ready, one with a low battery, one with the band off, one without a phone near. */
export const BANDS: readonly BandView[] = [
  {
    id: 'sighting-a' as SightingId,
    letter: 'A',
    nearness: 4,
    worn: true,
    armed: true,
    phoneLinked: true,
    lowBattery: false,
    proposed: true,
  },
  {
    id: 'sighting-b' as SightingId,
    letter: 'B',
    nearness: 2,
    worn: true,
    armed: true,
    phoneLinked: true,
    lowBattery: true,
    proposed: false,
  },
  {
    id: 'sighting-c' as SightingId,
    letter: 'C',
    nearness: 2,
    worn: false,
    armed: false,
    phoneLinked: true,
    lowBattery: false,
    proposed: false,
  },
  {
    id: 'sighting-d' as SightingId,
    letter: 'D',
    nearness: 1,
    worn: true,
    armed: false,
    phoneLinked: false,
    lowBattery: false,
    proposed: false,
  },
]
