/** Wrong person: the sale is taken back, the money goes back, and the same sale is open again with its seats. */
import { afterEach, expect, test } from 'vitest'
import { VOID_MS, WRONG_PERSON_MS } from '#main/payments/voids.ts'
import type { ReceiptId, RequestId } from '#shared/domain/ids.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { CounterWorld, demand, PAYER, POPCORN_PRICE, SHOW, TICKET_PRICE } from '#test/support/counter-world.ts'
import { signInManager } from '#test/support/staff.ts'

let world: CounterWorld
afterEach(async () => world.close())

/** A sale of two seats and popcorn, paid by the band. */
async function sold(...seats: readonly string[]): Promise<ReceiptId> {
  if (seats.length > 0) demand(await world.seats(...seats))
  await world.popcorn()
  expect(await world.settled(await world.charge())).toBe('paid')
  return world.state.lastReceiptId as ReceiptId
}

async function receiptOf(receiptId: ReceiptId): Promise<Receipt> {
  return demand(await world.till.receipt({ receiptId })).receipt
}

async function walletOf(name: string): Promise<number> {
  const account = await world.backend.db.selectFrom('accounts').select('id').where('display_name', '=', name).executeTakeFirst()
  const rows = await world.backend.db.selectFrom('balances').select(['account', 'amount']).execute()
  return rows.filter((row) => row.account.includes(account?.id ?? 'nobody')).reduce((sum, row) => sum + row.amount, 0)
}

async function seatStates(): Promise<Readonly<Record<string, string>>> {
  const map = demand(await world.till.seatMap({ showtimeId: SHOW }))
  return Object.fromEntries(Object.entries(map.seats).filter(([, state]) => state !== 'free'))
}

test('in its first minute a sale is taken back: a void document, the money back, and the same sale with its seats sells again', async () => {
  world = await CounterWorld.open()
  // What the phone has set aside for a day without a network is not in the wallet meanwhile.
  await world.until('money is set aside', () => world.customer().allowance !== undefined)
  const before = await walletOf(PAYER.displayName)
  const total = 2 * TICKET_PRICE + POPCORN_PRICE
  const saleId = await sold('A1', 'A2')
  const sale = await receiptOf(saleId)
  await world.synced()
  expect(await walletOf(PAYER.displayName)).toBe(before - total)
  const until = world.state.wrongPersonUntil
  expect(Date.parse(String(until)) - world.clock.nowMs()).toBeLessThanOrEqual(WRONG_PERSON_MS)
  expect(Date.parse(String(until)) - world.clock.nowMs()).toBeGreaterThan(WRONG_PERSON_MS - 10_000)

  const { receiptId: voidId } = demand(await world.till.voidSale({ receiptId: saleId }))
  const document = await receiptOf(voidId)
  expect(document).toMatchObject({
    kind: 'void',
    number: 2,
    tender: 'band',
    total: { amount: -total, currency: 'CNY' },
    of: { receiptId: saleId, printedNumber: 'A-000001', reason: 'wrong-person' },
  })
  const [paid] = sale.payments
  expect(document.payments).toEqual([{ ...paid, amount: { amount: -total, currency: 'CNY' } }])
  expect(document.tax.amount).toBe(-sale.tax.amount)
  expect(document.lines.map(({ id }) => id)).toEqual(sale.lines.map(({ id }) => id))

  const { cart, lastReceiptId, wrongPersonUntil } = world.state
  expect([lastReceiptId, wrongPersonUntil]).toEqual([undefined, undefined])
  expect(cart).toMatchObject({ state: 'open', total: { amount: total }, holds: [{ showtimeId: SHOW, seats: ['A1', 'A2'] }] })
  expect(cart.lines.map(({ name, quantity, total: each }) => [name, quantity, each])).toEqual(
    sale.lines.map(({ name, quantity, total: each }) => [name, quantity, each]),
  )
  expect(new Set([...cart.lines, ...sale.lines].map(({ id }) => id)).size).toBe(6)

  await world.synced()
  expect(await walletOf(PAYER.displayName)).toBe(before)
  expect(await seatStates()).toEqual({ A1: 'ours', A2: 'ours' })
  expect(await world.settled(await world.charge())).toBe('paid')
  await world.synced()
  expect(await seatStates()).toEqual({ A1: 'sold', A2: 'sold' })
  expect(await walletOf(PAYER.displayName)).toBe(before - total)
  expect(await world.disagreements()).toEqual([])
  expect(world.warnings).toEqual([])
})

