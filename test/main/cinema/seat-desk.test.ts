import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Carts, createCarts } from '#main/cart/carts.ts'
import { createProgrammeBook, type ProgrammeBook } from '#main/cinema/programme-book.ts'
import { CART_HOLDS_MAX, SeatDesk } from '#main/cinema/seat-desk.ts'
import type { Store } from '#main/ports.ts'
import { openStore } from '#main/store/open-store.ts'
import { withProduct } from '#shared/domain/cart-lines.ts'
import type { LineId, RequestId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import { newFolder, newId, valueOf } from '#test/main/ledger/sample-sales.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { FakeBackend } from './fake-backend.ts'

const SHOWS = ['show-1', 'show-2', 'show-3', 'show-4', 'show-5']
const HOUR_MS = 3_600_000
const REQUEST = 'a'.repeat(32) as RequestId

let folder: ReturnType<typeof newFolder>
let clock: ManualClock
let backend: FakeBackend
let store: Store
let carts: Carts
let programme: ProgrammeBook
let desk: SeatDesk
let flushes: number
let founds: number

beforeEach(async () => {
  folder = newFolder()
  clock = new ManualClock()
  backend = new FakeBackend(clock.nowMs(), SHOWS)
  store = valueOf(openStore({ file: `${folder.path}/terminal.sqlite` }))
  carts = createCarts({ store, newId, nowIso: () => new Date(clock.nowMs()).toISOString(), currency: 'CNY', log: { warn: () => {} } })
  programme = createProgrammeBook({ store, backend, clock, currency: 'CNY', onChange: () => {}, log: { warn: () => {} } })
  await programme.refresh()
  flushes = 0
  const flushOutbox = async () => {
    flushes += 1
  }
  founds = 0
  desk = newDesk(flushOutbox)
  backend.calls.length = 0
})
afterEach(() => {
  programme.stop()
  store.close()
  folder.remove()
})

function newDesk(flushOutbox: () => Promise<void> = async () => {}): SeatDesk {
  const onFound = () => {
    founds += 1
  }
  return new SeatDesk({ backend, programme, carts, clock, newId, flushOutbox, onFound })
}

function choose(seats: readonly string[], show = 'show-1', ticketTypeId = 'adult') {
  return desk.setSeats({ showtimeId: show as ShowtimeId, seats: seats.map((seat) => ({ seat: seat as SeatId, ticketTypeId })) })
}
const inCart = () =>
  carts
    .current()
    .lines.map(({ subject }) => (subject.kind === 'ticket' ? subject.seat : subject.kind === 'product' ? subject.productId : ''))
/** Everything the cart shows as ours is held at the backend. */
const isPromised = () => carts.current().holds.every(({ seats }) => seats.every((seat) => backend.seatsHeld().includes(seat)))

function addPopcorn(): void {
  const popcorn = programme.product('popcorn')
  if (!popcorn) throw new Error('no popcorn')
  const { lines, holds } = carts.current()
  valueOf(carts.change(valueOf(withProduct(lines, popcorn, 1, newId() as LineId)), holds))
}

test('a seat shows in the cart only after it is held', async () => {
  const gate = Promise.withResolvers<void>()
  backend.gate = gate.promise
  const chosen = choose(['A1', 'A2'])
  expect(inCart()).toEqual([])
  gate.resolve()
  expect(await chosen).toMatchObject({ ok: true })
  expect(inCart()).toEqual(['A1', 'A2'])
  expect(carts.view().holds).toMatchObject([{ showtimeId: 'show-1', seats: ['A1', 'A2'] }])
})

test('the choice is whole: seats not named are given back, no seats gives the hold back', async () => {
  await choose(['A1', 'A2'])
  await choose(['A2', 'A3'])
  expect(inCart()).toEqual(['A2', 'A3'])
  expect(backend.seatsHeld()).toEqual(['A2', 'A3'])
  expect(backend.holds.size).toBe(1)
  await choose([])
  expect([inCart(), backend.seatsHeld(), carts.view().holds]).toEqual([[], [], []])
})

test('taken, gone, closed and offline: refused by name, the cart as it was', async () => {
  await choose(['A1'])
  for (const [code, expected] of [
    ['seat-taken', 'seat-taken'],
    ['hold-gone', 'seat-not-held'],
    ['showtime-closed', 'showtime-closed'],
    ['offline', 'backend-offline'],
    ['unavailable', 'backend-offline'],
    ['too-many', 'backend-offline'],
    ['unknown', 'unknown-item'],
  ] as const) {
    backend.refusals = [code]
    expect(await choose(['A1', 'A2'])).toMatchObject({ ok: false, error: { code: expected } })
    expect(inCart()).toEqual(['A1'])
  }
})

test.each([
  ['an unknown showtime', ['A1'], 'show-9', 'adult'],
  ['an unknown ticket type', ['A1'], 'show-1', 'king'],
  ['a seat named twice', ['A1', 'A1'], 'show-1', 'adult'],
] as const)('%s is refused before anyone is asked', async (_what, seats, show, type) => {
  expect(await choose(seats, show, type)).toMatchObject({ error: { code: 'unknown-item' } })
  expect(backend.calls).toEqual([])
})

test('a show is sold until half an hour after it began', async () => {
  await clock.advance(HOUR_MS + HOUR_MS / 2)
  expect(await choose(['A1'])).toMatchObject({ ok: true })
  await clock.advance(1_000)
  expect(await choose(['A2'])).toMatchObject({ error: { code: 'showtime-closed' } })
})

test('a sale names no more holds than its request and its receipt can carry', async () => {
  for (const show of SHOWS.slice(0, CART_HOLDS_MAX)) expect(await choose(['A1'], show)).toMatchObject({ ok: true })
  expect(await choose(['A1'], 'show-5')).toEqual({ ok: false, error: { code: 'cart-full' } })
  expect(backend.holds.size).toBe(CART_HOLDS_MAX)
  await choose([], 'show-2')
  expect(await choose(['A1'], 'show-5')).toMatchObject({ ok: true })
})

test('what was put into the cart while the backend was asked stays in it', async () => {
  const gate = Promise.withResolvers<void>()
  backend.gate = gate.promise
  const chosen = choose(['A1'])
  addPopcorn()
  gate.resolve()
  await chosen
  expect(inCart()).toEqual(['A1', 'popcorn'])
})

test('a cart emptied while the backend was asked does not get its seats back', async () => {
  await choose(['A1'])
  addPopcorn()
  const gate = Promise.withResolvers<void>()
  backend.gate = gate.promise
  const chosen = choose(['A1', 'A2'])
  const { holds } = carts.current()
  valueOf(carts.abandon())
  const released = desk.release(holds)
  gate.resolve()
  expect(await chosen).toEqual({ ok: false, error: { code: 'seat-not-held' } })
  await released
  expect([inCart(), backend.seatsHeld()]).toEqual([[], []])
})

test('a cart emptied while its seats are asked for, however far that was', async () => {
  for (let turnsBefore = 0; turnsBefore < 6; turnsBefore += 1) {
    await choose(['A1'])
    addPopcorn()
    const chosen = choose(['A1', 'A2'])
    for (let turn = 0; turn < turnsBefore; turn += 1) await Promise.resolve()
    const { holds } = carts.current()
    valueOf(carts.abandon())
    await Promise.all([chosen, desk.release(holds)])
    expect([inCart(), backend.seatsHeld()]).toEqual([[], []])
  }
})

test('a payment begun while the backend was asked: the seats being paid stay held, the new one is given back', async () => {
  await choose(['A1'])
  const gate = Promise.withResolvers<void>()
  backend.gate = gate.promise
  const chosen = choose(['A1', 'A2'])
  const { id } = carts.current()
  store.write((tx) => carts.lock(tx, id, 'paying'))
  carts.reload()
  const pinned = desk.pin(REQUEST)
  gate.resolve()
  expect(await chosen).toEqual({ ok: false, error: { code: 'cart-locked' } })
  expect(await pinned).toMatchObject({ ok: true })
  expect([inCart(), backend.seatsHeld()]).toEqual([['A1'], ['A1']])
})

test('calls run one after another: two quick taps end with the second', async () => {
  await Promise.all([choose(['A1']), choose(['A1', 'A2']), choose(['A3'])])
  expect(backend.calls).toEqual(['put A1', 'put A1,A2', 'put A3'])
  expect([inCart(), backend.seatsHeld()]).toEqual([['A3'], ['A3']])
})

test('a hold still pinned by a payment just reversed: the reversal is sent, and it is asked once more', async () => {
  await choose(['A1'])
  backend.refusals = ['conflict']
  expect(await choose(['A1', 'A2'])).toMatchObject({ ok: true })
  expect(flushes).toBe(1)
  backend.refusals = ['conflict']
  expect(await desk.pin(REQUEST)).toMatchObject({ ok: true })
  backend.refusals = ['conflict', 'conflict']
  expect(await choose(['A1'])).toMatchObject({ ok: false })
  expect(flushes).toBe(3)
})

test('a hold that ran out is taken again when it is pinned, or refused by name', async () => {
  await choose(['A1'])
  backend.holds.clear()
  expect(await desk.pin(REQUEST)).toMatchObject({ ok: true })
  expect(backend.seatsHeld()).toEqual(['A1'])
  backend.refusals = ['hold-gone', 'seat-taken']
  expect(await desk.pin(REQUEST)).toMatchObject({ error: { code: 'seat-taken' } })
})

test('one ticket taken out gives its seat back; a line that is no ticket is not ours', async () => {
  await choose(['A1', 'A2'])
  const [first] = carts.current().lines
  expect(await desk.removeTicket(first?.id ?? '')).toMatchObject({ ok: true })
  expect([inCart(), backend.seatsHeld()]).toEqual([['A2'], ['A2']])
  addPopcorn()
  expect(await desk.removeTicket(carts.current().lines[1]?.id ?? '')).toEqual({ ok: false, error: { code: 'unknown-item' } })
  expect(await desk.removeTicket('nobody')).toEqual({ ok: false, error: { code: 'unknown-item' } })
})

test('giving seats back needs no backend, promising them does', async () => {
  await choose(['A1', 'A2'])
  backend.refusals = ['offline']
  expect(await choose(['A2'])).toMatchObject({ ok: true })
  expect(inCart()).toEqual(['A2'])
  expect(isPromised()).toBe(true)
  backend.refusals = ['offline']
  expect(await choose(['A2', 'A1'])).toMatchObject({ error: { code: 'backend-offline' } })
})

test('a desk that finds holds of an earlier run asks before it relies on them', async () => {
  await choose(['A1', 'A4'])
  const [hold] = carts.current().holds
  const holdIds = hold ? [hold.holdId] : []
  desk = newDesk()
  expect(desk.found(holdIds)).toBe('unknown')
  // Nobody can be asked: no payment is begun on a hold that may have other seats on it.
  backend.refusals = ['offline']
  await desk.confirm()
  expect([desk.found(holdIds), founds]).toEqual(['unknown', 0])
  for (const refused of ['offline', 'too-many', 'unavailable'] as const) {
    backend.refusals = [refused]
    expect(await desk.pin(REQUEST)).toEqual({ ok: false, error: { code: 'seat-not-held' } })
  }
  backend.own = ['A1', 'A4']
  backend.calls.length = 0
  await desk.confirm()
  expect([desk.found(holdIds), founds, backend.calls]).toEqual(['held', 1, ['seats']])
  // Certain now: not asked again, and without the backend a band may pay through its phone.
  await desk.confirm()
  expect(backend.calls).toEqual(['seats'])
  backend.refusals = ['offline']
  expect(await desk.pin(REQUEST)).toEqual({ ok: false, error: { code: 'backend-offline' } })
})

test.each<readonly [string, readonly string[]]>([
  ['fewer seats', ['A4']],
  ['more seats', ['A1', 'A4', 'A5']],
  ['none', []],
])('a hold of an earlier run with %s at the backend is set to the cart again', async (_what, own) => {
  await choose(['A1', 'A4'])
  backend.own = [...own]
  desk = newDesk()
  backend.holds.clear()
  backend.calls.length = 0
  await desk.confirm()
  expect(backend.calls).toEqual(['seats', 'put A1,A4'])
})

test('seats of an earlier run that are gone: charging says so, and what is left can be chosen', async () => {
  await choose(['A1', 'A4'])
  desk = newDesk()
  backend.own = ['A4']
  // The first answer is to the question for the map, the second to the hold.
  backend.refusals = [undefined, 'seat-taken']
  await desk.confirm()
  backend.refusals = ['seat-taken']
  expect(await desk.pin(REQUEST)).toMatchObject({ error: { code: 'seat-taken' } })
  expect(await choose(['A4'])).toMatchObject({ ok: true })
  expect(await desk.pin(REQUEST)).toMatchObject({ ok: true })
})

test('a cart that is being paid is only looked at', async () => {
  await choose(['A1'])
  const { id, holds } = carts.current()
  store.write((tx) => carts.lock(tx, id, 'in-doubt'))
  carts.reload()
  desk = newDesk()
  backend.calls.length = 0
  await desk.confirm()
  expect(backend.calls).toEqual(['seats'])
  expect(desk.found(holds.map(({ holdId }) => holdId))).toBe('unknown')
})

test('the map says which seats are ours', async () => {
  await choose(['A1'])
  expect(valueOf(await desk.seatMap('show-1' as ShowtimeId)).seats).toEqual({ A1: 'ours', A2: 'sold', A3: 'free', A4: 'held', A5: 'held' })
  expect(await desk.seatMap('show-9' as ShowtimeId)).toMatchObject({ error: { code: 'unknown-item' } })
})
