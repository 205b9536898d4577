/** The demo's scenes in which something goes wrong: an answer lost, a customer who changes their mind, a backend and a terminal that stop. */
import type { CustomerId } from '#reference/practice/customers.ts'
import { assert } from '#shared/assert.ts'
import type { BandPaymentView, TillState } from '#shared/contracts/till.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { toDecimalText } from '#shared/domain/money.ts'
import { printedNumber } from '#shared/domain/receipt.ts'
import { enterTill, expectDone, type ScriptCashier } from '../counter/script-cashier.ts'
import { addSnack, bringBand, type Counter, receiptOf, type Sold, sellByCash } from './scenes.ts'

/** Half of it passes on the way back: long enough to stop a process meanwhile, and the request (90 s) lives on. */
const SLOW_PHONE_MS = 6_000
const USUAL_PHONE_MS = 60
const SETTLED_TIMEOUT_MS = 45_000

/** How a payment in doubt ended: `charges` is for the evidence to count. */
export type Doubted = { readonly requestId: RequestId; readonly outcome: 'receipt' | 'reversal' }
export type Trouble = { readonly sold: readonly Sold[]; readonly doubted: Doubted }

/** The answer is lost on its way back: the till asks again over the band, and the yes it gets is the first one. */
export async function loseAnAnswer(counter: Counter, customer: CustomerId): Promise<Trouble> {
  const { cashier, tell } = counter
  await addSnack(counter, 'snack', 1)
  await counter.stack.tellWorld({ type: 'fault', customer, fault: 'lose-answer' })
  const requestId = await charge(counter, customer)
  const doubt = await cashier.until('a payment in doubt', ({ payment }) => payment?.state === 'in-doubt', SETTLED_TIMEOUT_MS)
  assert(doubt.cart.state === 'in-doubt', 'the cart is locked meanwhile')
  tell('The answer is lost on its way back. The till says that it does not know, locks the sale, and asks again by itself.')
  const sold = await paidSale(counter, 'settled once: the wallet was charged a single time')
  return { sold: [sold], doubted: { requestId, outcome: 'receipt' } }
}

/** The cashier does not wait, cancels and takes cash. The yes that was on its way never becomes a receipt, and the money goes back. */
export async function cancelAndTakeCash(counter: Counter, customer: CustomerId): Promise<Trouble> {
  const { cashier, tell } = counter
  await addSnack(counter, 'snack', 2)
  const requestId = await chargeUntilApproved(counter, customer)
  expectDone('cancelling', await cashier.till.cancelPayment.mutate())
  await cashier.until('the reversal', ({ payment }) => payment?.state === 'reversed')
  tell('The wallet has approved, but the answer is slow; the cashier cancels. The reversal is on disk before the sale is free again.')
  expectDone('putting it away', await cashier.till.cancelPayment.mutate())
  const sold = await sellByCash(counter)
  tell('The same sale is paid in cash; the late yes is refused, and the wallet gets its money back.')
  return { sold: [sold], doubted: { requestId, outcome: 'reversal' } }
}

/** The backend stops after it has approved and before it hears of the receipt; a cash sale follows while it is away. Nothing comes twice. */
export async function stopTheBackend(counter: Counter, customer: CustomerId): Promise<Trouble> {
  const { cashier, stack, tell } = counter
  await addSnack(counter, 'drink', 1)
  const requestId = await chargeUntilApproved(counter, customer)
  const { port } = new URL(stack.backend.url)
  await stack.backend.part.stop()
  tell('The backend has approved, and stops. The answer is still on its way over the band.')
  const first = await paidSale(counter, 'the receipt is kept here, to be captured later')
  await addSnack(counter, 'popcorn', 1)
  const second = await sellByCash(counter)
  await cashier.until('the backend is missed', ({ status }) => status.backend.state === 'offline' && status.outbox.pending >= 2)
  const { exposure } = cashier.state().status
  tell(`The till says what would be lost with this computer: ${exposure.sales} sales, ${toDecimalText(exposure.total)} unsynced.`)
  await stack.startBackend(Number(port))
  await cashier.until('everything sent', ({ status }) => status.outbox.pending === 0, SETTLED_TIMEOUT_MS)
  tell('The backend is back, and every record has reached it once.')
  return { sold: [first, second], doubted: { requestId, outcome: 'receipt' } }
}

/** The terminal is killed between the approval and the receipt. The next start finds the sale, says what it knows, and finishes it. */
export async function killTheTerminal(counter: Counter, customer: CustomerId): Promise<Trouble & { readonly cashier: ScriptCashier }> {
  const { stack, tell } = counter
  await addSnack(counter, 'popcorn', 2)
  const requestId = await chargeUntilApproved(counter, customer)
  await stack.terminal.part.kill()
  counter.cashier.close()
  tell('The wallet has approved. Before the answer arrives, the terminal is killed.')
  await stack.startTerminal()
  const cashier = await enterTill(stack.terminal.address)
  const found = await cashier.until('the interrupted sale', ({ interrupted }) => interrupted?.canFinish === true, SETTLED_TIMEOUT_MS)
  assert(found.interrupted?.requestId === requestId && found.interrupted.charged === 'yes', 'the till found the sale it was killed in')
  tell('It is started again: “A sale was interrupted. Charged: yes. Receipt: not yet.” The cashier presses Finish.')
  expectDone('finishing', await cashier.till.finishInterrupted.mutate())
  const sold = await paidSale({ ...counter, cashier }, 'one receipt, one charge')
  return { sold: [sold], doubted: { requestId, outcome: 'receipt' }, cashier }
}

/** Charges a customer, and answers the request's id. */
async function charge(counter: Counter, customer: CustomerId): Promise<RequestId> {
  const { bandId } = await bringBand(counter, customer)
  return expectDone('charging', await counter.cashier.till.chargeBand.mutate({ sightingId: bandId })).requestId
}

/** Charges a customer whose phone is slow, and comes back when the wallet has approved and its answer is still on its way. */
async function chargeUntilApproved(counter: Counter, customer: CustomerId): Promise<RequestId> {
  const { stack } = counter
  await stack.tellWorld({ type: 'set', customer, phoneDelayMs: SLOW_PHONE_MS })
  const approved = worldSays(counter, customer, 'approved')
  const requestId = await charge(counter, customer)
  await approved
  await stack.tellWorld({ type: 'set', customer, phoneDelayMs: USUAL_PHONE_MS })
  return requestId
}

async function worldSays({ stack }: Counter, customer: CustomerId, event: string): Promise<void> {
  await stack.world.part.message((message) => {
    const said = message as { readonly type?: unknown; readonly customer?: unknown; readonly event?: unknown }
    return said.type === 'event' && said.customer === customer && said.event === event ? true : undefined
  })
}

async function paidSale({ cashier, tell }: Counter, moral: string): Promise<Sold> {
  const paid = await cashier.until('the receipt', isDone, SETTLED_TIMEOUT_MS)
  const receipt = await receiptOf(cashier, paid.lastReceiptId)
  tell(`Receipt ${printedNumber(receipt)}, ${toDecimalText(receipt.total)} ${receipt.total.currency}: ${moral}.`)
  expectDone('the next sale', await cashier.till.nextSale.mutate())
  return { receipt }
}

function isDone({ lastReceiptId, payment }: TillState): boolean {
  return lastReceiptId !== undefined && (payment as BandPaymentView | undefined)?.state !== 'in-doubt'
}
