import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BACKEND_PATHS, HOLD_LIFETIME_MS } from '#shared/contracts/backend-api.ts'
import { BackendWorld, newId, pathOf, receiptEntry, reversalEntry, type Terminal } from '../../support/backend-world.ts'

let world: BackendWorld
let one: Terminal
let two: Terminal

beforeEach(async () => {
  world = await BackendWorld.open()
  one = await world.addTerminal('aurora-1')
  two = await world.addTerminal('aurora-2')
  await world.addProgramme('aurora')
})
afterEach(async () => world.close())

async function hold(terminal: Terminal, holdId: string, wanted: readonly string[], showtimeId = 'show-1') {
  return terminal.call('PUT', pathOf('hold', holdId), { showtimeId, seats: wanted })
}
async function seats(terminal: Terminal) {
  const { json } = await terminal.call('GET', pathOf('seats', 'show-1'))
  const states = Object.entries((json['seats'] ?? {}) as Record<string, string>).filter(([, state]) => state !== 'free')
  return { states: Object.fromEntries(states), own: ((json['own'] ?? []) as string[]).sort() }
}

test('a hold takes all its seats or none, and names those that are taken', async () => {
  expect((await hold(one, newId(), ['A1', 'A2'])).status).toBe(200)
  expect(await hold(two, newId(), ['A2', 'A3', 'A1'])).toMatchObject({ status: 409, json: { code: 'seat-taken', seats: ['A1', 'A2'] } })
  expect(await seats(two)).toEqual({ states: { A1: 'held', A2: 'held' }, own: [] })
  expect((await seats(one)).own).toEqual(['A1', 'A2'])
  expect(await hold(two, newId(), ['Z9'])).toMatchObject({ status: 404, json: { code: 'unknown' } })
})

test('the same hold again renews it; other seats replace its seats', async () => {
  const id = newId()
  await hold(one, id, ['A1', 'A2'])
  world.advance(HOLD_LIFETIME_MS - 1_000)
  const renewed = await hold(one, id, ['A2', 'A3'])
  expect(renewed.json['expiresAt']).toBe(new Date(world.nowMs() + HOLD_LIFETIME_MS).toISOString())
  world.advance(2_000)
  expect((await seats(one)).states).toEqual({ A2: 'held', A3: 'held' })
})

test('a hold that ran out is free for others, and can be renewed while nobody took its seats', async () => {
  const id = newId()
  await hold(one, id, ['A1'])
  world.advance(HOLD_LIFETIME_MS)
  expect(await seats(one)).toEqual({ states: {}, own: [] })
  expect(await one.call('POST', pathOf('pin', id), { requestId: newId() })).toMatchObject({ status: 410, json: { code: 'hold-gone' } })
  expect((await hold(one, id, ['A1'])).status).toBe(200)
  world.advance(HOLD_LIFETIME_MS)
  expect((await hold(two, newId(), ['A1'])).status).toBe(200)
  expect((await hold(one, id, ['A1'])).json['code']).toBe('seat-taken')
})

test('a hold given back is free at once, and may be set again while nobody took its seats', async () => {
  const id = newId()
  await hold(one, id, ['A1'])
  expect((await two.call('DELETE', pathOf('hold', id))).json['code']).toBe('not-allowed')
  expect((await one.call('DELETE', pathOf('hold', id))).status).toBe(200)
  expect((await one.call('DELETE', pathOf('hold', id))).status).toBe(200)
  expect((await seats(one)).states).toEqual({})
  expect((await hold(one, id, ['A1'])).status).toBe(200)
  await one.call('DELETE', pathOf('hold', id))
  expect((await hold(two, newId(), ['A1'])).status).toBe(200)
  expect((await hold(one, id, ['A1'])).json['code']).toBe('seat-taken')
  expect((await one.call('POST', pathOf('pin', id), { requestId: newId() })).json['code']).toBe('hold-gone')
})

