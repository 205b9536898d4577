import { toDecimalText } from '#shared/domain/money.ts'
import { type Receipt, printedNumber } from '#shared/domain/receipt.ts'
import type { Language } from '#shared/domain/words.ts'

const ROW = 24
const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** A stand-in for the printed paper: the same kind of SVG document, drawn from the receipt. */
export function paperOf(receipt: Receipt, language: Language): string {
  const rows = [
    receipt.practice ? 'PRACTICE · 练习' : '',
    receipt.site.name[language],
    printedNumber(receipt),
    ...receipt.lines.map((line) => `${line.name[language]} × ${line.quantity}   ${toDecimalText(line.total)}`),
    `= ${toDecimalText(receipt.total)} ${receipt.total.currency}`,
  ].filter((row) => row !== '')
  const texts = rows.map((row, index) => `<text x="10" y="${(index + 1) * ROW}">${escapeXml(row)}</text>`).join('')
  const height = (rows.length + 1) * ROW
  return `<svg xmlns="http://www.w3.org/2000/svg" width="380" height="${height}" viewBox="0 0 380 ${height}"><g font-family="'Noto Sans SC Variable', monospace" font-size="17">${texts}</g></svg>`
}
