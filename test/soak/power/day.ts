/** A short day at the counter that writes everything a terminal writes, in an order of chance, with its database's files recorded. */
import { join } from 'node:path'
import type { SightingId } from '#shared/domain/ids.ts'
import { disagreementsOfTerminal } from '#test/support/agreement.ts'
import { CounterWorld, PAYER } from '#test/support/counter-world.ts'
import { Seeded } from '#test/support/seeded.ts'
import { RecordingStore, type Step } from './recording-store.ts'

const ROWS = 10
const SEATS = 20
const CASH_MINOR = 100_000
/** One in so many writes is followed by the log being copied into the database. */
const COPIED_ONE_IN = 20

export type Day = { readonly steps: readonly Step[]; readonly wrong: readonly string[] }

/** Lives through `sales` sales and records them. `wrong` names what did not hold of the records right after some write. */
export async function recordDay(seed: number, sales: number): Promise<Day> {
  const seeded = new Seeded(seed)
  const steps: Step[] = []
  const wrong = new Set<string>()
  const world = await CounterWorld.build({ seats: { rows: ROWS, seats: SEATS } })
  const file = join(world.folder, 'terminal.sqlite')
  const copiesNow = () => seeded.below(COPIED_ONE_IN) === 0
  world.hooks.store = (store) =>
    new RecordingStore(store, file, {
      steps,
      copiesNow,
      look: (records) => {
        for (const fault of disagreementsOfTerminal(records)) wrong.add(fault)
      },
    })
  try {
    await world.start()
    await world.ready()
    for (let sale = 0; sale < sales; sale += 1) await oneSale(world, seeded)
    await world.synced()
    for (const fault of await world.disagreements()) wrong.add(fault)
    await world.stop()
  } finally {
    await world.close()
  }
  return { steps, wrong: [...wrong] }
}

const KINDS = ['band', 'band', 'cash', 'not-worn', 'refused', 'cancelled', 'in-doubt', 'void', 'restart'] as const

async function oneSale(world: CounterWorld, seeded: Seeded): Promise<void> {
  const { till } = world
  const kind = seeded.pick(KINDS)
  await till.nextSale()
  await world.seats(`${String.fromCharCode(65 + seeded.below(ROWS))}${1 + seeded.below(SEATS)}`)
  await world.popcorn(1 + seeded.below(5))
  if (kind === 'cash') {
    const started = await till.startCash()
    if (started.ok) await till.takeCash({ tenderedMinor: CASH_MINOR })
    await world.until('the cash sale ends', () => world.state.cart.state === 'open')
    return
  }
  if (kind === 'restart') {
    await world.restart()
    await world.until('bands are heard', () => world.state.bands.length > 0)
    return
  }
  await payByBand(world, kind)
  const last = world.state.lastReceiptId
  if (last && seeded.below(2) === 0) await till.print({ receiptId: last })
  if (last && kind === 'void') await till.voidSale({ receiptId: last })
}

async function payByBand(world: CounterWorld, kind: (typeof KINDS)[number]): Promise<void> {
  const customer = world.customer()
  if (kind === 'not-worn') customer.set({ worn: false, unlocks: false })
  if (kind === 'refused') customer.set({ confirmAbove: 0, confirms: 'no', unlocks: true })
  if (kind === 'cancelled') customer.set({ confirmAbove: 0, confirms: 'never', unlocks: true })
  if (kind === 'in-doubt') world.fault('cut-on-answer')
  await world.until('a band is heard', () => world.state.bands.length > 0)
  const charged = await world.till.chargeBand({ sightingId: world.state.bands[0]?.id as SightingId })
  if (charged.ok) {
    const { requestId } = charged.value
    if (kind === 'cancelled') {
      await world.until('it was sent', () => world.attemptState(requestId) === 'sent')
      await world.till.cancelPayment()
    }
    if (kind === 'in-doubt') {
      await world.until('it is in doubt', () => !['prepared', 'sent'].includes(world.attemptState(requestId)))
      world.clock.advance(5_000)
    }
    await world.settled(requestId)
  }
  customer.set({ worn: true, unlocks: true, confirmAbove: PAYER.confirmAbove, confirms: 'yes' })
}
