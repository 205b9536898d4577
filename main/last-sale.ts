/**
 * The sale that was just paid: shown as Done until it is put away, which the next sale does. How far sales have been put away is on
 * disk, so that a start after a crash can tell a receipt that nobody saw.
 */
import type { Ledger } from '#main/ledger/ports.ts'
import type { Store } from '#main/ports.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import type { Receipt } from '#shared/domain/receipt.ts'

const PUT_AWAY_UP_TO = 'sales-put-away-up-to'
const LAST_SALE = "SELECT journal_seq, id FROM receipts WHERE kind = 'sale' ORDER BY journal_seq DESC LIMIT 1"

export class LastSale {
  readonly #store: Store
  readonly #ledger: Ledger
  #receiptId: ReceiptId | undefined
  /** Found at the start: paid in an earlier run, and not put away in it. */
  #unseen: Receipt | undefined

  constructor(parts: { readonly store: Store; readonly ledger: Ledger }) {
    this.#store = parts.store
    this.#ledger = parts.ledger
    this.#unseen = this.#findUnseen()
  }

  receiptId(): ReceiptId | undefined {
    return this.#receiptId
  }

  /** The receipt that an earlier run wrote and did not put away. */
  unseen(): Receipt | undefined {
    return this.#unseen
  }

  /** Shows a sale as Done. */
  show(receiptId: ReceiptId): void {
    this.#receiptId = receiptId
  }

  /** Leaves Done. When the disk refuses to note it, the next start shows the sale once more, which harms nobody. */
  putAway(): void {
    if (!this.#receiptId && !this.#unseen) return
    this.#receiptId = undefined
    this.#unseen = undefined
    this.#store.write((tx) => {
      const last = tx.get(LAST_SALE)
      if (!last) return
      tx.run(
        'INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
        PUT_AWAY_UP_TO,
        String(last['journal_seq']),
      )
    })
  }

  #findUnseen(): Receipt | undefined {
    const last = this.#store.get(LAST_SALE)
    if (!last) return undefined
    const upTo = Number(this.#store.get('SELECT value FROM settings WHERE key = ?', PUT_AWAY_UP_TO)?.['value'] ?? 0)
    // However long ago: no clock that was set in between may hide a sale from the cashier who would ring it up again.
    if (Number(last['journal_seq']) <= upTo) return undefined
    const receiptId = String(last['id']) as ReceiptId
    // Taken back before the till stopped: its sale is open again, and says so itself.
    return this.#ledger.voidOf(receiptId) ? undefined : this.#ledger.receipt(receiptId)?.receipt
  }
}
