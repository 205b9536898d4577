/** Case 15: what the phone makes of a band's counter. */
import { expect, test } from 'vitest'
import { phoneWorld } from './support/phone-world.ts'

const REFUSED = { kind: 'refusal', reason: 'band-not-usable' }
/** What a battery change skips, and far more. */
const SKIPPED = 1_000_000

test('case 15: the next counter and one a million on are good; equal, lower, and the old ones after the jump are band-not-usable', async () => {
  const world = await phoneWorld()
  const till = world.till()
  const pay = async (shift: number, nth: number) => {
    world.bandCounter(shift)
    await till.pay()
    return till.answer(nth)
  }
  expect(await pay(0, 1)).toEqual({ kind: 'authorization' })
  expect(await pay(0, 2)).toEqual({ kind: 'authorization' })
  expect(await pay(-1, 3)).toEqual(REFUSED)
  expect(await pay(-2, 4)).toEqual(REFUSED)
  expect(await pay(SKIPPED, 5)).toEqual({ kind: 'authorization' })
  expect(await pay(SKIPPED - 1, 6)).toEqual(REFUSED)
  expect(await pay(0, 7)).toEqual(REFUSED)
  expect(await pay(SKIPPED, 8)).toEqual({ kind: 'authorization' })
})
