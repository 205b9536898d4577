/** Whether a sale may still be taken back, as far as the screen can tell. The terminal decides again. */
import type { Role } from '#shared/contracts/staff.ts'
import type { Receipt } from '#shared/domain/receipt.ts'

/** The first minute belongs to anyone at the till, the first day to a manager: design of the terminal's `voidSale`. */
const FIRST_MINUTE_MS = 60_000
const FIRST_DAY_MS = 24 * 60 * 60_000

/** `never`: not a sale that one band paid, or too old. `ask-manager`: a manager could. */
export type VoidStanding = 'never' | 'allowed' | 'ask-manager'

export function voidStanding(receipt: Pick<Receipt, 'kind' | 'tender' | 'issuedAt'>, role: Role, nowMs: number): VoidStanding {
  if (receipt.kind !== 'sale' || receipt.tender !== 'band') return 'never'
  const ageMs = nowMs - Date.parse(receipt.issuedAt)
  if (ageMs < FIRST_MINUTE_MS) return 'allowed'
  if (ageMs > FIRST_DAY_MS) return 'never'
  return role === 'manager' ? 'allowed' : 'ask-manager'
}
