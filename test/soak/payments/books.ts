/** What the tills have said, kept outside of them, and whether their records still say so. */
import { sql } from 'kysely'
import type { ReadStore } from '#main/ports.ts'
import type { ReceiptId, RequestId } from '#shared/domain/ids.ts'
import { disagreementsOfTerminal, disagreementsWithBackend } from '#test/support/agreement.ts'
import type { CounterBackend } from '#test/support/counter-backend.ts'

export type Records = { readonly store: ReadStore }

const FINAL: ReadonlySet<string> = new Set(['paid', 'not-asked', 'refused', 'declined', 'reversed'])

export class Books {
  /** Receipts a cashier has been shown. */
  readonly #receipts = new Set<ReceiptId>()
  /** Payments a cashier has been told are cancelled. */
  readonly #cancelled = new Set<RequestId>()
  readonly #ends = new Map<string, string>()

  paid(receiptId: ReceiptId): void {
    this.#receipts.add(receiptId)
  }

  cancelled(requestId: RequestId): void {
    this.#cancelled.add(requestId)
  }

  /** What was acknowledged and is not there any more; attempts that ended twice. Holds at every moment. */
  lost(tills: readonly Records[]): readonly string[] {
    const wrong: string[] = []
    const stores = together(tills)
    for (const id of this.#receipts)
      if (!stores.get('SELECT 1 FROM receipts WHERE id = ?', id)) wrong.push(`receipt ${id} was shown and is gone`)
    for (const id of this.#cancelled) {
      const state = String(stores.get('SELECT state FROM attempts WHERE request_id = ?', id)?.['state'])
      if (!FINAL.has(state) || state === 'paid') wrong.push(`payment ${id} was cancelled and is ${state}`)
    }
    for (const row of stores.all('SELECT request_id AS id, state FROM attempts')) {
      const [id, state] = [String(row['id']), String(row['state'])]
      const before = this.#ends.get(id)
      if (before !== undefined && before !== state) wrong.push(`attempt ${id} ended as ${before}, then as ${state}`)
      if (FINAL.has(state)) this.#ends.set(id, state)
    }
    return wrong
  }

  /** Everything that does not agree once all is quiet: I1 to I7 as far as they concern money and seats, and nobody paid twice. */
  async wrong(tills: readonly (Records & { readonly backend: CounterBackend })[]): Promise<readonly string[]> {
    const [first] = tills
    if (!first) return []
    const stores = together(tills)
    return [
      ...tills.flatMap(({ store }) => disagreementsOfTerminal(store)),
      ...(await disagreementsWithBackend(stores, first.backend.db)),
      ...(await paidTwice(stores, first.backend)),
      ...this.lost(tills),
    ]
  }
}

/** Several tills' records read as one. */
function together(tills: readonly Records[]): ReadStore {
  return {
    get: (text, ...values) => tills.map(({ store }) => store.get(text, ...values)).find((row) => row !== undefined),
    all: (text, ...values) => tills.flatMap(({ store }) => store.all(text, ...values)),
  }
}

/** Carts for which more than one payment is alive: receipts that were not voided, and money held or taken that is on no receipt. */
async function paidTwice(stores: ReadStore, backend: CounterBackend): Promise<string[]> {
  const { rows } = await sql<{ id: string; request: string }>`
    SELECT id, request_id AS request FROM audit_authorizations WHERE state IN ('held', 'captured')`.execute(backend.db)
  const cartOf = new Map(stores.all('SELECT request_id AS id, cart_id AS cart FROM attempts').map((row) => [row['id'], row['cart']]))
  const alive = new Map<unknown, number>()
  const count = (cart: unknown) => alive.set(cart, (alive.get(cart) ?? 0) + 1)
  const receipts = stores.all(`
    SELECT a.cart_id AS cart, p.authorization_id AS authorization FROM receipts r
    JOIN attempts a ON a.receipt_id = r.id LEFT JOIN receipt_payments p ON p.receipt_id = r.id
    WHERE NOT EXISTS (SELECT 1 FROM receipts v WHERE v.of_receipt_id = r.id)`)
  const voided = stores.all('SELECT returned_authorization_id AS id FROM receipt_payments WHERE returned_authorization_id IS NOT NULL')
  const accounted = new Set([...receipts.map((row) => row['authorization']), ...voided.map((row) => row['id'])])
  for (const row of receipts) count(row['cart'])
  for (const { id, request } of rows) if (!accounted.has(id)) count(cartOf.get(request) ?? `of request ${request}, which no till knows`)
  return [...alive].filter(([, payments]) => payments > 1).map(([cart, payments]) => `cart ${String(cart)} was paid ${payments} times`)
}
