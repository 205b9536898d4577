import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Keys, Store, WriteStore } from '#main/ports.ts'
import { openStore } from '#main/store/open-store.ts'
import { STATEMENTS_MAX } from '#main/store/statement-cache.ts'
import { type LedgerWorld, newFolder, openLedger, saleOf, sell, testKeys, valueOf } from '../ledger/sample-sales.ts'

let folder: ReturnType<typeof newFolder>
let file: string
let keys: Keys
let open: { close(): void }[] = []
beforeEach(async () => {
  folder = newFolder()
  file = join(folder.path, 'terminal.sqlite')
  keys = await testKeys()
})
afterEach(() => {
  for (const one of open) one.close()
  open = []
  folder.remove()
})

function newStore(): Store {
  const store = valueOf(openStore({ file }))
  open.push(store)
  return store
}
function newLedger(): LedgerWorld {
  const world = openLedger(file, keys)
  open.push(world.store)
  return world
}

const put = (tx: WriteStore, key: string) => tx.run('INSERT INTO settings (key, value) VALUES (?, ?)', key, key)
const settings = (store: Store) => store.all('SELECT key FROM settings ORDER BY key').map((row) => row['key'])

/** Everything the file holds, in order. */
function dump(store: Store): unknown {
  const tables = store.all("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").map((row) => String(row['name']))
  return tables.map((table) => [table, store.all(`SELECT * FROM ${table} ORDER BY 1, 2`)])
}

test('what a transaction returns is durable, and read again by the next start', () => {
  const store = newStore()
  expect(store.write((tx) => put(tx, 'a').changes)).toEqual({ ok: true, value: 1 })
  store.close()
  expect(settings(newStore())).toEqual(['a'])
})

test('a bug inside a transaction undoes it and is thrown on; the next transaction works', () => {
  const store = newStore()
  const broken = () =>
    store.write((tx) => {
      put(tx, 'a')
      throw new Error('our mistake')
    })
  expect(broken).toThrow('our mistake')
  expect(() => store.write((tx) => store.write(() => put(tx, 'b')))).toThrow('a transaction inside a transaction')
  expect(() => store.write(async () => Promise.resolve())).toThrow('cannot wait')
  expect(() => store.write((tx) => tx.run('COMMIT'))).toThrow('ended from inside')
  const escaped: WriteStore[] = []
  valueOf(store.write((tx) => escaped.push(tx)))
  expect(() => escaped[0]?.run('DELETE FROM settings')).toThrow('after it ended')
  valueOf(store.write((tx) => put(tx, 'c')))
  expect(settings(store)).toEqual(['c'])
})

test('a failed statement that somebody caught still undoes everything', () => {
  const store = newStore()
  valueOf(store.write((tx) => put(tx, 'a')))
  const swallows = () =>
    store.write((tx) => {
      put(tx, 'b')
      try {
        put(tx, 'a')
      } catch {
        // Goes on as if nothing had happened, which is the mistake under test.
      }
      put(tx, 'c')
    })
  expect(swallows).toThrow(/UNIQUE/)
  expect(settings(store)).toEqual(['a'])
})

test('more statements than are kept prepared still work', () => {
  const store = newStore()
  for (let index = 0; index < STATEMENTS_MAX * 2; index += 1) expect(store.get(`SELECT ${index} AS n`)).toEqual({ n: index })
  expect(store.get('SELECT 0 AS n')).toEqual({ n: 0 })
})

test('a file that another tool holds for writing is a refusal, and no more than that', () => {
  const store = newStore()
  const other = new Database(file)
  open.push(other)
  other.exec('BEGIN IMMEDIATE')
  const refused = store.write((tx) => put(tx, 'a'))
  expect(refused.ok ? '' : refused.error.detail).toContain('SQLITE_BUSY')
  other.exec('ROLLBACK')
  valueOf(store.write((tx) => put(tx, 'b')))
  expect(settings(store)).toEqual(['b'])
})

test('a disk that is full at the n-th page refuses the sale whole, for every n until it fits', () => {
  const { store, ledger } = newLedger()
  let refusals = 0
  for (let sales = 0; sales < 6; sales += 1) {
    const draft = saleOf(
      Array.from({ length: 20 }, () => ({ quantity: 1, price: 1_000 })),
      [20_000],
    )
    let pages = Number(store.get('PRAGMA page_count')?.['page_count'])
    for (; ; pages += 1) {
      store.get(`PRAGMA max_page_count = ${pages}`)
      const before = dump(store)
      const sold = store.write((tx) => sell(tx, ledger, draft))
      if (sold.ok) break
      refusals += 1
      expect(sold.error.code).toBe('storage-failed')
      expect(sold.error.trouble).toBe('full')
      expect(sold.error.detail).toContain('SQLITE_FULL')
      expect(dump(store)).toEqual(before)
    }
  }
  expect(refusals).toBeGreaterThan(6)
  expect(store.get('SELECT COUNT(*) AS sold, MAX(number) AS last FROM receipts')).toEqual({ sold: 6, last: 6 })
  expect(store.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' })
})
