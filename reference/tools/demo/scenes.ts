/** The demo's scenes: what happens at the counter, told as a script does it through the till's own API. */

import type { CustomerId } from '#reference/practice/customers.ts'
import { assert } from '#shared/assert.ts'
import type { BandPaymentView, TillState } from '#shared/contracts/till.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { toDecimalText } from '#shared/domain/money.ts'
import type { Programme, Showtime } from '#shared/domain/programme.ts'
import { REASONS } from '#shared/domain/reasons.ts'
import { printedNumber, type Receipt } from '#shared/domain/receipt.ts'
import { bandAtCounter, expectDone, type ScriptCashier } from '../counter/script-cashier.ts'
import type { Stack } from '../counter/stack.ts'

export type Sold = { readonly receipt: Receipt; readonly ms?: number }
export type Declined = {
  readonly ending: 'not-asked' | 'refused' | 'declined'
  readonly reason: keyof typeof REASONS
  readonly words: { readonly en: string; readonly 'zh-CN': string }
}

/** Tells the story while it happens. */
export type Tell = (line: string) => void

export type Counter = { readonly stack: Stack; readonly cashier: ScriptCashier; readonly tell: Tell }

/** Chooses seats of the next showtime with enough free ones, side by side. */
export async function chooseSeats({ cashier, tell }: Counter, count: number): Promise<void> {
  const programme = await cashier.till.programme.query()
  const showtime = nextShowtime(programme, cashier.state())
  const map = expectDone('the seat map', await cashier.till.seatMap.query({ showtimeId: showtime.id }))
  const hall = programme.halls.find((each) => each.id === showtime.hallId)
  assert(hall, 'a showtime has its hall')
  const row = hall.rows.find((each) => each.seats.filter(({ id, accessible }) => map.seats[id] === 'free' && !accessible).length >= count)
  const seats = row?.seats.filter(({ id, accessible }) => map.seats[id] === 'free' && !accessible).slice(0, count)
  const ticketTypeId = showtime.ticketTypes[0]?.id
  assert(seats?.length === count && ticketTypeId, 'the practice hall has free seats')
  expectDone(
    'holding seats',
    await cashier.till.setSeats.mutate({ showtimeId: showtime.id, seats: seats.map(({ id }) => ({ seat: id, ticketTypeId })) }),
  )
  await cashier.until('the seats in the cart', (state) => state.cart.lines.length >= count)
  const named = seats.map(({ id }) => id).join(' and ')
  tell(`For *${showtime.title.en}* (${showtime.title['zh-CN']}) the till now holds ${named}.`)
}

export async function addSnack({ cashier, tell }: Counter, group: 'popcorn' | 'drink' | 'snack', quantity: number): Promise<void> {
  const programme = await cashier.till.programme.query()
  const product = programme.products.find((each) => each.group === group)
  assert(product, `the practice site sells ${group}`)
  const lines = cashier.state().cart.lines.length
  expectDone('adding a snack', await cashier.till.setProduct.mutate({ productId: product.id, quantity }))
  await cashier.until('the snack in the cart', (state) => state.cart.lines.length > lines)
  tell(`${quantity} × ${product.name.en} (${product.name['zh-CN']}) goes into the cart.`)
}

/** As often a cashier charges a band that was gone when the till called it. */
const TRIES_MAX = 3

/** Brings a customer to the counter, charges their band, and waits for the receipt; then goes on, or stays on the receipt. */
export async function sellByBand(counter: Counter, customer: CustomerId, then: 'go-on' | 'stay' = 'go-on'): Promise<Sold> {
  const { cashier, tell } = counter
  const { receiptId, letter, ms } = await chargeUntilPaid(counter, customer, TRIES_MAX)
  const receipt = await receiptOf(cashier, receiptId)
  const band = receipt.payments[0]
  assert(band?.tender === 'band', 'a band paid')
  tell(
    `Band ${letter} is charged; ${band.payerName} pays ${toDecimalText(receipt.total)} ${receipt.total.currency} in ${ms} ms. Receipt ${printedNumber(receipt)}.`,
  )
  if (then === 'go-on') expectDone('the next sale', await cashier.till.nextSale.mutate())
  return { receipt, ms }
}

