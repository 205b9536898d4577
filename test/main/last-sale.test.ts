/** Done, and a start that finds a sale nobody saw done. */
import { afterEach, expect, test } from 'vitest'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { CounterWorld, demand, PAYER, POPCORN_PRICE } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'

let world: CounterWorld
afterEach(async () => world.close())

async function paidInCash(): Promise<string> {
  await world.popcorn()
  demand(await world.till.startCash())
  const { receiptId } = demand(await world.till.takeCash({ tenderedMinor: POPCORN_PRICE }))
  return receiptId
}

test('killed while Done was shown: the next start says charged, and finishing shows Done again', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  const requestId = await world.charge()
  await world.settled(requestId)
  await world.cutPower()
  const [receipt] = world.till.receipts({ limit: 1 }).rows
  expect(world.state.interrupted).toMatchObject({
    tender: 'band',
    requestId,
    receiptId: receipt?.id,
    payerName: PAYER.displayName,
    charged: 'yes',
    seats: 'none',
    printed: 'not-needed',
    canFinish: true,
    canUndo: false,
  })
  expect(world.state.lastReceiptId).toBeUndefined()
  expect(await world.till.undoInterrupted()).toEqual({ ok: false, error: { code: 'already-ended' } })
  demand(await world.till.finishInterrupted())
  expect(world.state.lastReceiptId).toBe(receipt?.id)
  expect(world.state).not.toHaveProperty('interrupted')
  demand(await world.till.nextSale())
  await world.cutPower()
  expect(world.state).not.toHaveProperty('interrupted')
  expect(world.receiptCount()).toBe(1)
})

test('a cash sale: its request is named and its paper is asked for', async () => {
  world = await CounterWorld.open()
  const receiptId = await paidInCash()
  await until('it is printed', () => world.printed.length === 1 && world.state.status.printer.jobs.length === 0)
  await world.cutPower()
  const requestId = world.store.get('SELECT request_id FROM attempts')?.['request_id']
  expect(world.state.interrupted).toMatchObject({ tender: 'cash', receiptId, requestId, charged: 'yes', printed: 'yes' })
})

test.each(['the next sale', 'an edit', 'an orderly end'] as const)('put away by %s: the next start does not show it', async (how) => {
  world = await CounterWorld.open()
  await paidInCash()
  if (how === 'the next sale') demand(await world.till.nextSale())
  if (how === 'an edit') await world.popcorn()
  if (how === 'an orderly end') await world.restart()
  else await world.cutPower()
  expect(world.state).not.toHaveProperty('interrupted')
})

test('an edit goes on without a word, and puts the found sale away for good', async () => {
  world = await CounterWorld.open()
  await paidInCash()
  await world.cutPower()
  expect(world.state.interrupted).toMatchObject({ charged: 'yes' })
  await world.popcorn()
  expect(world.state).not.toHaveProperty('interrupted')
  await world.cutPower()
  expect(world.state).not.toHaveProperty('interrupted')
})

test('taken back before the till died: its sale is open again, and nothing is said to be charged', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  await world.settled(await world.charge())
  const [sale] = world.till.receipts({ limit: 1 }).rows
  demand(await world.till.voidSale({ receiptId: sale?.id ?? ('' as ReceiptId) }))
  await world.cutPower()
  expect(world.state).not.toHaveProperty('interrupted')
  expect(world.state.cart.lines).toHaveLength(1)
})

test.each([-86_400_000, 86_400_000])('a clock that is %i ms off after the cut hides nothing from the cashier', async (skewMs) => {
  world = await CounterWorld.open()
  await paidInCash()
  world.hooks.skewMs = skewMs
  await world.cutPower()
  expect(world.state.interrupted).toMatchObject({ charged: 'yes' })
})

test('a disk that takes no note: shown once more, nothing lost', async () => {
  world = await CounterWorld.open()
  await paidInCash()
  world.store.isFull = () => true
  demand(await world.till.nextSale())
  expect(world.state.lastReceiptId).toBeUndefined()
  await world.cutPower()
  expect(world.state.interrupted).toMatchObject({ charged: 'yes' })
  expect(world.receiptCount()).toBe(1)
})
