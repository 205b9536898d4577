import type { ReceiptPage, Refused, TillInput } from '#shared/contracts/till.ts'
import type { HoldId, LineId, MerchantId, ReceiptId, SeatId, ShowtimeId, SiteId, TerminalId } from '#shared/domain/ids.ts'
import { type Money, sum } from '#shared/domain/money.ts'
import type { Programme, SeatState } from '#shared/domain/programme.ts'
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

/** A third of each hall is gone already, in the same places each time. */
export function seatsGone(programme: Programme): Map<string, SeatState> {
  const gone = new Map<string, SeatState>()
  for (const [index, show] of programme.showtimes.entries()) {
    const hall = programme.halls.find((one) => one.id === show.hallId)
    for (const [at, seat] of (hall?.rows ?? []).flatMap((row) => row.seats).entries()) {
      const dice = (at * 7919 + index * 104_729) % 97
      if (dice < 26) gone.set(`${show.id} ${seat.id}`, 'sold')
      else if (dice < 31) gone.set(`${show.id} ${seat.id}`, 'held')
      else if (dice < 33) gone.set(`${show.id} ${seat.id}`, 'pinned')
    }
  }
  return gone
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
    total: sum(
      lines.map((line) => line.total),
      'CNY',
    ),
    tax: sum(
      lines.map((line) => line.tax),
      'CNY',
    ),
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
  }))
  const last = found[rows.length - 1]
  return { rows, ...(found.length > limit && last !== undefined ? { nextBefore: last.number } : {}) }
}
