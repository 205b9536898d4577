import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Lines, ticketLines, withProduct, withTickets } from '#shared/domain/cart-lines.ts'
import type { LineId } from '#shared/domain/ids.ts'
import { SALE_AMOUNT_MAX, sum, taxIncludedIn } from '#shared/domain/money.ts'
import { CART_LINES_MAX, LINE_QUANTITY_MAX, priceLine } from '#shared/domain/sale-line.ts'
import { counter, HALL, HOLD, product, seat, showtime, someLines, ticketType } from './samples.ts'

type Edit =
  | { readonly kind: 'product'; readonly id: number; readonly quantity: number }
  | { readonly kind: 'tickets'; readonly show: number; readonly seats: readonly number[] }

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant('product' as const), id: fc.nat({ max: 4 }), quantity: fc.nat({ max: LINE_QUANTITY_MAX }) }),
  fc.record({
    kind: fc.constant('tickets' as const),
    show: fc.nat({ max: 2 }),
    seats: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
  }),
)

function choices(seats: readonly number[]) {
  return seats.map((number) => ({ seat: seat(number), ticketType: ticketType() }))
}

test('whatever is edited: tickets stand before snacks, totals are of price and quantity, the last edit is what the cart holds, limits are kept, ids stay', () => {
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 25 }), (edits) => {
      const newLineId = counter()
      const wanted = new Map<string, number | readonly number[]>()
      let lines: Lines = []
      for (const each of edits) {
        const before = lines
        const changed =
          each.kind === 'product'
            ? withProduct(lines, product(`p-${each.id}`, 1_000 * (each.id + 1)), each.quantity, newLineId())
            : withTickets(lines, {
                showtime: showtime(`s-${each.show}`),
                hall: HALL,
                holdId: HOLD,
                choices: choices(each.seats),
                newLineId,
              })
        if (!changed.ok) {
          expect(changed.error).toBe('cart-full')
          continue
        }
        lines = changed.value
        if (each.kind === 'product') wanted.set(`p-${each.id}`, each.quantity)
        else wanted.set(`s-${each.show}`, each.seats)
        expectIdsKept(before, lines)
        expect(lines.length).toBeLessThanOrEqual(CART_LINES_MAX)
        expect(
          sum(
            lines.map((line) => line.total),
            'CNY',
          ).amount,
        ).toBeLessThanOrEqual(SALE_AMOUNT_MAX)
      }
      expectHolds(lines, wanted)
    }),
  )
})

const subjectOf = ({ subject }: Lines[number]) =>
  subject.kind === 'ticket' ? `${subject.showtimeId} ${subject.seat}` : subject.kind === 'product' ? subject.productId : subject.kind

function expectIdsKept(before: Lines, after: Lines): void {
  expect(new Set(after.map((line) => line.id)).size).toBe(after.length)
  for (const line of after) {
    const known = before.find((other) => subjectOf(other) === subjectOf(line))
    if (known) expect(line.id).toBe(known.id)
  }
}

function expectHolds(lines: Lines, wanted: ReadonlyMap<string, number | readonly number[]>): void {
  const kinds = lines.map(({ subject }) => subject.kind)
  expect(kinds.lastIndexOf('ticket')).toBeLessThan(kinds.includes('product') ? kinds.indexOf('product') : kinds.length)
  let count = 0
  for (const [id, value] of wanted) {
    if (typeof value === 'number') {
      const line = lines.find((each) => subjectOf(each) === id)
      expect(line?.quantity ?? 0).toBe(value)
      count += value > 0 ? 1 : 0
    } else {
      expect(ticketLines(lines, showtime(id).id).map((line) => subjectOf(line))).toEqual(value.map((number) => `${id} A${number}`))
      count += value.length
    }
  }
  expect(lines).toHaveLength(count)
}

test('tickets of one showtime stay together where the first of them stood, and before the snacks', () => {
  const newLineId = counter()
  const tickets = (lines: Lines, show: string, seats: readonly number[]) => {
    const changed = withTickets(lines, { showtime: showtime(show), hall: HALL, holdId: HOLD, choices: choices(seats), newLineId })
    return changed.ok ? changed.value : []
  }
  const popcorn = withProduct(tickets([], 's-1', [1, 2]), product('popcorn'), 1, newLineId())
  const both = tickets(popcorn.ok ? popcorn.value : [], 's-2', [7])
  expect(tickets(both, 's-1', [2, 3, 4]).map(subjectOf)).toEqual(['s-1 A2', 's-1 A3', 's-1 A4', 's-2 A7', 'popcorn'])
  expect(tickets(both, 's-1', []).map(subjectOf)).toEqual(['s-2 A7', 'popcorn'])
})

test('one line or one fen too many is refused, and changes nothing', () => {
  const newLineId = counter()
  let lines: Lines = []
  for (let index = 0; index < CART_LINES_MAX; index += 1) {
    const changed = withProduct(lines, product(`p-${index}`, 1), 1, newLineId())
    if (changed.ok) lines = changed.value
  }
  expect(lines).toHaveLength(CART_LINES_MAX)
  expect(withProduct(lines, product('one more'), 1, newLineId())).toEqual({ ok: false, error: 'cart-full' })
  expect(withProduct(lines, product('p-0', 1), 2, newLineId())).toMatchObject({ ok: true })
  expect(withProduct([], product('gold', SALE_AMOUNT_MAX), 1, newLineId())).toMatchObject({ ok: true })
  expect(withProduct([], product('gold', SALE_AMOUNT_MAX + 1), 1, newLineId())).toEqual({ ok: false, error: 'cart-full' })
  expect(withProduct([], product('gold', SALE_AMOUNT_MAX), 2, newLineId())).toEqual({ ok: false, error: 'cart-full' })
})

test('a new price is taken when the quantity is set again; the line keeps its id', () => {
  const first = withProduct([], product('popcorn', 2_000), 1, 'line-1' as LineId)
  const second = withProduct(first.ok ? first.value : [], product('popcorn', 3_000), 2, 'line-2' as LineId)
  expect(second).toMatchObject({ value: [{ id: 'line-1', total: { amount: 6_000 } }] })
})

test('a priced line states price × quantity and the tax in it', () => {
  fc.assert(
    fc.property(someLines, (lines) => {
      for (const { total, unitPrice, quantity, tax, taxBasisPoints } of lines) {
        expect(total.amount).toBe(unitPrice.amount * quantity)
        expect(tax).toEqual(taxIncludedIn(total, taxBasisPoints))
        expect(tax.amount).toBeLessThanOrEqual(total.amount)
      }
    }),
  )
})

test.each([0, -1, LINE_QUANTITY_MAX + 1, 1.5, Number.NaN])('a quantity of %d is a bug', (quantity) => {
  const { id: productId, name, price, taxBasisPoints } = product('popcorn')
  const line = {
    id: 'line-1' as LineId,
    subject: { kind: 'product', productId },
    name,
    detail: name,
    unitPrice: price,
    taxBasisPoints,
  } as const
  expect(() => priceLine({ ...line, quantity })).toThrow('quantity')
})
