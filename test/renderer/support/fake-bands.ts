import type { BandView } from '#shared/contracts/till.ts'
import type { AttemptStage } from '#shared/domain/attempt.ts'
import type { SightingId } from '#shared/domain/ids.ts'
import type { Reason } from '#shared/domain/reasons.ts'

/** What a band's payment does: stages, then an outcome. `stop` leaves it at the last stage until the test says more. */
export type Script = { readonly stages: readonly AttemptStage[]; readonly outcome: 'paid' | Reason | 'in-doubt' | 'stop' }

export const APPROVES: Script = { stages: ['connecting', 'sent', 'seen', 'asking-backend'], outcome: 'paid' }
export const NOT_ASKED: readonly string[] = ['not-worn', 'not-armed', 'phone-not-linked', 'busy'] satisfies Reason[]

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
    needsKnock: false,
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
    needsKnock: false,
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
    needsKnock: false,
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
    needsKnock: false,
  },
]

/** Two people side by side, about as near: nobody is proposed. */
export const TWINS: readonly BandView[] = [
  ...BANDS.slice(0, 2).map((band) => ({ ...band, nearness: 4, lowBattery: false, proposed: false, needsKnock: true }) as const),
  ...BANDS.slice(2),
]
