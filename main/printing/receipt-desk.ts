/** Receipts for people: shown as the paper they are, and printed, with every print counted. */
import type { Ledger } from '#main/ledger/ports.ts'
import type { Store } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import type { ReceiptView, Refused, TillStatus } from '#shared/contracts/till.ts'
import type { PrintJobId, ReceiptId } from '#shared/domain/ids.ts'
import { printedNumber } from '#shared/domain/receipt.ts'
import type { Language } from '#shared/domain/words.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Printer } from './printer.ts'
import type { PrinterProfile } from './printer-profile.ts'
import { createPrinting, type Printing, type PrintRecord } from './printing.ts'
import { paperSvg } from './receipt-picture.ts'

type ReceiptDeskParts = {
  readonly store: Store
  readonly ledger: Ledger
  readonly printer: Printer
  readonly profile: PrinterProfile
  readonly newId: () => string
  readonly language: () => Language
  readonly onChange: () => void
}

export class ReceiptDesk {
  readonly #parts: ReceiptDeskParts
  readonly #printing: Printing

  constructor(parts: ReceiptDeskParts) {
    this.#parts = parts
    this.#printing = createPrinting({
      printer: parts.printer,
      profile: parts.profile,
      newJobId: () => parts.newId() as PrintJobId,
      journalPrint: (record) => this.#count(record),
    })
  }

  printerState(): TillStatus['printer'] {
    return this.#printing.describe()
  }

  view(receiptId: ReceiptId): Result<ReceiptView, Refused> {
    const { ledger, language, profile } = this.#parts
    const stored = ledger.receipt(receiptId)
    if (!stored) return err({ code: 'receipt-unknown' })
    const { receipt, synced, prints, head } = stored
    return ok({
      receipt,
      synced,
      prints,
      printedNumber: printedNumber(receipt),
      paperSvg: paperSvg(receipt, { language: language(), columns: profile.columns, head }),
    })
  }

  /** Prints a receipt; every print after the first is marked as a copy and counted. A printer that fails undoes nothing. */
  async print(receiptId: ReceiptId): Promise<Result<void, Refused>> {
    const { ledger, language, onChange } = this.#parts
    const stored = ledger.receipt(receiptId)
    if (!stored) return err({ code: 'receipt-unknown' })
    const { receipt, prints, head } = stored
    const printed = await this.#printing.printReceipt(receipt, { language: language(), head, ...(prints > 0 ? { copy: prints } : {}) })
    onChange()
    return printed.ok ? ok() : err({ code: printed.error.code, subject: printed.error.detail })
  }

  /** Counted before the printer sees a byte, so that no paper exists that was never counted. */
  #count(record: PrintRecord): void {
    if (record.outcome !== 'begun') return
    const counted = this.#parts.store.write((tx) => this.#parts.ledger.countPrint(tx, record.receiptId))
    assert(counted.ok, 'the print could not be counted')
  }
}
