/** The till as its screens use it, over the real parts: one payment at a time, no edits while one runs, a start that says what it lacks. */
import { afterEach, expect, test } from 'vitest'
import type { TillState } from '#shared/contracts/till.ts'
import { CounterWorld, demand, PAYER, POPCORN_PRICE, SHOW } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'

let world: CounterWorld
afterEach(async () => world.close())

test('charged twice in one breath: one attempt, the second is refused', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  const sightingId = await world.sightingOf()
  const charges = await Promise.all([1, 2, 3].map(async () => world.till.chargeBand({ sightingId })))
  expect(charges.map((charge) => (charge.ok ? 'begun' : charge.error.code))).toEqual(['begun', 'payment-running', 'payment-running'])
  const [first] = charges
  if (first?.ok) await world.settled(first.value.requestId)
  expect(world.receiptCount()).toBe(1)
  expect(await world.disagreements()).toEqual([])
})

test('an empty cart is not charged, and nothing is written', async () => {
  world = await CounterWorld.open()
  const { writes } = world.store
  expect(await world.till.chargeBand({ sightingId: await world.sightingOf() })).toEqual({ ok: false, error: { code: 'cart-empty' } })
  expect(await world.till.startCash()).toEqual({ ok: false, error: { code: 'cart-empty' } })
  expect(await world.till.takeCash({ tenderedMinor: 1 })).toEqual({ ok: false, error: { code: 'no-payment' } })
  expect(world.store.writes).toBe(writes)
})

test('while the cash panel is open: no band, no edits, no seats; closed, all of it again', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  demand(await world.till.startCash())
  expect(await world.till.startCash()).toMatchObject({ error: { code: 'payment-running' } })
  expect(await world.till.chargeBand({ sightingId: await world.sightingOf() })).toMatchObject({ error: { code: 'payment-running' } })
  const [line] = world.state.cart.lines
  for (const edit of [
    world.till.setProduct({ productId: 'popcorn', quantity: 9 }),
    world.till.removeLine({ lineId: line?.id ?? '' }),
    world.till.clearCart(),
    world.seats('A1'),
  ]) {
    expect(await edit).toEqual({ ok: false, error: { code: 'cart-locked' } })
  }
  expect(world.state.cart).toMatchObject({ state: 'paying', lines: [{ quantity: 1 }] })
  expect(await world.till.takeCash({ tenderedMinor: POPCORN_PRICE - 1 })).toEqual({ ok: false, error: { code: 'too-little-cash' } })
  demand(await world.till.cancelPayment())
  await world.popcorn(2)
  demand(await world.seats('A1'))
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('no edit reaches a cart that a band is being asked about', async () => {
  world = await CounterWorld.open({ customers: [{ ...PAYER, confirmAbove: 0, confirmAfterMs: 1_000 }] })
  await world.popcorn()
  const requestId = await world.charge()
  await until('the customer is asked', () => world.events.some(({ event }) => event === 'asked-to-confirm'))
  expect(await world.till.setProduct({ productId: 'popcorn', quantity: 9 })).toEqual({ ok: false, error: { code: 'cart-locked' } })
  world.clock.advance(1_000)
  expect(await world.settled(requestId)).toBe('paid')
  expect(demand(await world.till.receipt({ receiptId: world.state.lastReceiptId as never })).receipt.total.amount).toBe(POPCORN_PRICE)
})

test('cash: change is given, the paper comes by itself, once; a copy is counted', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  demand(await world.till.startCash())
  const { receiptId } = demand(await world.till.takeCash({ tenderedMinor: 10_000 }))
  await until('it is printed', () => world.printed.length === 1)
  const { receipt } = demand(await world.till.receipt({ receiptId }))
  expect(receipt.payments).toMatchObject([{ tender: 'cash', tendered: { amount: 10_000 }, change: { amount: 10_000 - POPCORN_PRICE } }])
  demand(await world.till.print({ receiptId }))
  expect(demand(await world.till.receipt({ receiptId })).prints).toBe(2)
  expect(world.state.lastReceiptId).toBe(receiptId)
  demand(await world.till.nextSale())
  expect(world.state.lastReceiptId).toBeUndefined()
  expect(await world.till.takeCash({ tenderedMinor: 10_000 })).toEqual({ ok: false, error: { code: 'no-payment' } })
})

test('things that are not there are refused by name', async () => {
  world = await CounterWorld.open()
  const unknown = 'f'.repeat(32)
  expect(await world.till.setProduct({ productId: 'caviar', quantity: 1 })).toEqual({ ok: false, error: { code: 'unknown-item' } })
  expect(await world.till.receipt({ receiptId: unknown as never })).toEqual({ ok: false, error: { code: 'receipt-unknown' } })
  expect(await world.till.print({ receiptId: unknown as never })).toEqual({ ok: false, error: { code: 'receipt-unknown' } })
  expect(await world.till.chargeBand({ sightingId: unknown as never })).toEqual({ ok: false, error: { code: 'band-gone' } })
  expect(await world.seats('Z99')).toMatchObject({ ok: false })
  expect(world.state.cart.lines).toEqual([])
})

test('clearing the cart gives its seats back to everyone', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1', 'A2'))
  demand(await world.till.clearCart())
  const { seats } = demand(await world.till.seatMap({ showtimeId: SHOW }))
  expect(new Set(Object.values(seats))).toEqual(new Set(['free']))
})

test('listeners hear of a payment from its beginning to its end, in order, and nothing after they left', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  const heard: TillState[] = []
  const unsubscribe = world.till.onState((state) => heard.push(state))
  await world.settled(await world.charge())
  await until('the receipt is shown', () => heard.some(({ lastReceiptId }) => lastReceiptId !== undefined))
  const revisions = heard.map(({ revision }) => revision)
  expect(revisions).toEqual([...revisions].sort((a, b) => a - b))
  const states = heard.map(({ payment }) => payment?.state)
  expect(states).toContain('prepared')
  expect(states.lastIndexOf('prepared')).toBeLessThan(states.indexOf('sent'))
  unsubscribe()
  const { length } = heard
  await world.popcorn(2)
  demand(await world.till.nextSale())
  expect(heard).toHaveLength(length)
})

test('the language is kept, and a disk that refuses it does not stop the session from speaking it', async () => {
  world = await CounterWorld.open()
  expect(world.till.language()).toBe('zh-CN')
  const spoken: string[] = []
  world.till.onState(({ language }) => spoken.push(language))
  world.till.setLanguage({ language: 'en' })
  expect(spoken.at(-1)).toBe('en')
  await world.restart()
  expect([world.till.language(), world.till.state().language]).toEqual(['en', 'en'])
  world.store.isFull = () => true
  world.till.setLanguage({ language: 'zh-CN' })
  expect(world.till.language()).toBe('zh-CN')
})

test('a start says what it lacks: a code, a backend, a disk, its own key', async () => {
  world = await CounterWorld.build()
  expect(await world.create({ code: 'not-the-code' })).toMatchObject({ error: { code: 'code-refused' } })
  expect(await world.create({ isFull: () => true })).toMatchObject({ error: { code: 'storage-failed' } })
  world.backend.fateOf = () => 'refuse'
  expect(await world.create()).toMatchObject({ error: { code: 'backend-needed' } })
  world.backend.fateOf = () => 'answer'
  demand(await world.create())
  await world.stop()
  // Enrolled: from now on it starts without the backend, and sells snacks for cash.
  world.backend.fateOf = () => 'refuse'
  await world.start()
  await until('it knows that it is alone', () => world.state.status.backend.state === 'offline')
})
