/** Money the backend holds for requests that a copied file knows nothing of: listed, and ended once by a manager. */
import { afterEach, expect, test } from 'vitest'
import { createBackendClient } from '#main/sync/backend-client.ts'
import type { AuthorizationId } from '#shared/domain/ids.ts'
import { type CounterWorld, demand, POPCORN_PRICE, TICKET_PRICE } from '#test/support/counter-world.ts'
import { signInCashier, signInManager } from '#test/support/staff.ts'
import { until } from '#test/support/until.ts'
import { valueOf } from '../ledger/sample-sales.ts'
import {
  backUp,
  chargeAndLose,
  healRadio,
  openMarked,
  problemsOf,
  putBack,
  receiptsOf,
  recovered,
  sellForCash,
  sellToBand,
  taken,
} from './restoring.ts'

let world: CounterWorld
afterEach(async () => world.close())

const yeses = () => world.till.recovery().unknownYeses
const waiting = () => yeses().filter((yes) => yes.state === 'waiting')
function first(): AuthorizationId {
  const [yes] = yeses()
  if (!yes) throw new Error('no yes is listed')
  return yes.authorizationId
}

/** A backup; then two seats are approved for a band, and the till is lost with the request; the copy is started. */
async function lostWithYes(options: { seats?: boolean } = {}): Promise<void> {
  world = await openMarked()
  await sellToBand(world)
  await world.synced()
  backUp(world)
  await world.popcorn()
  if (options.seats !== false) demand(await world.seats('A1', 'A2'))
  await chargeAndLose(world)
  await putBack(world)
  healRadio(world)
  await world.start()
  await recovered(world)
  await signInManager(world.till)
  // The backend was asked; its answer may still be on its way.
  await until('the yes is listed', () => yeses().length > 0)
}

async function agrees(): Promise<void> {
  expect(await world.disagreements()).toEqual([])
  expect(problemsOf(world)).toEqual([])
}

test('it is listed with what is known of it, and waits on neither side', async () => {
  await lostWithYes()
  const amount = { amount: 2 * TICKET_PRICE + POPCORN_PRICE, currency: 'CNY' }
  expect(yeses()).toMatchObject([
    { amount, payerName: 'Golden Carp', seats: [{ hall: { en: 'Hall 1' }, seats: ['A1', 'A2'] }], state: 'waiting' },
  ])
  // No journal entry was lost with it, so the copy is as good as the file that was left.
  expect(world.state.status.attention).toBe(1)
  expect(receiptsOf(world)).toHaveLength(1)
  await sellForCash(world)
  demand(await world.till.endUnknownYes({ authorizationId: first(), how: 'reverse' }))
  await agrees()
})

test('recovered: a receipt of its own kind, captured, its seats sold; a second end is refused', async () => {
  await lostWithYes()
  const total = 2 * TICKET_PRICE + POPCORN_PRICE
  const authorizationId = first()
  const both = [
    world.till.endUnknownYes({ authorizationId, how: 'recover' }),
    world.till.endUnknownYes({ authorizationId, how: 'recover' }),
    world.till.endUnknownYes({ authorizationId, how: 'reverse' }),
  ]
  const ended = await Promise.all(both)
  expect(ended.filter((end) => end.ok)).toHaveLength(1)
  expect(ended.filter((end) => !end.ok)).toEqual([1, 2].map(() => ({ ok: false, error: { code: 'already-ended' } })))
  await world.synced()
  expect(await world.till.endUnknownYes({ authorizationId, how: 'reverse' })).toMatchObject({ error: { code: 'already-ended' } })
  const [row] = world.till.receipts({ limit: 1 }).rows
  const shown = row && demand(await world.till.receipt({ receiptId: row.id }))
  // As the site's clock showed it, for whoever reads the receipt.
  expect(shown?.receipt.lines[0]?.detail.en).toMatch(/^approved \d{4}-\d\d-\d\d \d\d:\d\d$/)
  expect(world.till.receipts({ limit: 1 }).rows).toMatchObject([{ kind: 'recovered', total: { amount: total }, tender: 'band' }])
  expect(yeses()).toMatchObject([{ state: 'recovered', endedBy: 'practice-manager' }])
  expect(await taken(world)).toBe(POPCORN_PRICE + total)
  const sold = await world.backend.db.selectFrom('seats').select('seat').where('state', '=', 'sold').orderBy('seat').execute()
  expect(sold.map(({ seat }) => seat)).toEqual(['A1', 'A2'])
  expect(world.state.status.attention).toBe(0)
  await world.restart()
  await recovered(world)
  expect(yeses()).toMatchObject([{ state: 'recovered' }])
  await agrees()
})

test('reversed: the money goes back, the seats are free for the next sale, and no receipt is written', async () => {
  await lostWithYes()
  demand(await world.till.endUnknownYes({ authorizationId: first(), how: 'reverse' }))
  await world.synced()
  expect(await taken(world)).toBe(POPCORN_PRICE)
  expect([...(await world.authorizations()).values()].map(({ state }) => state).sort()).toEqual(['captured', 'reversed'])
  expect(receiptsOf(world)).toHaveLength(1)
  const pinned = await world.backend.db.selectFrom('seats').select('seat').where('state', '=', 'pinned').execute()
  expect(pinned).toEqual([])
  await agrees()
})

