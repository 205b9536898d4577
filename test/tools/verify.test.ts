import { execFile } from 'node:child_process'
import { createPrivateKey, sign } from 'node:crypto'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Report } from '#reference/tools/verify/report.ts'
import { verifyDatabase } from '#reference/tools/verify/verify.ts'
import { newFolder, newId, newJwk, openLedger, saleOf, sell, testKeys, valueOf } from '../main/ledger/sample-sales.ts'
import { Seeded } from '../support/seeded.ts'
import { imageOf, restoredImage } from './restored-image.ts'

const folder = newFolder()
const file = join(folder.path, 'terminal.sqlite')
const jwk = newJwk()
/** The file at rest, its header set so that it opens in memory. */
let image: Buffer
/** A file that was copied back, with all that comes of it. */
let restored: Buffer

beforeAll(async () => {
  const { store, ledger } = openLedger(file, await testKeys(jwk))
  for (let sale = 0; sale < 12; sale += 1) {
    const parts = [[4_500], [], [1_000, 2_000]][sale % 3] ?? []
    valueOf(store.write((tx) => sell(tx, ledger, saleOf([{ quantity: 1, price: 4_500 }], parts))))
  }
  valueOf(store.write((tx) => ledger.appendEvent(tx, 'sale-cancelled', { cart_id: newId() })))
  valueOf(store.write((tx) => ledger.enqueueHead(tx)))
  store.close()
  image = imageOf(file)
  restored = await restoredImage(folder.path, jwk)
})
afterAll(() => folder.remove())

/** Somebody with the file and a tool of their own: no rule of the schema binds them, and they put the triggers back afterwards. */
function tampered(edit: (database: Database.Database) => void, from = image): Report {
  const database = new Database(from)
  database.pragma('foreign_keys = OFF')
  database.pragma('ignore_check_constraints = ON')
  database.unsafeMode(true)
  database.pragma('writable_schema = ON')
  database.exec("CREATE TEMP TABLE kept AS SELECT * FROM main.sqlite_schema WHERE type = 'trigger'")
  database.exec("DELETE FROM main.sqlite_schema WHERE type = 'trigger'")
  database.pragma('writable_schema = RESET')
  edit(database)
  database.pragma('writable_schema = ON')
  database.exec('INSERT INTO main.sqlite_schema SELECT * FROM kept; DROP TABLE kept')
  database.pragma('writable_schema = RESET')
  const report = verifyDatabase(database)
  database.close()
  return report
}

function named(report: Report): readonly string[] {
  return report.problems.map(({ table, row, text }) => `${table} ${row}: ${text}`)
}

test('the file as the terminal left it is sound, and says what is not proven', () => {
  const report = tampered(() => undefined)
  expect(named(report)).toEqual([])
  expect(report.sound).toBe(true)
  expect(report.head?.seq).toBe(14)
  expect(report.notProven).toHaveLength(3)
})

/** Columns whose every change must be named. What the other columns of these tables say is checked by nobody: they are not the ledger's. */
const GUARDED: Readonly<Record<string, readonly string[]>> = {
  journal: ['seq', 'kind', 'at', 'entry_json', 'prev_hash', 'hash', 'signature', 'kid'],
  receipts: [
    'journal_seq',
    'id',
    'series',
    'number',
    'kind',
    'issued_at',
    'total_minor',
    'currency',
    'tender',
    'authorization_id',
    'receipt_json',
    'outbox_seq',
  ],
  receipt_payments: ['receipt_id', 'position', 'tender', 'amount_minor', 'authorization_id'],
  attempts: ['state', 'amount_minor', 'currency', 'receipt_id'],
}
/** What a restore adds to these. */
const GUARDED_RESTORED: typeof GUARDED = {
  journal: ['kind', 'entry_json', 'hash', 'signature'],
  receipts: ['kind', 'series', 'number', 'total_minor', 'authorization_id', 'of_receipt_id', 'receipt_json'],
  receipt_payments: ['amount_minor', 'authorization_id', 'returned_authorization_id'],
  pulled_receipts: [
    'journal_seq',
    'id',
    'series',
    'number',
    'kind',
    'issued_at',
    'total_minor',
    'currency',
    'tender',
    'authorization_id',
    'of_receipt_id',
    'head',
    'receipt_json',
  ],
  pulled_payments: ['receipt_id', 'position', 'tender', 'amount_minor', 'authorization_id', 'returned_authorization_id'],
}

