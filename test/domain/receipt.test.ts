import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { money } from '#shared/domain/money.ts'
import { imbalanceOf, type Payment, printedNumber, tenderOf } from '#shared/domain/receipt.ts'
import { type Balance, someReceipt } from './samples.ts'

const offBy = fc.integer({ min: -1_000, max: 1_000 }).filter((off) => off !== 0)

test('I3: a receipt whose lines equal its payments net of change balances', () => {
  fc.assert(
    fc.property(someReceipt, (receipt) => {
      expect(imbalanceOf(receipt)).toBeUndefined()
    }),
  )
})

/** Every single figure of a receipt, each moved by `off`. */
function alterations(receipt: Balance, off: number): Balance[] {
  const moved = (amount: { amount: number }) => money(amount.amount + off, 'CNY')
  const lines = receipt.lines.flatMap((line, index) => {
    const altered = (change: object) => ({
      ...receipt,
      lines: receipt.lines.map((each, at) => (at === index ? { ...each, ...change } : each)),
    })
    const changes: object[] = [{ total: moved(line.total) }, { tax: moved(line.tax) }]
    if (line.quantity > 0) changes.push({ unitPrice: moved(line.unitPrice) })
    if (line.unitPrice.amount !== 0) changes.push({ quantity: line.quantity + off })
    return changes.map(altered)
  })
  const payments = receipt.payments.flatMap((payment, index) => {
    const altered = (change: object) => ({
      ...receipt,
      payments: receipt.payments.map((each, at) => (at === index ? { ...each, ...change } : each)),
    })
    const changes: object[] = [{ amount: moved(payment.amount) }]
    if (payment.tender === 'cash') changes.push({ tendered: moved(payment.tendered) }, { change: moved(payment.change) })
    return changes.map(altered)
  })
  const whole = [
    { ...receipt, total: moved(receipt.total) },
    { ...receipt, tax: moved(receipt.tax) },
  ]
  return [...lines, ...payments, ...whole]
}

test('I3: each single alteration of a figure is found', () => {
  fc.assert(
    fc.property(someReceipt, offBy, (receipt, off) => {
      for (const altered of alterations(receipt, off)) expect(imbalanceOf(altered), JSON.stringify(altered)).toBeDefined()
    }),
  )
})

test('I3: a line or a payment left out or doubled is found', () => {
  fc.assert(
    fc.property(someReceipt, fc.nat(), (receipt, pick) => {
      const line = receipt.lines[pick % receipt.lines.length]
      const payment = receipt.payments[pick % receipt.payments.length]
      if (line && line.total.amount !== 0) {
        expect(imbalanceOf({ ...receipt, lines: receipt.lines.filter((each) => each !== line) })).toBeDefined()
        expect(imbalanceOf({ ...receipt, lines: [...receipt.lines, line] })).toBeDefined()
      }
      if (payment && payment.amount.amount !== 0) {
        expect(imbalanceOf({ ...receipt, payments: receipt.payments.filter((each) => each !== payment) })).toBeDefined()
        expect(imbalanceOf({ ...receipt, payments: [...receipt.payments, payment] })).toBeDefined()
      }
    }),
  )
})

const cash: Payment = { tender: 'cash', amount: money(1, 'CNY'), tendered: money(1, 'CNY'), change: money(0, 'CNY') }
const band = { tender: 'band', amount: money(1, 'CNY'), requestId: 'a', authorizationId: 'b', payerName: 'Carp' } as unknown as Payment

test('the tender is band only when one authorization paid the whole', () => {
  expect(tenderOf([band])).toBe('band')
  expect(tenderOf([band, band])).toBe('mixed')
  expect(tenderOf([band, cash])).toBe('mixed')
  expect(tenderOf([cash])).toBe('cash')
  expect(tenderOf([cash, cash])).toBe('cash')
  expect(() => tenderOf([])).toThrow('at least one payment')
})

test('the printed number has at least six digits and never loses one', () => {
  expect(printedNumber({ series: 'A', number: 42 })).toBe('A-000042')
  expect(printedNumber({ series: 'B', number: 12_345_678 })).toBe('B-12345678')
})
