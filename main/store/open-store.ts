/**
 * Opens the terminal's database. This folder is the only code in main/ that knows better-sqlite3.
 */
import { accessSync, constants, existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import type { Store } from '#main/ports.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { MIGRATIONS } from './migrations/index.ts'
import type { Migration } from './migrations/migration.ts'
import { createSqliteStore } from './sqlite-store.ts'
import { damageDetailOf, isBusy, storageFaultOf } from './storage-errors.ts'

/** How long a write waits for an outsider's tool that holds the file, milliseconds. Terminals have no second writer. */
const BUSY_TIMEOUT_MS = 2_000
/**
 * Pages in the log before SQLite copies them into the file, within some commit. More pages, fewer and cheaper copies: 16 MiB here, one
 * copy in some hundreds of receipts.
 */
const CHECKPOINT_PAGES = 4_000
/** `PRAGMA application_id` of a terminal's database: the letters BTil. */
export const APPLICATION_ID = 0x4254_696c
/** What `PRAGMA synchronous` answers when it is FULL. https://sqlite.org/pragma.html#pragma_synchronous */
const SYNCHRONOUS_FULL = 2

export type OpenStoreError = {
  /**
   * `in-use`: another process owns this database. `newer-schema`: a newer program wrote it.
   * `cannot-open`: no permission, read-only or full disk, a damaged file, or not a terminal's database.
   */
  readonly code: 'in-use' | 'cannot-open' | 'newer-schema'
  readonly detail: string
}

/**
 * Opens (or makes) the database at `file`, brings its schema up to date, and owns it until `close`.
 * Write-ahead log, synchronous=FULL: what `write` returned survives a power cut as far as the disk keeps its word.
 */
export function openStore(input: { readonly file: string; readonly migrations?: readonly Migration[] }): Result<Store, OpenStoreError> {
  const { migrations = MIGRATIONS } = input
  let release: (() => void) | undefined
  let database: Database.Database | undefined
  let wasThere = false
  try {
    const file = trueName(input.file)
    wasThere = demandWritable(file)
    const owned = own(file)
    if (!owned.ok) return owned
    release = owned.value
    database = new Database(file, { timeout: BUSY_TIMEOUT_MS })
    const problem = prepare(database, migrations)
    if (problem) {
      database.close()
      release()
      return err(problem)
    }
    return ok(createSqliteStore(database, release))
  } catch (error) {
    database?.close()
    release?.()
    const detail = storageFaultOf(error)?.detail ?? systemDetailOf(error) ?? (wasThere ? damageDetailOf(error) : undefined)
    if (detail === undefined) throw error
    return err({ code: 'cannot-open', detail })
  }
}

/** The same database has one name, whichever link leads to it. */
function trueName(file: string): string {
  const absolute = resolve(file)
  try {
    return realpathSync(absolute)
  } catch {
    return join(realpathSync(dirname(absolute)), basename(absolute))
  }
}

/**
 * Asks before opening: SQLite would open a read-only file too, for reading, and leave a log beside it that nobody may write. Answers whether
 * there is a file.
 */
function demandWritable(file: string): boolean {
  accessSync(dirname(file), constants.W_OK)
  if (!existsSync(file)) return false
  accessSync(file, constants.R_OK | constants.W_OK)
  return true
}

/** Locks this process holds. Kept here because a collected connection would give up its lock without a word. */
const HELD_LOCKS = new Set<Database.Database>()

/**
 * Takes the right to this database for the life of the process: an exclusive lock on a small database beside it. The system frees it
 * when the process dies, however it dies, and the terminal's own file stays open to readers. The empty lock file is left behind:
 * removing it would let two processes lock two files of the same name.
 */
function own(file: string): Result<() => void, OpenStoreError> {
  const lock = new Database(`${file}.lock`, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    HELD_LOCKS.add(lock)
    return ok(() => {
      HELD_LOCKS.delete(lock)
      lock.close()
    })
  } catch (error) {
    lock.close()
    if (isBusy(error)) return err({ code: 'in-use', detail: `another process has ${file} open` })
    throw error
  }
}

function prepare(database: Database.Database, migrations: readonly Migration[]): OpenStoreError | undefined {
  const stranger = strangerIn(database)
  if (stranger) return stranger
  const latest = migrations.at(-1)?.version ?? 0
  const version = numberOf(database, 'user_version')
  if (version > latest) return { code: 'newer-schema', detail: `the file has schema ${version}, this program knows ${latest}` }

  const mode = database.pragma('journal_mode = WAL', { simple: true })
  if (mode !== 'wal') return { code: 'cannot-open', detail: `no write-ahead log on this disk: journal_mode is ${String(mode)}` }
  database.pragma('synchronous = FULL')
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  database.pragma('foreign_keys = ON')
  database.pragma('trusted_schema = OFF')
  if (process.platform === 'darwin') {
    database.pragma('fullfsync = ON')
    database.pragma('checkpoint_fullfsync = ON')
  }
  migrate(database, migrations, version)
  // A write to the disk, before any money depends on one: a read-only or full disk shows itself here.
  database.transaction(() => database.pragma(`user_version = ${latest}`)).immediate()
  // Only now does the answer count: before the first statement SQLite reports a default that is not in force.
  const synchronous = numberOf(database, 'synchronous')
  if (synchronous !== SYNCHRONOUS_FULL) return { code: 'cannot-open', detail: `synchronous is ${synchronous}, not FULL` }
  return undefined
}

/** A file that is neither empty nor a terminal's. */
function strangerIn(database: Database.Database): OpenStoreError | undefined {
  const tables = Number(database.prepare('SELECT COUNT(*) FROM sqlite_schema').pluck().get())
  if (tables === 0 || numberOf(database, 'application_id') === APPLICATION_ID) return undefined
  return { code: 'cannot-open', detail: 'this is the database of another program' }
}

/** Each step and its version number in one transaction: a crash between two steps leaves a schema that the next start completes. */
function migrate(database: Database.Database, migrations: readonly Migration[], from: number): void {
  for (const { version, sql } of migrations.filter((migration) => migration.version > from)) {
    database
      .transaction(() => {
        database.exec(sql)
        database.pragma(`application_id = ${APPLICATION_ID}`)
        database.pragma(`user_version = ${version}`)
      })
      .immediate()
  }
}

function numberOf(database: Database.Database, pragma: string): number {
  return Number(database.pragma(pragma, { simple: true }))
}

/** The system's own refusal, such as a folder that is not there. better-sqlite3 reports a missing folder as a TypeError. */
function systemDetailOf(error: unknown): string | undefined {
  if (error instanceof TypeError && error.message.startsWith('Cannot open database')) return error.message
  if (error instanceof Error && 'code' in error && 'syscall' in error) return error.message
  return undefined
}