/** Another value of the same kind: a bit of a text flipped, a letter cut off or added, a number moved, null where something stood. */
function altered(value: unknown, random: Seeded): string | number | null {
  if (typeof value === 'number') return value + random.pick([-1_000, -1, 1, 7])
  if (typeof value !== 'string') return 'something'
  const at = random.below(value.length)
  switch (random.below(4)) {
    case 0:
      return value.slice(0, at) + value.slice(at + 1)
    case 1:
      return value + random.pick(['0', ' ', '\n', 'a'])
    default: {
      const letter = random.pick(Array.from('0123456789abcdefXYZ"{},: ').filter((one) => one !== value[at]))
      return value.slice(0, at) + letter + value.slice(at + 1)
    }
  }
}

test('a file that was copied back, and went on, is sound', () => {
  const report = tampered(() => undefined, restored)
  expect(named(report)).toEqual([])
  const rows = Object.fromEntries(report.checks.map((check) => [check.name, check.rows]))
  expect(rows).toMatchObject({ 'receipts that came back': 3, voids: 3, 'unknown yeses': 3, receipts: 6 })
})

test.each([
  ['a void of another amount', "UPDATE pulled_receipts SET total_minor = -4499 WHERE kind = 'void'", 'total against what it voids'],
  ['a void of nothing', "UPDATE receipts SET of_receipt_id = 'x' WHERE kind = 'void' AND number = 3", 'voids receipt x, which is not here'],
  [
    'a void twice',
    "UPDATE receipts SET of_receipt_id = (SELECT of_receipt_id FROM pulled_receipts WHERE kind = 'void') WHERE kind = 'void' AND number = 3",
    'is voided 2 times',
  ],
  ['a receipt that came back, removed', 'DELETE FROM pulled_receipts WHERE number = 4', 'came back by the journal'],
  ['its payment, removed', 'DELETE FROM pulled_payments', 'number of rows'],
  ['a number given twice', "UPDATE pulled_receipts SET series = 'B', number = 2 WHERE number = 4", 'this number is there 2 times'],
  ['a recovered yes, moved', "UPDATE unknown_yeses SET amount_minor = 1 WHERE state = 'recovered'", 'amount_minor is 1'],
  ['a reversed yes, said to wait', "UPDATE unknown_yeses SET state = 'waiting', ended_at = NULL WHERE state = 'reversed'", 'open still'],
  ['a recovered yes, forgotten', "DELETE FROM unknown_yeses WHERE state = 'recovered'", 'a recovered receipt of nothing that was found'],
  ['a reversed yes, forgotten', "DELETE FROM unknown_yeses WHERE state = 'reversed'", 'a request that was never made'],
  [
    'an authorization on both',
    'UPDATE pulled_payments SET authorization_id = (SELECT authorization_id FROM receipt_payments WHERE authorization_id IS NOT NULL) WHERE amount_minor = 1000',
    'pays 2 times',
  ],
])('after a restore, %s is named', (_what, sql, words) => {
  const report = tampered((database) => {
    database.exec(sql)
  }, restored)
  expect(named(report).join('\n')).toContain(words)
})

