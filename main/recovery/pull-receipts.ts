/** Own receipts that a copied file has lost, pulled back page by page: each page in one transaction, each receipt once. */
import type { Ledger } from '#main/ledger/ports.ts'
import type { BackendClient, Store, WriteStore } from '#main/ports.ts'
import { endPull, keepPullCursor } from './reopen.ts'

export type PullDeps = {
  readonly store: Store
  readonly ledger: Ledger
  readonly backend: Pick<BackendClient, 'ownReceipts'>
  /** Attempts of this file that such a receipt has paid. */
  readonly onPaid: (requestIds: readonly string[]) => void
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

/** From this cursor on to the end. False when it has to be tried again; what was pulled stays. */
export async function pullReceipts({ store, ledger, backend, onPaid, onFault }: PullDeps, from: number): Promise<boolean> {
  let after = from
  for (;;) {
    const page = await backend.ownReceipts(after)
    if (!page.ok) return false
    const { receipts, more } = page.value
    const last = receipts.at(-1)?.cursor ?? after
    const isStuck = more && last <= after
    if (isStuck) onFault('receipts-not-pulled', { detail: `no progress after ${after}` })
    if (isStuck) return false
    const written = store.write((tx) => {
      const paid: string[] = []
      for (const { cursor, body } of receipts) {
        const outcome = ledger.pullReceipt(tx, body)
        if (outcome === 'malformed') onFault('receipt-not-pulled', { cursor: String(cursor) })
        if (outcome === 'pulled') paid.push(...endPaidAttempts(tx, body))
      }
      if (more) keepPullCursor(tx, last)
      else endPull(tx)
      return paid
    })
    if (!written.ok) return false
    if (written.value.length > 0) onPaid(written.value)
    if (!more) return true
    after = last
  }
}

const OPEN = "state IN ('prepared', 'sent', 'in-doubt')"

/** An attempt that this file still has as open, and the lost one had ended with this receipt, ends with it here too. */
function endPaidAttempts(tx: WriteStore, body: string): readonly string[] {
  // The cast: `pullReceipt` has just read this text as a receipt of ours.
  const { receipt, captures } = JSON.parse(body) as {
    readonly receipt: { readonly id: string; readonly issuedAt: string }
    readonly captures: readonly { readonly requestId: string }[]
  }
  return captures.flatMap(({ requestId }) => {
    const attempt = tx.get(`SELECT cart_id FROM attempts WHERE request_id = ? AND ${OPEN}`, requestId)
    if (!attempt) return []
    tx.run("UPDATE attempts SET state = 'paid', ended_at = ?, receipt_id = ? WHERE request_id = ?", receipt.issuedAt, receipt.id, requestId)
    tx.run("UPDATE carts SET state = 'paid', revision = revision + 1 WHERE id = ?", attempt['cart_id'] ?? null)
    return [requestId]
  })
}
