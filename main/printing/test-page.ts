/** A short page that shows how the printer is set: both languages, every column, a code to scan. */
import { PAPER_COLUMNS, type PrinterSettings } from '#shared/contracts/settings.ts'
import { type Language, otherLanguage } from '#shared/domain/words.ts'
import { MarkupLines } from './markup-lines.ts'
import { printable } from './print-text.ts'
import { RECEIPT_WORDS } from './receipt-words.ts'

const SAMPLE = { en: 'Seat F7, popcorn, $ # @ & 1234567890', 'zh-CN': '座位七排八座，焦糖爆米花，合计￥45.00' } as const
const QR_CELL_DOTS = 4

/** The page as receiptline markup. The ruler counts tens above ones and is exactly as wide as the paper is said to be. */
export function testPageMarkup(settings: PrinterSettings, about: { readonly terminalId: string; readonly language: Language }): string {
  const columns = PAPER_COLUMNS[settings.paperMm]
  const paper = new MarkupLines(columns)
  const { language, terminalId } = about
  const both = [language, otherLanguage(language)] as const
  const beside = (words: Readonly<Record<Language, string>>) => both.map((each) => words[each]).join(' ')
  paper.banner(both.map((each) => RECEIPT_WORDS.testPage[each]).join(' · '))
  paper.centre(beside(RECEIPT_WORDS.notAReceipt), 'strong')
  paper.rule()
  for (const each of both) paper.left(SAMPLE[each])
  paper.rule()
  paper.left(
    Array.from({ length: columns / 10 }, (_, ten) => String(ten + 1).padStart(10, ' '))
      .join('')
      .replaceAll(' ', '.'),
  )
  paper.left('1234567890'.repeat(Math.ceil(columns / 10)).slice(0, columns))
  paper.pair(beside(RECEIPT_WORDS.paper), `${settings.paperMm} mm, ${columns}`)
  paper.pair(beside(RECEIPT_WORDS.characters), settings.encoding)
  paper.pair(beside(RECEIPT_WORDS.terminal), printable(terminalId))
  paper.blank()
  paper.qrCode(`bandtill-test:${encodeURIComponent(printable(terminalId))}`, QR_CELL_DOTS)
  return paper.toString()
}