test('a cashier may look, and not end it; a locked till shows nothing; without the backend nobody can', async () => {
  await lostWithYes()
  const authorizationId = first()
  await world.till.lock()
  expect(yeses()).toEqual([])
  expect(await world.till.endUnknownYes({ authorizationId, how: 'recover' })).toMatchObject({ error: { code: 'locked' } })
  await signInCashier(world.till)
  expect(waiting()).toHaveLength(1)
  for (const how of ['recover', 'reverse'] as const) {
    expect(await world.till.endUnknownYes({ authorizationId, how })).toMatchObject({ error: { code: 'manager-needed' } })
  }
  expect([...(await world.authorizations()).values()].map(({ state }) => state).sort()).toEqual(['captured', 'held'])
  expect(receiptsOf(world)).toHaveLength(1)
  await signInManager(world.till)
  world.backend.fateOf = () => 'refuse'
  for (const how of ['recover', 'reverse'] as const) {
    expect(await world.till.endUnknownYes({ authorizationId, how })).toMatchObject({ error: { code: 'backend-offline' } })
  }
  world.backend.fateOf = () => 'answer'
  expect(waiting()).toHaveLength(1)
  demand(await world.till.endUnknownYes({ authorizationId, how: 'reverse' }))
  await agrees()
})

test('the disk is full at that moment: nothing is ended, and it can be ended later', async () => {
  await lostWithYes()
  const authorizationId = first()
  for (const how of ['recover', 'reverse'] as const) {
    world.store.isFull = () => true
    expect(await world.till.endUnknownYes({ authorizationId, how })).toMatchObject({ error: { code: 'storage-failed' } })
    world.store.isFull = () => false
    expect(waiting()).toHaveLength(1)
  }
  demand(await world.till.endUnknownYes({ authorizationId, how: 'recover' }))
  await agrees()
})

test('cut off right after it was ended, before anyone heard: ended once, and sent at the next start', async () => {
  await lostWithYes()
  world.backend.fateOf = ({ path }) => (path === '/v1/outbox' ? 'refuse' : 'answer')
  demand(await world.till.endUnknownYes({ authorizationId: first(), how: 'recover' }))
  await world.stop()
  world.backend.fateOf = () => 'answer'
  await world.start()
  await recovered(world)
  await signInManager(world.till)
  expect(yeses()).toMatchObject([{ state: 'recovered' }])
  expect(await taken(world)).toBe(2 * POPCORN_PRICE + 2 * TICKET_PRICE)
  await agrees()
})

test('nobody ends it for thirty days: the backend gives the money back, and it leaves the list as reversed', async () => {
  await lostWithYes()
  const authorizationId = first()
  world.clock.advance(31 * 24 * 3_600_000)
  expect(await world.till.endUnknownYes({ authorizationId, how: 'recover' })).toMatchObject({ error: { code: 'capture-over' } })
  await world.backend.sweep()
  expect(await world.till.endUnknownYes({ authorizationId, how: 'recover' })).toMatchObject({ error: { code: 'already-ended' } })
  expect(yeses()).toMatchObject([{ state: 'reversed' }])
  expect(world.store.all("SELECT 1 FROM outbox WHERE kind = 'reversal'")).toEqual([])
})

test('the lost machine turns up and sends its receipt after all: the yes is on that receipt, and is not ended twice', async () => {
  world = await openMarked()
  await sellToBand(world)
  await world.synced()
  backUp(world)
  // The sale is paid on the machine that is about to be lost; nothing of it has been sent.
  world.backend.fateOf = ({ path }) => (path === '/v1/outbox' ? 'refuse' : 'answer')
  await sellToBand(world)
  const [record] = world.store.all("SELECT id, kind, body FROM outbox WHERE acked_at IS NULL AND kind = 'receipt'")
  backUp(world, 'lost')
  await putBack(world)
  world.backend.fateOf = () => 'answer'
  await world.start()
  await recovered(world)
  await signInManager(world.till)
  expect(waiting()).toHaveLength(1)

  const lost = String(record?.['body'])
  const late = await sendAs(world, { id: String(record?.['id']), kind: 'receipt', body: lost })
  expect(late).toMatchObject({ outcome: 'applied' })
  expect(await world.till.endUnknownYes({ authorizationId: first(), how: 'recover' })).toMatchObject({ error: { code: 'already-ended' } })
  expect(yeses()).toMatchObject([{ state: 'recovered' }])
  expect(receiptsOf(world)).toEqual([`A-1 ${POPCORN_PRICE}`, `A-2 ${POPCORN_PRICE}`])
  expect(await taken(world)).toBe(2 * POPCORN_PRICE)
  expect(problemsOf(world)).toEqual([])
})

/** A record sent by another machine that has the terminal's key. */
async function sendAs(at: CounterWorld, entry: { id: string; kind: string; body: string }): Promise<unknown> {
  const client = createBackendClient({
    url: at.backend.url,
    terminalId: 'aurora-1',
    signer: at.keys.signer,
    clock: at.clock,
    random: () => 0.5,
  })
  const sent = await valueOf(client).postOutbox([entry])
  valueOf(client).close()
  return demand(sent)[0]
}
