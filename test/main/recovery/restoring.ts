/** A counter whose records are copied away and copied back, with or without the mark beside the keys. */
import { copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { createMarkFile, MARK_FILE } from '#main/hosting/mark-file.ts'
import { openForReading } from '#reference/tools/verify/open-file.ts'
import { verifyDatabase } from '#reference/tools/verify/verify.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { type CounterOptions, CounterWorld, demand, PAYER } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'
import { valueOf } from '../ledger/sample-sales.ts'

export const SEATED: CounterOptions = { customers: [PAYER] }

const fileOf = (world: CounterWorld) => join(world.folder, 'terminal.sqlite')
const markOf = (world: CounterWorld) => join(world.folder, MARK_FILE)

/** A counter that keeps a mark, open for business. */
export async function openMarked(): Promise<CounterWorld> {
  const world = await CounterWorld.build(SEATED)
  world.hooks.marks = () => createMarkFile(world.folder)
  await world.start()
  await world.ready()
  await recovered(world)
  return world
}

/** A backup of the records as they are now, made with VACUUM INTO, and of the mark beside them. */
export function backUp(world: CounterWorld, name = 'backup'): void {
  const [file, draft, copy] = [fileOf(world), join(world.folder, `${name}.taken`), join(world.folder, name)]
  for (const suffix of ['', '-wal']) copyFileSync(`${file}${suffix}`, `${draft}${suffix}`)
  const database = new Database(draft)
  database.exec(`VACUUM INTO '${copy}'`)
  database.close()
  copyFileSync(markOf(world), `${copy}.mark`)
}

/** The till stops, its records are replaced by the backup, and nothing is started yet. */
export async function putBack(world: CounterWorld, options: { name?: string; mark?: 'kept' | 'lost' | 'restored' } = {}): Promise<void> {
  const { name = 'backup', mark = 'kept' } = options
  await world.stop()
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${fileOf(world)}${suffix}`, { force: true })
  copyFileSync(join(world.folder, name), fileOf(world))
  if (mark === 'lost') rmSync(markOf(world))
  if (mark === 'restored') copyFileSync(join(world.folder, `${name}.mark`), markOf(world))
}

export async function sellForCash(world: CounterWorld, quantity = 1): Promise<void> {
  await world.popcorn(quantity)
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: 1_000_000 }))
  demand(await world.till.nextSale())
}

export async function sellToBand(world: CounterWorld): Promise<RequestId> {
  await world.popcorn()
  return chargeCart(world)
}

export async function chargeCart(world: CounterWorld): Promise<RequestId> {
  const requestId = await world.charge()
  const state = await world.settled(requestId)
  if (state !== 'paid') throw new Error(`the attempt is ${state}`)
  demand(await world.till.nextSale())
  return requestId
}

/** A band is charged and approves; the answer never arrives, and this till is lost before it learns of it. */
export async function chargeAndLose(world: CounterWorld): Promise<RequestId> {
  world.hooks.fateOf = (_band, direction, pdu) => (direction === 'to-terminal' && pdu[3] === 4 ? 'lose' : 'deliver')
  const approvals = () => world.events.filter(({ event }) => event === 'approved').length
  const before = approvals()
  const requestId = await world.charge()
  await until('the backend approved', () => approvals() > before)
  return requestId
}

/** A sale is in doubt when the copy is taken; the file that is lost afterwards pays it, and sends the receipt. */
export async function copiedInDoubtAndPaid(world: CounterWorld): Promise<RequestId> {
  await world.popcorn()
  const requestId = await chargeAndLose(world)
  backUp(world)
  healRadio(world)
  world.dropLinks()
  await until('in doubt', () => world.attemptState(requestId) === 'in-doubt')
  world.clock.advance(2_000)
  const state = await world.settled(requestId)
  if (state !== 'paid') throw new Error(`the attempt is ${state}`)
  await world.synced()
  return requestId
}

export function healRadio(world: CounterWorld): void {
  world.hooks.fateOf = () => 'deliver'
}

/** How often each world's terminal had asked for its authorizations when it was last found recovered. */
const asked = new WeakMap<CounterWorld, number>()
const asksOf = (world: CounterWorld) => world.backend.calls.filter(({ path }) => path.startsWith(BACKEND_PATHS.ownAuthorizations)).length

/** Starts the till; `recovered` then waits for what this start asks. */
export async function startAgain(world: CounterWorld): Promise<void> {
  asked.set(world, asksOf(world))
  await world.start()
}

/** Everything this start had to ask has been answered, and everything that waited has been sent. */
export async function recovered(world: CounterWorld): Promise<void> {
  const before = asked.get(world) ?? 0
  await until('all is asked, pulled and sent', () => {
    const isPulling = world.store.get("SELECT 1 AS yes FROM settings WHERE key = 'receipts-pulled-to'") !== undefined
    return asksOf(world) > before && !isPulling && world.state.status.outbox.pending === 0
  })
  asked.set(world, asksOf(world))
}

/** What the terminal has on receipts: own ones and those that came back, as `A-1 2500`, oldest first. */
export function receiptsOf(world: CounterWorld): readonly string[] {
  return world.store
    .all('SELECT series, number, total_minor FROM audit_receipts ORDER BY series, number')
    .map((row) => `${String(row['series'])}-${String(row['number'])} ${String(row['total_minor'])}`)
}

/** What `verify` names in the records as they are on disk now. */
export function problemsOf(world: CounterWorld): readonly unknown[] {
  const database = valueOf(openForReading(fileOf(world)))
  try {
    return verifyDatabase(database).problems
  } finally {
    database.close()
  }
}

/** Money that left the customer's wallet for good: what was captured and not given back. */
export async function taken(world: CounterWorld): Promise<number> {
  const row = await world.backend.db
    .selectFrom('entries')
    .select(({ fn }) => fn.sum<number>('amount').as('amount'))
    .where('account', 'like', 'merchant:%')
    .executeTakeFirst()
  return row?.amount ?? 0
}
