import type { PrintJobId } from '#shared/domain/ids.ts'
import type { Result } from '#shared/result.ts'

export type PrintJob = { readonly id: PrintJobId; readonly bytes: Uint8Array }
/** `detail` is one short English sentence for the status bar and the log. It holds nothing of the receipt. */
export type PrinterFailure = { readonly code: 'printer-failed'; readonly detail: string }
export type PrinterState = { readonly state: 'ready' | 'failed'; readonly detail: string }

/** What the terminal needs of a receipt printer. Jobs come one at a time. `print` ends within the adapter's stated limits and never throws. */
export interface Printer {
  print(job: PrintJob): Promise<Result<void, PrinterFailure>>
  /** How the last job went, and where the printer is. */
  describe(): PrinterState
}

export function printerFailure(detail: string): PrinterFailure {
  return { code: 'printer-failed', detail }
}
