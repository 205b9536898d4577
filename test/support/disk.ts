/** Folders for tests that open thousands of small databases, and disks that really are full or read-only. */
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Store, StoreFault, WriteStore } from '#main/ports.ts'
import type { Result } from '#shared/result.ts'

/** Memory that looks like a folder: where a flush costs nothing, because nothing is kept. */
const MEMORY = '/dev/shm'

/** Where to put what need not outlive its test: memory where the system offers some, the usual folder elsewhere. */
export function quickFolder(): string {
  try {
    accessSync(MEMORY, constants.W_OK)
    return MEMORY
  } catch {
    return tmpdir()
  }
}

/** An empty folder for as long as `use` runs. */
export async function withFolder<T>(use: (folder: string) => Promise<T>, parent = quickFolder()): Promise<T> {
  const folder = mkdtempSync(join(parent, 'bandtill-disk-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export type DiskFault = 'full' | 'read-only' | 'input-output'
/** https://sqlite.org/rescode.html */
const CODES: Record<DiskFault, string> = { full: 'SQLITE_FULL', 'read-only': 'SQLITE_READONLY', 'input-output': 'SQLITE_IOERR_WRITE' }

/**
 * A database whose disk fails at the n-th thing it is asked to write: each change is one, and each commit. The error is thrown where
 * SQLite throws it, inside the transaction, so that the real store has to roll back and to say so.
 */
export class FailingDisk implements Store {
  readonly #store: Store
  readonly #faults: DiskFaults

  constructor(store: Store, faults: DiskFaults) {
    this.#store = store
    this.#faults = faults
  }

  get: Store['get'] = (sql, ...values) => this.#store.get(sql, ...values)
  all: Store['all'] = (sql, ...values) => this.#store.all(sql, ...values)

  write<T>(work: (tx: WriteStore) => T): Result<T, StoreFault> {
    return this.#store.write((tx) => {
      const worked = work({
        get: (sql, ...values) => tx.get(sql, ...values),
        all: (sql, ...values) => tx.all(sql, ...values),
        run: (sql, ...values) => {
          this.#faults.ask()
          return tx.run(sql, ...values)
        },
      })
      this.#faults.ask()
      return worked
    })
  }

  close(): void {
    this.#store.close()
  }
}

/** When the disk fails; outlives the stores that are opened on it. */
export class DiskFaults {
  asked = 0
  met = 0
  #failing: { readonly fault: DiskFault; readonly at: number; readonly forGood: boolean } | undefined

  /** The disk fails at the `nth` thing asked of it from now, once or from then on. */
  failAt(nth: number, fault: DiskFault, forGood: boolean): void {
    this.asked = 0
    this.met = 0
    this.#failing = { fault, at: nth, forGood }
  }

  mend(): void {
    this.#failing = undefined
    this.met = 0
  }

  ask(): void {
    this.asked += 1
    const failing = this.#failing
    if (!failing || !(this.asked === failing.at || (failing.forGood && this.asked > failing.at))) return
    this.met += 1
    throw new Database.SqliteError(`the disk is ${failing.fault}`, CODES[failing.fault])
  }
}
