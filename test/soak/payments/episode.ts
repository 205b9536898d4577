/** Payments under faults: one counter, one or two tills, a hundred and more customers, and nothing that works all the time. */
import { createMarkFile } from '#main/hosting/mark-file.ts'
import type { CustomerCharacter } from '#reference/practice/customers.ts'
import { CounterWorld, PAYER } from '#test/support/counter-world.ts'
import { FailingDisk } from '#test/support/disk.ts'
import { Seeded } from '#test/support/seeded.ts'
import type { EpisodeInput, EpisodeResult } from '../episode.ts'
import { BadTimes } from './bad-times.ts'
import { Books } from './books.ts'
import { Cashier, type Counter, ROWS, SEATS } from './cashier.ts'
import { Pace } from './pace.ts'

/** Rounds of bad times in one world, each with up to so many customers at each till. */
const ROUNDS = 80
const CUSTOMERS_MAX = 12
/** All but one in so many customers bring trouble of their own. */
const TROUBLED_OF = 20
/** Rounds between two comparisons of all records. */
const COMPARED_EVERY = 20
/** And between two looks at what was said: a kill in between loses nothing that the later look would not miss. */
const LOOKED_EVERY = 4
/** One world in so many has a second till on the same hall. */
const SECOND_TILL_ONE_IN = 2
/** One world in so many makes its calls over sockets; in the others they take a shorter way, so that more payments fit into the time. */
const WIRED_ONE_IN = 4
const SECOND: CustomerCharacter = { ...PAYER, id: 'far-away', displayName: 'Silver Heron', distanceM: 4 }

export type Measure = { readonly rounds?: number }

export async function runEpisode({ seed, stop }: EpisodeInput, { rounds = ROUNDS }: Measure = {}): Promise<EpisodeResult> {
  const seeded = new Seeded(seed)
  const world = await CounterWorld.build({ customers: [PAYER, SECOND], seats: { rows: ROWS, seats: SEATS } })
  using near = new DisposableStack()
  if (seeded.below(WIRED_ONE_IN) > 0) near.use(world.backend.callsNear())
  const pace = new Pace(world.clock)
  const books = new Books()
  const bad = new BadTimes(world, pace, seeded)
  const tills = [world]
  const wrong = new Set<string>()
  const count = { 'faulted payments': 0, payments: 0, 'with a kill': 0, rounds: 0 }
  try {
    world.hooks.marks = () => createMarkFile(world.folder)
    world.hooks.store = (store) => new FailingDisk(store, bad.disk)
    watchWrites(world, pace)
    await world.start()
    await world.ready(world.customers.size)
    if (seeded.below(SECOND_TILL_ONE_IN) === 0) tills.push(await secondTill(world, pace))
    const cashiers = tills.map(
      (till, index) => new Cashier({ world: till, pace, seeded, bad, books, mayStopBackend: index === 0 } satisfies Counter),
    )
    let attempts = attemptsOf(tills)
    for (let round = 0; round < rounds && !stop.aborted && wrong.size === 0; round += 1) {
      for (let customers = 1 + seeded.below(CUSTOMERS_MAX); customers > 0; customers -= 1) {
        // Troubles add up until the round is over.
        if (seeded.below(TROUBLED_OF) > 0) bad.begin()
        const [before, met] = [attempts, bad.met]
        await Promise.all(cashiers.map(async (cashier) => cashier.serve()))
        attempts = attemptsOf(tills)
        const made = attempts.all - before.all
        count.payments += made
        if (bad.met > met) count['faulted payments'] += made
        else if (bad.isOn) count['faulted payments'] += attempts.byBand - before.byBand
      }
      bad.end()
      for (const cashier of cashiers) await cashier.calm()
      count.rounds += 1
      const isCompared = round % COMPARED_EVERY === COMPARED_EVERY - 1 || round === rounds - 1 || stop.aborted
      if (isCompared) for (const fault of await books.wrong(tills)) wrong.add(fault)
      else if (round % LOOKED_EVERY === 0) for (const fault of books.lost(tills)) wrong.add(fault)
    }
    count['with a kill'] = cashiers.reduce((sum, cashier) => sum + cashier.kills, 0)
    for (const till of tills)
      for (const { fields, message } of till.warnings) if (message === 'bug') wrong.add(`a bug: ${JSON.stringify(fields)}`)
  } catch (error) {
    wrong.add(`after ${count.payments} payments: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  } finally {
    for (const till of tills.toReversed()) await till.close()
  }
  return { reached: count, wrong: [...wrong] }
}

async function secondTill(world: CounterWorld, pace: Pace): Promise<CounterWorld> {
  const beside = await world.beside()
  beside.hooks.marks = () => createMarkFile(beside.folder)
  watchWrites(beside, pace)
  await beside.start()
  await beside.ready(world.customers.size)
  return beside
}

/** Writes count as something that happens; a till's store is another one after each start. */
function watchWrites(till: CounterWorld, pace: Pace): void {
  const { store: before } = till.hooks
  const watch = (store: ReturnType<typeof before>): ReturnType<typeof before> => ({
    get: (text, ...values) => store.get(text, ...values),
    all: (text, ...values) => store.all(text, ...values),
    close: () => store.close(),
    write(work) {
      pace.happens()
      return store.write(work)
    },
  })
  till.hooks.store = (store) => watch(before(store))
}

type Attempts = { readonly all: number; readonly byBand: number }

function attemptsOf(tills: readonly CounterWorld[]): Attempts {
  const rows = tills.map(({ store }) => store.get("SELECT COUNT(*) AS n, SUM(tender = 'band') AS bands FROM attempts"))
  const sum = (column: 'n' | 'bands') => rows.reduce((total, row) => total + Number(row?.[column]), 0)
  return { all: sum('n'), byBand: sum('bands') }
}
