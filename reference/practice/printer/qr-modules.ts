/** The squares of a QR code, as the printer works them out from the text it was sent. */
import { qrcode } from 'receiptline'
import type { QrCode } from './paper.ts'

/** Undefined when the text is too long for any code. */
export function qrModules({ data, cellDots, level }: Pick<QrCode, 'data' | 'cellDots' | 'level'>): readonly Uint8Array[] | undefined {
  try {
    const modules = qrcode.generate({ data, type: 'qrcode', cell: cellDots, level })
    return modules.length > 0 ? modules : undefined
  } catch {
    return undefined
  }
}
