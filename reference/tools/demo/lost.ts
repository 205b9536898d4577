/** The demo's scenes about loss: band and phone in other hands, and an owner who stops all payments in the middle of the day. */
import type { CustomerId } from '#reference/practice/customers.ts'
import { assert } from '#shared/assert.ts'
import { REASONS } from '#shared/domain/reasons.ts'
import { expectDone } from '../counter/script-cashier.ts'
import { addSnack, bringBand, type Counter, chargeRefused, type Declined, type Sold, sellByBand, sellByCash } from './scenes.ts'

/** Off the wrist for five seconds, a band disarms itself; some more for the messages in between. */
const DISARMED_WITHIN_MS = 15_000
const TRIES = 2
/** A freeze is in force at every till this soon (design: its online effect). */
const FREEZE_WITHIN_MS = 2_000
const SAYS_FROZEN = /fr[eo]ez|冻结/iu
const OVER: ReadonlySet<string> = new Set(['not-asked', 'refused', 'declined', 'paid'])

/** Payments that went through although they must not. */
export type Lost = { readonly paymentsAfterDisarm: number; readonly paymentsAfterFreeze: number }

/** The thief has both, and wears the band: it takes no payment without the phone's unlock, and after the freeze not even with it. */
export async function loseBandAndPhone(counter: Counter, owner: CustomerId): Promise<{ readonly lost: Lost; readonly sold: Sold }> {
  const { stack, tell } = counter
  await addSnack(counter, 'drink', 1)
  await stack.tellWorld({ type: 'set', customer: owner, worn: false, unlocks: false })
  await stack.untilCustomer(owner, ({ armed }) => !armed, DISARMED_WITHIN_MS)
  await stack.tellWorld({ type: 'set', customer: owner, worn: true, unlocks: false })
  tell('A thief takes band and phone, and puts the band on. It has disarmed itself; the thief cannot unlock the phone.')
  const paymentsAfterDisarm = await tryToPay(counter, owner)
  tell('The thief sees the PIN and unlocks the phone. Meanwhile the owner has frozen the account from another device.')
  await stack.tellWorld({ type: 'freeze', customer: owner, frozen: true })
  await stack.tellWorld({ type: 'unlock-phone', customer: owner })
  const paymentsAfterFreeze = await tryToPay(counter, owner)
  await stack.tellWorld({ type: 'freeze', customer: owner, frozen: false })
  tell('The owner gets both back, and lifts the freeze. The drink is paid in cash.')
  return { lost: { paymentsAfterDisarm, paymentsAfterFreeze }, sold: await sellByCash(counter) }
}

/**
 * The owner freezes from another device: the very next payment is declined, and nobody at the counter learns why. Lifted, the same cart is
 * paid by the same band.
 */
export async function freezeDuringTheDay(
  counter: Counter,
  owner: CustomerId,
): Promise<{ readonly paymentsAfterFreeze: number; readonly declined: Declined; readonly sold: readonly Sold[] }> {
  const { stack, tell } = counter
  await addSnack(counter, 'drink', 1)
  const before = await sellByBand(counter, owner)
  await addSnack(counter, 'drink', 1)
  await bringBand(counter, owner)
  await stack.tellWorld({ type: 'freeze', customer: owner })
  const frozenMs = performance.now()
  const declined = await chargeRefused(counter)
  const passedMs = Math.round(performance.now() - frozenMs)
  assert(passedMs <= FREEZE_WITHIN_MS, `a freeze is felt within ${FREEZE_WITHIN_MS} ms, not ${passedMs} ms`)
  assert(!SAYS_FROZEN.test(Object.values(declined.words).join(' ')), 'the counter learns nothing of a freeze')
  tell(`The owner freezes the account from a browser, and ${passedMs} ms later the next payment has been declined (${declined.reason}).`)
  tell(`The cashier says: “${declined.words.en}” “${declined.words['zh-CN']}” Of the freeze the counter learns nothing.`)
  const paymentsAfterFreeze = await tryToPay(counter, owner)
  await stack.tellWorld({ type: 'freeze', customer: owner, frozen: false })
  tell('With a fresh passkey the owner lifts the freeze.')
  return { paymentsAfterFreeze, declined, sold: [before, await sellByBand(counter, owner)] }
}

/** How many of a few tries went through. */
export async function tryToPay(counter: Counter, customer: CustomerId): Promise<number> {
  const { cashier, tell } = counter
  let paid = 0
  for (let tried = 0; tried < TRIES; tried += 1) {
    const { bandId } = await bringBand(counter, customer)
    expectDone('charging', await cashier.till.chargeBand.mutate({ sightingId: bandId }))
    const { payment } = await cashier.until('an end', (state) => state.payment !== undefined && OVER.has(state.payment.state))
    if (payment?.tender !== 'band') throw new Error('a band was charged')
    if (payment.state === 'paid') paid += 1
    if (payment.reason)
      tell(`Charged, and not paid (${payment.state}: ${payment.reason}). The cashier says: “${REASONS[payment.reason].say.en}”`)
    if (payment.state !== 'paid') expectDone('putting the refusal away', await cashier.till.cancelPayment.mutate())
  }
  return paid
}
