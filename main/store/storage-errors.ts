import Database from 'better-sqlite3'
import type { StorageTrouble } from '#shared/contracts/troubles.ts'

/**
 * What SQLite reports when the disk, not our code, is the cause. BUSY and LOCKED are here too: an outsider's tool may hold the file.
 * https://sqlite.org/rescode.html; extended codes begin with these.
 */
const TROUBLES: Readonly<Record<string, StorageTrouble>> = {
  FULL: 'full',
  READONLY: 'read-only',
  IOERR: 'io',
  CANTOPEN: 'cannot-open',
  CORRUPT: 'damaged',
  NOTADB: 'damaged',
  BUSY: 'in-use',
  LOCKED: 'in-use',
  PROTOCOL: 'in-use',
  PERM: 'not-permitted',
  AUTH: 'not-permitted',
  NOMEM: 'no-memory',
  NOLFS: 'io',
}

export type StorageFault = {
  readonly trouble: StorageTrouble
  /** Code and message of SQLite, for the log. */
  readonly detail: string
}

/** What is the matter; undefined when it is not the disk's fault, such as a constraint we broke. */
export function storageFaultOf(error: unknown): StorageFault | undefined {
  if (!(error instanceof Database.SqliteError)) return undefined
  const [, base = ''] = /^SQLITE_([A-Z]+)/.exec(error.code) ?? []
  const trouble = Object.hasOwn(TROUBLES, base) ? TROUBLES[base] : undefined
  return trouble && { trouble, detail: `${error.code}: ${error.message}` }
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
