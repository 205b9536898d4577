/** Who stands at the till: two roles, a PIN each, one person signed in at a time. */
import * as z from 'zod'
import type { StaffId } from '#shared/domain/ids.ts'
import { typedText } from './text.ts'

/** A cashier sells and takes back a sale in its first minute. A manager may also end recovered payments, void later, and change settings. */
export const ROLES = ['cashier', 'manager'] as const
export type Role = (typeof ROLES)[number]

export const PIN_DIGITS_MIN = 4
export const PIN_DIGITS_MAX = 8
export const STAFF_NAME_MAX = 24
export const STAFF_MAX = 50

export type StaffMember = { readonly id: StaffId; readonly name: string; readonly role: Role }
/** `pin` only in practice: the sign-in screen shows it to whoever is learning. */
export type StaffOnSignIn = StaffMember & { readonly pin?: string; readonly waitUntil?: string }

export type SessionView =
  /** No one has been entered yet: the first start asks for a manager's name and PIN. */
  | { readonly state: 'setup' }
  | { readonly state: 'locked'; readonly staff: readonly StaffOnSignIn[]; readonly lastStaffId?: StaffId }
  | { readonly state: 'signed-in'; readonly staff: StaffMember }

const pin = z.string().regex(new RegExp(`^[0-9]{${PIN_DIGITS_MIN},${PIN_DIGITS_MAX}}$`))
const name = typedText(STAFF_NAME_MAX)
const staffId = z.custom<StaffId>((value) => typeof value === 'string' && value.length > 0 && value.length <= 64)

export const staffInputs = {
  setUp: z.strictObject({ name, pin }),
  /** Any digits are taken here: a PIN of the wrong length is a wrong PIN, and counts as a try. */
  signIn: z.strictObject({ staffId, pin: z.string().regex(/^[0-9]{1,12}$/) }),
  addStaff: z.strictObject({ name, role: z.enum(ROLES), pin }),
  changePin: z.strictObject({ staffId, pin }),
  removeStaff: z.strictObject({ staffId }),
} as const
