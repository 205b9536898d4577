/** Why a printer did not print: closed codes for the queue and the log, short phrases for people. */
import type { Words } from '#shared/domain/words.ts'

export const PRINTER_TROUBLES = [
  'no-paper',
  'cover-open',
  'printer-error',
  'off-line',
  'unreachable',
  'cut-off',
  'silent',
  'file-failed',
  'not-counted',
  'not-drawn',
  'driver-failed',
  'queue-full',
  'till-stopped',
] as const
export type PrinterTrouble = (typeof PRINTER_TROUBLES)[number]

/** Phrases that fit after "The printer did not print:". */
const WORDS: Readonly<Record<PrinterTrouble, Words>> = {
  'no-paper': { en: 'it is out of paper', 'zh-CN': '缺纸' },
  'cover-open': { en: 'its cover is open', 'zh-CN': '打印机盖子未关' },
  'printer-error': { en: 'it reports an error', 'zh-CN': '打印机报错' },
  'off-line': { en: 'it is switched to off-line', 'zh-CN': '打印机处于离线状态' },
  unreachable: { en: 'it cannot be reached; is it switched on and plugged in', 'zh-CN': '连接不到打印机，请检查电源和网线' },
  'cut-off': { en: 'the connection to it was cut', 'zh-CN': '与打印机的连接中断' },
  silent: { en: 'it stopped answering', 'zh-CN': '打印机停止应答' },
  'file-failed': { en: 'the receipt file cannot be written', 'zh-CN': '无法写入收据文件' },
  'not-counted': { en: 'the disk did not take the count of the print', 'zh-CN': '磁盘无法写入，打印未登记' },
  'not-drawn': { en: 'the receipt could not be drawn', 'zh-CN': '无法生成收据' },
  'driver-failed': { en: 'the program failed', 'zh-CN': '打印程序出错' },
  'queue-full': { en: 'too many receipts are waiting for it', 'zh-CN': '等待打印的收据太多' },
  'till-stopped': { en: 'the till stopped while it printed', 'zh-CN': '打印时收银机停止运行' },
}
const INCOMPLETE: Words = { en: 'the receipt may be incomplete', 'zh-CN': '收据可能不完整' }

/** The phrase for people. `mayBeOut`: bytes had reached the printer, so some paper may be out. */
export function troubleWords(trouble: PrinterTrouble, mayBeOut: boolean): Words {
  const { en, 'zh-CN': zh } = WORDS[trouble]
  return mayBeOut ? { en: `${en}; ${INCOMPLETE.en}`, 'zh-CN': `${zh}，${INCOMPLETE['zh-CN']}` } : { en, 'zh-CN': zh }
}

/** A code as it was kept. One that this version does not know is a failure all the same. */
export function troubleOf(code: string): PrinterTrouble {
  return PRINTER_TROUBLES.find((known) => known === code) ?? 'driver-failed'
}