async function chargeUntilPaid(
  counter: Counter,
  customer: CustomerId,
  tries: number,
): Promise<{ readonly receiptId: ReceiptId | undefined; readonly letter: string; readonly ms: number }> {
  const { cashier, tell } = counter
  const { bandId, letter } = await bringBand(counter, customer)
  const before = cashier.state().lastReceiptId
  const startedMs = performance.now()
  expectDone('charging', await cashier.till.chargeBand.mutate({ sightingId: bandId }))
  const isGone = ({ payment }: TillState) => payment?.tender === 'band' && payment.state === 'not-asked' && payment.reason === 'band-gone'
  const hasReceipt = ({ lastReceiptId }: TillState) => lastReceiptId !== undefined && lastReceiptId !== before
  const ended = await cashier.until('the receipt', (state) => hasReceipt(state) || (tries > 1 && isGone(state)))
  if (hasReceipt(ended)) return { receiptId: ended.lastReceiptId, letter, ms: Math.round(performance.now() - startedMs) }
  expectDone('putting it away', await cashier.till.cancelPayment.mutate())
  tell(`Band ${letter} is charged and is gone when the till calls it: nothing was asked. The cashier tries again.`)
  return chargeUntilPaid(counter, customer, tries - 1)
}

/** Charges a band that will not pay, and reports how that ended and what the cashier is told to say. */
export async function meetRefusal(counter: Counter, customer: CustomerId): Promise<Declined> {
  const { letter } = await bringBand(counter, customer)
  const declined = await chargeRefused(counter)
  const { ending, reason, words } = declined
  counter.tell(`Band ${letter} is charged and does not pay (${ending}: ${reason}). The cashier says: “${words.en}” “${words['zh-CN']}”`)
  return declined
}

/** Charges the band at the counter, which does not pay, and puts the refusal away: the cart is still there. */
export async function chargeRefused({ cashier }: Counter): Promise<Declined> {
  const band = bandAtCounter(cashier.state())
  assert(band, 'one band is at the counter')
  expectDone('charging', await cashier.till.chargeBand.mutate({ sightingId: band.id }))
  const ended = await cashier.until('the refusal', (state) => {
    const { payment } = state
    return payment?.tender === 'band' && ['not-asked', 'refused', 'declined'].includes(payment.state)
  })
  const { state, reason } = ended.payment as BandPaymentView
  assert(reason && (state === 'not-asked' || state === 'refused' || state === 'declined'), 'a refusal has its reason')
  const words = REASONS[reason].say
  expectDone('putting the refusal away', await cashier.till.cancelPayment.mutate())
  assert(cashier.state().cart.lines.length > 0, 'the cart is still there')
  return { ending: state, reason, words: { ...words } }
}

/** Takes cash for the cart: a round sum, with change. */
export async function sellByCash({ cashier, tell }: Counter): Promise<Sold> {
  const { amount, currency } = cashier.state().cart.total
  const tenderedMinor = Math.ceil(amount / 5_000) * 5_000
  expectDone('opening the cash panel', await cashier.till.startCash.mutate())
  const { receiptId } = expectDone('taking cash', await cashier.till.takeCash.mutate({ tenderedMinor }))
  const receipt = await receiptOf(cashier, receiptId)
  const change = toDecimalText({ amount: tenderedMinor - amount, currency })
  tell(`Cash: ${toDecimalText({ amount: tenderedMinor, currency })} ${currency} given, ${change} back. Receipt ${printedNumber(receipt)}.`)
  expectDone('the next sale', await cashier.till.nextSale.mutate())
  return { receipt }
}

export async function bringBand(
  { stack, cashier }: Counter,
  customer: CustomerId,
): Promise<{ readonly bandId: TillState['bands'][number]['id']; readonly letter: string }> {
  await stack.sendAllAway()
  await cashier.until('an empty counter', (each) => each.bands.every((band) => band.nearness < 3))
  await stack.bringToCounter(customer)
  const state = await cashier.until(`the band of ${customer} alone at the counter`, (each) => bandAtCounter(each) !== undefined)
  const band = bandAtCounter(state)
  assert(band, 'one band is at the counter')
  return { bandId: band.id, letter: band.letter }
}

export async function receiptOf(cashier: ScriptCashier, receiptId: ReceiptId | undefined): Promise<Receipt> {
  assert(receiptId, 'a paid sale has a receipt')
  return expectDone('reading the receipt', await cashier.till.receipt.query({ receiptId })).receipt
}

function nextShowtime(programme: Programme, state: TillState): Showtime {
  const upcoming = programme.showtimes
    .filter((showtime) => showtime.startsAt > state.now)
    .toSorted((a, b) => a.startsAt.localeCompare(b.startsAt))
  assert(upcoming[0], 'the practice site has shows to sell')
  return upcoming[0]
}
