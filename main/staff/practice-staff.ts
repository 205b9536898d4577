/** The two people of the practice world. Their PINs are on the sign-in screen, so their hashes may as well be here: a first start waits for none. */
import { assert } from '#shared/assert.ts'
import { equalBytes, fromHex } from '#shared/contracts/bytes.ts'
import type { StaffMember } from '#shared/contracts/staff.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import type { PinHash } from './pin-hash.ts'

function bytes(hex: string): Uint8Array {
  const found = fromHex(hex)
  assert(found, 'a constant of ours is hex')
  return found
}

export type PracticePerson = StaffMember & PinHash & { readonly pin: string }

export const PRACTICE_CASHIER: PracticePerson = {
  id: 'practice-cashier' as StaffId,
  name: '练习 Practice',
  role: 'cashier',
  pin: '1111',
  salt: bytes('70726163746963652d706572736f6e31'),
  hash: bytes('5b665c773d46272b08088b750a1b327b868f850ac42d770b484738dbc99b0262'),
}
export const PRACTICE_MANAGER: PracticePerson = {
  id: 'practice-manager' as StaffId,
  name: '练习经理 Manager',
  role: 'manager',
  pin: '2222',
  salt: bytes('70726163746963652d706572736f6e32'),
  hash: bytes('b4dc34250f3b4b3d4a659faf5bffa6c667c0b5f34c5a835051130266836adde9'),
}
export const PRACTICE_STAFF: readonly PracticePerson[] = [PRACTICE_CASHIER, PRACTICE_MANAGER]

/** The practice PIN of this person, while it is still theirs. */
export function practicePinOf({ id, hash }: { readonly id: StaffId } & PinHash): string | undefined {
  const person = PRACTICE_STAFF.find((known) => known.id === id)
  return person && equalBytes(person.hash, hash) ? person.pin : undefined
}
