/** The demo's scenes about who pays: two bands equally near, settled by a knock, and a sale charged to the wrong person. */
import type { CustomerId } from '#reference/practice/customers.ts'
import { assert } from '#shared/assert.ts'
import type { TillState } from '#shared/contracts/till.ts'
import { toDecimalText } from '#shared/domain/money.ts'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import { expectDone } from '../counter/script-cashier.ts'
import { addSnack, type Counter, chooseSeats, receiptOf, type Sold, sellByBand } from './scenes.ts'

const ROUND_TIMEOUT_MS = 20_000

export type Refunded = { readonly receipt: Receipt }

/** Two customers stand side by side. Charging either would be a guess: a count is shown, and the one who knocks it pays. */
export async function settleByKnock(counter: Counter, payer: CustomerId, neighbour: CustomerId): Promise<Sold> {
  const { stack, cashier, tell } = counter
  await addSnack(counter, 'popcorn', 1)
  await stack.sendAllAway()
  await cashier.until('an empty counter', ({ bands }) => bands.every(({ nearness }) => nearness < 3))
  await Promise.all([payer, neighbour].map(async (customer) => stack.bringToCounter(customer)))
  const state = await cashier.until('two bands equally near', (each) => rivalsAtCounter(each).length === 2)
  const [first] = rivalsAtCounter(state)
  assert(first, 'two bands are near')
  const guess = await cashier.till.chargeBand.mutate({ sightingId: first.id })
  assert(!guess.ok && guess.error.code === 'knock-needed', 'a guess is never charged')
  expectDone('asking for a knock', await cashier.till.chargeByKnock.mutate())
  const shown = await cashier.until('a count on show', ({ knock }) => knock?.state === 'listening')
  const count = shown.knock?.count ?? 0
  tell(`Two bands are equally near, and the till will not guess. It shows ${count}: “Please knock ${count} times on your band.”`)
  await stack.tellWorld({ type: 'knock', customer: payer, count })
  const sold = await paid(counter)
  tell(`${payerOf(sold.receipt)} knocks ${count} times and pays. Receipt ${printedNumber(sold.receipt)}.`)
  return sold
}

/** A sale is charged to the wrong person: it is voided, the money goes back, and the sale with its seat is open again for the right one. */
export async function chargeTheWrongPerson(
  counter: Counter,
  wrong: CustomerId,
  right: CustomerId,
): Promise<{ readonly sold: readonly Sold[]; readonly refunded: Refunded }> {
  const { cashier, tell } = counter
  await chooseSeats(counter, 1)
  const mistaken = await sellByBand(counter, wrong, 'stay')
  const { receiptId } = expectDone('saying "wrong person"', await cashier.till.voidSale.mutate({ receiptId: mistaken.receipt.id }))
  const refunded = { receipt: await receiptOf(cashier, receiptId) }
  const reopened = await cashier.until('the sale open again', ({ cart }) => cart.lines.length === mistaken.receipt.lines.length)
  assert(reopened.cart.holds.length === 1, 'the seat is held again')
  const back = toDecimalText({ ...refunded.receipt.total, amount: -refunded.receipt.total.amount })
  tell(`“Wrong person.” Void ${printedNumber(refunded.receipt)}: ${back} go back to ${payerOf(mistaken.receipt)}; the sale is open again.`)
  const sold = await sellByBand(counter, right)
  return { sold: [mistaken, sold], refunded }
}

function rivalsAtCounter({ bands }: TillState) {
  return bands.filter(({ nearness, needsKnock }) => nearness >= 3 && needsKnock)
}

async function paid({ cashier }: Counter): Promise<Sold> {
  const isDone = ({ lastReceiptId }: TillState) => lastReceiptId !== undefined
  const state = await cashier.until('the receipt', isDone, ROUND_TIMEOUT_MS)
  const receipt = await receiptOf(cashier, state.lastReceiptId)
  expectDone('the next sale', await cashier.till.nextSale.mutate())
  return { receipt }
}

function payerOf({ payments }: Receipt): string {
  const [payment] = payments
  assert(payment?.tender === 'band', 'a band paid')
  return payment.payerName
}
