/** What a terminal may read back of its own, and journals that go on in a new epoch after a restore. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '#reference/backend/database/open-database.ts'
import { openSqlite } from '#reference/backend/database/sqlite.ts'
import type { Tables } from '#reference/backend/database/tables.ts'
import { first } from '#reference/backend/migrations/0001-first.ts'
import { BACKEND_PATHS, ownAuthorizations, ownReceipts, RECOVERY_PAGE_MAX, terminalStanding } from '#shared/contracts/backend-api.ts'
import { newSigner } from '#shared/crypto/keys.ts'
import { BackendWorld, newId, pathOf, receiptEntry, reversalEntry, type Terminal } from '../../support/backend-world.ts'
import { headEntry } from '../../support/outbox-entries.ts'

let world: BackendWorld
let terminal: Terminal
beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
})
afterEach(async () => world.close())

const saying = (text: string): unknown => expect.stringContaining(text)
const hash = (letter: string) => letter.repeat(64)
type Entry = { readonly id: string; readonly kind: string; readonly body: string }
async function send(entry: Entry, at: Terminal = terminal) {
  const { id, kind, body } = entry
  const { json } = await at.call('POST', BACKEND_PATHS.outbox, { entries: [{ id, kind, body }] })
  return (json['results'] as { id: string; outcome: string; alarm?: string }[])[0]
}
async function standing(at: Terminal = terminal) {
  return terminalStanding.reply.parse((await at.call('GET', BACKEND_PATHS.standing)).json)
}
async function alarms() {
  return (await world.db.selectFrom('alarms').select('kind').orderBy('kind').execute()).map((row) => row.kind)
}
const restored = (incarnation = newId()) => ({ incarnation, previousIncarnation: newId(), series: 'B' })

test('standing: nothing at first; then the newest whole head and the last number of each series, its own only', async () => {
  expect(await standing()).toEqual({ epoch: 1, series: {} })
  const other = await world.addTerminal('aurora-2')
  for (const number of [1, 2, 3]) await send(receiptEntry({ number, total: 100 }))
  await send(receiptEntry({ number: 7, total: 100, series: 'B' }))
  await send(receiptEntry({ number: 9, total: 100 }), other)
  await send(await headEntry(terminal, { seq: 12, hash: hash('c') }))
  // A request carries a cut head: it is no whole one to compare with.
  const customer = await world.addCustomer()
  await world.submit({ terminal, customer, statement: { headSeq: 40 } })
  expect(await standing()).toEqual({ epoch: 1, head: { seq: 12, hash: hash('c') }, series: { A: 3, B: 7 } })
  expect(await standing(other)).toMatchObject({ series: { A: 9 } })
})

test('own receipts: each body as it came, oldest first, in pages, and nobody else’s', async () => {
  const other = await world.addTerminal('aurora-2')
  const bodies: string[] = []
  for (let number = 1; number <= RECOVERY_PAGE_MAX + 5; number += 1) {
    const entry = receiptEntry({ number, total: number })
    bodies.push(entry.body)
    await send(entry)
    if (number % 10 === 0) await send(receiptEntry({ number, total: 1 }), other)
  }
  await send({ id: newId(), kind: 'receipt', body: '{"not":"a receipt"}' })
  const read: string[] = []
  let [after, pages, more] = [0, 0, true]
  while (more) {
    const page = ownReceipts.reply.parse((await terminal.call('GET', `${BACKEND_PATHS.ownReceipts}?after=${after}`)).json)
    read.push(...page.receipts.map(({ body }) => body))
    after = page.receipts.at(-1)?.cursor ?? after
    more = page.more
    pages += 1
  }
  expect(read).toEqual(bodies)
  expect(pages).toBe(2)
  const past = await terminal.call('GET', `${BACKEND_PATHS.ownReceipts}?after=${after}`)
  expect(past.json).toEqual({ receipts: [], more: false })
})

test('own receipts: a page is cut before it is too long to be read, and has at least one', async () => {
  const long = '影'.repeat(150_000)
  for (const number of [1, 2, 3, 4]) {
    const entry = receiptEntry({ number, total: 1 })
    await send({ ...entry, body: entry.body.replace('"kind":"sale"', `"kind":"sale","note":"${long}"`) })
  }
  const page = ownReceipts.reply.parse((await terminal.call('GET', BACKEND_PATHS.ownReceipts)).json)
  expect(page).toMatchObject({ more: true })
  expect(page.receipts).toHaveLength(3)
})

test('own authorizations: what is held, with what is pinned for it; not what was captured or reversed, nor another’s', async () => {
  await world.addProgramme('aurora')
  const other = await world.addTerminal('aurora-2')
  const customer = await world.addCustomer({ balance: 1_000_000 })
  const holdId = newId()
  await terminal.call('PUT', pathOf('hold', holdId), { showtimeId: 'show-1', seats: ['A2', 'A1'] })
  const seated = await world.submit({ terminal, customer, amount: 9_000, holds: [holdId] })
  await world.submit({ terminal: other, customer, amount: 100 })
  const gone = await world.submit({ terminal, customer, amount: 200 })
  await send(reversalEntry(world.nowMs(), { requestId: gone.built.requestId, amount: 200 }))
  const held: string[] = [seated.built.requestId]
  for (let index = 0; index < RECOVERY_PAGE_MAX + 1; index += 1) {
    held.push((await world.submit({ terminal, customer, amount: 10 })).built.requestId)
  }
  const read = async (after: number) =>
    ownAuthorizations.reply.parse((await terminal.call('GET', `${BACKEND_PATHS.ownAuthorizations}?after=${after}`)).json)
  const one = await read(0)
  const two = await read(one.authorizations.at(-1)?.cursor ?? 0)
  expect([one.more, two.more]).toEqual([true, false])
  expect([...one.authorizations, ...two.authorizations].map(({ requestId }) => requestId)).toEqual(held)
  expect(one.authorizations[0]).toMatchObject({
    signed: seated.json['signed'],
    holds: [{ holdId, showtimeId: 'show-1', seats: ['A1', 'A2'] }],
  })
  expect(one.authorizations[1]?.holds).toEqual([])
})

test.each([BACKEND_PATHS.standing, BACKEND_PATHS.ownReceipts, BACKEND_PATHS.ownAuthorizations])(
  '%s is for terminals, signed',
  async (path) => {
    const customer = await world.addCustomer()
    expect((await world.plain('GET', path)).status).toBe(401)
    expect((await customer.call('GET', path)).status).toBeGreaterThanOrEqual(401)
    expect((await world.operator('GET', path)).status).toBeGreaterThanOrEqual(401)
    if (path !== BACKEND_PATHS.standing) {
      for (const after of ['-1', 'x', '1.5', '']) expect((await terminal.call('GET', `${path}?after=${after}&more=1`)).status).toBe(400)
    }
  },
)

test('a head that another key signed, or for another place, is put aside', async () => {
  const wrong = [
    await headEntry(terminal, { seq: 1, hash: hash('a') }, await newSigner()),
    { ...(await headEntry(terminal, { seq: 1, hash: hash('a') })), body: '' },
  ]
  const [forged] = wrong
  const good = await headEntry(terminal, { seq: 1, hash: hash('a') })
  const moved = { ...good, id: newId(), body: good.body.replace('"seq":1', '"seq":2') }
  for (const entry of [forged, moved]) {
    if (!entry) throw new Error('no entry')
    expect(await send(entry)).toMatchObject({ outcome: 'quarantined', alarm: saying('signature') })
  }
  expect(await send(good)).toEqual({ id: good.id, outcome: 'applied' })
  expect(await standing()).toMatchObject({ head: { seq: 1 } })
  expect(await alarms()).toEqual(['quarantined', 'quarantined'])
})

test('a restore opens the next epoch, calls a person, and from then on heads are compared within it', async () => {
  await send(await headEntry(terminal, { seq: 5, hash: hash('a') }))
  const opening = await headEntry(terminal, { seq: 4, hash: hash('b'), epoch: 2, restored: restored() })
  expect(await send(opening)).toEqual({ id: opening.id, outcome: 'applied' })
  expect(await alarms()).toEqual(['restored'])
  expect(await standing()).toEqual({ epoch: 2, head: { seq: 4, hash: hash('b') }, series: {} })
  expect(await send(await headEntry(terminal, { seq: 5, hash: hash('c'), epoch: 2 }))).toMatchObject({ outcome: 'applied' })
  expect((await send(await headEntry(terminal, { seq: 5, hash: hash('d'), epoch: 2 })))?.alarm).toContain('two heads')
  expect(await send(opening)).toMatchObject({ outcome: 'repeat' })
})

test('epochs out of line: put aside, or kept with an alarm when they carry a receipt', async () => {
  const jump = await send(await headEntry(terminal, { seq: 9, hash: hash('a'), epoch: 2 }))
  expect(jump).toMatchObject({ outcome: 'quarantined', alarm: saying('no restore has opened') })
  const early = receiptEntry({ number: 1, total: 100, series: 'B' })
  const inEpoch = (entry: { id: string; kind: string; body: string }, epoch: number) => ({
    ...entry,
    body: entry.body.replace('"journal":{', `"journal":{"epoch":${epoch},`),
  })
  expect(await send(inEpoch(early, 2))).toMatchObject({ outcome: 'applied', alarm: saying('epoch 2') })
  const mine = restored()
  expect(await send(await headEntry(terminal, { seq: 3, hash: hash('b'), epoch: 3, restored: mine }))).toMatchObject({ outcome: 'applied' })
  const claimed = await send(await headEntry(terminal, { seq: 3, hash: hash('c'), epoch: 3, restored: restored() }))
  expect(claimed).toMatchObject({ outcome: 'quarantined', alarm: saying('another restore') })
  expect(await send(await headEntry(terminal, { seq: 3, hash: hash('b'), epoch: 3, restored: mine }))).toMatchObject({ outcome: 'applied' })
  const old = await send(await headEntry(terminal, { seq: 8, hash: hash('e') }))
  expect(old).toMatchObject({ outcome: 'quarantined', alarm: saying('is in epoch 3') })
  expect((await send(receiptEntry({ number: 50, total: 100 })))?.alarm).toContain('a receipt of epoch 1')
  expect(await world.db.selectFrom('receipts').select('number').execute()).toHaveLength(2)
})

test('a request says no epoch: it is compared with the newest', async () => {
  const customer = await world.addCustomer()
  await send(await headEntry(terminal, { seq: 5, hash: hash('a') }))
  await send(await headEntry(terminal, { seq: 5, hash: hash('b'), epoch: 2, restored: restored() }))
  const head = (letter: string) => new Uint8Array(16).fill(Number.parseInt(letter + letter, 16))
  await world.submit({ terminal, customer, statement: { headSeq: 5, head: head('b') } })
  expect(await alarms()).toEqual(['restored'])
  await world.submit({ terminal, customer, statement: { headSeq: 5, head: head('a') } })
  expect(await alarms()).toEqual(['journal-fork', 'restored'])
})

test('a database of the first schema keeps its books, its heads and its guards when it is brought up to date', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-migrate-'))
  const file = join(folder, 'backend.sqlite')
  const old = new Kysely<Tables>({ dialect: openSqlite(file) })
  await first.up(old)
  // As the migrator would have left it.
  await sql`CREATE TABLE kysely_migration (name varchar(255) NOT NULL PRIMARY KEY, timestamp varchar(255) NOT NULL)`.execute(old)
  await sql`INSERT INTO kysely_migration VALUES ('0001-first', '2026-01-01T00:00:00.000Z')`.execute(old)
  await sql`INSERT INTO merchants VALUES ('m', 'M', 'M')`.execute(old)
  await sql`INSERT INTO sites VALUES ('s', 'm', 'S', 'S', 'x', 'x', 'UTC', 0, 0, 'CNY')`.execute(old)
  await sql`INSERT INTO terminals VALUES ('t', 's', 'c', NULL, 'registered')`.execute(old)
  await sql`INSERT INTO postings VALUES ('p', 'opening', 'a', '2026-01-01T00:00:00.000Z')`.execute(old)
  await sql`INSERT INTO entries VALUES ('p', 'wallet:a', 'CNY', 5), ('p', 'outside-bank', 'CNY', -5)`.execute(old)
  await sql`INSERT INTO heads VALUES ('t', 3, ${hash('a')}, 'outbox', 's', 'k', '2026-01-01T00:00:00.000Z')`.execute(old)
  await old.destroy()

  const db = await openDatabase(file)
  expect(await db.selectFrom('terminals').select('epoch').execute()).toEqual([{ epoch: 1 }])
  expect(await db.selectFrom('heads').select(['epoch', 'seq', 'signature']).execute()).toEqual([{ epoch: 1, seq: 3, signature: 's' }])
  const ledger = await sql`SELECT amount_minor, at FROM audit_ledger ORDER BY amount_minor`.execute(db)
  const at = '2026-01-01T00:00:00.000Z'
  expect(ledger.rows).toEqual([
    { amount_minor: -5, at },
    { amount_minor: 5, at },
  ])
  await db.insertInto('postings').values({ id: 'v', kind: 'void', reference: 'a', at: 'x' }).execute()
  await expect(db.updateTable('entries').set({ amount: 1 }).execute()).rejects.toThrow('append only')
  await expect(db.deleteFrom('postings').execute()).rejects.toThrow('append only')
  await expect(sql`INSERT INTO entries VALUES ('nowhere', 'a', 'CNY', 1, 'x')`.execute(db)).rejects.toThrow('FOREIGN KEY')
  expect((await sql`PRAGMA foreign_key_check`.execute(db)).rows).toEqual([])
  await db.destroy()
  rmSync(folder, { recursive: true, force: true })
})
