import { PAPER_COLUMNS, type PrinterSettings } from '#shared/contracts/settings.ts'
import type { PaperColumns } from './markup-lines.ts'

/** Command dialects receiptline writes for us. `generic` is plain ESC/POS, understood by nearly every printer. */
export type PrinterModel = 'generic' | 'epson'

/**
 * The characters a printer holds. `gb18030`: Chinese printers (only what one or two bytes say, because most hold no more).
 * `multilingual`: Latin and Cyrillic code pages, switched between. `picture`: none is relied on, every receipt is sent as dots.
 */
export type PrinterEncoding = PrinterSettings['encoding']

/** What must be known of a receipt printer to speak to it. */
export type PrinterProfile = {
  readonly model: PrinterModel
  readonly columns: PaperColumns
  readonly encoding: PrinterEncoding
  /** Whether it has a cutter. */
  readonly cut: boolean
  /** Whether the cash drawer hangs on it. */
  readonly drawerPulse: boolean
}

export function profileOf({ paperMm, encoding, cut, drawerPulse }: PrinterSettings): PrinterProfile {
  return { model: 'generic', columns: PAPER_COLUMNS[paperMm], encoding, cut, drawerPulse }
}
