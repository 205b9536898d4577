/** The demo's scenes about a band's life: lost alone and found by somebody else, and let go and paired anew. */
import type { CustomerId } from '#reference/practice/customers.ts'
import { assert } from '#shared/assert.ts'
import { tryToPay } from './lost.ts'
import { addSnack, type Counter, type Sold, sellByBand } from './scenes.ts'

/** A thief takes some six seconds to put the band on; the rest is for a busy machine. */
const COMES_ABOUT_WITHIN_MS = 20_000

/** Found without its phone a band pays nothing, and nobody makes it theirs: not by asking it, not around it, not after a reset. */
export async function loseTheBand(
  counter: Counter,
  owner: CustomerId,
): Promise<{ readonly paymentsAfterDisarm: number; readonly sold: Sold }> {
  const { stack, tell } = counter
  await addSnack(counter, 'snack', 1)
  await stack.tellWorld({ type: 'steal', customer: owner })
  const { displayName } = await stack.untilCustomer(owner, ({ worn, life }) => worn && life.hands === 'thief', COMES_ABOUT_WITHIN_MS)
  tell(`${displayName}’s band is gone, the phone is not. Somebody has found the band, wears it, and comes to the counter.`)
  const paymentsAfterDisarm = await tryToPay(counter, owner)
  for (const when of ['', 'The finder holds the button for ten seconds: the band starts anew, and its lock is as it was. '] as const) {
    if (when !== '') await stack.tellWorld({ type: 'reset-band', customer: owner })
    await stack.tellWorld({ type: 'try-pairing', customer: owner })
    const { life } = await stack.customer(owner)
    assert(life.lock === 'bound' && life.tried?.byBand === 'refused' && life.tried.byBackend === 'refused', 'nobody else gets the band')
    tell(`${when}The finder’s own phone asks for the band: the band refuses. A forged offer goes to the backend: it refuses, too.`)
  }
  const told = (await stack.customer(owner)).life.told.filter(({ kind }) => kind === 'pairing-refused')
  assert(told.length === 2, 'the owner hears of each try')
  tell('The owner was told both times that another phone tried to take the band.')
  await stack.tellWorld({ type: 'back-to-normal', customer: owner })
  tell('The band is found again, and its owner unlocks the phone: it pays as before.')
  return { paymentsAfterDisarm, sold: await sellByBand(counter, owner) }
}

/** The owner lets the band go with a passkey; the phone tells the band; paired anew by a knock it pays in the new epoch. */
export async function letGoAndPairAnew(counter: Counter, owner: CustomerId): Promise<Sold> {
  const { stack, tell } = counter
  await addSnack(counter, 'popcorn', 1)
  await stack.tellWorld({ type: 'release', customer: owner })
  const released = await stack.customer(owner)
  assert(released.life.lock === 'released' && released.address === '', 'a band that was let go says nothing to tills')
  tell(`${released.displayName} lets the band go, with a passkey. The phone brings it the order; from then on no till hears of it.`)
  await stack.tellWorld({ type: 'pair', customer: owner })
  const { life } = await stack.customer(owner)
  assert(life.knocks !== undefined, 'the phone shows a count')
  await stack.tellWorld({ type: 'knock', customer: owner, count: life.knocks })
  tell(`Band and phone are paired anew: the phone shows ${life.knocks}, and the owner knocks ${life.knocks} times on the band.`)
  await stack.untilCustomer(owner, ({ life: { lock }, armed, offers }) => lock === 'bound' && armed && offers > 0, COMES_ABOUT_WITHIN_MS)
  return sellByBand(counter, owner)
}
