import { existsSync, readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import Database from 'better-sqlite3'
import { err, ok, type Result } from '#shared/result.ts'

/** How long to wait for a terminal that is just writing, milliseconds. */
const BUSY_TIMEOUT_MS = 5_000
/** A file at rest up to this size is read into memory, bytes; a larger one is opened where it lies. */
const IN_MEMORY_BYTES_MAX = 1024 ** 3
/** Where a database's header says how it is written: 2 is with a write-ahead log, 1 is without. https://sqlite.org/fileformat.html */
const WRITE_VERSION_OFFSET = 18
const READ_VERSION_OFFSET = 19
const AUDIT_VIEWS = ['audit_receipts', 'audit_payments', 'audit_journal', 'audit_heads', 'audit_attempts', 'audit_outbox']

/**
 * Opens the file for reading alone. A file at rest (no write-ahead log beside it) is read into memory, because even a reader would leave
 * a log of its own behind; one in use is read through its log, as of one moment.
 */
export function openForReading(name: string): Result<Database.Database, string> {
  // npm runs scripts in the repository; the name is meant from where npm was called.
  const file = resolve(process.env['INIT_CWD'] ?? process.cwd(), name)
  try {
    const status = statSync(file, { throwIfNoEntry: false })
    if (!status?.isFile()) return err(`there is no file ${name}`)
    const isAtRest = !existsSync(`${file}-wal`) && status.size <= IN_MEMORY_BYTES_MAX
    const database = isAtRest ? openCopy(file) : new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS })
    return asTerminals(database, name)
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  }
}

function openCopy(file: string): Database.Database {
  const bytes = readFileSync(file)
  if (bytes.length > READ_VERSION_OFFSET) {
    bytes[WRITE_VERSION_OFFSET] = 1
    bytes[READ_VERSION_OFFSET] = 1
  }
  return new Database(bytes, { readonly: true })
}

function asTerminals(database: Database.Database, name: string): Result<Database.Database, string> {
  try {
    database.pragma('trusted_schema = OFF')
    database.exec('BEGIN')
    const views = new Set(database.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'").pluck().all())
    if (AUDIT_VIEWS.every((view) => views.has(view))) return ok(database)
    database.close()
    return err(`${name} is not a terminal’s database: it has no audit views`)
  } catch (error) {
    database.close()
    throw error
  }
}
