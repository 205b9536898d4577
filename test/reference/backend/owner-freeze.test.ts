/** The owner's freeze: at once, by anyone who is signed in, and lifted only with a passkey in hand. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import { openSqlite } from '#reference/backend/database/sqlite.ts'
import type { Tables } from '#reference/backend/database/tables.ts'
import { first } from '#reference/backend/migrations/0001-first.ts'
import { wholeCounter } from '#reference/backend/migrations/0002-whole-counter.ts'
import { bandLife } from '#reference/backend/migrations/0003-band-life.ts'
import { findFreeze } from '#reference/backend/repositories/freezes-repository.ts'
import { OWNER_PATHS } from '#shared/contracts/owner-api.ts'
import { BackendWorld, type Customer, pathOf, type Reply, type Terminal } from '../../support/backend-world.ts'
import { OwnerBrowser, signedUp } from '../../support/owner-browser.ts'

const PAID = { status: 200, json: { kind: 'authorization' } }
const FROZEN = { status: 200, json: { kind: 'decline', hint: 'frozen' } }

let world: BackendWorld
let terminal: Terminal
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer()
})
afterEach(async () => world.close())

const pay = async (): Promise<Reply> => world.submit({ terminal, customer, amount: 100 })
const byOperator = async (frozen: boolean) => world.operator('PATCH', pathOf('account', customer.accountId), { frozen })
const told = async () => {
  const rows = await world.db.selectFrom('notices').select(['kind', 'detail']).orderBy(sql`rowid`).execute()
  return rows.filter(({ kind }) => kind.startsWith('account-')).map(({ kind, detail }) => `${kind} ${detail}`)
}

test('a freeze stops the very next payment, and a passkey lets them go on', async () => {
  const { browser } = await signedUp(world, customer)
  expect(await pay()).toMatchObject(PAID)
  const at = new Date(world.nowMs()).toISOString()
  expect((await browser.call('PUT', OWNER_PATHS.freeze)).json).toEqual({ freeze: { by: 'passkey', at } })
  expect(await pay()).toMatchObject(FROZEN)
  expect((await browser.call('DELETE', OWNER_PATHS.freeze)).status).toBe(200)
  expect(await pay()).toMatchObject(PAID)
  expect(await told()).toEqual(['account-frozen passkey', 'account-unfrozen passkey'])
})

test('with nothing but a recovery code, from a browser of somebody else', async () => {
  const { codes } = await signedUp(world, customer)
  const borrowed = OwnerBrowser.of(world)
  await borrowed.recover(codes[0] ?? '')
  expect((await borrowed.call('PUT', OWNER_PATHS.freeze)).status).toBe(200)
  expect(await pay()).toMatchObject(FROZEN)
  expect(await borrowed.call('DELETE', OWNER_PATHS.freeze)).toMatchObject({ status: 403, json: { code: 'not-fresh' } })
  expect(await pay()).toMatchObject(FROZEN)
})

test('an old session may freeze, and must show a passkey to lift it', async () => {
  const { browser } = await signedUp(world, customer)
  world.advance(20 * 60_000)
  expect((await browser.call('PUT', OWNER_PATHS.freeze)).status).toBe(200)
  expect((await browser.call('DELETE', OWNER_PATHS.freeze)).json['code']).toBe('not-fresh')
  await browser.signIn()
  expect((await browser.call('DELETE', OWNER_PATHS.freeze)).status).toBe(200)
  expect(await pay()).toMatchObject(PAID)
})

test('freezing twice is freezing once: the first who did it stands, and is told once', async () => {
  const { browser, codes } = await signedUp(world, customer)
  const before = (await browser.call('PUT', OWNER_PATHS.freeze)).json
  world.advance(60_000)
  const borrowed = OwnerBrowser.of(world)
  await borrowed.recover(codes[0] ?? '')
  expect((await borrowed.call('PUT', OWNER_PATHS.freeze)).json).toEqual(before)
  expect((await borrowed.call('GET', OWNER_PATHS.standing)).json['freeze']).toEqual(before['freeze'])
  expect(await told()).toEqual(['account-frozen passkey'])
  await browser.signIn()
  for (let count = 0; count < 2; count += 1) expect((await browser.call('DELETE', OWNER_PATHS.freeze)).status).toBe(200)
  expect(await told()).toEqual(['account-frozen passkey', 'account-unfrozen passkey'])
})

test('what the operator froze the owner cannot lift, also when the owner froze first', async () => {
  const { browser } = await signedUp(world, customer)
  await browser.call('PUT', OWNER_PATHS.freeze)
  await byOperator(true)
  expect(await browser.call('DELETE', OWNER_PATHS.freeze)).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
  expect((await browser.call('PUT', OWNER_PATHS.freeze)).json).toMatchObject({ freeze: { by: 'operator' } })
  expect(await pay()).toMatchObject(FROZEN)
  await byOperator(false)
  expect(await pay()).toMatchObject(PAID)
  expect(await told()).toEqual(['account-frozen passkey', 'account-frozen operator', 'account-unfrozen operator'])
})

test('a freeze of one account is none of another', async () => {
  const { browser } = await signedUp(world, await world.addCustomer())
  await browser.call('PUT', OWNER_PATHS.freeze)
  expect(await pay()).toMatchObject(PAID)
})

test('a freeze while a payment is being decided comes before it or after it, never both and never neither', async () => {
  const { browser } = await signedUp(world, customer)
  const outcomes: unknown[] = []
  for (;;) {
    // Set off at every moment at which the payment looks at the clock, from the phone's signature to the answer's date.
    const [paid, frozen] = await world.amid(pay, outcomes.length + 1, async () => browser.call('PUT', OWNER_PATHS.freeze))
    if (!frozen) break
    expect(frozen.status).toBe(200)
    expect(paid).toMatchObject(paid.json['kind'] === 'authorization' ? PAID : FROZEN)
    outcomes.push(paid.json['kind'])
    expect(await pay()).toMatchObject(FROZEN)
    await browser.call('DELETE', OWNER_PATHS.freeze)
  }
  expect(new Set(outcomes)).toEqual(new Set(['decline', 'authorization']))
  const held = await world.db.selectFrom('authorizations').select('id').execute()
  // The last payment met no freeze.
  expect(held).toHaveLength(outcomes.filter((kind) => kind === 'authorization').length + 1)
})

test('an account that was frozen before owners could is the operator’s to unfreeze', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-migrate-'))
  const file = join(folder, 'backend.sqlite')
  const old = new Kysely<Tables>({ dialect: openSqlite(file) })
  // As the migrator would have left it.
  await sql`CREATE TABLE kysely_migration (name varchar(255) NOT NULL PRIMARY KEY, timestamp varchar(255) NOT NULL)`.execute(old)
  for (const [name, migration] of Object.entries({ '0001-first': first, '0002-whole-counter': wholeCounter, '0003-band-life': bandLife })) {
    await migration.up(old)
    await sql`INSERT INTO kysely_migration VALUES (${name}, '2026-01-01T00:00:00.000Z')`.execute(old)
  }
  await sql`INSERT INTO accounts VALUES ('a', 'Mei', 'CNY', 0, 1), ('b', 'Bo', 'CNY', 0, 0)`.execute(old)
  await old.destroy()
  const db = await openDatabase(file)
  expect(await findFreeze(db, 'a')).toMatchObject({ by: 'operator' })
  expect(await findFreeze(db, 'b')).toBeUndefined()
  await db.destroy()
  rmSync(folder, { recursive: true, force: true })
})
