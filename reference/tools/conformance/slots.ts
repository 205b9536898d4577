/** Id slots as the rules have to mind them: at the change from one to the next a band drops its offers, whatever rule is being tried. */
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'

/** The switch into a slot falls somewhere within its first minute. */
const SWITCH_OVER_MS = 61_000
/** What one rule lets pass at most without meaning to change the slot. */
const RULE_MAX_MS = 150_000

/** Far enough that the slot shown now is over, wherever in its first minute the switch into the next falls. */
export const NEXT_SLOT_MS = ID_SLOT_MS + SWITCH_OVER_MS

/** How far the clock has to be moved so that no slot ends while a rule is tried; 0 where it stands well. */
export function msToQuietTime(nowMs: number): number {
  const intoMs = nowMs % ID_SLOT_MS
  if (intoMs < SWITCH_OVER_MS) return SWITCH_OVER_MS - intoMs
  return intoMs > ID_SLOT_MS - RULE_MAX_MS ? ID_SLOT_MS - intoMs + SWITCH_OVER_MS : 0
}
