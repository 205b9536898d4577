/** What is typed on the PIN pad. The terminal decides what is right; here only digits are collected. */
import { PIN_DIGITS_MAX, PIN_DIGITS_MIN, type SessionView, type StaffOnSignIn } from '#shared/contracts/staff.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import { secondsUntil } from './countdown.ts'

export const PIN_KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'] as const
export type PinKey = (typeof PIN_KEYS)[number] | 'back' | 'clear'

/** The pad's key for a key of the keyboard, or nothing. */
export function pinKeyOf(key: string): PinKey | undefined {
  if (key === 'Backspace') return 'back'
  if (key === 'Delete') return 'clear'
  return PIN_KEYS.find((one) => one === key)
}

export function typePin(pin: string, key: PinKey): string {
  if (key === 'clear') return ''
  if (key === 'back') return pin.slice(0, -1)
  return pin.length < PIN_DIGITS_MAX ? pin + key : pin
}

/** Long enough to be somebody's PIN. */
export function isWholePin(pin: string): boolean {
  return pin.length >= PIN_DIGITS_MIN && pin.length <= PIN_DIGITS_MAX
}

type Locked = Extract<SessionView, { state: 'locked' }>

/** Who the pad is for: the one who was tapped, else who was here last, else the only one there is. */
export function chosenPerson({ staff, lastStaffId }: Locked, tapped: StaffId | undefined): StaffOnSignIn | undefined {
  const find = (id: StaffId | undefined) => staff.find((one) => one.id === id)
  return find(tapped) ?? find(lastStaffId) ?? (staff.length === 1 ? staff[0] : undefined)
}

/** Seconds this person must still wait after wrong PINs, by the terminal's clock; 0: none. */
export function waitLeft(person: Pick<StaffOnSignIn, 'waitUntil'> | undefined, nowMs: number): number {
  return person?.waitUntil === undefined ? 0 : secondsUntil(person.waitUntil, nowMs)
}
