import type {
  AuthorizationId,
  HoldId,
  LineId,
  MerchantId,
  ProductId,
  ReceiptId,
  RequestId,
  SeatId,
  ShowtimeId,
  SiteId,
  TerminalId,
  TicketTypeId,
} from '#shared/domain/ids.ts'
import { type Money, money, subtract, sum } from '#shared/domain/money.ts'
import { type Payment, type Receipt, tenderOf } from '#shared/domain/receipt.ts'
import { priceLine, type SaleLine } from '#shared/domain/sale-line.ts'
import type { Words } from '#shared/domain/words.ts'

export const yuan = (amount: number): Money => money(amount, 'CNY')
const words = (en: string, zh: string): Words => ({ en, 'zh-CN': zh })

export function ticketLine(seat: string, overrides: Partial<SaleLine> = {}): SaleLine {
  return priceLine({
    id: `line-${seat}` as LineId,
    subject: {
      kind: 'ticket',
      showtimeId: 'show-1' as ShowtimeId,
      seat: seat as SeatId,
      ticketTypeId: 'adult' as TicketTypeId,
      holdId: 'hold-1' as HoldId,
      startsAt: '2026-11-22T11:30:00.000Z',
      hallName: words('Hall 1', '1号厅'),
    },
    name: words('Letters from the Ninth Harbour', '第九码头来信'),
    detail: words('Adult', '成人票'),
    quantity: 1,
    unitPrice: yuan(4500),
    taxBasisPoints: 600,
    ...overrides,
  })
}

export function productLine(overrides: Partial<SaleLine> = {}): SaleLine {
  return priceLine({
    id: 'line-popcorn' as LineId,
    subject: { kind: 'product', productId: 'popcorn-l' as ProductId },
    name: words('Caramel popcorn', '焦糖爆米花'),
    detail: words('Large', '大份'),
    quantity: 2,
    unitPrice: yuan(1800),
    taxBasisPoints: 1300,
    ...overrides,
  })
}

export const bandPayment = (amount: Money, payerName = '小雨'): Payment => ({
  tender: 'band',
  amount,
  requestId: 'aa'.repeat(16) as RequestId,
  authorizationId: '0123456789abcdef0123456789abcdef' as AuthorizationId,
  payerName,
})

export const cashPayment = (amount: Money, tendered: Money): Payment => ({
  tender: 'cash',
  amount,
  tendered,
  change: subtract(tendered, amount),
})

/** Two seats and two popcorn, paid by band, at a cinema in Shanghai; anything may be set otherwise. */
export function sampleReceipt(overrides: Partial<Receipt> = {}): Receipt {
  const lines = overrides.lines ?? [ticketLine('F7'), ticketLine('F8'), productLine()]
  const { currency } = lines[0]?.total ?? yuan(0)
  const total = sum(
    lines.map((line) => line.total),
    currency,
  )
  const payments = overrides.payments ?? [bandPayment(total)]
  return {
    id: 'bb'.repeat(16) as ReceiptId,
    kind: 'sale',
    series: 'A',
    number: 42,
    issuedAt: '2026-11-22T11:05:33.120Z',
    practice: false,
    merchant: { id: 'aurora' as MerchantId, name: words('Aurora Cinema', '极光影城') },
    site: {
      id: 'aurora-1' as SiteId,
      name: words('Riverside', '滨江店'),
      address: words('88 Binjiang Road, Shanghai', '上海市滨江路88号'),
      timeZone: 'Asia/Shanghai',
    },
    terminalId: 'aurora-1-1' as TerminalId,
    cashierName: '练习收银员',
    lines,
    payments,
    total,
    tax: sum(
      lines.map((line) => line.tax),
      currency,
    ),
    tender: tenderOf(payments),
    ...overrides,
  }
}
export const HEAD = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
