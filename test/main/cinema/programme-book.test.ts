import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProgrammeBook } from '#main/cinema/programme-book.ts'
import { openStore } from '#main/store/open-store.ts'
import type { Programme } from '#shared/domain/programme.ts'
import { err, ok } from '#shared/result.ts'
import { newFolder, valueOf } from '#test/main/ledger/sample-sales.ts'
import { FaultyStore } from '#test/support/faulty-store.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { FakeBackend } from './fake-backend.ts'

const REFRESH_MS = 5 * 60_000
const RETRY_MS = 10_000
const OFFLINE = err({ code: 'offline' as const, message: '' })

let folder: ReturnType<typeof newFolder>
let store: FaultyStore
let clock: ManualClock
let backend: FakeBackend
let changes: number
const warnings: unknown[] = []

beforeEach(() => {
  folder = newFolder()
  store = new FaultyStore(valueOf(openStore({ file: `${folder.path}/terminal.sqlite` })))
  clock = new ManualClock()
  backend = new FakeBackend(clock.nowMs())
  changes = 0
  warnings.length = 0
})
afterEach(() => {
  store.close()
  folder.remove()
})

function open() {
  const onChange = () => {
    changes += 1
  }
  return createProgrammeBook({
    store,
    backend,
    clock,
    currency: 'CNY',
    onChange,
    log: { warn: (message, fields) => warnings.push({ message, ...fields }) },
  })
}

test('a kept programme that is damaged is as if it had never come: said once, and the next one is kept again', async () => {
  const first = open()
  await first.refresh()
  first.stop()
  const { version, ...rest } = first.programme()
  for (const damage of [
    '',
    '{',
    'null',
    '[]',
    '{"version":"1"}',
    JSON.stringify(rest),
    JSON.stringify({ ...rest, version, products: [{}] }),
  ]) {
    valueOf(store.write((tx) => tx.run('UPDATE programme_cache SET json = ?', damage)))
    warnings.length = 0
    const book = open()
    expect(book.programme()).toMatchObject({ version: 'none', products: [] })
    expect(warnings).toEqual([{ message: 'cache-damaged', what: 'programme' }])
    await book.refresh()
    book.stop()
    expect(open().programme()).toEqual(first.programme())
  }
})

test('nothing until the first one has come; then kept for a start without the backend', async () => {
  const first = open()
  expect(first.programme()).toMatchObject({ version: 'none', currency: 'CNY', products: [] })
  await first.refresh()
  first.stop()
  backend.programmeAnswer = OFFLINE
  const second = open()
  expect(second.programme()).toEqual(first.programme())
  expect(second.product('popcorn')).toMatchObject({ price: { amount: 2_500 } })
  expect(second.showtime('show-1')).toMatchObject({ hallId: 'hall-1' })
  expect([second.hall('hall-1')?.columns, second.hall('no'), second.product('no'), second.showtime('no')]).toEqual([
    30,
    undefined,
    undefined,
    undefined,
  ])
})

test('asked for again on time, sooner after a failure, and told only when it changed', async () => {
  const book = open()
  await book.refresh()
  expect([backend.calls.length, changes]).toEqual([1, 1])
  await clock.advance(REFRESH_MS)
  expect([backend.calls.length, changes]).toEqual([2, 1])
  backend.programmeAnswer = OFFLINE
  await clock.advance(REFRESH_MS)
  await clock.advance(RETRY_MS)
  expect([backend.calls.length, changes]).toEqual([4, 1])
  backend.programmeAnswer = ok({ ...book.programme(), version: '2' } as Programme)
  await clock.advance(RETRY_MS)
  expect([book.programme().version, changes]).toEqual(['2', 2])
  book.stop()
  await clock.advance(REFRESH_MS)
  expect([backend.calls.length, clock.waiting]).toEqual([5, 0])
})

test('a disk that refuses the cache does not stop selling', async () => {
  const book = open()
  store.isFull = () => true
  await book.refresh()
  expect(book.programme().version).toBe('1')
  expect(store.get('SELECT json FROM programme_cache')).toBeUndefined()
})

test('stopped while it is being asked for: nothing changes any more', async () => {
  const gate = Promise.withResolvers<void>()
  backend.gate = gate.promise
  const book = open()
  const refreshed = book.refresh()
  book.stop()
  gate.resolve()
  await refreshed
  expect([book.programme().version, changes, clock.waiting]).toEqual(['none', 0, 0])
})
