import { commands, transform } from 'receiptline'
import type { Receipt } from '#shared/domain/receipt.ts'
import { cellsOf, graphemesOf } from './print-text.ts'
import { type ReceiptPrint, receiptMarkup } from './receipt-markup.ts'

const plainText = { ...commands.text, measureText: cellsOf, arrayFrom: graphemesOf }

/** A receipt as plain text, for logs of a demonstration and for screen readers: no large letters, no QR code, Chinese two cells wide. */
export function receiptText(receipt: Receipt, print: ReceiptPrint): string {
  // Names carry their `^` escaped, so every bare one is ours: it would ask for large letters, which text does not have.
  const markup = receiptMarkup(receipt, print).replaceAll('^', '')
  const text = transform(markup, { command: plainText, cpl: print.columns, encoding: 'multilingual', cutting: false })
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n+$/, '\n')
}
