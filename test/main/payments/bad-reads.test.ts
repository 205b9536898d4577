/** A disk that does not read for a moment, right after a receipt was written: what is on disk counts, and is shown. */
import Database from 'better-sqlite3'
import { afterEach, expect, test } from 'vitest'
import type { Store, StoreFault, WriteStore } from '#main/ports.ts'
import type { Result } from '#shared/result.ts'
import { CounterWorld, demand, POPCORN_PRICE } from '#test/support/counter-world.ts'

let world: CounterWorld
afterEach(async () => world.close())

/** Reads fail so often after the next receipt has been written. */
class ForgetfulDisk implements Store {
  readonly #store: Store
  failsAfterReceipt = 0
  #failing = 0

  constructor(store: Store) {
    this.#store = store
  }

  get: Store['get'] = (sql, ...values) => {
    this.#mayFail()
    return this.#store.get(sql, ...values)
  }

  all: Store['all'] = (sql, ...values) => {
    this.#mayFail()
    return this.#store.all(sql, ...values)
  }

  write<T>(work: (tx: WriteStore) => T): Result<T, StoreFault> {
    let isReceipt = false
    const written = this.#store.write((tx) =>
      work({
        get: (sql, ...values) => tx.get(sql, ...values),
        all: (sql, ...values) => tx.all(sql, ...values),
        run: (sql, ...values) => {
          isReceipt ||= sql.startsWith('INSERT INTO receipts')
          return tx.run(sql, ...values)
        },
      }),
    )
    if (isReceipt) [this.#failing, this.failsAfterReceipt] = [this.failsAfterReceipt, 0]
    return written
  }

  close(): void {
    this.#store.close()
  }

  #mayFail(): void {
    if (this.#failing <= 0) return
    this.#failing -= 1
    throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_READ')
  }
}

async function open(): Promise<ForgetfulDisk> {
  world = await CounterWorld.build()
  const disks: ForgetfulDisk[] = []
  world.hooks.store = (store) => {
    const disk = new ForgetfulDisk(store)
    disks.push(disk)
    return disk
  }
  await world.start()
  await world.ready()
  // Somebody looks at the screen.
  world.till.onState(() => {})
  await world.popcorn()
  const [disk] = disks
  if (!disk) throw new Error('no disk')
  return disk
}

/** The answer: how many receipts there are when the next sale has been paid too. */
async function doneAndSoldOn(): Promise<number> {
  await world.until('it is shown as done', () => world.state.lastReceiptId !== undefined && world.payment === undefined)
  expect(world.receiptCount()).toBe(1)
  expect(world.state.cart).toMatchObject({ state: 'open', lines: [] })
  demand(await world.till.nextSale())
  await world.popcorn()
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
  return world.receiptCount()
}

test.each([1, 2, 3])('paid by band, %i reads fail: done, and the next sale goes on', async (reads) => {
  const disk = await open()
  disk.failsAfterReceipt = reads
  await world.charge()
  expect(await doneAndSoldOn()).toBe(2)
})

test('paid in cash, a read fails: the money is booked, and the till says so', async () => {
  const disk = await open()
  demand(await world.till.startCash())
  disk.failsAfterReceipt = 1
  demand(await world.till.takeCash({ tenderedMinor: POPCORN_PRICE }))
  expect(await doneAndSoldOn()).toBe(2)
})
