/** A store that keeps, for each of its writes, what stood in the database's files before and after it: what a power cut could leave. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { ReadStore, SqlValue, Store, StoreFault, WriteStore } from '#main/ports.ts'
import type { Result } from '#shared/result.ts'

export type Files = { readonly db: Buffer; readonly wal: Buffer }

/** One write, or one copying of the log into the database: the files and the records on either side of it. */
export type Step = {
  readonly kind: 'write' | 'checkpoint' | 'close'
  /** What the disk is sure to hold when it begins: all that was flushed by then. */
  readonly flushed: Files
  readonly after: Files
  /** Digests of all records. Before it everything has been acknowledged; it acknowledges `recordsAfter` when it returns. */
  readonly recordsBefore: string
  readonly recordsAfter: string
}

export type Recording = {
  readonly steps: Step[]
  /** Asked after each write: true has the log copied into the database now, as a long day does by itself. */
  readonly copiesNow: () => boolean
  /** Looks at the records after each write. */
  readonly look: (store: ReadStore) => void
}

/** https://sqlite.org/pragma.html#pragma_synchronous */
const SYNCHRONOUS_FULL = 2

export class RecordingStore implements Store {
  readonly #store: Store
  readonly #file: string
  readonly #recording: Recording
  readonly #flushesEachCommit: boolean
  #now: Files
  #flushed: Files
  #records: string

  constructor(store: Store, file: string, recording: Recording) {
    this.#store = store
    this.#file = file
    this.#recording = recording
    // Asked of the very connection that writes: with FULL each commit is flushed before it returns, with NORMAL only a copying is.
    this.#flushesEachCommit = Number(store.get('PRAGMA synchronous')?.['synchronous']) >= SYNCHRONOUS_FULL
    this.#now = readFiles(file)
    this.#flushed = this.#now
    this.#records = recordsOf(store)
  }

  get: Store['get'] = (sql, ...values) => this.#store.get(sql, ...values)
  all: Store['all'] = (sql, ...values) => this.#store.all(sql, ...values)

  write<T>(work: (tx: WriteStore) => T): Result<T, StoreFault> {
    const written = this.#store.write(work)
    this.#stepTo('write', recordsOf(this.#store))
    this.#recording.look(this.#store)
    if (this.#recording.copiesNow()) {
      copyLog(this.#file)
      this.#stepTo('checkpoint', this.#records)
    }
    return written
  }

  close(): void {
    this.#store.close()
    this.#stepTo('close', this.#records)
  }

  #stepTo(kind: Step['kind'], recordsAfter: string): void {
    const after = readFiles(this.#file, this.#now)
    const { steps } = this.#recording
    if (after !== this.#now) steps.push({ kind, flushed: this.#flushed, after, recordsBefore: this.#records, recordsAfter })
    this.#now = after
    this.#records = recordsAfter
    if (kind !== 'write' || this.#flushesEachCommit) this.#flushed = after
  }
}

/** The database and its log as they are now. The very object of before when nothing changed; parts that did not change are shared. */
function readFiles(file: string, before?: Files): Files {
  const db = readFileSync(file)
  const wal = existsSync(`${file}-wal`) ? readFileSync(`${file}-wal`) : Buffer.alloc(0)
  if (!before) return { db, wal }
  const [sameDb, sameWal] = [db.equals(before.db), wal.equals(before.wal)]
  return sameDb && sameWal ? before : { db: sameDb ? before.db : db, wal: sameWal ? before.wal : wal }
}

/** Has the log copied by another connection: the terminal's own does it within some commit, a few hundred receipts apart. */
function copyLog(file: string): void {
  const other = new Database(file)
  try {
    other.pragma('synchronous = FULL')
    other.pragma('wal_checkpoint(PASSIVE)')
  } finally {
    other.close()
  }
}

/** A digest of every row of every table: two equal digests are the same records. */
export function recordsOf(store: ReadStore): string {
  const hash = createHash('sha256')
  for (const { name } of store.all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")) {
    hash.update(`\n${String(name)}\n`)
    for (const row of store.all(`SELECT * FROM ${String(name)}`)) hash.update(`${Object.values(row).map(textOf).join('\u{1f}')}\n`)
  }
  return hash.digest('hex')
}

function textOf(value: SqlValue): string {
  return value instanceof Uint8Array ? `x${Buffer.from(value).toString('hex')}` : `${typeof value}:${String(value)}`
}
