/** What can go wrong around a payment, drawn by chance: in the air, in the phone's network, at the backend, in the till's clock. */
import type { Fate } from '#reference/practice/air-link.ts'
import type { FaultKind } from '#shared/contracts/practice-desk.ts'
import type { CallFate } from '#test/support/counter-backend.ts'
import { type CounterWorld, PAYER } from '#test/support/counter-world.ts'
import type { Seeded } from '#test/support/seeded.ts'
import type { Pace } from './pace.ts'

const DAY_MS = 86_400_000
const LATE_MAX_MS = 3_000
const PLANNED = ['lose-answer', 'cut-on-answer', 'cut-on-request', 'duplicate', 'garble', 'lose', 'delay'] as const satisfies FaultKind[]

export class BadTimes {
  readonly #world: CounterWorld
  readonly #seeded: Seeded
  /** Faults that have come true so far, by kind. */
  readonly met = new Map<string, number>()
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

  get metCount(): number {
    return [...this.met.values()].reduce((sum, count) => sum + count, 0)
  }

  /** True while something is amiss that touches every payment. */
  get isOn(): boolean {
    return this.#situations > 0
  }

  meet(kind: string): void {
    this.met.set(kind, (this.met.get(kind) ?? 0) + 1)
  }

  /** At least one kind of trouble, mostly one, at times several. */
  begin(): void {
    const seeded = this.#seeded
    for (let kinds = seeded.pick([1, 1, 1, 2, 3]); kinds > 0; kinds -= 1) {
      seeded.pick([() => this.#planned(), () => this.#planned(), () => this.#noise(), () => this.#backend(), () => this.#customer()])()
    }
    if (seeded.below(25) === 0) this.jumpClock()
  }

  /** Everything works again. */
  end(): void {
    this.#situations = 0
    this.#airPerMille = 0
    this.#backendPerCent = 0
    this.#world.hooks.skewMs = 0
    for (const [id, customer] of this.#world.customers) {
      for (const kind of PLANNED) this.#world.fault(kind, { count: 0, id })
      const { confirmAbove } = PAYER
      customer.set({ network: true, networkDelayMs: 0, worn: true, phoneReach: true, unlocks: true, confirmAbove, confirms: 'yes' })
    }
  }

  /** The till's wall clock jumps by a day, either way; everybody else's does not. */
  jumpClock(): void {
    this.#world.hooks.skewMs = this.#seeded.pick([-DAY_MS, DAY_MS, 0])
    if (this.#world.hooks.skewMs !== 0) this.#situations += 1
    this.meet('clock')
  }

  #planned(): void {
    const seeded = this.#seeded
    const kind = seeded.pick(PLANNED)
    const id = seeded.pick([...this.#world.customers.keys()])
    this.#world.fault(kind, { count: 1 + seeded.below(2), delayMs: seeded.below(LATE_MAX_MS), id })
    this.meet(kind)
  }

  #noise(): void {
    this.#airPerMille = this.#seeded.pick([10, 30, 80])
  }

  #backend(): void {
    this.#backendPerCent = this.#seeded.pick([10, 30, 100])
    this.#whom = this.#seeded.pick(['terminal', 'phone', 'both'])
  }

  #customer(): void {
    const seeded = this.#seeded
    const customer = this.#world.customers.get(seeded.pick([...this.#world.customers.keys()]))
    const [what, change] = seeded.pick([
      ['network', { network: false }],
      ['network', { networkDelayMs: seeded.below(LATE_MAX_MS) }],
      ['wrist', { worn: false }],
      ['reach', { phoneReach: false }],
      ['owner', { confirmAbove: 0, confirms: 'no' }],
      ['owner', { confirmAbove: 0, confirms: 'never' }],
    ] as const)
    customer?.set({ unlocks: true, ...change })
    this.#situations += 1
    this.meet(what)
  }

  #fateInAir(pdu: Uint8Array): Fate {
    const seeded = this.#seeded
    if (this.#airPerMille === 0 || seeded.below(1_000) >= this.#airPerMille) return 'deliver'
    this.meet('air')
    const at = seeded.below(pdu.length)
    const garbled = pdu.map((byte, index) => (index === at ? byte ^ (1 << seeded.below(8)) : byte))
    return seeded.pick<Fate>(['lose', 'twice', 'cut', { garbled }, { lateMs: seeded.below(LATE_MAX_MS) }])
  }

  #fateOfCall(caller: 'terminal' | 'phone' | 'other'): CallFate {
    const seeded = this.#seeded
    if (this.#backendPerCent === 0 || (this.#whom !== 'both' && caller !== this.#whom)) return 'answer'
    if (seeded.below(100) >= this.#backendPerCent) return 'answer'
    this.meet('backend')
    return seeded.pick<CallFate>(['refuse', 'lose-answer', 'cut-answer', 'fail-after'])
  }
}
