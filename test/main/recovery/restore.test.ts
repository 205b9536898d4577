/** Records that are copied back: found out, opened as a new series, and completed from the backend before anything else is sent. */
import { afterEach, expect, test } from 'vitest'
import { printedNumber } from '#shared/domain/receipt.ts'
import { type CounterWorld, demand, POPCORN_PRICE, TICKET_PRICE } from '#test/support/counter-world.ts'
import { signInManager } from '#test/support/staff.ts'
import { until } from '#test/support/until.ts'
import {
  backUp,
  chargeCart,
  copiedInDoubtAndPaid,
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

const series = () => world.store.get("SELECT value FROM settings WHERE key = 'series'")?.['value']
const alarmKinds = async () => (await world.backend.db.selectFrom('alarms').select('kind').execute()).map(({ kind }) => kind)

/** Two sales, a backup, three more: by band with seats, by band, for cash. All of it has reached the backend. */
async function soldAndBackedUp(): Promise<void> {
  world = await openMarked()
  await sellToBand(world)
  await sellForCash(world)
  await world.synced()
  backUp(world)
  demand(await world.seats('A1', 'A2'))
  await chargeCart(world)
  await sellToBand(world)
  await sellForCash(world, 2)
  await world.synced()
}

const BEFORE = [`A-1 ${POPCORN_PRICE}`, `A-2 ${POPCORN_PRICE}`]
const LOST = [`A-3 ${2 * TICKET_PRICE}`, `A-4 ${POPCORN_PRICE}`, `A-5 ${2 * POPCORN_PRICE}`]

async function agrees(): Promise<void> {
  expect(await world.disagreements()).toEqual([])
  expect(problemsOf(world)).toEqual([])
}

test.for(['kept', 'lost', 'restored'] as const)(
  'a copy of this run, mark %s: new series, lost receipts back, nothing twice',
  async (mark) => {
    await soldAndBackedUp()
    const before = await taken(world)
    await putBack(world, { mark })
    await world.start()
    await recovered(world)
    expect(receiptsOf(world)).toEqual([...BEFORE, ...LOST])
    await sellToBand(world)
    await sellForCash(world)
    await world.synced()
    expect(receiptsOf(world)).toEqual([...BEFORE, ...LOST, `B-1 ${POPCORN_PRICE}`, `B-2 ${POPCORN_PRICE}`])
    expect(await taken(world)).toBe(before + POPCORN_PRICE)
    await agrees()
    expect(await alarmKinds()).toEqual(['restored'])
    expect(world.till.recovery().alarms).toMatchObject([{ code: 'copied-back', series: 'B' }])
    expect(world.state.status.attention).toBe(1)
    world.clock.advance(25 * 3_600_000)
    expect(world.state.status.attention).toBe(0)
  },
)

test('an alarm that was seen is put away for good, by a manager, when the disk takes it', async () => {
  await soldAndBackedUp()
  await putBack(world)
  await world.start()
  await recovered(world)
  const [alarm] = world.till.recovery().alarms
  const id = alarm?.id ?? ''
  await signInManager(world.till)
  world.store.isFull = () => true
  expect(await world.till.putAwayAlarm({ id })).toMatchObject({ error: { code: 'storage-failed' } })
  expect(world.state.status.attention).toBe(1)
  world.store.isFull = () => false
  demand(await world.till.putAwayAlarm({ id }))
  expect([world.state.status.attention, world.till.recovery().alarms]).toEqual([0, []])
  await world.restart()
  expect([world.state.status.attention, world.till.recovery().alarms]).toEqual([0, []])
})

test('what came back is what the backend has, byte for byte, and can be found, read and printed', async () => {
  await soldAndBackedUp()
  await putBack(world)
  await world.start()
  await recovered(world)
  const bodies = await world.backend.db.selectFrom('outbox_entries').select('body').where('kind', '=', 'receipt').execute()
  const pulled = world.store.all('SELECT id, receipt_json, head FROM pulled_receipts ORDER BY number')
  expect(pulled).toHaveLength(3)
  for (const row of pulled) {
    const body = bodies.find((each) => each.body.includes(String(row['id'])))?.body ?? ''
    expect(body).toContain(`"receipt":${String(row['receipt_json'])},`)
    expect(body).toContain(`"hash":"${String(row['head'])}"`)
  }
  const page = world.till.receipts({ limit: 30 })
  expect(page.rows.map((row) => row.printedNumber).sort()).toEqual(['A-000001', 'A-000002', 'A-000003', 'A-000004', 'A-000005'])
  expect(page.rows.every((row) => row.synced)).toBe(true)
  const [found] = world.till.receipts({ limit: 30, find: 'A-3' }).rows
  if (!found) throw new Error('A-3 is not found')
  expect(world.till.receipts({ limit: 30, find: found.id.slice(0, 12) }).rows.map((row) => row.id)).toContain(found.id)
  const view = demand(await world.till.receipt({ receiptId: found.id }))
  expect(printedNumber(view.receipt)).toBe('A-000003')
  demand(await world.till.print({ receiptId: found.id }))
  await until('it is printed', () => world.printed.length > 0)
})

test('a copy of an earlier run is found out without the backend, and sells on at once under new numbers', async () => {
  world = await openMarked()
  await sellToBand(world)
  await world.synced()
  backUp(world)
  await world.restart()
  await recovered(world)
  await putBack(world)
  await world.backend.stop()
  await world.start()
  expect(series()).toBe('B')
  await sellForCash(world)
  await world.backend.listen()
  await recovered(world)
  expect(receiptsOf(world)).toEqual([`A-1 ${POPCORN_PRICE}`, `B-1 ${POPCORN_PRICE}`])
  await agrees()
})

test('restored twice from one copy without the backend: the mark says which series were used', async () => {
  await soldAndBackedUp()
  await world.backend.stop()
  for (const expected of ['B', 'C', 'D']) {
    await putBack(world)
    await world.start()
    expect(series()).toBe(expected)
    await sellForCash(world)
  }
  await world.backend.listen()
  await recovered(world)
  expect(receiptsOf(world)).toEqual([...BEFORE, ...LOST, `D-1 ${POPCORN_PRICE}`])
  await agrees()
})

test('restored twice, and the second time even the mark is gone: the backend knows what the first one opened', async () => {
  await soldAndBackedUp()
  await putBack(world)
  await world.start()
  await sellForCash(world)
  await recovered(world)
  await putBack(world, { mark: 'lost' })
  await world.start()
  await recovered(world)
  expect(series()).toBe('C')
  expect(receiptsOf(world)).toEqual([...BEFORE, ...LOST, `B-1 ${POPCORN_PRICE}`])
  await sellForCash(world)
  await agrees()
})

test('the whole folder is copied back and the backend is away: sold on under old numbers, found out before any of it is sent', async () => {
  await soldAndBackedUp()
  await putBack(world, { mark: 'restored' })
  await world.backend.stop()
  await world.start()
  expect(series()).toBe('A')
  await sellForCash(world)
  await world.backend.listen()
  await until('found out', () => series() === 'B')
  await recovered(world)
  // The paper has A-3 twice: no one could know. The backend keeps both, sells nothing twice, and a person is called.
  expect(await alarmKinds()).toContain('quarantined')
  expect(world.till.recovery().alarms).toContainEqual(
    expect.objectContaining({ code: 'quarantined', record: 'receipt', detail: 'another receipt has this number' }),
  )
  expect(problemsOf(world)).toMatchObject([{ table: 'audit_receipts', row: 'A-3' }])
})

test('a till that was only stopped, or cut off, is not a restored one', async () => {
  await soldAndBackedUp()
  for (const how of ['stop', 'cut', 'offline'] as const) {
    if (how === 'cut') await world.cutPower()
    else {
      if (how === 'offline') await world.backend.stop()
      await world.restart()
      if (how === 'offline') await world.backend.listen()
    }
    await recovered(world)
    expect(series(), how).toBe('A')
    await sellForCash(world)
  }
  await agrees()
  expect(await alarmKinds()).toEqual([])
})

test('seats of the open sale are given up, other lines stay, and an alarm for the manager names the seats', async () => {
  world = await openMarked()
  await world.popcorn()
  demand(await world.seats('A1', 'A2'))
  backUp(world)
  await chargeCart(world)
  await world.synced()
  await putBack(world)
  await world.start()
  expect(world.state.cart).toMatchObject({ lines: [{ subject: { kind: 'product' } }], holds: [], state: 'open' })
  expect(world.till.recovery().alarms).toContainEqual(expect.objectContaining({ code: 'seats-lost', seats: ['A1', 'A2'] }))
  await recovered(world)
  demand(await world.till.clearCart())
  await agrees()
})

test('an attempt that was open in the copy and paid by the lost file is paid by what came back, never again', async () => {
  world = await openMarked()
  const requestId = await copiedInDoubtAndPaid(world)
  const before = await taken(world)
  await putBack(world)
  await world.start()
  expect(['sent', 'in-doubt']).toContain(world.attemptState(requestId))
  await until('it is found paid', () => world.attemptState(requestId) === 'paid')
  await recovered(world)
  expect(receiptsOf(world)).toEqual([`A-1 ${POPCORN_PRICE}`])
  expect(await taken(world)).toBe(before)
  demand(await world.till.nextSale())
  await sellToBand(world)
  await agrees()
})
