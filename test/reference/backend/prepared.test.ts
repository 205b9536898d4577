import type { KyselyPlugin } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import { prepared } from '#reference/backend/database/prepared.ts'
import type { Database } from '#reference/backend/database/tables.ts'

let db: Database
let built: number
const add = prepared((database, { id, name }: { readonly id: string; readonly name: string }) => {
  built += 1
  return database
    .insertInto('merchants')
    .values({ id, name_en: name, name_zh: name })
    .onConflict((conflict) => conflict.doNothing())
})
const namedBoth = prepared((database, { name }: { readonly name: string }) =>
  database.selectFrom('merchants').select('id').where('name_en', '=', name).where('name_zh', '=', name).orderBy('id'),
)

beforeEach(async () => {
  db = await openDatabase(':memory:')
  built = 0
})
afterEach(async () => db.destroy())

test('a query is built once and runs with the values of each run, inside a transaction and outside', async () => {
  await add(db, { id: 'a', name: 'Aurora' })
  await db.transaction().execute(async (tx) => {
    expect((await add(tx, { id: 'b', name: 'Aurora' })).numAffectedRows).toBe(1n)
    expect((await add(tx, { id: 'b', name: 'Aurora' })).numAffectedRows).toBe(0n)
    await add(tx, { id: 'c', name: 'Lotus' })
  })
  expect(built).toBe(1)
  // One value in two places of the text.
  expect((await namedBoth(db, { name: 'Aurora' })).rows).toEqual([{ id: 'a' }, { id: 'b' }])
  expect((await namedBoth(db, { name: 'Lotus' })).rows).toEqual([{ id: 'c' }])
  expect((await namedBoth(db, { name: 'Nobody' })).rows).toEqual([])
})

test('another database builds its own', async () => {
  await add(db, { id: 'a', name: 'Aurora' })
  const other = await openDatabase(':memory:')
  await add(other, { id: 'a', name: 'Aurora' })
  expect((await namedBoth(other, { name: 'Aurora' })).rows).toEqual([{ id: 'a' }])
  expect(built).toBe(2)
  await other.destroy()
})

test('plugins see every run', async () => {
  let seen = 0
  const watching: KyselyPlugin = {
    transformQuery({ node }) {
      seen += 1
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const watched = db.withPlugin(watching)
  await add(watched, { id: 'a', name: 'Aurora' })
  await add(watched, { id: 'b', name: 'Lotus' })
  expect(seen).toBe(2)
  expect((await namedBoth(db, { name: 'Lotus' })).rows).toEqual([{ id: 'b' }])
})
