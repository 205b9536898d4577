/** What a start finds that an earlier run left open: the same file, another terminal object. */
import { afterEach, expect, test } from 'vitest'
import { disagreementsOfTerminal } from '#test/support/agreement.ts'
import { type CounterOptions, CounterWorld, demand, PAYER, POPCORN_PRICE, TICKET_PRICE } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'

let world: CounterWorld
afterEach(async () => world.close())

async function open(options?: CounterOptions): Promise<void> {
  world = await CounterWorld.open(options)
}

test('prepared: given up as soon as these records are known to be the newest, with the seats given back to the cart', async () => {
  await open()
  demand(await world.seats('A1'))
  const { requestId } = demand(await world.till.startCash())
  await world.cutPower()
  expect(await world.settled(requestId)).toBe('not-asked')
  expect(world.state).toMatchObject({ cart: { state: 'open', lines: [{ subject: { seat: 'A1' } }] }, status: { inDoubt: 0 } })
  expect(world.payment).toBeUndefined()
  expect(world.state.interrupted).toMatchObject({
    tender: 'cash',
    requestId,
    charged: 'no',
    printed: 'no',
    canFinish: true,
    canUndo: false,
  })
  await world.until('the seat is looked at', () => world.state.interrupted?.seats === 'held')
  // Nothing is owed to anyone: the cashier may go on as if it were not shown.
  demand(await world.till.startCash())
  expect(world.state.interrupted).toBeUndefined()
  demand(await world.till.takeCash({ tenderedMinor: TICKET_PRICE }))
  expect(await world.disagreements()).toEqual([])
})

test('sent, and approved while the till was dark: the yes waits for the cashier, and is paid once', async () => {
  await open()
  demand(await world.seats('A1'))
  world.hooks.fateOf = (_band, direction, pdu) => (direction === 'to-terminal' && pdu[3] === 4 ? 'lose' : 'deliver')
  const requestId = await world.charge()
  await until('the backend approved', () => world.events.some(({ event }) => event === 'approved'))
  expect(world.attemptState(requestId)).toBe('sent')
  await world.cutPower()
  expect(world.attemptState(requestId)).toBe('in-doubt')
  expect(world.state).toMatchObject({ cart: { state: 'in-doubt' }, payment: { state: 'in-doubt', requestId }, status: { inDoubt: 1 } })
  expect(world.state.interrupted).toMatchObject({ requestId, charged: 'asking', canFinish: false })
  expect(await world.till.startCash()).toMatchObject({ error: { code: 'cart-locked' } })
  await world.until('the answer is known', () => world.state.interrupted?.charged === 'yes')
  expect(world.attemptState(requestId)).toBe('in-doubt')
  demand(await world.till.finishInterrupted())
  expect(world.attemptState(requestId)).toBe('paid')
  expect(world.receiptCount()).toBe(1)
  expect(await world.disagreements()).toEqual([])
})

test('sent, and cancelled after the start: reversed, whatever the backend had approved', async () => {
  await open()
  await world.popcorn()
  world.hooks.fateOf = (_band, direction, pdu) => (direction === 'to-terminal' && pdu[3] === 4 ? 'lose' : 'deliver')
  const requestId = await world.charge()
  await until('the backend approved', () => world.events.some(({ event }) => event === 'approved'))
  await world.cutPower()
  await world.until('it may be ended', () => world.state.interrupted?.canUndo === true)
  demand(await world.till.cancelPayment())
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: POPCORN_PRICE }))
  world.clock.advance(5_000)
  expect(await world.disagreements()).toEqual([])
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
})

test('in doubt over two starts, without the backend: still in doubt, then settled once', async () => {
  await open()
  await world.popcorn()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  world.backend.fateOf = () => 'refuse'
  for (let start = 1; start <= 2; start += 1) {
    await world.restart()
    expect(world.state).toMatchObject({ cart: { state: 'in-doubt' }, payment: { state: 'in-doubt', requestId } })
  }
  world.backend.fateOf = () => 'answer'
  world.clock.advance(15_000)
  await world.until('the answer is known', () => world.state.interrupted?.charged === 'yes')
  demand(await world.till.finishInterrupted())
  expect(world.attemptState(requestId)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('a receipt that was written just before the cut is sent after it, once', async () => {
  await open()
  await world.popcorn()
  world.backend.fateOf = ({ path }) => (path === '/v1/outbox' ? 'lose-answer' : 'answer')
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('paid')
  await until('the receipt was sent', () => world.backend.calls.some(({ path }) => path === '/v1/outbox'))
  await world.cutPower()
  expect(world.receiptCount()).toBe(1)
  expect(world.state.status.outbox.pending).toBeGreaterThan(0)
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
  expect(world.till.receipts({ limit: 5 })).toMatchObject({ rows: [{ printedNumber: 'A-000001', synced: true }] })
})

test.each(['connecting', 'waiting', 'pinning', 'in-doubt'] as const)('the terminal stops in good order while %s', async (moment) => {
  await open({ customers: [{ ...PAYER, confirmAbove: 0, confirmAfterMs: 60_000 }] })
  demand(await world.seats('A1'))
  const pdus = Promise.withResolvers<void>()
  if (moment === 'connecting') {
    world.hooks.fateOf = () => {
      pdus.resolve()
      return 'lose'
    }
  }
  const pinning = Promise.withResolvers<void>()
  if (moment === 'pinning') {
    world.backend.fateOf = ({ path }) => {
      if (path.endsWith('/pin')) pinning.resolve()
      return 'answer'
    }
  }
  if (moment === 'in-doubt') world.fault('cut-on-request')
  const requestId = await world.charge()
  if (moment === 'connecting') await pdus.promise
  if (moment === 'pinning') await pinning.promise
  if (moment === 'waiting') await until('the customer is asked', () => world.events.some(({ event }) => event === 'asked-to-confirm'))
  if (moment === 'in-doubt') {
    await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
    world.clock.advance(2_000)
  }
  await world.stop()
  world.hooks.fateOf = () => 'deliver'
  await world.start()
  expect(disagreementsOfTerminal(world.store)).toEqual([])
  if (['waiting', 'in-doubt'].includes(moment)) {
    expect(['in-doubt', 'refused']).toContain(world.attemptState(requestId))
    await world.until('it may be ended', () => world.state.interrupted?.canUndo === true || world.attemptState(requestId) === 'refused')
    if (world.payment) demand(await world.till.cancelPayment())
  } else expect(await world.settled(requestId)).toBe('not-asked')
  expect(world.state.cart.state).toBe('open')
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
})

test('the terminal stops at the very moment the yes arrives: paid before it closed, or waiting when it starts', async () => {
  await open()
  for (let sale = 0; sale < 4; sale += 1) {
    await world.popcorn()
    const arrived = Promise.withResolvers<void>()
    world.hooks.onReceive = ({ kind }) => {
      if (kind === 'answer') arrived.resolve()
    }
    const requestId = await world.charge()
    await arrived.promise
    await world.restart()
    expect(['paid', 'in-doubt']).toContain(world.attemptState(requestId))
    expect(disagreementsOfTerminal(world.store)).toEqual([])
    await world.until('it is known', () => world.state.interrupted === undefined || world.state.interrupted.charged === 'yes')
    if (world.state.interrupted) demand(await world.till.finishInterrupted())
    expect(world.attemptState(requestId)).toBe('paid')
    expect(await world.disagreements()).toEqual([])
    await world.until('bands are heard again', () => world.state.bands.length > 0)
  }
  expect(world.warnings.filter(({ message }) => message === 'bug')).toEqual([])
})
