import type { Till } from '#shared/contracts/till.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import { demand } from './counter-world.ts'

export const CASHIER_ID = 'practice-cashier' as StaffId
export const MANAGER_ID = 'practice-manager' as StaffId
export const CASHIER_PIN = '1111'
export const MANAGER_PIN = '2222'

/** Signs the practice manager in: a manager's calls are open from here on. */
export async function signInManager(till: Till): Promise<void> {
  demand(await till.signIn({ staffId: MANAGER_ID, pin: MANAGER_PIN }))
}

export async function signInCashier(till: Till): Promise<void> {
  demand(await till.signIn({ staffId: CASHIER_ID, pin: CASHIER_PIN }))
}
