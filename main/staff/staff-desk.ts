/**
 * Who stands at the till: entered, signed in one at a time, locked out. Decides who somebody is; what they may do is main/till-gate.ts.
 * PINs come in here and go no further than their hash.
 */
import type { Clock, Store, WriteStore } from '#main/ports.ts'
import { type SessionView, STAFF_MAX, type StaffMember, type StaffOnSignIn } from '#shared/contracts/staff.ts'
import type { Refused, TillInput } from '#shared/contracts/till.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'
import { IdleLock } from './idle-lock.ts'
import { type HashPin, isPin, newPinHash, scryptPin } from './pin-hash.ts'
import { PinWaits } from './pin-waits.ts'
import { PRACTICE_CASHIER, PRACTICE_STAFF, practicePinOf } from './practice-staff.ts'
import { cleanName, nameKey } from './staff-names.ts'
import {
  addPerson,
  isFirstStart,
  keepLastSignedIn,
  lastSignedIn,
  presentStaff,
  removePerson,
  type StaffRow,
  setPin,
  staffById,
} from './staff-rows.ts'

/** Calls with a PIN in them that may wait for the one before. A person enters one at a time; more is a program guessing. */
const WAITING_MAX = 8
const SECOND_MS = 1_000

export type StaffChange = {
  readonly what: 'entered' | 'pin-changed' | 'removed'
  readonly staffId: StaffId
  readonly name: string
  readonly role: StaffMember['role']
  /** Who did it; absent for the first manager, who enters themselves. */
  readonly by?: StaffId
}

export type StaffParts = {
  readonly store: Store
  readonly clock: Clock
  readonly newId: () => string
  readonly practice: boolean
  /** Enters the change in the journal, in the same transaction. */
  readonly journal: (tx: WriteStore, change: StaffChange) => void
  /** True while a customer's money is on its way, or a question about it is on the screen: the till does not lock itself then. */
  readonly isBusy: () => boolean
  readonly onChange: () => void
  readonly log: { warn(message: string, fields?: Readonly<Record<string, string>>): void }
  readonly hashPin?: HashPin
}

export class StaffDesk {
  readonly #parts: StaffParts
  readonly #hashPin: HashPin
  readonly #waits: PinWaits
  readonly #idle: IdleLock
  #signedIn: StaffMember | undefined
  #last: { readonly id: StaffId; readonly name: string } | undefined
  #chargedBy: string | undefined
  /** Grows at each lock: a PIN that is still being checked then opens nothing. */
  #locks = 0
  readonly #turns = new Turns()
  #waiting = 0
  #stopped = false

  constructor(parts: StaffParts) {
    const { store, clock, practice } = parts
    this.#parts = parts
    this.#hashPin = parts.hashPin ?? scryptPin
    if (practice && isFirstStart(store)) this.#enterPracticeStaff()
    const rows = presentStaff(store)
    this.#waits = new PinWaits(clock, rows)
    this.#last = lastSignedIn(store)
    const learner = practice ? rows.find(({ id }) => id === PRACTICE_CASHIER.id) : undefined
    this.#idle = new IdleLock({ clock, isBusy: parts.isBusy, lock: () => this.lock() })
    if (learner) {
      this.#signedIn = memberOf(learner)
      this.#idle.opened()
    }
  }

  signedIn(): StaffMember | undefined {
    return this.#signedIn
  }

