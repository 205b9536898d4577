/** What the storage says when it cannot store. Each database names its faults its own way; here they get ours. */

const SQLITE_STORAGE = [
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_READONLY',
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_CANTOPEN',
  'SQLITE_CORRUPT',
  'SQLITE_NOTADB',
]

/** True when the database could not be read or written: nothing is wrong with the call, and it may be tried again later. */
export function isStorageFault(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false
  const { code } = error
  return SQLITE_STORAGE.some((fault) => code.startsWith(fault))
}
