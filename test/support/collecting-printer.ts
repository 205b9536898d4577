import { NOT_COUNTED, type Printer, type PrintJob } from '#main/printing/printer.ts'
import type { PrinterSettings } from '#shared/contracts/settings.ts'
import { err, ok } from '#shared/result.ts'

/** 80 mm paper, Chinese characters, a cutter and a drawer. */
export const PAPER_80 = {
  kind: 'file',
  host: '',
  port: 9_100,
  paperMm: 80,
  encoding: 'gb18030',
  cut: true,
  drawerPulse: true,
} as const satisfies PrinterSettings

/** A printer that always prints, into a list. */
export function collectingPrinter(printed: PrintJob[]): Printer {
  return {
    print: async (job) => {
      if (!job.begin()) return err(NOT_COUNTED)
      printed.push(job)
      return ok()
    },
    place: () => 'a list',
  }
}
