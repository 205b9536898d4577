import type { PrinterSettings } from '#shared/contracts/settings.ts'
import type { PrinterTrouble } from '#shared/contracts/troubles.ts'
import type { Result } from '#shared/result.ts'

export type PrintJob = {
  /** A plain file name. */
  readonly id: string
  readonly bytes: Uint8Array
  /**
   * The printer calls this once, when all is well and the first byte of the paper is about to leave: the print is counted then, durably.
   * False: it could not be counted, so nothing may leave (`not-counted`).
   */
  readonly begin: () => boolean
}
/** `detail` is one short English sentence for the log. It holds nothing of the receipt. */
export type PrinterFailure = { readonly code: 'printer-failed'; readonly trouble: PrinterTrouble; readonly detail: string }

/** What the terminal needs of a receipt printer. Jobs come one at a time. `print` ends within the adapter's stated limits and never throws. */
export interface Printer {
  print(job: PrintJob): Promise<Result<void, PrinterFailure>>
  /** Where the printer is, for the status bar. */
  place(): string
}

/** Makes the printer that the settings ask for. */
export type PrinterMaker = (settings: PrinterSettings) => Printer

export function printerFailure(trouble: PrinterTrouble, detail: string): PrinterFailure {
  return { code: 'printer-failed', trouble, detail }
}

export const NOT_COUNTED: PrinterFailure = printerFailure('not-counted', 'the print could not be counted')
