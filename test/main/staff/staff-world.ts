/** People at a till, over a real store, with a clock that can be set and hashes that cost nothing. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Clock } from '#main/ports.ts'
import type { HashPin } from '#main/staff/pin-hash.ts'
import { type StaffChange, StaffDesk } from '#main/staff/staff-desk.ts'
import { openStore } from '#main/store/open-store.ts'
import type { SessionView } from '#shared/contracts/staff.ts'
import type { StaffId } from '#shared/domain/ids.ts'
import { FaultyStore } from '#test/support/faulty-store.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { newFolder, newId, valueOf } from '../ledger/sample-sales.ts'

export class StaffWorld {
  readonly folder = newFolder()
  readonly file = join(this.folder.path, 'terminal.sqlite')
  readonly passing = new ManualClock()
  /** How far the wall clock was set off. */
  skewMs = 0
  readonly changes: StaffChange[] = []
  readonly warnings: string[] = []
  isBusy = false
  /** PINs that were hashed to be compared, in order. */
  readonly hashed: string[] = []
  hashing = 0
  hashingMax = 0
  /** Each hash waits for this. */
  hold: Promise<void> | undefined
  store: FaultyStore
  desk: StaffDesk
  readonly #practice: boolean
  readonly clock: Clock = {
    nowMs: () => this.passing.nowMs() + this.skewMs,
    monotonicMs: () => this.passing.monotonicMs(),
    after: (delayMs, callback) => this.passing.after(delayMs, callback),
  }

  constructor({ practice = false } = {}) {
    this.#practice = practice
    this.store = new FaultyStore(valueOf(openStore({ file: this.file })))
    this.desk = this.#open()
  }

  /** A till with a manager and a cashier, locked. */
  static async withPeople(): Promise<StaffWorld & { readonly manager: StaffId; readonly cashier: StaffId }> {
    const world = new StaffWorld()
    valueOf(await world.desk.setUp({ name: 'Mira', pin: '471100' }))
    valueOf(await world.desk.add({ name: 'Chao', role: 'cashier', pin: '2580' }))
    world.desk.lock()
    const id = (name: string) => world.desk.list().find((person) => person.name === name)?.id ?? ('' as StaffId)
    return Object.assign(world, { manager: id('Mira'), cashier: id('Chao') })
  }

  /** As after a crash: another desk over the file as it is. */
  restart(): void {
    this.store.close()
    this.store = new FaultyStore(valueOf(openStore({ file: this.file })))
    this.desk = this.#open()
  }

  async signIn(staffId: StaffId, pin: string): Promise<string> {
    const signedIn = await this.desk.signIn({ staffId, pin })
    return signedIn.ok ? 'in' : [signedIn.error.code, signedIn.error.subject].filter(Boolean).join(' ')
  }

  waitUntil(staffId: StaffId): string | undefined {
    return locked(this.desk.view()).staff.find(({ id }) => id === staffId)?.waitUntil
  }

  close(): void {
    this.store.close()
    this.folder.remove()
  }

  #open(): StaffDesk {
    return new StaffDesk({
      store: this.store,
      clock: this.clock,
      newId,
      practice: this.#practice,
      journal: (_tx, change) => this.changes.push(change),
      isBusy: () => this.isBusy,
      onChange: () => {},
      log: { warn: (message) => this.warnings.push(message) },
      hashPin: this.#hash,
    })
  }

  readonly #hash: HashPin = async (pin, salt) => {
    this.hashing += 1
    this.hashingMax = Math.max(this.hashingMax, this.hashing)
    this.hashed.push(pin)
    await this.hold
    this.hashing -= 1
    return new Uint8Array(createHash('sha256').update(salt).update(pin).digest())
  }
}

export function locked(view: SessionView): SessionView & { state: 'locked' } {
  if (view.state !== 'locked') throw new Error(`the till is not locked but ${view.state}`)
  return view
}
