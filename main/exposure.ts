/** What would be lost, or left unresolved, if this computer died now. */
import type { Store } from '#main/ports.ts'
import type { Exposure } from '#shared/contracts/recovery.ts'
import { type Currency, money } from '#shared/domain/money.ts'

const NEWEST = 'SELECT MAX(seq) AS seq FROM outbox'
// Money taken, and voids apart: a sale and its void are not nothing, they are two records that would be lost.
const UNSYNCED = `SELECT COALESCE(SUM(r.kind <> 'void'), 0) AS sales, COALESCE(SUM(r.kind = 'void'), 0) AS voids,
  COALESCE(SUM(CASE WHEN r.kind <> 'void' THEN r.total_minor END), 0) AS total, MIN(o.created_at) AS oldest
  FROM outbox o CROSS JOIN receipts r USING (journal_seq) WHERE o.acked_at IS NULL AND r.currency = ?`
const PROMISES = "SELECT COUNT(*) AS promises, MIN(created_at) AS oldest FROM outbox WHERE acked_at IS NULL AND kind = 'reversal'"
// The state named twice: only so does SQLite see that its index of unfinished attempts will do.
const DOUBTED = `SELECT MIN(created_at) AS oldest FROM attempts
  WHERE state IN ('prepared', 'sent', 'in-doubt') AND state = 'in-doubt'`

type Pending = Pick<Exposure, 'sales' | 'voids' | 'total' | 'promises'> & { readonly oldestAt: string | undefined }

/** Reads only records that wait, and those only when some were added or acknowledged: a long outage does not slow the screens down. */
export class ExposureMeter {
  readonly #store: Store
  readonly #currency: Currency
  #pending: Pending | undefined
  #newestSeq = 0

  constructor(store: Store, currency: Currency) {
    this.#store = store
    this.#currency = currency
  }

  /** The outbox had records acknowledged. Records that are added are noticed without being told. */
  outboxChanged(): void {
    this.#pending = undefined
  }

  read(inDoubt: number): Exposure {
    const { oldestAt: oldestPending, ...pending } = this.#readPending()
    const oldestAt = earlier(oldestPending, inDoubt > 0 ? text(this.#store.get(DOUBTED)?.['oldest']) : undefined)
    return { ...pending, inDoubt, ...(oldestAt ? { oldestAt } : {}) }
  }

  #readPending(): Pending {
    const newestSeq = Number(this.#store.get(NEWEST)?.['seq'] ?? 0)
    if (this.#pending && newestSeq === this.#newestSeq) return this.#pending
    const unsynced = this.#store.get(UNSYNCED, this.#currency)
    const promised = this.#store.get(PROMISES)
    this.#newestSeq = newestSeq
    this.#pending = {
      sales: Number(unsynced?.['sales']),
      voids: Number(unsynced?.['voids']),
      total: money(Number(unsynced?.['total']), this.#currency),
      promises: Number(promised?.['promises']),
      oldestAt: earlier(text(unsynced?.['oldest']), text(promised?.['oldest'])),
    }
    return this.#pending
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Of two times in ISO 8601 UTC, whichever is there and earlier. */
function earlier(one: string | undefined, other: string | undefined): string | undefined {
  if (!one || !other) return one ?? other
  return one < other ? one : other
}
