/** The people of this till as rows. A removed person's row stays: receipts and the journal name them. */
import type { ReadStore, SqlRow, WriteStore } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import { ROLES, type Role } from '#shared/contracts/staff.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import type { PinHash } from './pin-hash.ts'

const COLUMNS = 'id, name, role, pin_salt, pin_hash, wrong_tries, wait_until'
const PRESENT = `SELECT ${COLUMNS} FROM staff WHERE removed_at IS NULL ORDER BY created_at, rowid`
const BY_ID = `SELECT ${COLUMNS} FROM staff WHERE id = ? AND removed_at IS NULL`
const ANYONE_EVER = 'SELECT COUNT(*) AS n FROM staff'
const ADD = 'INSERT INTO staff (id, name, role, pin_salt, pin_hash, created_at) VALUES (?, ?, ?, ?, ?, ?)'
const SET_PIN = 'UPDATE staff SET pin_salt = ?, pin_hash = ?, wrong_tries = 0, wait_until = NULL WHERE id = ? AND removed_at IS NULL'
const SET_TRIES = 'UPDATE staff SET wrong_tries = ?, wait_until = ? WHERE id = ?'
const REMOVE = 'UPDATE staff SET removed_at = ? WHERE id = ? AND removed_at IS NULL'
const LAST = `SELECT value FROM settings WHERE key = 'last-staff'`
const SET_LAST = `INSERT INTO settings (key, value) VALUES ('last-staff', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`
const NAME_EVER = 'SELECT name FROM staff WHERE id = ?'

export type StaffRow = PinHash & {
  readonly id: StaffId
  readonly name: string
  readonly role: Role
  readonly wrongTries: number
  readonly waitUntil: string | undefined
}

export function presentStaff(reads: ReadStore): readonly StaffRow[] {
  return reads.all(PRESENT).map(toRow)
}

export function staffById(reads: ReadStore, id: StaffId): StaffRow | undefined {
  const row = reads.get(BY_ID, id)
  return row && toRow(row)
}

/** True when nobody was ever entered. */
export function isFirstStart(reads: ReadStore): boolean {
  return Number(reads.get(ANYONE_EVER)?.['n']) === 0
}

export function addPerson(tx: WriteStore, person: PinHash & { id: StaffId; name: string; role: Role; at: string }): void {
  tx.run(ADD, person.id, person.name, person.role, person.salt, person.hash, person.at)
}

export function setPin(tx: WriteStore, id: StaffId, { salt, hash }: PinHash): void {
  tx.run(SET_PIN, salt, hash, id)
}

export function countTry(tx: WriteStore, id: StaffId, { tries, waitUntil }: { tries: number; waitUntil: string | undefined }): void {
  tx.run(SET_TRIES, tries, waitUntil ?? null, id)
}

export function removePerson(tx: WriteStore, id: StaffId, at: string): void {
  tx.run(REMOVE, at, id)
}

/** Who signed in last, kept over restarts: the screen offers them first, and a payment found open at a start was most likely theirs. */
export function lastSignedIn(reads: ReadStore): { readonly id: StaffId; readonly name: string } | undefined {
  const id = reads.get(LAST)?.['value']
  const name = id === undefined ? undefined : reads.get(NAME_EVER, id)?.['name']
  return name === undefined ? undefined : { id: String(id) as StaffId, name: String(name) }
}

export function keepLastSignedIn(tx: WriteStore, id: StaffId): void {
  tx.run(SET_LAST, id)
}

function toRow(row: SqlRow): StaffRow {
  const { pin_salt: salt, pin_hash: hash, wait_until: waitUntil } = row
  assert(salt instanceof Uint8Array && hash instanceof Uint8Array, 'a PIN is kept as bytes')
  const role = ROLES.find((known) => known === row['role'])
  assert(role, 'a person has one of the roles')
  return {
    id: String(row['id']) as StaffId,
    name: String(row['name']),
    role,
    salt,
    hash,
    wrongTries: Number(row['wrong_tries']),
    waitUntil: waitUntil === null ? undefined : String(waitUntil),
  }
}
