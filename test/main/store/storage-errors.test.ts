import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { storageFaultOf } from '#main/store/storage-errors.ts'
import { STORAGE_TROUBLES } from '#shared/contracts/troubles.ts'

const troubleOf = (code: string) => storageFaultOf(new Database.SqliteError('words of the database', code))?.trouble

test('what the disk does wrong has a code of the closed list, and each code of it can happen', () => {
  const found = {
    SQLITE_FULL: 'full',
    SQLITE_READONLY_DBMOVED: 'read-only',
    SQLITE_IOERR_WRITE: 'io',
    SQLITE_NOLFS: 'io',
    SQLITE_CANTOPEN_ISDIR: 'cannot-open',
    SQLITE_CORRUPT_INDEX: 'damaged',
    SQLITE_NOTADB: 'damaged',
    SQLITE_BUSY_SNAPSHOT: 'in-use',
    SQLITE_LOCKED: 'in-use',
    SQLITE_PROTOCOL: 'in-use',
    SQLITE_PERM: 'not-permitted',
    SQLITE_AUTH: 'not-permitted',
    SQLITE_NOMEM: 'no-memory',
  }
  expect(Object.keys(found).map(troubleOf)).toEqual(Object.values(found))
  expect(new Set(Object.values(found))).toEqual(new Set(STORAGE_TROUBLES))
  expect(storageFaultOf(new Database.SqliteError('database or disk is full', 'SQLITE_FULL'))?.detail).toBe(
    'SQLITE_FULL: database or disk is full',
  )
})

test('what we did wrong is not the disk’s fault', () => {
  expect(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_ERROR', 'SQLITE_MISUSE', 'SQLITE_FULLER', 'FULL'].map(troubleOf)).toEqual(
    Array.from({ length: 5 }, () => undefined),
  )
  expect(storageFaultOf(new Error('SQLITE_FULL'))).toBeUndefined()
})
