/** The printers a host can make, and which one it uses until somebody chooses another at the counter. */
import { join } from 'node:path'
import type { PrinterSettings } from '#shared/contracts/settings.ts'
import { createFilePrinter } from '../printing/file-printer.ts'
import type { PrinterMaker } from '../printing/printer.ts'
import { createTcpPrinter, PRINTER_PORT } from '../printing/tcp-printer.ts'
import type { TerminalOptions } from './terminal-options.ts'

const PAPER_FOLDER = 'paper'
/** The paper nearly every counter printer takes, and the encoding of printers sold with Chinese in them. */
const USUAL = { host: '', port: PRINTER_PORT, paperMm: 80, encoding: 'gb18030', cut: true, drawerPulse: true } as const

export type Printers = {
  readonly make: PrinterMaker
  readonly initial: PrinterSettings
  readonly kinds: readonly PrinterSettings['kind'][]
}

/** The practice printer is offered only where the practice world has one; it then is the first choice. */
export function printersFor(options: Pick<TerminalOptions, 'dataFolder' | 'printer' | 'practicePrinterSocket'>): Printers {
  const { dataFolder, printer, practicePrinterSocket } = options
  const make: PrinterMaker = ({ kind, host, port }) => {
    if (kind === 'tcp') return createTcpPrinter({ host, port })
    if (kind === 'practice' && practicePrinterSocket !== undefined) return createTcpPrinter({ path: practicePrinterSocket })
    return createFilePrinter({ folder: join(dataFolder, PAPER_FOLDER) })
  }
  if (practicePrinterSocket !== undefined) return { make, initial: { ...USUAL, kind: 'practice' }, kinds: ['practice', 'file', 'tcp'] }
  return { make, initial: { ...USUAL, ...printer }, kinds: ['file', 'tcp'] }
}
