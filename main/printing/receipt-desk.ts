/** Receipts for people: shown as the paper they are, and printed, with every print counted. */
import type { Ledger } from '#main/ledger/ports.ts'
import type { Clock, Store } from '#main/ports.ts'
import { assert } from '#shared/assert.ts'
import type { InterruptedView } from '#shared/contracts/recovery.ts'
import type { PrinterSettings } from '#shared/contracts/settings.ts'
import type { PrintJobView, ReceiptView, Refused, TillStatus } from '#shared/contracts/till.ts'
import type { PrintJobId, ReceiptId } from '#shared/domain/ids.ts'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import type { Language } from '#shared/domain/words.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { paperOf } from './print-jobs.ts'
import { type Job, PrintQueue } from './print-queue.ts'
import type { Printer, PrinterMaker } from './printer.ts'
import { type PrinterProfile, profileOf } from './printer-profile.ts'
import { encodePaper, encodeReceipt } from './receipt-escpos.ts'
import { paperSvg } from './receipt-picture.ts'
import { testPageMarkup } from './test-page.ts'

const NUMBERS_MAX = 200

type ReceiptDeskParts = {
  readonly store: Store
  readonly clock: Clock
  readonly ledger: Ledger
  readonly makePrinter: PrinterMaker
  readonly settings: PrinterSettings
  readonly terminalId: string
  readonly newId: () => string
  readonly language: () => Language
  readonly onChange: () => void
  readonly onFault: (what: string, fields: Readonly<Record<string, string>>) => void
}

export class ReceiptDesk {
  readonly #parts: ReceiptDeskParts
  readonly #queue: PrintQueue
  #settings: PrinterSettings
  #profile: PrinterProfile
  #printer: Printer
  /** Printed numbers of receipts in the queue: the state is read many times a second, and they never change. */
  readonly #numbers = new Map<ReceiptId, string>()

  constructor(parts: ReceiptDeskParts) {
    const { store, clock, newId, ledger, onChange, onFault } = parts
    this.#parts = parts
    this.#settings = parts.settings
    this.#profile = profileOf(parts.settings)
    this.#printer = parts.makePrinter(parts.settings)
    this.#queue = new PrintQueue({
      store,
      clock,
      newId,
      onChange,
      onFault,
      printer: () => this.#printer,
      count: (tx, receiptId) => ledger.countPrint(tx, receiptId),
      draw: async ({ receiptId, language, drawer }) => {
        const stored = ledger.receipt(receiptId)
        assert(stored, 'what is to be printed is in the books')
        const { receipt, prints, head, voidedBy } = stored
        const copy = prints > 0 ? { copy: prints } : {}
        const { bytes } = await encodeReceipt(receipt, this.#profile, { language, head, drawer, isVoided: voidedBy !== undefined, ...copy })
        return { bytes, copy: prints }
      },
    })
  }

  /** Takes up what an earlier run left in the queue. */
  start(): void {
    this.#queue.start()
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
  }

  /** The printer as it is set from now on. What is under way ends on the one before. */
  usePrinter(settings: PrinterSettings): void {
    this.#settings = settings
    this.#profile = profileOf(settings)
    this.#printer = this.#parts.makePrinter(settings)
    this.#queue.printerChanged()
  }

  status(): TillStatus['printer'] {
    const trouble = this.#queue.trouble()
    const jobs = this.#queue.jobs().map((job) => this.#jobView(job))
    const place = this.#printer.place()
    return trouble === undefined ? { state: 'ready', place, jobs } : { state: 'failed', place, trouble, jobs }
  }

  view(receiptId: ReceiptId): Result<ReceiptView, Refused> {
    const { ledger, language } = this.#parts
    const stored = ledger.receipt(receiptId)
    if (!stored) return err({ code: 'receipt-unknown' })
    const { receipt, synced, prints, head, voidedBy } = stored
    const isVoided = voidedBy !== undefined
    return ok({
      receipt,
      synced,
      prints,
      printedNumber: printedNumber(receipt),
      ...(voidedBy ? { voidedBy } : {}),
      paperSvg: paperSvg(receipt, { language: language(), columns: this.#profile.columns, head, isVoided }),
    })
  }

  /**
   * Prints a receipt; every print after the first is marked as a copy. Refused when the first try fails, so that the cashier hears it at
   * once; the receipt waits in the queue all the same, where it is tried again and can be given up.
   */
  async print(receiptId: ReceiptId): Promise<Result<void, Refused>> {
    const { ledger, language } = this.#parts
    if (!ledger.receipt(receiptId)) return err({ code: 'receipt-unknown' })
    return this.#queue.add(receiptId, language())
  }

  /** The paper that comes with a sale, the drawer with it. Nobody waits for it: how it goes shows in the status. */
  printWithSale({ id }: Receipt): void {
    const { language, onFault } = this.#parts
    void this.#queue.add(id, language(), { sale: true }).then((printed) => {
      if (!printed.ok && printed.error.code === 'storage-failed') onFault('print-not-kept', { receiptId: id })
    })
  }

  async retry(id: PrintJobId): Promise<Result<void, Refused>> {
    return this.#queue.retry(id)
  }

  drop(id: PrintJobId): Result<void, Refused> {
    return this.#queue.drop(id)
  }

  /** A short page on the printer as it is set now. It is no receipt, is not counted, and is tried once. */
  async printTestPage(): Promise<Result<void, Refused>> {
    const { language, terminalId } = this.#parts
    return this.#queue.aside(async () => {
      const markup = testPageMarkup(this.#settings, { terminalId, language: language() })
      return (await encodePaper(markup, this.#profile, { opensDrawer: false, title: terminalId })).bytes
    })
  }

  /** What is known of a receipt's paper. A cash customer has nothing else in hand; a band's customer has the receipt on the phone. */
  printedOf(receiptId: ReceiptId): InterruptedView['printed'] {
    const { store, ledger } = this.#parts
    const stored = ledger.receipt(receiptId)
    if (!stored) return 'not-needed'
    const { paper, isAsked } = paperOf(store, receiptId)
    if (paper === 'out') return 'yes'
    if (paper === 'unknown') return 'unknown'
    // Prints that were counted before there were jobs.
    if (stored.prints > 0) return 'yes'
    return stored.receipt.tender === 'band' && !isAsked ? 'not-needed' : 'no'
  }

  #jobView({ id, receiptId, state, tries, trouble, copy }: Job): PrintJobView {
    const mayBeOut = copy !== undefined
    return { id, receiptId, state, tries, mayBeOut, ...(trouble ? { trouble } : {}), printedNumber: this.#numberOf(receiptId) }
  }

  #numberOf(receiptId: ReceiptId): string {
    const known = this.#numbers.get(receiptId)
    if (known !== undefined) return known
    const stored = this.#parts.ledger.receipt(receiptId)
    const number = stored ? printedNumber(stored.receipt) : ''
    if (this.#numbers.size >= NUMBERS_MAX) this.#numbers.clear()
    this.#numbers.set(receiptId, number)
    return number
  }
}
