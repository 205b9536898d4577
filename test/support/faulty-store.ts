import type { Store, StoreFault, WriteStore } from '#main/ports.ts'
import { err, type Result } from '#shared/result.ts'

/** A store whose disk can be told to fail. Writes are counted; one that fails leaves nothing behind, as the real store promises. */
export class FaultyStore implements Store {
  readonly #store: Store
  /** Transactions asked for so far, refused ones included. */
  writes = 0
  /** Asked before each transaction, with its number from 1. True: the disk is full. */
  isFull: (write: number) => boolean = () => false

  constructor(store: Store) {
    this.#store = store
  }

  get: Store['get'] = (sql, ...values) => this.#store.get(sql, ...values)
  all: Store['all'] = (sql, ...values) => this.#store.all(sql, ...values)

  write<T>(work: (tx: WriteStore) => T): Result<T, StoreFault> {
    this.writes += 1
    return this.isFull(this.writes)
      ? err({ code: 'storage-failed', trouble: 'full', detail: 'SQLITE_FULL: database or disk is full' })
      : this.#store.write(work)
  }

  close(): void {
    this.#store.close()
  }
}
