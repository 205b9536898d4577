/** The receipts of the till in memory, as its views show them. */
import { paperSvg } from '#main/printing/receipt-picture.ts'
import type { ReceiptPage, ReceiptRow, ReceiptView, TillInput } from '#shared/contracts/till.ts'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import type { Language } from '#shared/domain/words.ts'

/** Which receipt took this one back, as the till's views say it. */
function voidedByOf(receipts: readonly Receipt[], { id }: Receipt): Pick<ReceiptRow, 'voidedBy'> {
  const taken = receipts.find(({ of }) => of?.receiptId === id)
  return taken === undefined ? {} : { voidedBy: { receiptId: taken.id, printedNumber: printedNumber(taken) } }
}

/** One receipt as the till shows it, with its paper. */
export function viewOf(
  receipt: Receipt,
  receipts: readonly Receipt[],
  { language, ...known }: Pick<ReceiptView, 'synced' | 'prints'> & { readonly language: Language },
): ReceiptView {
  const voided = voidedByOf(receipts, receipt)
  const print = { language, columns: 48, head: 'a'.repeat(64), isVoided: voided.voidedBy !== undefined } as const
  return { receipt, printedNumber: printedNumber(receipt), paperSvg: paperSvg(receipt, print), ...known, ...voided }
}

/** A page of receipts, newest first, found by number or by what was sold. */
export function pageOf(receipts: readonly Receipt[], { before, limit, find = '' }: TillInput<'receipts'>, synced: boolean): ReceiptPage {
  const textOf = (one: Receipt) =>
    `${printedNumber(one)} ${one.lines.map(({ name }) => `${name.en} ${name['zh-CN']}`).join(' ')}`.toLowerCase()
  const found = receipts.filter((one) => (before === undefined || one.number < before) && textOf(one).includes(find.toLowerCase()))
  const rows = found.slice(0, limit).map((one) => ({
    id: one.id,
    printedNumber: printedNumber(one),
    issuedAt: one.issuedAt,
    total: one.total,
    tender: one.tender,
    kind: one.kind,
    summary: { en: one.lines.map(({ name }) => name.en).join(', '), 'zh-CN': one.lines.map(({ name }) => name['zh-CN']).join('、') },
    synced,
    ...voidedByOf(receipts, one),
  }))
  const last = found[rows.length - 1]
  return { rows, ...(found.length > limit && last !== undefined ? { nextBefore: last.number } : {}) }
}
