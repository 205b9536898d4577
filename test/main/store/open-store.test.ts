import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MIGRATIONS } from '#main/store/migrations/index.ts'
import { openStore } from '#main/store/open-store.ts'
import { newFolder, valueOf } from '../ledger/sample-sales.ts'
import { endChildren, nextLine, startChild } from './child-process.ts'

let folder: ReturnType<typeof newFolder>
let file: string
beforeEach(() => {
  folder = newFolder()
  file = join(folder.path, 'terminal.sqlite')
})
afterEach(async () => {
  await endChildren()
  folder.remove()
})

/** Reads and pragmas from outside, as an auditor's tool would. */
function outside<T>(work: (database: Database.Database) => T): T {
  const database = new Database(file, { readonly: true })
  try {
    return work(database)
  } finally {
    database.close()
  }
}

function codeOf(path: string): string {
  const opened = openStore({ file: path })
  if (!opened.ok) return opened.error.code
  opened.value.close()
  return 'opened'
}

test('a store writes ahead with synchronous=FULL, and leaves one plain file when closed', () => {
  const store = valueOf(openStore({ file }))
  expect(store.get('PRAGMA journal_mode')).toEqual({ journal_mode: 'wal' })
  expect(store.get('PRAGMA synchronous')).toEqual({ synchronous: 2 })
  expect(store.get('PRAGMA foreign_keys')).toEqual({ foreign_keys: 1 })
  expect(store.get('PRAGMA trusted_schema')).toEqual({ trusted_schema: 0 })
  valueOf(store.write((tx) => tx.run("INSERT INTO settings VALUES ('a', 'b')")))
  expect(outside((database) => database.prepare('SELECT value FROM settings').pluck().get())).toBe('b')
  store.close()
  store.close()
  expect(readdirSync(folder.path).toSorted()).toEqual(['terminal.sqlite', 'terminal.sqlite.lock'])
})

test('a second owner is refused, by any name of the file, and let in when the first is killed', async () => {
  const first = startChild('child-opens.ts', [file])
  expect(await nextLine(first)).toBe('opened')
  const link = join(folder.path, 'link.sqlite')
  symlinkSync(file, link)
  expect(codeOf(file)).toBe('in-use')
  expect(codeOf(link)).toBe('in-use')
  expect(outside((database) => database.prepare('SELECT COUNT(*) FROM audit_receipts').pluck().get())).toBe(0)
  await first.kill()
  expect(codeOf(file)).toBe('opened')
})

test('two owners in one process are told apart too', () => {
  const store = valueOf(openStore({ file }))
  expect(codeOf(file)).toBe('in-use')
  store.close()
  expect(codeOf(file)).toBe('opened')
})

test('a newer schema, another program’s database and a file that is none are refused, unchanged', () => {
  valueOf(
    openStore({ file, migrations: [...MIGRATIONS, { version: MIGRATIONS.length + 1, sql: 'CREATE TABLE later (a INTEGER) STRICT' }] }),
  ).close()
  expect(codeOf(file)).toBe('newer-schema')

  const stranger = join(folder.path, 'stranger.sqlite')
  const database = new Database(stranger)
  database.exec('CREATE TABLE theirs (a); PRAGMA user_version = 1')
  database.close()
  expect(codeOf(stranger)).toBe('cannot-open')

  const text = join(folder.path, 'text.sqlite')
  writeFileSync(text, 'not a database, whatever its name says '.repeat(100))
  expect(codeOf(text)).toBe('cannot-open')
  expect(codeOf(join(folder.path, 'missing', 'terminal.sqlite'))).toBe('cannot-open')
  mkdirSync(join(folder.path, 'a-folder.sqlite'))
  expect(codeOf(join(folder.path, 'a-folder.sqlite'))).toBe('cannot-open')
})

test('a folder or a file that may not be written is refused before any money moves', async () => {
  valueOf(openStore({ file })).close()
  chmodSync(`${file}.lock`, 0o666)
  chmodSync(file, 0o444)
  chmodSync(folder.path, 0o777)
  const readOnlyFile = startChild('child-opens.ts', [file, 'leave'], { asNobody: true })
  expect(await nextLine(readOnlyFile)).toBe('cannot-open')
  chmodSync(file, 0o666)
  const writable = startChild('child-opens.ts', [file, 'leave'], { asNobody: true })
  expect(await nextLine(writable)).toBe('opened')
  await writable.kill()
  chmodSync(folder.path, 0o555)
  const readOnlyFolder = startChild('child-opens.ts', [join(folder.path, 'new.sqlite'), 'leave'], { asNobody: true })
  expect(await nextLine(readOnlyFolder)).toBe('cannot-open')
  const oldInReadOnlyFolder = startChild('child-opens.ts', [file, 'leave'], { asNobody: true })
  expect(await nextLine(oldInReadOnlyFolder)).toBe('cannot-open')
  chmodSync(folder.path, 0o777)
  expect(existsSync(join(folder.path, 'new.sqlite'))).toBe(false)
})

test('a schema grows step by step, each step once, and a step that fails leaves the one before', () => {
  const [first] = MIGRATIONS
  if (!first) throw new Error('there is a first step')
  valueOf(openStore({ file, migrations: [first] })).close()
  const broken = { version: 2, sql: 'CREATE TABLE later (a INTEGER) STRICT; CREATE TABLE later (a INTEGER) STRICT' }
  // Over a file that was there, nobody can tell a wrong step from a schema that is not as it was left: refused, and not tried for ever.
  expect(openStore({ file, migrations: [first, broken] })).toMatchObject({ ok: false, error: { code: 'cannot-open' } })
  expect(() => openStore({ file: `${file}.new`, migrations: [first, broken] })).toThrow(/already exists/)
  expect(outside((database) => database.pragma('user_version', { simple: true }))).toBe(1)
  const good = { version: 2, sql: 'CREATE TABLE later (a INTEGER) STRICT' }
  const store = valueOf(openStore({ file, migrations: [first, good] }))
  expect(store.all('SELECT * FROM later')).toEqual([])
  store.close()
  expect(outside((database) => database.pragma('user_version', { simple: true }))).toBe(2)
})
