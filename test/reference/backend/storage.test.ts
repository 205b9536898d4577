/** What the backend does when its disk does not. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isStorageFault } from '#reference/backend/database/faults.ts'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { BackendWorld, newId, pathOf, receiptEntry } from '../../support/backend-world.ts'
import { buildSubmit } from '../../support/submits.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bandtill-storage-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const LARGEST_PAGE_COUNT = 4_294_967_294

test('on a full disk nothing is promised, nothing is half done, and with room again everything goes on', async () => {
  const world = await BackendWorld.open()
  const terminal = await world.addTerminal()
  const customer = await world.addCustomer({ balance: 1_000_000_000 / 10 })
  await world.addProgramme('aurora')
  const room = async (pages: number) => sql.raw(`PRAGMA max_page_count = ${pages}`).execute(world.db)
  await room(1)
  let refused = 0
  const submits: string[] = []
  // The free space inside the last pages takes a few calls to fill.
  for (let tries = 0; tries < 200 && refused < 5; tries += 1) {
    const built = await buildSubmit(world.nowMs(), { terminal, customer, amount: 10 })
    const reply = await customer.call('POST', BACKEND_PATHS.submit, built.body)
    if (reply.status === 200) submits.push(built.requestId)
    else {
      expect(reply).toMatchObject({ status: 503, json: { code: 'unavailable' } })
      refused += 1
    }
  }
  expect(refused).toBe(5)
  expect((await world.plain('GET', BACKEND_PATHS.health)).status).toBe(200)
  const held = await world.db.selectFrom('authorizations').select('request_id').execute()
  expect(new Set(held.map((row) => row.request_id))).toEqual(new Set(submits))
  await room(LARGEST_PAGE_COUNT)
  expect((await world.plain('GET', BACKEND_PATHS.ready)).status).toBe(200)
  expect((await world.submit({ terminal, customer, amount: 10 })).json['kind']).toBe('authorization')
  expect((await terminal.call('PUT', pathOf('hold', newId()), { showtimeId: 'show-1', seats: ['A1'] })).status).toBe(200)
  const { id, kind, body } = receiptEntry({ number: 1, total: 10 })
  expect((await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [{ id, kind, body }] })).json['results']).toEqual([
    { id, outcome: 'applied' },
  ])
  await world.close()
})

test('what was written is there after closing and opening; the schema is made once', async () => {
  const file = join(dir, 'backend.sqlite')
  const first = await openDatabase(file)
  await first.insertInto('merchants').values({ id: 'aurora', name_en: 'Aurora', name_zh: '极光' }).execute()
  await first.destroy()
  const second = await openDatabase(file)
  expect(await second.selectFrom('merchants').select('id').execute()).toEqual([{ id: 'aurora' }])
  const mode = await sql<{ journal_mode: string }>`PRAGMA journal_mode`.execute(second)
  const synchronous = await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(second)
  const keys = await sql<{ foreign_keys: number }>`PRAGMA foreign_keys`.execute(second)
  expect([mode.rows, synchronous.rows, keys.rows]).toEqual([[{ journal_mode: 'wal' }], [{ synchronous: 2 }], [{ foreign_keys: 1 }]])
  await second.destroy()
})

test('every table is strict: a text where money belongs is refused', async () => {
  const db = await openDatabase(':memory:')
  const loose = await sql<{
    name: string
  }>`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0`.execute(db)
  expect(loose.rows.map((row) => row.name).filter((name) => !name.startsWith('kysely_') && !name.startsWith('sqlite_'))).toEqual([])
  await db.destroy()
})

test('a file that is no database stops the start', async () => {
  const file = join(dir, 'backend.sqlite')
  writeFileSync(file, 'not a database, but long enough to be read as one by something careless'.repeat(20))
  chmodSync(file, 0o600)
  const failed: unknown = await openDatabase(file).catch((error: unknown) => error)
  expect(isStorageFault(failed)).toBe(true)
})
