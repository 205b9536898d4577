import type { Refused } from '#shared/contracts/till.ts'
import type { HoldId, LineId, MerchantId, ReceiptId, SeatId, ShowtimeId, SiteId, TerminalId } from '#shared/domain/ids.ts'
import { type Money, sum } from '#shared/domain/money.ts'
import type { Programme } from '#shared/domain/programme.ts'
import { type Payment, printedNumber, type Receipt, tenderOf } from '#shared/domain/receipt.ts'
import { priceLine, type SaleLine } from '#shared/domain/sale-line.ts'
import { err, type Result } from '#shared/result.ts'

export const SITE = { en: 'Aurora Cinema', 'zh-CN': '极光影城' }
export const MERCHANT = { en: 'Aurora Cinemas', 'zh-CN': '极光院线' }
export type Chosen = { readonly seat: SeatId; readonly ticketTypeId: string }

type SubjectOf<C, R = Refused> = R extends Refused ? (C extends R['code'] ? R['subject'] : never) : never

export function refuse<C extends Refused['code']>(code: C, subject?: SubjectOf<C>): Result<never, Refused> {
  // The cast: TypeScript does not see that this subject is one of this code's.
  return err((subject === undefined ? { code } : { code, subject }) as Refused)
}

export function ticketLine(programme: Programme, showtimeId: ShowtimeId, { seat, ticketTypeId }: Chosen): SaleLine {
  const show = programme.showtimes.find((one) => one.id === showtimeId)
  const type = show?.ticketTypes.find((one) => one.id === ticketTypeId)
  const hall = programme.halls.find((one) => one.id === show?.hallId)
  if (show === undefined || type === undefined || hall === undefined) throw new Error(`no such ticket: ${showtimeId} ${ticketTypeId}`)
  return priceLine({
    id: `line-${showtimeId}-${seat}` as LineId,
    subject: {
      kind: 'ticket',
      showtimeId,
      seat,
      ticketTypeId: type.id,
      holdId: `hold-${showtimeId}` as HoldId,
      startsAt: show.startsAt,
      hallName: hall.name,
    },
    name: show.title,
    detail: type.name,
    quantity: 1,
    unitPrice: type.price,
    taxBasisPoints: type.taxBasisPoints,
  })
}

export function productLine(programme: Programme, productId: string, quantity: number): SaleLine {
  const product = programme.products.find((one) => one.id === productId)
  if (product === undefined) throw new Error(`no such product: ${productId}`)
  return priceLine({
    id: `line-${productId}` as LineId,
    subject: { kind: 'product', productId: product.id },
    name: product.name,
    detail: { en: '', 'zh-CN': '' },
    quantity,
    unitPrice: product.price,
    taxBasisPoints: product.taxBasisPoints,
  })
}

export function totalsOf(lines: readonly SaleLine[]): { readonly total: Money; readonly tax: Money } {
  const sumOf = (amounts: readonly Money[]) => sum(amounts, 'CNY')
  return { total: sumOf(lines.map(({ total }) => total)), tax: sumOf(lines.map(({ tax }) => tax)) }
}

export function receiptOf(sale: {
  number: number
  atMs: number
  practice: boolean
  lines: readonly SaleLine[]
  payments: readonly Payment[]
}): Receipt {
  const { number, atMs, practice, lines, payments } = sale
  return {
    id: `receipt-${number}` as ReceiptId,
    kind: 'sale',
    series: 'A',
    number,
    issuedAt: new Date(atMs).toISOString(),
    practice,
    merchant: { id: 'aurora' as MerchantId, name: MERCHANT },
    site: { id: 'aurora' as SiteId, name: SITE, address: { en: '8 Lantern Street', 'zh-CN': '灯笼街 8 号' }, timeZone: 'Asia/Shanghai' },
    terminalId: 'aurora-1' as TerminalId,
    cashierName: '练习员',
    lines,
    payments,
    ...totalsOf(lines),
    tender: tenderOf(payments),
  }
}

/** The document that takes a sale back. */
export function voidOf(sale: Receipt, { number, atMs }: { number: number; atMs: number }): Receipt {
  const minus = ({ amount, currency }: Money): Money => ({ amount: -amount, currency })
  return {
    ...sale,
    id: `receipt-${number}` as ReceiptId,
    kind: 'void',
    number,
    issuedAt: new Date(atMs).toISOString(),
    lines: sale.lines.map((line) => ({ ...line, unitPrice: minus(line.unitPrice), total: minus(line.total), tax: minus(line.tax) })),
    payments: sale.payments.map((payment) => ({ ...payment, amount: minus(payment.amount) })),
    total: minus(sale.total),
    tax: minus(sale.tax),
    of: { receiptId: sale.id, printedNumber: printedNumber(sale), reason: 'wrong-person' },
  }
}
