/** What can be done to the practice world and seen of it, for whoever asks: scripts by process messages, the drawer by the desk. */
import type * as z from 'zod'
import { type CustomerView, FAULT_KINDS, type PracticeView, type practiceCommand } from '#shared/contracts/practice-desk.ts'
import type { PracticeTrouble } from '#shared/contracts/troubles.ts'
import type { Result } from '#shared/result.ts'
import { RSSI_HEARD_MIN, rssiAt } from './air.ts'
import type { FaultPlan } from './fault-plan.ts'
import type { VirtualCustomer } from './virtual-customer.ts'
import type { WorldEvent } from './world-control.ts'

export type SteeringCommand = z.output<typeof practiceCommand>

/** The printer as far as it is steered. */
export type SteeredPrinter = {
  view(): PracticeView['printer']
  set(changes: { readonly paper?: boolean | undefined; readonly online?: boolean | undefined }): Promise<boolean>
}

export type SteeringParts = {
  readonly customers: ReadonlyMap<string, VirtualCustomer>
  readonly faults: FaultPlan
  /** What happened last to whom. */
  readonly lastEvents: ReadonlyMap<string, WorldEvent['event']>
  /** Absent where the world has no printer. */
  readonly printer: SteeredPrinter | undefined
  /** The operator lets a customer's payments go on. */
  readonly unfreeze: (customer: VirtualCustomer) => Promise<Result<void, unknown>>
  /** Ends every connection to this band. */
  readonly dropLinksOf: (bandId: string) => void
}

const NO_PRINTER: PracticeView['printer'] = { paper: true, online: false, papers: [] }

export class Steering {
  readonly #parts: SteeringParts

  constructor(parts: SteeringParts) {
    this.#parts = parts
  }

  /** Undefined when done, else why not. */
  async act(command: SteeringCommand): Promise<PracticeTrouble | undefined> {
    if (command.type === 'printer') return this.#actOnPrinter(command)
    const customer = this.#parts.customers.get(command.customer)
    if (!customer) return 'customer-unknown'
    switch (command.type) {
      case 'set':
        customer.set(command)
        await customer.settled()
        if (command.distance !== undefined && rssiAt(command.distance, 0.5) < RSSI_HEARD_MIN) this.#parts.dropLinksOf(command.customer)
        return undefined
      case 'unlock-phone':
        if (customer.life.hands === 'thief-with-phone') return 'not-the-owner'
        return (await customer.unlockPhone()) ? undefined : 'cannot-unlock'
      case 'knock':
        customer.state.knocked(command.count)
        return undefined
      case 'steal':
        await customer.life.steal(command.withPhone)
        return undefined
      case 'try-pairing':
        return customer.life.tryPairing()
      case 'reset-band':
        await customer.resetBand()
        return undefined
      case 'release':
        return customer.life.release()
      case 'pair':
        return customer.life.pair()
      case 'back-to-normal':
        return this.#backToNormal(customer)
      case 'fault':
        this.#parts.faults.plan(command.customer, { kind: command.fault, count: command.count, delayMs: command.delayMs })
        return undefined
      case 'freeze':
        return this.#freeze(customer, command.frozen)
    }
  }

  async #freeze(customer: VirtualCustomer, frozen: boolean): Promise<PracticeTrouble | undefined> {
    const byOwner = await customer.owner.freeze(frozen)
    // What the operator froze, as when this world was made, only the operator lets go on.
    const done = byOwner.ok || frozen ? byOwner : await this.#parts.unfreeze(customer)
    if (!done.ok) return 'not-frozen'
    customer.frozen = frozen
    await customer.life.readNotices()
    return undefined
  }

  async #backToNormal(customer: VirtualCustomer): Promise<PracticeTrouble | undefined> {
    for (const kind of FAULT_KINDS) this.#parts.faults.plan(customer.character.id, { kind, count: 0, delayMs: 0 })
    const thawed = customer.frozen === customer.character.frozen ? undefined : await this.#freeze(customer, customer.character.frozen)
    const home = await customer.backToNormal()
    return home ?? thawed
  }

  async view(): Promise<PracticeView> {
    const customers = await Promise.all([...this.#parts.customers.values()].map(async (customer) => this.#viewOf(customer)))
    return { customers, printer: this.#parts.printer?.view() ?? NO_PRINTER }
  }

  async #viewOf(customer: VirtualCustomer): Promise<CustomerView> {
    const { address: _address, ...view } = await customer.view()
    const lastEvent = this.#parts.lastEvents.get(view.id)
    return { ...view, faults: this.#parts.faults.left(view.id), ...(lastEvent === undefined ? {} : { lastEvent }) }
  }

  async #actOnPrinter(changes: Parameters<SteeredPrinter['set']>[0]): Promise<PracticeTrouble | undefined> {
    const { printer } = this.#parts
    if (!printer) return 'no-printer'
    const { paper, online } = changes
    return (await printer.set({ paper, online })) ? undefined : 'printer-taken'
  }
}
