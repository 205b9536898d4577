import type { PrintJobId, ReceiptId } from '#shared/domain/ids.ts'
import type { Receipt } from '#shared/domain/receipt.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { createPrintQueue } from './print-queue.ts'
import type { Printer, PrinterState } from './printer.ts'
import type { PrinterProfile } from './printer-profile.ts'
import { type EncodeOptions, encodeReceipt } from './receipt-escpos.ts'

/** What is kept of every print. `begun` is kept before the printer sees a byte, so that no paper exists that was never counted. */
export type PrintRecord = {
  readonly jobId: PrintJobId
  readonly receiptId: ReceiptId
  /** 0 for the original, 1 for the first reprint. */
  readonly copy: number
  readonly outcome: 'begun' | 'printed' | 'failed'
  readonly detail?: string
}

/** `storage-failed`: the print could not be recorded, so nothing was printed. */
export type PrintRefused = { readonly code: 'printer-failed' | 'storage-failed'; readonly detail: string }
export type Printed = { readonly jobId: PrintJobId; readonly sentAs: 'text' | 'picture' }

export interface Printing {
  /** Prints a receipt after those asked for before it. Never throws, never blocks a sale: a printer that fails is a value. */
  printReceipt(receipt: Receipt, options: EncodeOptions): Promise<Result<Printed, PrintRefused>>
  describe(): PrinterState
}

export type PrintingParts = {
  readonly printer: Printer
  readonly profile: PrinterProfile
  readonly newJobId: () => PrintJobId
  /** Records a print where it lasts. May throw when it cannot. */
  readonly journalPrint: (record: PrintRecord) => void | Promise<void>
}

export function createPrinting(parts: PrintingParts): Printing {
  const queue = createPrintQueue()
  return {
    async printReceipt(receipt, options) {
      const queued = await queue.run(() => printOne(parts, receipt, options))
      return queued.ok ? queued.value : err({ code: 'printer-failed', detail: 'too many receipts are waiting for the printer' })
    },
    describe: () => parts.printer.describe(),
  }
}

async function printOne(parts: PrintingParts, receipt: Receipt, options: EncodeOptions): Promise<Result<Printed, PrintRefused>> {
  const jobId = parts.newJobId()
  const about = { jobId, receiptId: receipt.id, copy: options.copy ?? 0 }
  const encoded = await attempt(() => encodeReceipt(receipt, parts.profile, options))
  if (!encoded.ok) return err({ code: 'printer-failed', detail: `the receipt could not be drawn: ${encoded.error}` })
  const begun = await attempt(async () => parts.journalPrint({ ...about, outcome: 'begun' }))
  if (!begun.ok) return err({ code: 'storage-failed', detail: 'the print could not be recorded' })
  const tried = await attempt(() => parts.printer.print({ id: jobId, bytes: encoded.value.bytes }))
  const printed = tried.ok ? tried.value : err({ code: 'printer-failed' as const, detail: `the printer's driver failed: ${tried.error}` })
  // The paper is out, or is not, whatever becomes of this note: `begun` alone reads as a print whose end is unknown.
  await attempt(async () =>
    parts.journalPrint(printed.ok ? { ...about, outcome: 'printed' } : { ...about, outcome: 'failed', detail: printed.error.detail }),
  )
  return printed.ok ? ok({ jobId, sentAs: encoded.value.sentAs }) : printed
}

/** Printing comes after the sale: even our own mistakes here must reach the cashier as words, and never undo what was paid. */
async function attempt<T>(act: () => Promise<T>): Promise<Result<T, string>> {
  try {
    return ok(await act())
  } catch (cause) {
    return err(cause instanceof Error ? cause.name : 'unknown error')
  }
}
