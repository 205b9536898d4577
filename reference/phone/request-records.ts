/** The phone's memory of requests: the same request gets the same answer, and a request once denied stays denied. */
import { err, type Result } from '#shared/result.ts'
import type { PhoneStore, RequestRecord } from './ports.ts'

/** A record is kept this long: longer than money can stay on hold (30 days). */
export const RECORD_LIFETIME_S = 40 * 24 * 3_600
/** Beyond this many records a phone takes no further requests: at one payment a minute, two weeks. */
export const RECORDS_MAX = 20_000

export class RequestRecords {
  readonly #store: PhoneStore
  readonly #records: Map<string, RequestRecord>
  #counter: number

  /** `saved`: everything the store has kept, oldest first. */
  constructor(store: PhoneStore, saved: readonly RequestRecord[]) {
    this.#store = store
    this.#records = new Map(saved.map((record) => [record.key, record]))
    this.#counter = saved.reduce((highest, record) => Math.max(highest, record.counter), 0)
  }

  /** The highest proof counter seen. */
  get counter(): number {
    return this.#counter
  }

  sawCounter(counter: number): void {
    this.#counter = Math.max(this.#counter, counter)
  }

  find(key: string): RequestRecord | undefined {
    return this.#records.get(key)
  }

  /** Payments made without a network of which the backend has not heard, oldest first. */
  unreported(): readonly (RequestRecord & { readonly outcome: { readonly state: 'offline' } })[] {
    return [...this.#records.values()].flatMap((record) => {
      const { outcome } = record
      return outcome.state === 'offline' && !outcome.isReported ? [{ ...record, outcome }] : []
    })
  }

  /** Keeps a record, on disk before it counts. */
  async save(record: RequestRecord): Promise<Result<void, 'storage-failed'>> {
    if (!this.#records.has(record.key) && this.#records.size >= RECORDS_MAX) {
      this.#forget(record.atS)
      if (this.#records.size >= RECORDS_MAX) return err('storage-failed')
    }
    const saved = await this.#store.save(record)
    if (saved.ok) this.#records.set(record.key, record)
    return saved
  }

  #forget(nowS: number): void {
    for (const [key, record] of this.#records) if (nowS - record.atS > RECORD_LIFETIME_S) this.#records.delete(key)
  }
}
