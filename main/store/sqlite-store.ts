import type Database from 'better-sqlite3'
import type { ReadStore, SqlRow, SqlValue, Store, StoreFault, WriteStore } from '#main/ports.ts'
import { assert, Bug } from '#shared/assert.ts'
import { err, ok } from '#shared/result.ts'
import { createStatementCache } from './statement-cache.ts'
import { storageFaultOf } from './storage-errors.ts'

/** A transaction's handle. It knows whether the disk failed under it, even when its user caught that. */
class Transaction implements WriteStore {
  readonly #reads: ReadStore
  readonly #run: (sql: string, values: readonly SqlValue[]) => { changes: number }
  #open = true
  /** The first statement that failed. */
  fault: Error | undefined

  constructor(reads: ReadStore, run: (sql: string, values: readonly SqlValue[]) => { changes: number }) {
    this.#reads = reads
    this.#run = run
  }

  end(): void {
    this.#open = false
  }

  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    return this.#step(() => this.#reads.get(sql, ...values))
  }

  all(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    return this.#step(() => this.#reads.all(sql, ...values))
  }

  run(sql: string, ...values: readonly SqlValue[]): { readonly changes: number } {
    return this.#step(() => this.#run(sql, values))
  }

  #step<T>(work: () => T): T {
    assert(this.#open, 'a transaction was used after it ended')
    try {
      return work()
    } catch (error) {
      this.fault ??= error instanceof Error ? error : new Bug(`not an error: ${String(error)}`)
      throw error
    }
  }
}

/** The store over an open, checked connection. `release` lets the file go. */
export function createSqliteStore(database: Database.Database, release: () => void): Store {
  const statement = createStatementCache(database)
  const reads: ReadStore = {
    // The casts: every column here is text, integer, real, blob or null, which is what SqlValue says.
    get: (sql, ...values) => statement(sql).get(...values) as SqlRow | undefined,
    all: (sql, ...values) => statement(sql).all(...values) as SqlRow[],
  }
  const run = (sql: string, values: readonly SqlValue[]) => statement(sql).run(...values)
  return { ...reads, ...writeAndClose({ database, release, reads, run }) }
}

type Parts = {
  readonly database: Database.Database
  readonly release: () => void
  readonly reads: ReadStore
  readonly run: (sql: string, values: readonly SqlValue[]) => { changes: number }
}

function writeAndClose({ database, release, reads, run }: Parts): Pick<Store, 'write' | 'close'> {
  const begin = database.prepare('BEGIN IMMEDIATE')
  const commit = database.prepare('COMMIT')
  const rollback = database.prepare('ROLLBACK')
  let closed = false
  let writing = false

  /** Ends whatever is open. SQLite has already done it after some disk errors. */
  const undo = () => {
    if (database.inTransaction) rollback.run()
  }

  /** The same after a failure, whose cause is the one to report: a roll-back that fails too is tried again before the next write. */
  const undoAfterFailure = () => {
    try {
      undo()
    } catch (error) {
      if (storageFaultOf(error) === undefined) throw error
    }
  }

  const failed = (error: unknown) => {
    const fault = storageFaultOf(error)
    if (fault === undefined) throw error
    return err<StoreFault>({ code: 'storage-failed', ...fault })
  }

  return {
    write(work) {
      assert(!closed, 'the store is closed')
      assert(!writing, 'a transaction inside a transaction')
      const tx = new Transaction(reads, run)
      writing = true
      try {
        undo()
        begin.run()
        const value = work(tx)
        assert(!(value instanceof Promise), 'a transaction cannot wait for anything')
        // Somebody caught a failed statement and went on. Half of the work may be missing, so none of it is kept.
        if (tx.fault !== undefined) throw tx.fault
        assert(database.inTransaction, 'the transaction was ended from inside')
        commit.run()
        return ok(value)
      } catch (error) {
        undoAfterFailure()
        return failed(error)
      } finally {
        writing = false
        tx.end()
      }
    },
    close() {
      if (closed) return
      if (writing) throw new Bug('the store was closed inside a transaction')
      closed = true
      try {
        // Leaves one plain file behind. A reader that is busy just now only delays that to the next start.
        database.pragma('wal_checkpoint(TRUNCATE)')
      } catch (error) {
        if (storageFaultOf(error) === undefined) throw error
      } finally {
        database.close()
        release()
      }
    },
  }
}