test('at once charged again, before the backend has heard of it: the pin waits for the void', async () => {
  world = await CounterWorld.open()
  const saleId = await sold('A1')
  demand(await world.till.voidSale({ receiptId: saleId }))
  expect(await world.settled(await world.charge())).toBe('paid')
  await world.synced()
  expect(await seatStates()).toEqual({ A1: 'sold' })
  expect(await world.disagreements()).toEqual([])
})

test('offline, the void is a promise kept here: the sale is open again, its seats are pinned once the void was heard', async () => {
  world = await CounterWorld.open()
  const saleId = await sold('A1')
  await world.synced()
  await world.backend.stop()
  demand(await world.till.voidSale({ receiptId: saleId }))
  expect(world.state.cart.lines).toHaveLength(2)
  expect(await world.till.startCash()).toEqual({ ok: false, error: { code: 'seats-unpinned' } })
  // Other seats for the hold that is to come would take its place: nothing is changed before the void was heard.
  expect(await world.seats('B1')).toEqual({ ok: false, error: { code: 'backend-offline' } })
  await world.backend.listen()
  await world.synced()
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: 100_000 }))
  await world.synced()
  expect(await seatStates()).toEqual({ A1: 'sold' })
  expect(await world.disagreements()).toEqual([])
})

test('a restart between void and backend: the sale is still open, and the seats still wait for the void', async () => {
  world = await CounterWorld.open()
  const saleId = await sold('A1')
  await world.synced()
  await world.backend.stop()
  demand(await world.till.voidSale({ receiptId: saleId }))
  await world.restart()
  expect(world.state.cart.lines).toHaveLength(2)
  await world.backend.listen()
  await world.ready()
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
  expect(await world.till.voidSale({ receiptId: saleId })).toEqual({ ok: false, error: { code: 'not-voidable' } })
})

test('while another sale is being rung up, it is voided but not opened again, and its seats become free', async () => {
  world = await CounterWorld.open()
  const saleId = await sold('A1')
  demand(await world.seats('B1'))
  demand(await world.till.voidSale({ receiptId: saleId }))
  expect(world.state.cart.holds).toMatchObject([{ seats: ['B1'] }])
  await world.synced()
  const { db } = world.backend
  let taken: readonly string[] = []
  const look = async () => {
    const rows = await db.selectFrom('seats').select(['seat', 'hold_id', 'receipt_id']).execute()
    taken = rows.filter((row) => row.hold_id !== null || row.receipt_id !== null).map(({ seat }) => seat)
  }
  await world.until('A1 is free', () => {
    void look()
    return taken.length === 1
  })
  expect(await seatStates()).toEqual({ B1: 'ours' })
  expect(await world.disagreements()).toEqual([])
})

test('once: a void is not voided, nor a sale twice, nor a cash sale, nor what is unknown', async () => {
  world = await CounterWorld.open()
  const saleId = await sold()
  const both = await Promise.all([world.till.voidSale({ receiptId: saleId }), world.till.voidSale({ receiptId: saleId })])
  expect(both.map(({ ok }) => ok)).toEqual([true, false])
  expect(both[1]).toEqual({ ok: false, error: { code: 'not-voidable' } })
  const voidId = both[0].ok ? both[0].value.receiptId : ('' as ReceiptId)
  expect(await world.till.voidSale({ receiptId: voidId })).toEqual({ ok: false, error: { code: 'not-voidable' } })
  expect(await world.till.voidSale({ receiptId: 'nobody' as ReceiptId })).toEqual({ ok: false, error: { code: 'receipt-unknown' } })
  demand(await world.till.startCash())
  const { receiptId } = demand(await world.till.takeCash({ tenderedMinor: 100_000 }))
  expect(await world.till.voidSale({ receiptId })).toEqual({ ok: false, error: { code: 'not-voidable' } })
  expect(world.state.wrongPersonUntil).toBeUndefined()
  expect(await world.disagreements()).toEqual([])
})

