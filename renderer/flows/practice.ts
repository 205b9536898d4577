/** The practice drawer's idea of where a customer stands and what is the matter with them. */
import type { BandLifeView, CustomerView } from '#shared/contracts/practice-desk.ts'

/** Where a customer can be sent, in metres: at the counter, a step back, out of the way. */
export const DISTANCES_M = { counter: 0.3, step: 2, far: 12 } as const
export type Spot = keyof typeof DISTANCES_M
export const SPOTS = ['counter', 'step', 'far'] as const satisfies readonly Spot[]
/** Halfway between two spots, in metres. */
const COUNTER_MAX_M = 1
const STEP_MAX_M = 6

export function spotOf(distance: number): Spot {
  if (distance <= COUNTER_MAX_M) return 'counter'
  return distance <= STEP_MAX_M ? 'step' : 'far'
}

export type Trouble = 'stolen' | 'unbound' | 'off-wrist' | 'not-armed' | 'no-phone' | 'no-network' | 'frozen' | 'faults'

/** What would keep this customer from paying, most visible first. Empty: ready. */
export function troubles({ worn, armed, phoneReach, network, frozen, faults, life }: CustomerView): readonly Trouble[] {
  const found: Trouble[] = []
  if (life.hands !== 'owner') found.push('stolen')
  if (life.lock !== 'bound') found.push('unbound')
  else if (!worn) found.push('off-wrist')
  else if (!armed) found.push('not-armed')
  if (!phoneReach) found.push('no-phone')
  if (!network) found.push('no-network')
  if (frozen) found.push('frozen')
  if (Object.values(faults).some((count) => count > 0)) found.push('faults')
  return found
}

/** What can be done about a band's life now, the likeliest first. */
export type LifeAct = 'knock' | 'steal' | 'steal-both' | 'try-pairing' | 'reset' | 'release' | 'pair'

export function lifeActs({ lock, hands, releaseWaits, knocks }: BandLifeView): readonly LifeAct[] {
  if (knocks !== undefined) return ['knock']
  const acts: LifeAct[] = []
  if (hands === 'owner') acts.push(...(lock === 'bound' ? (['steal', 'steal-both'] as const) : (['pair'] as const)))
  else if (lock === 'bound') acts.push('try-pairing', 'reset')
  if (lock === 'bound' && !releaseWaits) acts.push('release')
  return acts
}

/** Nearest first; equally near ones by name, so that rows do not swap under a finger. */
export function byDistance(customers: readonly CustomerView[]): readonly CustomerView[] {
  return customers.toSorted((a, b) => a.distance - b.distance || a.id.localeCompare(b.id, 'en'))
}
