import Database from 'better-sqlite3'

/**
 * What SQLite reports when the disk, not our code, is the cause. BUSY and LOCKED are here too: an outsider's tool may hold the file.
 * https://sqlite.org/rescode.html; extended codes begin with these.
 */
const STORAGE_CODES = [
  'FULL',
  'READONLY',
  'IOERR',
  'CANTOPEN',
  'CORRUPT',
  'NOTADB',
  'BUSY',
  'LOCKED',
  'PERM',
  'PROTOCOL',
  'NOMEM',
  'NOLFS',
  'AUTH',
]

/** Code and message when this is the disk's fault; undefined when it is something else, such as a constraint we broke. */
export function storageDetailOf(error: unknown): string | undefined {
  if (!(error instanceof Database.SqliteError)) return undefined
  const fromStorage = STORAGE_CODES.some((code) => error.code === `SQLITE_${code}` || error.code.startsWith(`SQLITE_${code}_`))
  return fromStorage ? `${error.code}: ${error.message}` : undefined
}

/**
 * Code and message of anything that SQLite objects to. In a file that was there before, a statement of ours that fails has met a header or
 * a schema that is not as we left it.
 */
export function damageDetailOf(error: unknown): string | undefined {
  return error instanceof Database.SqliteError ? `${error.code}: ${error.message}` : undefined
}

/** True when another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
}