test('a sold hold is gone for good', async () => {
  const holdId = newId()
  await hold(one, holdId, ['A1'])
  const { id, kind, body } = receiptEntry({ number: 1, total: 4_500, sells: [{ holdId, showtimeId: 'show-1', seats: ['A1'] }] })
  await one.call('POST', BACKEND_PATHS.outbox, { entries: [{ id, kind, body }] })
  expect((await hold(one, holdId, ['A2'])).json['code']).toBe('hold-gone')
  expect((await one.call('POST', pathOf('pin', holdId), { requestId: newId() })).json['code']).toBe('hold-gone')
  expect((await one.call('DELETE', pathOf('pin', holdId), { requestId: newId() })).json['code']).toBe('hold-gone')
  expect((await seats(two)).states).toEqual({ A1: 'sold' })
})

test('a hold belongs to its terminal and its showtime', async () => {
  const id = newId()
  await world.addProgramme('aurora', { version: '2', showtimes: ['show-1', 'show-2'] })
  await hold(one, id, ['A1'])
  expect((await hold(two, id, ['A1'])).json['code']).toBe('not-allowed')
  expect((await hold(one, id, ['A1'], 'show-2')).json['code']).toBe('conflict')
  const stranger = await world.addTerminal('lotus-1', 'lotus', 'lotus')
  expect((await hold(stranger, newId(), ['A1'])).json['code']).toBe('unknown')
  expect((await stranger.call('GET', pathOf('seats', 'show-1'))).json['code']).toBe('unknown')
})

test('seats are sold until half an hour after the start', async () => {
  world.advance(3_600_000 + 30 * 60_000)
  expect((await hold(one, newId(), ['A1'])).status).toBe(200)
  world.advance(1)
  expect((await hold(one, newId(), ['A2'])).json['code']).toBe('showtime-closed')
})

test('a pinned hold does not run out, cannot change or be given back, and unpins at full time', async () => {
  const [id, requestId] = [newId(), newId()]
  await hold(one, id, ['A1'])
  expect((await one.call('POST', pathOf('pin', id), { requestId })).json).toEqual({ holdId: id, state: 'pinned' })
  expect((await one.call('POST', pathOf('pin', id), { requestId })).status).toBe(200)
  expect((await one.call('POST', pathOf('pin', id), { requestId: newId() })).json['code']).toBe('conflict')
  expect((await two.call('POST', pathOf('pin', id), { requestId })).json['code']).toBe('not-allowed')
  world.advance(10 * HOLD_LIFETIME_MS)
  expect((await seats(two)).states).toEqual({ A1: 'pinned' })
  await world.backend.sweep()
  expect((await seats(two)).states).toEqual({ A1: 'pinned' })
  expect((await one.call('DELETE', pathOf('hold', id))).json['code']).toBe('conflict')
  expect((await one.call('DELETE', pathOf('pin', id), { requestId: newId() })).json['code']).toBe('conflict')
  const unpinned = await one.call('DELETE', pathOf('pin', id), { requestId })
  expect(unpinned.json['expiresAt']).toBe(new Date(world.nowMs() + HOLD_LIFETIME_MS).toISOString())
  expect((await one.call('DELETE', pathOf('pin', id), { requestId })).status).toBe(200)
  expect((await seats(two)).states).toEqual({ A1: 'held' })
})

test('a pin that arrives after the reversal of its attempt is refused', async () => {
  const [id, requestId] = [newId(), newId()]
  await hold(one, id, ['A1'])
  await one.call('POST', BACKEND_PATHS.outbox, { entries: [reversalEntry(world.nowMs(), { requestId, amount: 100, holdIds: [id] })] })
  expect((await one.call('POST', pathOf('pin', id), { requestId })).json['code']).toBe('conflict')
})

