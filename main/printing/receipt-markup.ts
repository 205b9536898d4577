import { type Money, sum, toDecimalText } from '#shared/domain/money.ts'
import { type Payment, printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import type { SaleLine } from '#shared/domain/sale-line.ts'
import { type Language, otherLanguage, type Words } from '#shared/domain/words.ts'
import { localTime } from './local-time.ts'
import { MarkupLines, type PaperColumns } from './markup-lines.ts'
import { cellsOf, printable } from './print-text.ts'
import { KIND_WORDS, RECEIPT_WORDS, TAKEN_BACK_WORDS } from './receipt-words.ts'

/** What a print adds to the frozen receipt. */
export type ReceiptPrint = {
  /** The language that comes first. */
  readonly language: Language
  readonly columns: PaperColumns
  /** Whether the other language follows the first one. Yes, unless said otherwise. */
  readonly bilingual?: boolean
  /** 1 for the first reprint. Absent on the original. */
  readonly copy?: number
  /** A void took this receipt back since: no print of it may pass for one that is good. */
  readonly isVoided?: boolean
  /** The journal's head after this receipt, as lower-case hex: it makes every customer a witness. */
  readonly head?: string
}

/** Hex digits of an authorization id on paper: enough to find it, and far too many to meet by chance in one day. */
const AUTHORIZATION_DIGITS = 12
/** Module side in dots. A code of 100 to 150 characters is 41 to 49 modules wide: 164 to 245 dots, which fits 384. */
const QR_CELL_DOTS = { 48: 5, 32: 4 } as const

/**
 * A receipt as receiptline markup, from the frozen receipt alone. Pure. The same markup is printed, drawn and written as text.
 * Everything from outside is cleaned and escaped here: a customer called `|{^_~"\` prints as such.
 */
export function receiptMarkup(receipt: Receipt, print: ReceiptPrint): string {
  const paper = new MarkupLines(print.columns)
  const speak = speakerFor(print)
  marks(paper, receipt, print, speak)
  if (isMarked(receipt, print)) paper.blank()
  heading(paper, receipt, print, speak)
  paper.rule()
  lines(paper, receipt, speak)
  paper.rule()
  totals(paper, receipt, print, speak)
  paper.rule()
  for (const payment of receipt.payments) paid(paper, payment, speak)
  paper.blank()
  paper.qrCode(receiptQrText(receipt, print.head), QR_CELL_DOTS[print.columns])
  paper.centre(printable(printedNumber(receipt)))
  paper.centre(speak.beside(RECEIPT_WORDS.thanks))
  if (isMarked(receipt, print)) paper.blank()
  marks(paper, receipt, print, speak)
  return paper.toString()
}

/** What the receipt's QR code says: `bandtill:TERMINAL/NUMBER`, with the journal head when it is known; `bandtill-practice:` in practice. */
export function receiptQrText(receipt: Receipt, head?: string): string {
  const scheme = receipt.practice ? 'bandtill-practice' : 'bandtill'
  const part = (text: string) => encodeURIComponent(printable(text))
  const query = head === undefined ? '' : `?head=${part(head)}`
  return `${scheme}:${part(receipt.terminalId)}/${part(printedNumber(receipt))}${query}`
}

type Speaker = {
  /** The first language, then the other if it says something else: one text each. */
  readonly each: (words: Words) => readonly string[]
  /** Both beside each other. */
  readonly beside: (words: Words) => string
}

function speakerFor({ language, bilingual = true }: ReceiptPrint): Speaker {
  const each = (words: Words) => {
    // An empty text in one language must not leave a hole: the other one stands in.
    const first = printable(words[language] === '' ? words[otherLanguage(language)] : words[language])
    const second = printable(words[otherLanguage(language)])
    return bilingual && second !== first && second !== '-' ? [first, second] : [first]
  }
  return { each, beside: (words) => each(words).join(' ') }
}

/** Always in capitals first, whatever the receipt's language: that word is the mark. */
function practiceMark(speak: Speaker): string {
  const words = speak.each(RECEIPT_WORDS.practice)
  return [...words].sort((a, b) => (a < b ? -1 : 1)).join(' · ')
}

function isMarked(receipt: Receipt, { copy, isVoided = false }: ReceiptPrint): boolean {
  return receipt.practice || receipt.kind === 'void' || isVoided || copy !== undefined
}

/** PRACTICE, VOID and COPY, at the top and again at the bottom, so that no part torn off passes for a receipt. */
function marks(paper: MarkupLines, receipt: Receipt, { copy, isVoided = false }: ReceiptPrint, speak: Speaker): void {
  if (receipt.practice) {
    paper.banner(practiceMark(speak))
    paper.centre(speak.each(RECEIPT_WORDS.notAReceipt).join(' · '), 'strong')
  }
  if (receipt.kind === 'void' || isVoided) paper.banner(speak.each(RECEIPT_WORDS.void).join(' · '))
  if (copy !== undefined)
    paper.centre(
      speak
        .each(RECEIPT_WORDS.copy)
        .map((word) => `${word} ${copy}`)
        .join(' / '),
      'strong',
    )
}

function heading(paper: MarkupLines, receipt: Receipt, { columns }: ReceiptPrint, speak: Speaker): void {
  const [name = '', ...otherNames] = speak.each(receipt.merchant.name)
  paper.centre(name, cellsOf(name) * 2 <= columns ? 'double' : 'strong')
  for (const other of otherNames) paper.centre(other)
  for (const words of [receipt.site.name, receipt.site.address]) {
    for (const text of speak.each(words)) paper.centre(text)
  }
  paper.rule()
  paper.centre(speak.beside(KIND_WORDS[receipt.kind]), 'strong')
  const time = localTime(receipt.issuedAt, receipt.site.timeZone)
  paper.pair(speak.beside(RECEIPT_WORDS.number), printable(printedNumber(receipt)), { style: 'strong' })
  if (receipt.of) {
    paper.pair(speak.beside(RECEIPT_WORDS.takesBack), printable(receipt.of.printedNumber))
    paper.pair(speak.beside(RECEIPT_WORDS.reason), speak.beside(TAKEN_BACK_WORDS[receipt.of.reason]))
  }
  paper.pair(speak.beside(RECEIPT_WORDS.time), printable(`${time.second} ${time.offset}`))
  paper.pair(speak.beside(RECEIPT_WORDS.cashier), printable(receipt.cashierName))
  paper.pair(speak.beside(RECEIPT_WORDS.terminal), printable(receipt.terminalId))
}

function lines(paper: MarkupLines, receipt: Receipt, speak: Speaker): void {
  let shown: string | undefined
  for (const line of receipt.lines) {
    const show = showOf(line)
    if (show !== undefined && show !== shown) showHeading(paper, receipt, line, speak)
    shown = show
    if (line.subject.kind === 'ticket') ticketLine(paper, line, speak)
    else productLine(paper, line, speak)
  }
}

/** Tickets of one show that follow each other stand under one heading: this says which. */
function showOf({ subject, name }: SaleLine): string | undefined {
  return subject.kind === 'ticket' ? JSON.stringify([subject.showtimeId, subject.startsAt, subject.hallName, name]) : undefined
}

function showHeading(paper: MarkupLines, receipt: Receipt, line: SaleLine, speak: Speaker): void {
  if (line.subject.kind !== 'ticket') return
  for (const [index, title] of speak.each(line.name).entries()) paper.left(title, index === 0 ? 'strong' : 'plain')
  paper.pair(speak.beside(line.subject.hallName), localTime(line.subject.startsAt, receipt.site.timeZone).minute)
}

function ticketLine(paper: MarkupLines, line: SaleLine, speak: Speaker): void {
  if (line.subject.kind !== 'ticket') return
  const seat = `${speak.beside(RECEIPT_WORDS.seat)} ${printable(line.subject.seat)}`
  paper.item([seat], detailOf(line, speak), figure(line.total), { indent: true })
  if (line.quantity !== 1) paper.below(`${line.quantity} x ${figure(line.unitPrice)}`)
}

function productLine(paper: MarkupLines, line: SaleLine, speak: Speaker): void {
  paper.item(speak.each(line.name), detailOf(line, speak), figure(line.total))
  if (line.quantity !== 1) paper.below(`${line.quantity} x ${figure(line.unitPrice)}`)
}

function detailOf({ detail }: SaleLine, speak: Speaker): string | undefined {
  return detail.en === '' && detail['zh-CN'] === '' ? undefined : speak.beside(detail)
}

function totals(paper: MarkupLines, receipt: Receipt, { language }: ReceiptPrint, speak: Speaker): void {
  paper.total(speak.beside(RECEIPT_WORDS.total), withCurrency(receipt.total, language))
  const rates = [...new Set(receipt.lines.map((line) => line.taxBasisPoints))].sort((a, b) => a - b)
  for (const rate of rates) {
    const taxed = receipt.lines.filter((line) => line.taxBasisPoints === rate)
    const { currency } = receipt.total
    const gross = figure(
      sum(
        taxed.map((line) => line.total),
        currency,
      ),
    )
    const tax = figure(
      sum(
        taxed.map((line) => line.tax),
        currency,
      ),
    )
    paper.pair(`${speak.beside(RECEIPT_WORDS.taxIncluded)} ${rate / 100}%${rates.length > 1 ? ` (${gross})` : ''}`, tax)
  }
}

function paid(paper: MarkupLines, payment: Payment, speak: Speaker): void {
  switch (payment.tender) {
    case 'band':
      paper.pair(speak.beside(payment.amount.amount < 0 ? RECEIPT_WORDS.returnedToBand : RECEIPT_WORDS.band), figure(payment.amount))
      paper.pair(speak.beside(RECEIPT_WORDS.payer), printable(payment.payerName), { indent: true })
      paper.pair(speak.beside(RECEIPT_WORDS.authorization), printable(payment.authorizationId.slice(0, AUTHORIZATION_DIGITS)), {
        indent: true,
      })
      return
    case 'cash':
      paper.pair(speak.beside(RECEIPT_WORDS.cash), figure(payment.amount))
      paper.pair(speak.beside(RECEIPT_WORDS.tendered), figure(payment.tendered), { indent: true })
      paper.pair(speak.beside(RECEIPT_WORDS.change), figure(payment.change), { indent: true })
  }
}

function figure(amount: Money): string {
  return toDecimalText(amount)
}

/** The full-width sign U+FFE5 for yuan in Chinese: GB printers misprint the half-width U+00A5. Everywhere else the ISO code, which no font lacks. */
function withCurrency(amount: Money, language: Language): string {
  return language === 'zh-CN' && amount.currency === 'CNY' ? `￥${figure(amount)}` : `${amount.currency} ${figure(amount)}`
}
