/** Lines and seats of the open cart as they are kept, checked when a start reads them. */
import * as z from 'zod'
import { readKept } from '#shared/contracts/kept-json.ts'
import type { SeatId } from '#shared/domain/ids.ts'
import { CURRENCIES } from '#shared/domain/money.ts'
import { LINE_QUANTITY_MAX, type SaleLine } from '#shared/domain/sale-line.ts'

const words = z.strictObject({ en: z.string(), 'zh-CN': z.string() })
const money = z.strictObject({ amount: z.int(), currency: z.enum(CURRENCIES) })
const subject = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ticket'),
    showtimeId: z.string(),
    seat: z.string(),
    ticketTypeId: z.string(),
    holdId: z.string(),
    startsAt: z.iso.datetime(),
    hallName: words,
  }),
  z.strictObject({ kind: z.literal('product'), productId: z.string() }),
])
const line = z.strictObject({
  id: z.string(),
  subject,
  name: words,
  detail: words,
  quantity: z.int().min(1).max(LINE_QUANTITY_MAX),
  unitPrice: money,
  total: money,
  taxBasisPoints: z.int().min(0),
  tax: money,
})

export function readLine(text: string): SaleLine | undefined {
  // The cast: the schema has checked every field; the brands are all it cannot give.
  return readKept(line, text) as SaleLine | undefined
}

export function readSeats(text: string): readonly SeatId[] | undefined {
  return readKept(z.array(z.string()), text) as readonly SeatId[] | undefined
}
