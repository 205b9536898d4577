/** The printer's form: what is typed before it is saved. */
import type { PrinterSettings } from '#shared/contracts/settings.ts'

const PORT_MAX = 65_535
/** As shared/contracts/settings.ts has it. */
const HOST = /^[A-Za-z0-9.:-]{1,253}$/

/** What stops this from being saved, or nothing. Only a network printer has an address. */
export function printerFault({ kind, host, port }: PrinterSettings): 'host' | 'port' | undefined {
  if (kind !== 'tcp') return undefined
  if (!HOST.test(host)) return 'host'
  return Number.isInteger(port) && port >= 1 && port <= PORT_MAX ? undefined : 'port'
}

const FIELDS = ['kind', 'host', 'port', 'paperMm', 'encoding', 'cut', 'drawerPulse'] as const satisfies readonly (keyof PrinterSettings)[]

export function isSamePrinter(one: PrinterSettings, other: PrinterSettings): boolean {
  return FIELDS.every((field) => one[field] === other[field])
}
