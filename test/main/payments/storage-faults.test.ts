/** The disk fails at the n-th write, for every n: a sale is refused or complete, and never half. */
import { afterEach, expect, test } from 'vitest'
import type { RequestId } from '#shared/domain/ids.ts'
import { disagreementsOfTerminal } from '#test/support/agreement.ts'
import { CounterWorld, demand, TICKET_PRICE } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'

let world: CounterWorld
afterEach(async () => world.close())

/** Writes a whole sale can make, and a few more. Each n is one sale in the same world. */
const WRITES_MAX = 14
const ROWS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

type Sale = { readonly tender: 'band' | 'cash'; readonly failure: 'once' | 'for-good' }

/** Runs one sale with the disk failing at write n. True when it was paid. */
async function sell({ tender, failure }: Sale, n: number, seat: string): Promise<boolean> {
  const { store } = world
  const first = store.writes + n
  store.isFull = (write) => (failure === 'once' ? write === first : write >= first)
  const before = world.receiptCount()
  const isHeld = (await world.seats(seat)).ok
  if (isHeld) await (tender === 'band' ? payByBand() : payInCash())
  const hasFailed = store.writes >= first
  store.isFull = () => false
  expect(disagreementsOfTerminal(store)).toEqual([])
  const isPaid = world.receiptCount() > before
  // A refused sale: nothing half written stands in the way of the next start.
  await world.restart()
  await world.until('bands are heard', () => world.state.bands.length > 0)
  expect(disagreementsOfTerminal(world.store)).toEqual([])
  world.clock.advance(2_000)
  await until('what was interrupted can be finished', () => world.state.interrupted?.canFinish !== false)
  if (world.state.interrupted) demand(await world.till.finishInterrupted())
  await until('no attempt is open', () => world.state.status.inDoubt === 0 && world.state.cart.state === 'open')
  expect(await world.disagreements()).toEqual([])
  if (world.state.cart.lines.length > 0) demand(await world.till.clearCart())
  return isPaid && !hasFailed
}

async function payByBand(): Promise<void> {
  const charged = await world.till.chargeBand({ sightingId: await world.sightingOf() })
  if (!charged.ok) return
  const { requestId } = charged.value
  const isAtRest = () => !['prepared', 'sent'].includes(world.attemptState(requestId)) || isStuck(requestId)
  await world.until('the attempt rests', isAtRest)
}

/** The end could not be written, and the cashier has been told so. */
function isStuck(requestId: RequestId): boolean {
  const { payment } = world
  if (payment?.requestId !== requestId || payment.tender !== 'band') return false
  return payment.state === 'in-doubt' || payment.refusal?.code === 'storage-failed'
}

async function payInCash(): Promise<void> {
  const started = await world.till.startCash()
  if (started.ok) await world.till.takeCash({ tenderedMinor: TICKET_PRICE })
}

const kinds: readonly Sale[] = [
  { tender: 'band', failure: 'once' },
  { tender: 'band', failure: 'for-good' },
  { tender: 'cash', failure: 'once' },
  { tender: 'cash', failure: 'for-good' },
]

test.each(kinds)('$tender sale, the disk fails $failure', async (kind) => {
  world = await CounterWorld.open({ seats: { rows: ROWS.length, seats: 2 } })
  let n = 0
  let isWhole = false
  for (; n < WRITES_MAX && !isWhole; n += 1) isWhole = await sell(kind, n + 1, `${ROWS[n]}1`)
  // It went through without meeting the fault, so every write of a sale has failed once before.
  expect(isWhole).toBe(true)
  expect(n).toBeGreaterThan(3)
})

test('a full disk is refused with its code before money moves, and when it is cleared the same cart sells', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  world.store.isFull = () => true
  expect(await world.till.chargeBand({ sightingId: await world.sightingOf() })).toMatchObject({ error: { code: 'storage-failed' } })
  expect(await world.till.startCash()).toEqual({ ok: false, error: { code: 'storage-failed', subject: 'full' } })
  // What the database said is for the log alone.
  expect(world.warnings).toContainEqual({
    message: 'storage-failed',
    fields: { trouble: 'full', detail: 'SQLITE_FULL: database or disk is full' },
  })
  expect(await world.till.setProduct({ productId: 'popcorn', quantity: 3 })).toMatchObject({ error: { code: 'storage-failed' } })
  expect(world.state.cart).toMatchObject({ state: 'open', lines: [{ quantity: 1 }] })
  expect((await world.authorizations()).size).toBe(0)
  world.store.isFull = () => false
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('the disk fills while the customer pays: in doubt, said so, and one receipt when there is room', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  world.hooks.onSend = ({ kind }) => {
    if (kind === 'request') world.store.isFull = () => true
  }
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  expect(world.warnings.map(({ message }) => message)).toContain('receipt-not-written')
  expect(world.receiptCount()).toBe(0)
  // It is said for as long as nothing can be written, whatever else is shown meanwhile.
  await world.until('it is asked again', () => world.payment?.tender === 'band' && world.payment.nextQueryAt !== undefined)
  expect(world.payment).toMatchObject({ state: 'in-doubt', refusal: { code: 'storage-failed' } })
  world.hooks.onSend = () => {}
  world.store.isFull = () => false
  world.clock.advance(2_000)
  expect(await world.settled(requestId)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('an end that cannot be written is shown, and cancelling works as soon as the disk does', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  world.customer().set({ worn: false, unlocks: false })
  const full = world.store.writes + 1
  world.store.isFull = (write) => write > full
  const requestId = await world.charge()
  await world.until('the cashier is told', () => world.payment?.tender === 'band' && world.payment.refusal?.code === 'storage-failed')
  expect(world.attemptState(requestId)).toBe('prepared')
  expect(await world.till.cancelPayment()).toMatchObject({ error: { code: 'storage-failed' } })
  world.store.isFull = () => false
  demand(await world.till.cancelPayment())
  expect(world.state.cart.state).toBe('open')
  expect(await world.disagreements()).toEqual([])
})

test('a cash panel whose end cannot be written stays, and closes later', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  world.backend.fateOf = ({ path }) => (path.endsWith('/pin') ? 'refuse' : 'answer')
  const full = world.store.writes + 1
  world.store.isFull = (write) => write > full
  expect(await world.till.startCash()).toMatchObject({ error: { code: 'storage-failed' } })
  expect(world.payment).toMatchObject({ tender: 'cash', state: 'prepared' })
  expect(await world.till.takeCash({ tenderedMinor: TICKET_PRICE })).toMatchObject({ error: { code: 'seats-unpinned' } })
  world.store.isFull = () => false
  world.backend.fateOf = () => 'answer'
  demand(await world.till.cancelPayment())
  expect(world.payment).toBeUndefined()
  expect(world.state.cart.state).toBe('open')
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
})