test('an authorization pins the holds its statement names, and they cannot be unpinned while money is held', async () => {
  const customer = await world.addCustomer()
  const id = newId()
  await hold(one, id, ['A1', 'A2'])
  const paid = await world.submit({ terminal: one, customer, holds: [id], amount: 9_000 })
  expect(paid.json['kind']).toBe('authorization')
  expect((await seats(one)).states).toEqual({ A1: 'pinned', A2: 'pinned' })
  expect((await one.call('DELETE', pathOf('pin', id), { requestId: paid.built.requestId })).json['code']).toBe('conflict')
  const other = await world.submit({ terminal: one, customer, holds: [id] })
  expect(other.json).toMatchObject({ kind: 'decline', hint: 'seats' })
  const foreign = await world.submit({ terminal: two, customer, holds: [id] })
  expect(foreign.json).toMatchObject({ kind: 'decline', hint: 'seats' })
})

test('swept seats of holds that ran out are free in the audit view as well', async () => {
  await hold(one, newId(), ['A1'])
  world.advance(HOLD_LIFETIME_MS)
  await world.backend.sweep()
  const left = await world.db.selectFrom('seats').select('seat').where('state', '!=', 'free').execute()
  expect(left).toEqual([])
})

// Model: who has which seat is decided by what the calls answered. No seat is ever promised to two holds or sold twice.
test('random holds, pins, sales and waits of two terminals never give one seat twice', async () => {
  const HOLDS = 4
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('hold' as const),
      hold: fc.nat(HOLDS - 1),
      seats: fc.uniqueArray(fc.constantFrom('A1', 'A2', 'A3', 'B1'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constantFrom('remove' as const, 'pin' as const, 'unpin' as const, 'sell' as const), hold: fc.nat(HOLDS - 1) }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1_000, HOLD_LIFETIME_MS / 2, HOLD_LIFETIME_MS) }),
  )
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      run += 1
      const showtime = `model-${run}`
      await world.addProgramme('aurora', { version: showtime, showtimes: [showtime], rows: 2, seats: 3 })
      const carts = Array.from({ length: HOLDS }, (_, index) => ({
        id: newId(),
        terminal: index % 2 === 0 ? one : two,
        requestId: newId(),
        seats: [] as string[],
      }))
      const sold = new Map<string, string>()
      let number = run * 1_000
      for (const at of steps) {
        if (at.kind === 'wait') {
          world.advance(at.ms)
          continue
        }
        const cart = carts[at.hold]
        if (!cart) throw new Error('no such cart')
        if (at.kind === 'hold') {
          if ((await hold(cart.terminal, cart.id, at.seats, showtime)).status === 200) cart.seats = at.seats
        } else if (at.kind === 'remove') await cart.terminal.call('DELETE', pathOf('hold', cart.id))
        else if (at.kind === 'pin') await cart.terminal.call('POST', pathOf('pin', cart.id), { requestId: cart.requestId })
        else if (at.kind === 'unpin') await cart.terminal.call('DELETE', pathOf('pin', cart.id), { requestId: cart.requestId })
        else if (cart.seats.length > 0) {
          number += 1
          const entry = receiptEntry({ number, total: 0, sells: [{ holdId: cart.id, showtimeId: showtime, seats: cart.seats }] })
          const { id, kind, body } = entry
          await cart.terminal.call('POST', BACKEND_PATHS.outbox, { entries: [{ id, kind, body }] })
          cart.seats = []
        }
        const rows = await world.db.selectFrom('seats').selectAll().where('showtime_id', '=', showtime).execute()
        for (const row of rows) {
          const before = sold.get(row.seat)
          // Sold is for ever, to the receipt that was first.
          if (before !== undefined) expect(row.receipt_id).toBe(before)
          if (row.receipt_id !== null) sold.set(row.seat, row.receipt_id)
        }
      }
      // A terminal's living holds and another's never overlap.
      const [ours, theirs] = [await one.call('GET', pathOf('seats', showtime)), await two.call('GET', pathOf('seats', showtime))]
      const own = new Set((ours.json['own'] ?? []) as string[])
      expect(((theirs.json['own'] ?? []) as string[]).filter((seat) => own.has(seat))).toEqual([])
    }),
    { numRuns: 25 },
  )
})