test.each([
  ['', 300],
  [' after a restore', 150],
])('I4: hundreds of single edits of any column of the ledger are each named%s', (when, count) => {
  const [from, guarded] = when === '' ? [image, GUARDED] : [restored, GUARDED_RESTORED]
  const random = new Seeded(20_261_122)
  const columns = Object.entries(guarded).flatMap(([table, names]) => names.map((column) => ({ table, column })))
  let edits = 0
  while (edits < count) {
    const { table, column } = random.pick(columns)
    let what = ''
    let isRefused = false
    const report = tampered((database) => {
      const key = table.endsWith('_payments') ? 'receipt_id || position' : 'rowid'
      const rows = database.prepare<[], { key: unknown; value: unknown }>(`SELECT ${key} AS key, ${column} AS value FROM ${table}`).all()
      const row = random.pick(rows)
      const value = altered(row.value, random)
      what = `edit ${edits}: ${table}.${column} of ${String(row.key)} from ${String(row.value)} to ${String(value)}`
      try {
        database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`).run(value, row.key)
      } catch (error) {
        // A key that is there already, or a type the column cannot hold: no tool can make this edit.
        expect(String(error)).toMatch(/UNIQUE|NOT NULL|cannot store/)
        isRefused = true
      }
    }, from)
    if (isRefused) continue
    edits += 1
    expect(report.problems.length, what).toBeGreaterThan(0)
    expect(report.sound, what).toBe(false)
  }
})

test('I4: a row removed, doubled, swapped or slipped in is named', () => {
  for (let seq = 1; seq <= 14; seq += 1) {
    expect(named(tampered((database) => database.exec(`DELETE FROM journal WHERE seq = ${seq}`))), `journal ${seq}`).not.toEqual([])
  }
  for (let number = 1; number <= 12; number += 1) {
    const removed = tampered((database) => database.exec(`DELETE FROM receipts WHERE number = ${number}`))
    expect(named(removed).join('\n'), `receipt ${number}`).toContain('is in the journal')
  }
  const swapped = tampered((database) =>
    database.exec(
      'UPDATE journal SET seq = -3 WHERE seq = 3; UPDATE journal SET seq = 3 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = -3',
    ),
  )
  expect(named(swapped).join('\n')).toMatch(/journal 3: .*journal 4: /s)
  const doubled = tampered((database) =>
    database.exec('INSERT INTO journal SELECT 15, kind, at, entry_json, prev_hash, hash, signature, kid FROM journal WHERE seq = 14'),
  )
  expect(named(doubled).join('\n')).toContain('journal 15')
  const paidTwice = tampered((database) =>
    database.exec('INSERT INTO receipt_payments SELECT receipt_id, 9, tender, amount_minor, NULL, NULL FROM receipt_payments LIMIT 1'),
  )
  expect(named(paidTwice).join('\n')).toContain('number of rows')
  const unsent = tampered((database) => database.exec("DELETE FROM outbox WHERE kind = 'receipt' AND seq = 1"))
  expect(named(unsent).join('\n')).toContain('no outbox record')
  const noGuard = new Database(image)
  noGuard.exec('DROP TRIGGER journal_no_update')
  expect(named(verifyDatabase(noGuard))).toEqual(['schema journal_no_update: the trigger that refuses changes is gone'])
  noGuard.close()
})

test('I4: two chains merged are named where the second begins, though every entry of both is signed by the terminal', async () => {
  const copy = join(folder.path, 'chain-b.sqlite')
  const { store, ledger } = openLedger(copy, await testKeys(jwk))
  for (let sale = 0; sale < 12; sale += 1) valueOf(store.write((tx) => sell(tx, ledger, saleOf([{ quantity: 1, price: 4_500 }], []))))
  store.close()
  const other = new Database(copy, { readonly: true })
  const rows = other.prepare('SELECT seq, kind, at, entry_json, prev_hash, hash, signature, kid FROM journal WHERE seq >= 8').all()
  other.close()
  const merged = tampered((database) => {
    database.exec('DELETE FROM journal WHERE seq >= 8')
    const insert = database.prepare('INSERT INTO journal VALUES (@seq, @kind, @at, @entry_json, @prev_hash, @hash, @signature, @kid)')
    for (const row of rows) insert.run(row)
  })
  expect(named(merged).find((problem) => problem.startsWith('journal'))).toMatch(/^journal 8: /)
})

test('I4: every letter of what is sent with a receipt is bound by the journal', () => {
  const random = new Seeded(7)
  for (let edit = 0; edit < 90; edit += 1) {
    const report = tampered((database) => {
      const rows = database.prepare<[], { seq: number; body: string }>("SELECT seq, body FROM outbox WHERE kind = 'receipt'").all()
      const { seq, body } = random.pick(rows)
      database.prepare('UPDATE outbox SET body = ? WHERE seq = ?').run(altered(body, random), seq)
    })
    expect(report.sound, `edit ${edit}`).toBe(false)
    const after = tampered((database) => {
      const rows = database.prepare<[], { seq: number; body: string }>("SELECT seq, body FROM outbox WHERE kind = 'receipt'").all()
      const { seq, body } = random.pick(rows)
      database.prepare('UPDATE outbox SET body = ? WHERE seq = ?').run(altered(body, random), seq)
    }, restored)
    expect(after.sound, `edit ${edit} after a restore`).toBe(false)
  }
})

test('a head signed again with another key is named; with the whole chain forged, only against the registry’s key', async () => {
  const other = newJwk()
  const key = createPrivateKey({ key: { ...other }, format: 'jwk' })
  const resigned = tampered((database) => {
    const row = database.prepare<[], { hash: string }>('SELECT hash FROM journal WHERE seq = 14').get()
    const signature = sign('sha256', Buffer.from(`bt1h\n14\n${row?.hash}`), { key, dsaEncoding: 'ieee-p1363' })
    database.prepare('UPDATE journal SET signature = ? WHERE seq = 14').run(signature.toString('base64url'))
  })
  expect(named(resigned)).toEqual(['heads 14: the signature is not the terminal’s'])

  const forgedFile = join(folder.path, 'forged.sqlite')
  const { store, ledger } = openLedger(forgedFile, await testKeys(other))
  valueOf(store.write((tx) => sell(tx, ledger, saleOf([{ quantity: 1, price: 1 }], []))))
  store.close()
  const point = Buffer.from((await testKeys(jwk)).signer.point).toString('base64url')
  expect(await run(forgedFile)).toMatchObject({ code: 0 })
  expect(await run(forgedFile, '--point', point)).toMatchObject({ code: 1 })
  expect(await run(file, '--point', point)).toMatchObject({ code: 0 })
})

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** The tool as a person starts it. */
async function run(...args: readonly string[]): Promise<Ran> {
  const main = fileURLToPath(new URL('../../reference/tools/verify/main.ts', import.meta.url))
  const { promise, resolve } = Promise.withResolvers<Ran>()
  execFile(process.execPath, [main, ...args], (error, stdout, stderr) => {
    resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
  })
  return promise
}

test('the tool: exit codes, a table for people, JSON for scripts, and nothing left beside the file', async () => {
  const before = readdirSync(folder.path)
  const sound = await run(file)
  expect(sound).toMatchObject({ code: 0, stderr: '' })
  expect(sound.stdout).toContain('sound')
  expect(sound.stdout).toContain('Not proven:')
  const json = await run(file, '--json')
  expect(JSON.parse(json.stdout)).toMatchObject({ sound: true, problems: [], head: { seq: 14 } })
  expect(readdirSync(folder.path)).toEqual(before)

  const bad = join(folder.path, 'bad.sqlite')
  writeFileSync(bad, image)
  const database = new Database(bad)
  database.exec('DROP TRIGGER receipts_no_update')
  database.exec('UPDATE receipts SET total_minor = total_minor + 1 WHERE number = 5')
  database.close()
  const found = await run(bad, '--json')
  expect(found.code).toBe(1)
  const report = JSON.parse(found.stdout) as Report
  expect(report.problems.map(({ table }) => table)).toContain('receipts')

  const text = join(folder.path, 'text')
  writeFileSync(text, 'no database')
  for (const unreadable of [[text], [join(folder.path, 'missing')], [folder.path], [], [file, file], [file, '--what']]) {
    expect(await run(...unreadable)).toMatchObject({ code: 2 })
  }
})

test('a database in use is read as of one moment, and its owner is not disturbed', async () => {
  const live = join(folder.path, 'live.sqlite')
  const { store, ledger } = openLedger(live, await testKeys(jwk))
  valueOf(store.write((tx) => sell(tx, ledger, saleOf([{ quantity: 1, price: 100 }], []))))
  expect(await run(live)).toMatchObject({ code: 0 })
  valueOf(store.write((tx) => sell(tx, ledger, saleOf([{ quantity: 1, price: 100 }], []))))
  store.close()
  expect(await run(live)).toMatchObject({ code: 0 })
})

test('damaged bytes of the file are named, or change nothing that the file says', () => {
  const random = new Seeded(3)
  const tables = ['journal', 'receipts', 'receipt_payments', 'attempts']
  const said = (database: Database.Database) =>
    JSON.stringify(tables.map((table) => database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()))
  const whole = new Database(image)
  const original = said(whole)
  whole.close()
  for (let damage = 0; damage < 90; damage += 1) {
    const bytes = Buffer.from(image)
    const place = 100 + random.below(bytes.length - 100)
    bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8))
    const outcome = look(bytes, said)
    expect(outcome === 'named' || outcome === original, `bit at ${place}`).toBe(true)
  }
})

/** `named` when the tool would not call this sound, else what the tables say. */
function look(bytes: Buffer, said: (database: Database.Database) => string): string {
  let database: Database.Database | undefined
  try {
    database = new Database(bytes)
    return verifyDatabase(database).sound ? said(database) : 'named'
  } catch {
    return 'named' // SQLite itself would not read it: exit 2.
  } finally {
    database?.close()
  }
}
