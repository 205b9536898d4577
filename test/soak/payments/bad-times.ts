/** What can go wrong around a payment, drawn by chance: in the air, at the customers', at the backend, on the till's disk, in its clock. */
import type { Fate } from '#reference/practice/air-link.ts'
import type { FaultKind } from '#shared/contracts/practice-desk.ts'
import type { CallFate } from '#test/support/counter-backend.ts'
import { type CounterWorld, PAYER } from '#test/support/counter-world.ts'
import { type DiskFault, DiskFaults } from '#test/support/disk.ts'
import type { Seeded } from '#test/support/seeded.ts'
import type { Pace } from './pace.ts'

const DAY_MS = 86_400_000
const LATE_MAX_MS = 3_000
/** A sale writes about two dozen things. */
const DISK_FAILS_WITHIN = 24
const TWINS_ONE_IN = 12
const DISK_FAULTS: readonly DiskFault[] = ['full', 'read-only', 'input-output']
const PLANNED = ['lose-answer', 'cut-on-answer', 'cut-on-request', 'duplicate', 'garble', 'lose', 'delay'] as const satisfies FaultKind[]

export class BadTimes {
  /** The till's disk. */
  readonly disk = new DiskFaults()
  readonly #world: CounterWorld
  readonly #seeded: Seeded
  readonly #planned = new Map<string, { readonly id: string; readonly kind: FaultKind; readonly count: number }>()
  /** Faults that have come true so far. */
  #met = 0
  #situations = 0
  #airPerMille = 0
  #backendPerCent = 0
  #whom: 'terminal' | 'phone' | 'both' = 'both'

  constructor(world: CounterWorld, pace: Pace, seeded: Seeded) {
    this.#world = world
    this.#seeded = seeded
    world.hooks.fateOf = (_band, _direction, pdu) => {
      pace.happens()
      return this.#fateInAir(pdu)
    }
    world.backend.fateOf = ({ caller, path }) => {
      if (!path.endsWith('/health')) pace.happens()
      return this.#fateOfCall(caller)
    }
  }

  /** Faults that have come true so far: what was planned counts once it has happened. */
  get met(): number {
    return [...this.#planned.values()].reduce((sum, planned) => sum + this.#happened(planned), this.#met + this.disk.met)
  }

  /** True while something is amiss that every payment by band meets. */
  get isOn(): boolean {
    return this.#situations > 0
  }

  meet(): void {
    this.#met += 1
  }

  /** At least one kind of trouble, mostly one, at times several. */
  begin(): void {
    const seeded = this.#seeded
    for (let kinds = seeded.pick([1, 1, 1, 2, 3]); kinds > 0; kinds -= 1) {
      const kind = [() => this.#plan(), () => this.#noise(), () => this.#backend(), () => this.#customers(), () => this.#failingDisk()]
      seeded.pick([() => this.#plan(), ...kind])()
    }
    if (seeded.below(25) === 0) this.jumpClock()
  }

  /** Everything works again. */
  end(): void {
    this.#situations = 0
    this.#airPerMille = 0
    this.#backendPerCent = 0
    this.#world.hooks.skewMs = 0
    this.mendDisk()
    for (const planned of this.#planned.values()) this.#takeBack(planned)
    for (const customer of this.#world.customers.values()) {
      const { confirmAbove } = PAYER
      customer.set({
        distance: customer.character.distanceM,
        network: true,
        networkDelayMs: 0,
        worn: true,
        phoneReach: true,
        unlocks: true,
        confirmAbove,
        confirms: 'yes',
      })
    }
  }

  /** Everybody stands where they stood: one is clearly nearest. */
  stepApart(): void {
    for (const customer of this.#world.customers.values()) customer.set({ distance: customer.character.distanceM, unlocks: true })
  }

  /** There is room on the disk again, and it can be written to. */
  mendDisk(): void {
    this.#met += this.disk.met
    this.disk.mend()
  }

  /** The till's wall clock jumps by a day, either way; everybody else's does not. */
  jumpClock(): void {
    this.#world.hooks.skewMs = this.#seeded.pick([-DAY_MS, DAY_MS, 0])
    if (this.#world.hooks.skewMs !== 0) this.#situations += 1
    this.meet()
  }

  #plan(): void {
    const seeded = this.#seeded
    const kind = seeded.pick(PLANNED)
    const id = seeded.pick([...this.#world.customers.keys()])
    const planned = { id, kind, count: 1 + seeded.below(2) }
    const before = this.#planned.get(`${id} ${kind}`)
    if (before) this.#takeBack(before)
    this.#planned.set(`${id} ${kind}`, planned)
    this.#world.fault(kind, { count: planned.count, delayMs: seeded.below(LATE_MAX_MS), id })
  }

  #happened({ id, kind, count }: { readonly id: string; readonly kind: FaultKind; readonly count: number }): number {
    return count - (this.#world.faults.left(id)[kind] ?? 0)
  }

  #takeBack(planned: { readonly id: string; readonly kind: FaultKind; readonly count: number }): void {
    this.#met += this.#happened(planned)
    this.#planned.delete(`${planned.id} ${planned.kind}`)
    this.#world.fault(planned.kind, { count: 0, id: planned.id })
  }

  #failingDisk(): void {
    const seeded = this.#seeded
    this.mendDisk()
    this.disk.failAt(1 + seeded.below(DISK_FAILS_WITHIN), seeded.pick(DISK_FAULTS), seeded.below(3) === 0)
  }

  #noise(): void {
    this.#airPerMille = this.#seeded.pick([10, 30, 80])
  }

  #backend(): void {
    this.#backendPerCent = this.#seeded.pick([10, 30, 100])
    this.#whom = this.#seeded.pick(['terminal', 'phone', 'both'])
  }

  #customers(): void {
    const seeded = this.#seeded
    const change = seeded.pick([
      { network: false },
      { networkDelayMs: seeded.below(LATE_MAX_MS) },
      { worn: false },
      { phoneReach: false },
      { confirmAbove: 0, confirms: 'no' },
      { confirmAbove: 0, confirms: 'never' },
    ] as const)
    // A count takes many questions: now and then two stand equally near, mostly one clearly nearest.
    const near = seeded.below(TWINS_ONE_IN) === 0 ? { distance: PAYER.distanceM } : {}
    for (const customer of this.#world.customers.values()) customer.set({ unlocks: true, ...change, ...near })
    this.#situations += 1
  }

  #fateInAir(pdu: Uint8Array): Fate {
    const seeded = this.#seeded
    if (this.#airPerMille === 0 || seeded.below(1_000) >= this.#airPerMille) return 'deliver'
    this.meet()
    const at = seeded.below(pdu.length)
    const garbled = pdu.map((byte, index) => (index === at ? byte ^ (1 << seeded.below(8)) : byte))
    return seeded.pick<Fate>(['lose', 'twice', 'cut', { garbled }, { lateMs: seeded.below(LATE_MAX_MS) }])
  }

  #fateOfCall(caller: 'terminal' | 'phone' | 'other'): CallFate {
    const seeded = this.#seeded
    if (this.#backendPerCent === 0 || (this.#whom !== 'both' && caller !== this.#whom)) return 'answer'
    if (seeded.below(100) >= this.#backendPerCent) return 'answer'
    this.meet()
    return seeded.pick<CallFate>(['refuse', 'lose-answer', 'cut-answer', 'fail-after'])
  }
}
