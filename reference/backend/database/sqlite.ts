import { chmodSync } from 'node:fs'
import BetterSqlite from 'better-sqlite3'
import { CompiledQuery, type DatabaseConnection, type Driver, SqliteDialect, type SqliteStatement } from 'kysely'
import { assert } from '#shared/assert.ts'

/** Pages in the log before SQLite copies them into the file, within some commit: fewer and cheaper copies than its usual 1,000. */
const CHECKPOINT_PAGES = 4_000
const BUSY_TIMEOUT_MS = 2_000
/** Distinct statements are few; the limit only guards against text built from input by mistake. */
const STATEMENTS_MAX = 500
const SYNCHRONOUS_FULL = 2

/**
 * Takes the write lock at BEGIN, so that what a transaction reads cannot change under it, and rolls back only what is still open:
 * SQLite has already rolled back when the disk is full.
 */
class ImmediateSqliteDialect extends SqliteDialect {
  readonly #database: BetterSqlite.Database

  constructor(database: BetterSqlite.Database) {
    super({ database: withKeptStatements(database) })
    this.#database = database
  }

  override createDriver(): Driver {
    const driver = super.createDriver()
    const database = this.#database
    driver.beginTransaction = async (connection: DatabaseConnection) => {
      await connection.executeQuery(CompiledQuery.raw('begin immediate'))
    }
    driver.rollbackTransaction = async (connection: DatabaseConnection) => {
      if (database.inTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'))
    }
    return driver
  }
}

/** Statements are prepared once and kept, because preparing costs more than running them. */
function withKeptStatements(database: BetterSqlite.Database) {
  const kept = new Map<string, SqliteStatement>()
  return {
    close: () => {
      kept.clear()
      database.close()
    },
    prepare(text: string): SqliteStatement {
      const known = kept.get(text)
      if (known) return known
      const statement: SqliteStatement = database.prepare(text)
      if (kept.size >= STATEMENTS_MAX) kept.clear()
      kept.set(text, statement)
      return statement
    },
  }
}

/**
 * Opens the database file (or ':memory:') with the durability the design asks for, and checks that it holds.
 * Throws SqliteError when the file cannot be opened or written.
 */
export function openSqlite(file: string): SqliteDialect {
  const database = new BetterSqlite(file, { timeout: BUSY_TIMEOUT_MS })
  if (file !== ':memory:') chmodSync(file, 0o600)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  database.pragma('fullfsync = ON')
  database.pragma('checkpoint_fullfsync = ON')
  database.pragma('foreign_keys = ON')
  database.pragma('trusted_schema = OFF')
  // Only after a first statement does SQLite say what it will really do: its own default in WAL is NORMAL.
  database.prepare('SELECT count(*) FROM sqlite_schema').get()
  assert(database.pragma('synchronous', { simple: true }) === SYNCHRONOUS_FULL, 'SQLite did not accept synchronous = FULL')
  assert(database.pragma('foreign_keys', { simple: true }) === 1, 'SQLite did not switch foreign keys on')
  return new ImmediateSqliteDialect(database)
}