  view(): SessionView {
    if (this.#signedIn) return { state: 'signed-in', staff: this.#signedIn }
    const rows = presentStaff(this.#parts.store)
    if (rows.length === 0) return { state: 'setup' }
    const last = rows.find(({ id }) => id === this.#last?.id)
    return { state: 'locked', staff: rows.map((row) => this.#onSignIn(row)), ...(last ? { lastStaffId: last.id } : {}) }
  }

  list(): readonly StaffMember[] {
    return presentStaff(this.#parts.store).map(memberOf)
  }

  /** The first manager of a till that has nobody yet, who is signed in with it. `setting-refused` (already-set-up) once there is somebody. */
  async setUp({ name, pin }: TillInput<'setUp'>): Promise<Result<void, Refused>> {
    return this.#inTurn(async () => {
      if (presentStaff(this.#parts.store).length > 0) return err({ code: 'setting-refused', subject: 'already-set-up' })
      const entered = await this.#enter({ name, role: 'manager', pin })
      if (!entered.ok) return entered
      this.#open(entered.value)
      return ok()
    })
  }

  /** `pin-wait` with the seconds left, `wrong-pin`, or signed in. The try is counted on disk before it is made, and taken back when right. */
  async signIn({ staffId, pin }: TillInput<'signIn'>): Promise<Result<void, Refused>> {
    return this.#inTurn(async () => {
      const { store } = this.#parts
      const locks = this.#locks
      const row = staffById(store, staffId)
      if (!row) return err({ code: 'staff-unknown' })
      const waitMs = this.#waits.remainingMs(staffId)
      if (waitMs > 0) return err({ code: 'pin-wait', subject: Math.ceil(waitMs / SECOND_MS) })
      const counted = store.write((tx) => this.#waits.count(tx, staffId, row.wrongTries))
      // A try that cannot be counted is not made: a full disk must not give guesses away.
      if (!counted.ok) return err({ code: 'storage-failed', subject: counted.error.trouble })
      this.#waits.begin(staffId, counted.value)
      const isRight = await isPin(this.#hashPin, pin, row)
      if (this.#stopped) return err({ code: 'locked' })
      const now = staffById(store, staffId)
      const isStillThePin = now !== undefined && Buffer.from(now.hash).equals(row.hash)
      if (!isRight || !isStillThePin) {
        this.#parts.onChange()
        return err({ code: 'wrong-pin' })
      }
      this.#forgive(now)
      if (locks !== this.#locks) return err({ code: 'locked' })
      this.#open(memberOf(now))
      return ok()
    })
  }

  /** At once, whatever runs: a payment goes on, and its receipt names who charged it. */
  lock(): void {
    this.#locks += 1
    this.#idle.closed()
    this.#signedIn = undefined
    this.#parts.onChange()
  }

  async add({ name, role, pin }: TillInput<'addStaff'>): Promise<Result<void, Refused>> {
    return this.#inTurn(async () => {
      const entered = await this.#enter({ name, role, pin, by: this.#signedIn?.id })
      return entered.ok ? ok() : entered
    })
  }

  /** A new PIN ends the waits of the old one. */
  async changePin({ staffId, pin }: TillInput<'changePin'>): Promise<Result<void, Refused>> {
    const by = this.#signedIn?.id
    return this.#inTurn(async () => {
      if (!staffById(this.#parts.store, staffId)) return err({ code: 'staff-unknown' })
      const hash = await newPinHash(this.#hashPin, pin)
      if (this.#stopped) return err({ code: 'locked' })
      return this.#saved((tx) => {
        const row = staffById(tx, staffId)
        if (!row) return err({ code: 'staff-unknown' })
        setPin(tx, staffId, hash)
        this.#parts.journal(tx, { what: 'pin-changed', ...changeOf(row, by) })
        this.#waits.forget(staffId)
        return ok()
      })
    })
  }

  /** The row stays, for those who read old receipts. `last-manager` when nobody could manage then; nobody removes themselves. */
  remove({ staffId }: TillInput<'removeStaff'>): Result<void, Refused> {
    const { store, clock, journal } = this.#parts
    const by = this.#signedIn?.id
    const row = staffById(store, staffId)
    if (!row) return err({ code: 'staff-unknown' })
    return this.#saved((tx) => {
      const managers = presentStaff(tx).filter(({ role }) => role === 'manager')
      if (row.role === 'manager' && managers.length === 1) return err({ code: 'last-manager' })
      if (staffId === by) return err({ code: 'setting-refused', subject: 'own-account' })
      removePerson(tx, staffId, new Date(clock.nowMs()).toISOString())
      journal(tx, { what: 'removed', ...changeOf(row, by) })
      return ok()
    })
  }

  // --- Who is meant ----------------------------------------------------------------------------------------------------------------

  /** A payment was begun by this person: its receipt names them, whoever stands at the till when it is written. */
  charged(by: StaffMember): void {
    this.#chargedBy = by.name
  }

  /** Whom the receipt of the payment under way names. Of one that an earlier run began, whoever was signed in last then. */
  cashierName(): string {
    return this.#chargedBy ?? this.#signedIn?.name ?? this.#last?.name ?? ''
  }

  /** Somebody is at the till. */
  touched(): void {
    this.#idle.touched()
  }

  /** Minutes without a touch until the till locks itself; 0: never. */
  lockAfter(minutes: number): void {
    this.#idle.lockAfter(minutes)
  }

  /** Resolves when no PIN is being hashed any more. What was asked is not written after this. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#idle.closed()
    await this.#turns.settled()
  }

  // --- Inside ----------------------------------------------------------------------------------------------------------------------

  #open(member: StaffMember): void {
    this.#signedIn = member
    this.#last = { id: member.id, name: member.name }
    this.#idle.opened()
    this.#parts.onChange()
  }

  /** A right PIN wipes the slate. When the disk refuses that, the person is in all the same, and a restart is the stricter one. */
  #forgive(row: StaffRow): void {
    const written = this.#parts.store.write((tx) => {
      setPin(tx, row.id, row)
      keepLastSignedIn(tx, row.id)
    })
    this.#waits.forget(row.id)
    if (!written.ok) this.#parts.log.warn('sign-in-not-kept', { detail: written.error.detail })
  }

  async #enter(person: {
    readonly name: string
    readonly role: StaffMember['role']
    readonly pin: string
    readonly by?: StaffId | undefined
  }): Promise<Result<StaffMember, Refused>> {
    const { newId, clock, journal } = this.#parts
    const { role, pin, by } = person
    const name = cleanName(person.name)
    if (name === '') return err({ code: 'setting-refused', subject: 'name-empty' })
    const refused = this.#whyNot(name)
    if (refused) return err(refused)
    const hash = await newPinHash(this.#hashPin, pin)
    if (this.#stopped) return err({ code: 'locked' })
    const member: StaffMember = { id: newId() as StaffId, name, role }
    return this.#saved((tx) => {
      addPerson(tx, { ...member, ...hash, at: new Date(clock.nowMs()).toISOString() })
      journal(tx, { what: 'entered', ...changeOf(member, by) })
      return ok(member)
    })
  }

  #whyNot(name: string): Refused | undefined {
    const present = presentStaff(this.#parts.store)
    if (present.length >= STAFF_MAX) return { code: 'setting-refused', subject: 'staff-full' }
    return present.some((other) => nameKey(other.name) === nameKey(name)) ? { code: 'name-taken' } : undefined
  }

  #saved<T>(work: (tx: WriteStore) => Result<T, Refused>): Result<T, Refused> {
    const written = this.#parts.store.write(work)
    this.#parts.onChange()
    return written.ok ? written.value : err({ code: 'storage-failed', subject: written.error.trouble })
  }

  /** One after another: guesses cannot eat the processor, and what one call found is still so when it writes. */
  async #inTurn<T>(work: () => Promise<Result<T, Refused>>): Promise<Result<T, Refused>> {
    if (this.#waiting >= WAITING_MAX) return err({ code: 'pin-wait', subject: 1 })
    this.#waiting += 1
    try {
      return await this.#turns.take(async () => (this.#stopped ? err<Refused>({ code: 'locked' }) : work()))
    } finally {
      this.#waiting -= 1
    }
  }

  #onSignIn(row: StaffRow): StaffOnSignIn {
    const pin = this.#parts.practice ? practicePinOf(row) : undefined
    const waitUntil = this.#waits.until(row.id)
    return { ...memberOf(row), ...(pin === undefined ? {} : { pin }), ...(waitUntil === undefined ? {} : { waitUntil }) }
  }

  #enterPracticeStaff(): void {
    const { store, clock, log } = this.#parts
    const at = new Date(clock.nowMs()).toISOString()
    const written = store.write((tx) => {
      for (const person of PRACTICE_STAFF) addPerson(tx, { ...person, at })
    })
    if (!written.ok) log.warn('practice-staff-not-entered', { detail: written.error.detail })
  }
}

function memberOf({ id, name, role }: StaffMember): StaffMember {
  return { id, name, role }
}

function changeOf({ id, name, role }: StaffMember, by: StaffId | undefined): Omit<StaffChange, 'what'> {
  return { staffId: id, name, role, ...(by === undefined ? {} : { by }) }
}