test('after its first minute a manager is needed, after a day it is too late', async () => {
  world = await CounterWorld.open()
  const saleId = await sold()
  world.clock.advance(WRONG_PERSON_MS - 2_000)
  expect(world.state.wrongPersonUntil).toBeDefined()
  world.clock.advance(2_001)
  expect(world.state.wrongPersonUntil).toBeUndefined()
  expect(await world.till.voidSale({ receiptId: saleId })).toEqual({ ok: false, error: { code: 'manager-needed' } })
  await signInManager(world.till)
  const { receiptId } = demand(await world.till.voidSale({ receiptId: saleId }))
  expect((await receiptOf(receiptId)).cashierName).toContain('Manager')
  const lateId = await sold()
  world.clock.advance(VOID_MS + 1)
  await world.until('the till has locked itself', () => world.state.session.state === 'locked')
  await signInManager(world.till)
  expect(await world.till.voidSale({ receiptId: lateId })).toEqual({ ok: false, error: { code: 'too-late' } })
  expect(world.receiptCount()).toBe(3)
})

test('a wall clock that is set while the sale is fresh neither ends nor prolongs the minute', async () => {
  world = await CounterWorld.open()
  const saleId = await sold()
  world.hooks.skewMs = 3 * VOID_MS
  expect(Date.parse(String(world.state.wrongPersonUntil)) - Date.parse(world.state.now)).toBeLessThanOrEqual(WRONG_PERSON_MS)
  world.clock.advance(WRONG_PERSON_MS + 1)
  world.hooks.skewMs = -3 * VOID_MS
  expect(world.state.wrongPersonUntil).toBeUndefined()
  expect(await world.till.voidSale({ receiptId: saleId })).toMatchObject({ error: { code: 'manager-needed' } })
})

test('of a sale of an earlier run the wall clock decides; set back, it makes no old sale young', async () => {
  world = await CounterWorld.open()
  const [first, second] = [await sold(), await sold()]
  await world.restart()
  await world.ready()
  demand(await world.till.voidSale({ receiptId: first }))
  world.hooks.skewMs = -3_600_000
  expect(await world.till.voidSale({ receiptId: second })).toEqual({ ok: false, error: { code: 'manager-needed' } })
})

test('a disk that refuses: nothing is voided, nothing is opened again', async () => {
  world = await CounterWorld.open()
  const saleId = await sold('A1')
  await world.synced()
  world.store.isFull = () => true
  expect(await world.till.voidSale({ receiptId: saleId })).toMatchObject({ error: { code: 'storage-failed' } })
  world.store.isFull = () => false
  expect(world.receiptCount()).toBe(1)
  expect(world.state.cart.lines).toEqual([])
  expect(await seatStates()).toEqual({ A1: 'sold' })
  demand(await world.till.voidSale({ receiptId: saleId }))
  expect(await world.disagreements()).toEqual([])
})

test('a power cut right after the void: document, promise and open sale are all on disk', async () => {
  world = await CounterWorld.open()
  const saleId = await sold('A1')
  await world.synced()
  demand(await world.till.voidSale({ receiptId: saleId }))
  await world.cutPower()
  await world.ready()
  expect(world.receiptCount()).toBe(2)
  expect(world.state.cart.holds).toMatchObject([{ seats: ['A1'] }])
  const requestId: RequestId = await world.charge()
  expect(await world.settled(requestId)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})
