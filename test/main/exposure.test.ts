/** What would be lost with this computer: counted from what is on disk, and again only when that changed. */
import { afterEach, expect, test } from 'vitest'
import { CounterWorld, demand, POPCORN_PRICE } from '#test/support/counter-world.ts'

let world: CounterWorld
afterEach(async () => world.close())

const exposure = () => world.state.status.exposure

test('an outage: sales add up, doubts and promises are told apart, and all of it goes when it is heard', async () => {
  world = await CounterWorld.open()
  const nothing = { sales: 0, total: { amount: 0, currency: 'CNY' }, voids: 0, inDoubt: 0, promises: 0 }
  expect(exposure()).toEqual(nothing)
  world.backend.fateOf = ({ caller }) => (caller === 'phone' ? 'answer' : 'refuse')
  const before = new Date(world.clock.nowMs()).toISOString()
  for (let sale = 1; sale <= 3; sale += 1) {
    await world.popcorn(sale)
    demand(await world.till.startCash())
    demand(await world.till.takeCash({ tenderedMinor: 10 * POPCORN_PRICE }))
    world.clock.advance(1_000)
  }
  const { oldestAt = '', ...sold } = exposure()
  expect(sold).toEqual({ ...nothing, sales: 3, total: { amount: 6 * POPCORN_PRICE, currency: 'CNY' } })
  expect(oldestAt >= before && oldestAt < new Date(world.clock.nowMs() - 2_000).toISOString()).toBe(true)
  await world.popcorn()
  world.fault('cut-on-answer')
  await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  expect(exposure()).toEqual({ ...sold, inDoubt: 1, oldestAt })
  demand(await world.till.cancelPayment())
  expect(exposure()).toEqual({ ...sold, promises: 1, oldestAt })
  expect(world.state.status.outbox.unsyncedTotal).toEqual(sold.total)
  world.backend.fateOf = () => 'answer'
  world.clock.advance(30_000)
  await world.synced()
  expect(exposure()).toEqual(nothing)
})

test('a sale and its void are two records that would be lost, not none', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('paid')
  await world.synced()
  const receiptId = world.state.lastReceiptId
  if (receiptId === undefined) throw new Error('no receipt is shown')
  world.backend.fateOf = ({ caller }) => (caller === 'phone' ? 'answer' : 'refuse')
  demand(await world.till.nextSale())
  await world.popcorn(3)
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: 3 * POPCORN_PRICE }))
  demand(await world.till.voidSale({ receiptId }))
  expect(exposure()).toMatchObject({ sales: 1, total: { amount: 3 * POPCORN_PRICE }, voids: 1 })
  world.backend.fateOf = () => 'answer'
  world.clock.advance(30_000)
  await world.synced()
  expect(exposure()).toMatchObject({ sales: 0, total: { amount: 0 }, voids: 0 })
})

test('only a doubt: it is the oldest', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  world.fault('cut-on-answer')
  await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  await world.synced()
  const startedAt = world.payment?.tender === 'band' ? world.payment.startedAt : ''
  expect(exposure()).toMatchObject({ sales: 0, inDoubt: 1, promises: 0, oldestAt: startedAt })
})

test('no pushed state walks through the records: the queries use the indexes of what waits', async () => {
  world = await CounterWorld.open()
  const plan = (sql: string) => world.store.all(`EXPLAIN QUERY PLAN ${sql}`).map((row) => String(row['detail']))
  const asked: string[] = []
  const { get } = world.store
  await world.popcorn()
  world.store.get = (sql, ...values) => {
    asked.push(sql)
    return get(sql, ...values)
  }
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: POPCORN_PRICE }))
  expect(exposure().sales).toBe(1)
  world.store.get = get
  const counted = [...new Set(asked)].filter((sql) => sql.includes('outbox') && sql.includes('acked_at IS NULL'))
  expect(counted.length).toBeGreaterThan(1)
  for (const sql of counted) expect(plan(sql.replaceAll('?', "'CNY'")).join(), sql).not.toMatch(/SCAN (?!outbox USING|o USING)/)
  asked.length = 0
  world.store.get = (sql, ...values) => {
    asked.push(sql)
    return get(sql, ...values)
  }
  await world.synced()
  asked.length = 0
  exposure()
  expect(asked.filter((sql) => sql.includes('JOIN receipts'))).toEqual([])
})
