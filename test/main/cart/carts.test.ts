import { afterEach, beforeEach, expect, test } from 'vitest'
import { createCarts } from '#main/cart/carts.ts'
import { openStore } from '#main/store/open-store.ts'
import type { HoldId, LineId, ProductId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { priceLine, type SaleLine } from '#shared/domain/sale-line.ts'
import { newFolder, newId, valueOf } from '#test/main/ledger/sample-sales.ts'
import { FaultyStore } from '#test/support/faulty-store.ts'

let folder: ReturnType<typeof newFolder>
let store: FaultyStore
const warnings: unknown[] = []

beforeEach(() => {
  warnings.length = 0
  folder = newFolder()
  store = new FaultyStore(valueOf(openStore({ file: `${folder.path}/terminal.sqlite` })))
})
afterEach(() => {
  store.close()
  folder.remove()
})

const open = () =>
  createCarts({
    store,
    newId,
    nowIso: () => '2030-01-01T00:00:00.000Z',
    currency: 'CNY',
    log: { warn: (message, fields) => warnings.push({ message, ...fields }) },
  })
const name = { en: 'Popcorn', 'zh-CN': '爆米花' }
const hold = {
  holdId: newId() as HoldId,
  showtimeId: 'show-1' as ShowtimeId,
  seats: ['A1' as SeatId],
  expiresAt: '2030-01-01T00:08:00.000Z',
}

function line(id: string, quantity = 1): SaleLine {
  const subject = { kind: 'product', productId: id as ProductId } as const
  return priceLine({ id: id as LineId, subject, name, detail: name, quantity, unitPrice: money(1_000, 'CNY'), taxBasisPoints: 600 })
}

test('an empty cart costs no row', () => {
  const carts = open()
  expect(carts.view()).toMatchObject({ state: 'open', lines: [], holds: [], total: { amount: 0, currency: 'CNY' } })
  expect(carts.current().id).toBe(carts.current().id)
  expect(store.all('SELECT * FROM carts')).toEqual([])
})

test('a cart outlives its terminal: lines in their order, holds, totals', () => {
  const carts = open()
  valueOf(carts.change([line('b', 2), line('a'), line('c')], [hold]))
  const again = open()
  expect(again.view()).toEqual(carts.view())
  expect(again.view()).toMatchObject({ total: { amount: 4_000 }, holds: [{ seats: ['A1'] }] })
  expect(again.current().lines.map(({ id }) => id)).toEqual(['b', 'a', 'c'])
})

test.each([
  ['cart_lines', 'line_json', ''],
  ['cart_lines', 'line_json', '{"id":"a"'],
  ['cart_lines', 'line_json', '{"id":"a"}'],
  ['cart_lines', 'line_json', JSON.stringify({ ...line('a'), quantity: -1 })],
  ['cart_holds', 'seats_json', '[1]'],
  ['cart_holds', 'seats_json', 'A1'],
])('an open cart with a damaged row (%s %s %s) is put away, said once, and the next begins', (table, column, text) => {
  valueOf(open().change([line('a')], [hold]))
  valueOf(store.write((tx) => tx.run(`UPDATE ${table} SET ${column} = ?`, text)))
  const carts = open()
  expect(carts.view()).toMatchObject({ state: 'open', lines: [], holds: [] })
  expect(warnings).toEqual([{ message: 'cache-damaged', what: 'cart' }])
  valueOf(carts.change([line('b')], []))
  expect(open().view()).toMatchObject({ lines: [{ id: 'b' }] })
  expect(warnings).toHaveLength(1)
})

test('lines that leave are gone, and so are their holds', () => {
  const carts = open()
  valueOf(carts.change([line('a'), line('b')], [hold]))
  valueOf(carts.change([line('b')], []))
  expect(open().view()).toMatchObject({ lines: [{ id: 'b' }], holds: [] })
})

test('a disk that refuses leaves the cart as it was, in memory too', () => {
  const carts = open()
  valueOf(carts.change([line('a')], []))
  store.isFull = () => true
  expect(carts.change([line('a'), line('b')], [])).toMatchObject({ ok: false })
  expect(carts.abandon()).toMatchObject({ ok: false })
  expect(carts.view().lines).toHaveLength(1)
  store.isFull = () => false
  expect(open().view()).toEqual(carts.view())
})

test('abandoned or paid, the next cart is another one', () => {
  const carts = open()
  valueOf(carts.change([line('a')], []))
  const { id } = carts.current()
  valueOf(carts.abandon())
  expect(carts.current()).toMatchObject({ lines: [], state: 'open' })
  expect(carts.current().id).not.toBe(id)
  valueOf(carts.change([line('b')], []))
  const second = carts.current().id
  store.write((tx) => carts.markPaid(tx, second))
  carts.reload()
  expect(carts.current().id).not.toBe(second)
  expect(store.all('SELECT state FROM carts ORDER BY rowid')).toEqual([{ state: 'abandoned' }, { state: 'paid' }])
})

test.each(['paying', 'in-doubt'] as const)('while %s nothing can be edited, also after a start', (state) => {
  const carts = open()
  valueOf(carts.change([line('a')], [hold]))
  store.write((tx) => carts.lock(tx, carts.current().id, state))
  carts.reload()
  for (const each of [carts, open()]) {
    expect(each.current().state).toBe(state)
    expect(() => each.change([], [])).toThrow('only while it is open')
  }
})

test('what a transaction of another part rolled back is not in the cart', () => {
  const carts = open()
  valueOf(carts.change([line('a')], []))
  expect(() =>
    store.write((tx) => {
      carts.lock(tx, carts.current().id, 'paying')
      throw new Error('a bug')
    }),
  ).toThrow('a bug')
  carts.reload()
  expect(carts.current().state).toBe('open')
})

test('a finished cart can still be read, and holds renewed', () => {
  const carts = open()
  valueOf(carts.change([line('a')], [hold]))
  const { id } = carts.current()
  store.write((tx) => carts.renewHolds(tx, id, '2030-01-01T01:00:00.000Z'))
  carts.reload()
  expect(carts.view().holds).toMatchObject([{ expiresAt: '2030-01-01T01:00:00.000Z' }])
  store.write((tx) => carts.markPaid(tx, id))
  carts.reload()
  expect(carts.byId(store, id)).toMatchObject({ lines: [{ id: 'a' }], holds: [{ holdId: hold.holdId }] })
  expect(() => carts.byId(store, newId() as never)).toThrow('no cart')
})

test('a sale that is open again takes the place of the empty cart, in a cart of its own that outlives its terminal', () => {
  const carts = open()
  valueOf(carts.change([line('a')], [hold]))
  valueOf(carts.change([], []))
  const emptyId = carts.current().id
  expect(carts.isFree()).toBe(true)
  valueOf(store.write((tx) => carts.reopen(tx, [line('b')], [hold])))
  carts.reload()
  expect(carts.current()).toMatchObject({ state: 'open', lines: [line('b')], holds: [hold] })
  expect(carts.current().id).not.toBe(emptyId)
  expect(carts.isFree()).toBe(false)
  expect(open().current()).toEqual(carts.current())
  expect(store.all("SELECT id FROM carts WHERE state = 'open'")).toHaveLength(1)
})

test('where another sale is being rung up, none is opened again: doing so is a bug', () => {
  const carts = open()
  valueOf(carts.change([line('a')], []))
  expect(() => store.write((tx) => carts.reopen(tx, [line('b')], []))).toThrow('no other is being rung up')
  expect(carts.current().lines).toEqual([line('a')])
})
