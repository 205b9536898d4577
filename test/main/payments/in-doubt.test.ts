import { afterEach, expect, test } from 'vitest'
import type { RequestId } from '#shared/domain/ids.ts'
import { type CounterOptions, CounterWorld, demand, POPCORN_PRICE } from '#test/support/counter-world.ts'

const EXPIRED_MS = 100_000

let world: CounterWorld
afterEach(async () => world.close())

async function open(options?: CounterOptions): Promise<void> {
  world = await CounterWorld.open(options)
}

async function chargedIntoDoubt(): Promise<RequestId> {
  const requestId = await world.charge()
  await world.until('the attempt is in doubt', () => world.payment?.state === 'in-doubt')
  expect(world.attemptState(requestId)).toBe('in-doubt')
  expect(world.state.cart.state).toBe('in-doubt')
  expect(world.state.status.inDoubt).toBe(1)
  return requestId
}

async function settledOnce(requestId: RequestId, state: string, receipts: number): Promise<void> {
  expect(await world.settled(requestId)).toBe(state)
  await world.until('the doubt is over', () => world.state.status.inDoubt === 0)
  expect(world.receiptCount()).toBe(receipts)
  expect(await world.disagreements()).toEqual([])
  // Nothing asks any more, and nothing changes: one receipt, one capture.
  world.clock.advance(EXPIRED_MS)
  expect(await world.disagreements()).toEqual([])
  expect(world.receiptCount()).toBe(receipts)
}

test('answer cut off: asked over the band, paid once', async () => {
  await open()
  await world.popcorn()
  world.fault('cut-on-answer')
  const requestId = await chargedIntoDoubt()
  const asked = world.backend.calls.length
  world.clock.advance(2_000)
  await settledOnce(requestId, 'paid', 1)
  // The phone knew it: the backend was asked nothing about the attempt.
  expect(world.backend.calls.slice(asked).filter(({ path }) => path.includes('/v1/attempts/'))).toEqual([])
})

test('answer lost without a word: in doubt when the request has expired, then paid once', async () => {
  await open()
  await world.popcorn()
  world.fault('lose-answer')
  const requestId = await world.charge()
  await world.until('it is sent', () => world.payment?.state === 'sent')
  expect(await world.till.chargeBand({ sightingId: await world.sightingOf() })).toMatchObject({ error: { code: 'payment-running' } })
  await world.until('the backend approved', () => world.events.some(({ event }) => event === 'approved'))
  world.clock.advance(EXPIRED_MS)
  await world.until('it is in doubt', () => world.attemptState(requestId) !== 'sent')
  world.clock.advance(2_000)
  await settledOnce(requestId, 'paid', 1)
})

test('answer lost and the band gone: the backend is asked, paid once', async () => {
  await open()
  await world.popcorn()
  world.fault('cut-on-answer')
  const requestId = await chargedIntoDoubt()
  world.customer().set({ distance: 1_000, unlocks: false })
  world.clock.advance(2_000)
  await settledOnce(requestId, 'paid', 1)
  expect(world.backend.calls.some(({ path }) => path.endsWith(`/v1/attempts/${requestId}`))).toBe(true)
})

test('the backend is asked again and again until it answers', async () => {
  await open()
  await world.popcorn()
  world.fault('cut-on-answer')
  const requestId = await chargedIntoDoubt()
  world.customer().set({ distance: 1_000, unlocks: false })
  const isStatus = (path: string) => path.includes('/v1/attempts/')
  const next = () => (world.payment?.tender === 'band' ? Date.parse(world.payment.nextQueryAt ?? '') : 0)
  world.backend.fateOf = ({ path }) => (isStatus(path) ? 'refuse' : 'answer')
  let before = next()
  for (const [delayMs, thenMs] of [
    [2_000, 5_000],
    [5_000, 10_000],
    [10_000, 20_000],
  ] as const) {
    world.clock.advance(delayMs)
    await world.until(`the question after ${delayMs} ms has been asked`, () => next() > before)
    before = next()
    // Shown to the cashier: when it is asked next.
    expect(before - world.clock.nowMs()).toBeGreaterThan(thenMs - 1_000)
    expect(before - world.clock.nowMs()).toBeLessThanOrEqual(thenMs)
    expect(world.attemptState(requestId)).toBe('in-doubt')
  }
  expect(world.backend.calls.filter(({ path }) => isStatus(path)).length).toBeGreaterThanOrEqual(3)
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  await settledOnce(requestId, 'paid', 1)
})

test('link cut as the request arrives: nobody saw it, the phone signs so, and the cart is free', async () => {
  await open()
  await world.popcorn()
  world.fault('cut-on-request')
  const requestId = await chargedIntoDoubt()
  world.clock.advance(2_000)
  await settledOnce(requestId, 'refused', 0)
  expect(world.payment).toMatchObject({ state: 'refused', reason: 'cancelled' })
  expect((await world.authorizations()).size).toBe(0)
  // The same cart pays at the second try.
  expect(await world.settled(await world.charge())).toBe('paid')
})

test('request lost and the band gone: reversed only after it expired, when the backend has never heard of it', async () => {
  await open()
  await world.popcorn()
  world.fault('cut-on-request')
  const requestId = await chargedIntoDoubt()
  world.customer().set({ distance: 1_000, unlocks: false })
  const asked = () => world.backend.calls.filter(({ path }) => path.includes('/v1/attempts/')).length
  const next = () => (world.payment?.tender === 'band' ? Date.parse(world.payment.nextQueryAt ?? '') : 0)
  const first = next()
  world.clock.advance(2_000)
  await world.until('the backend has said that it knows nothing', () => next() > first)
  expect(asked()).toBe(1)
  expect(world.attemptState(requestId)).toBe('in-doubt')
  world.clock.advance(EXPIRED_MS)
  await settledOnce(requestId, 'reversed', 0)
  expect(world.payment).toMatchObject({ state: 'reversed', reason: 'expired' })
})

test('declined while the answer was cut off: the query brings the no', async () => {
  await open()
  await world.popcorn()
  world.customer().set({ unlocks: false, confirmAbove: 0, confirms: 'no' })
  world.fault('cut-on-answer')
  const requestId = await chargedIntoDoubt()
  world.clock.advance(2_000)
  await settledOnce(requestId, 'refused', 0)
  expect(world.payment).toMatchObject({ reason: 'wallet-refused' })
})

test('a garbled answer is no answer: named, in doubt, then the truth', async () => {
  await open()
  await world.popcorn()
  world.hooks.fateOf = (_band, direction, pdu) => {
    const isAnswer = direction === 'to-terminal' && pdu[0] === 0x1b && pdu[3] === 4
    return isAnswer ? { garbled: pdu.map((byte, index) => (index === pdu.length - 1 ? byte ^ 1 : byte)) } : 'deliver'
  }
  const requestId = await chargedIntoDoubt()
  expect(world.warnings).toContainEqual({ message: 'session-ended', fields: { requestId, why: 'cannot-open' } })
  world.hooks.fateOf = () => 'deliver'
  world.clock.advance(2_000)
  await settledOnce(requestId, 'paid', 1)
})

test('the backend answers again: what is in doubt is asked about at once', async () => {
  await open()
  await world.popcorn()
  world.fault('cut-on-answer')
  world.backend.fateOf = ({ caller }) => (caller === 'phone' ? 'answer' : 'refuse')
  const requestId = await chargedIntoDoubt()
  world.customer().set({ distance: 1_000, unlocks: false })
  const next = () => (world.payment?.tender === 'band' ? Date.parse(world.payment.nextQueryAt ?? '') - world.clock.nowMs() : 0)
  for (const waitMs of [2_000, 5_000, 10_000, 20_000]) {
    world.clock.advance(waitMs)
    await world.until('the next question is further off', () => next() > waitMs)
  }
  expect(next()).toBeGreaterThan(30_000)
  world.backend.fateOf = () => 'answer'
  // The next probe is due within 15 s: long before the next question.
  world.clock.advance(15_000)
  await settledOnce(requestId, 'paid', 1)
})

test('approved is not paid: until the receipt is on disk the screen says in doubt, and no receipt is shown', async () => {
  await open()
  await world.popcorn()
  const shown: string[] = []
  world.till.onState(({ payment, lastReceiptId }) => shown.push(`${payment?.state} ${lastReceiptId ? 'receipt' : 'none'}`))
  world.hooks.onReceive = ({ kind }) => {
    const receipt = world.store.writes + 1
    if (kind === 'answer') world.store.isFull = (write) => write === receipt
  }
  const requestId = await chargedIntoDoubt()
  expect(new Set(shown)).toEqual(new Set(['undefined none', 'prepared none', 'sent none', 'in-doubt none']))
  expect(world.warnings).toContainEqual({ message: 'receipt-not-written', fields: expect.objectContaining({ requestId }) as object })
  world.clock.advance(2_000)
  await settledOnce(requestId, 'paid', 1)
})

test('nothing is charged twice while in doubt, and cash waits too', async () => {
  await open()
  await world.popcorn()
  world.fault('cut-on-answer')
  await chargedIntoDoubt()
  expect(await world.till.chargeBand({ sightingId: await world.sightingOf() })).toMatchObject({ error: { code: 'payment-running' } })
  expect(await world.till.startCash()).toMatchObject({ error: { code: 'payment-running' } })
  expect(await world.till.setProduct({ productId: 'popcorn', quantity: 2 })).toMatchObject({ error: { code: 'cart-locked' } })
  expect(await world.till.clearCart()).toMatchObject({ error: { code: 'cart-locked' } })
  demand(await world.till.nextSale())
  expect(world.payment?.state).toBe('in-doubt')
})

test("the phone's submit is answered only the second time: the same yes, held once", async () => {
  await open()
  await world.popcorn()
  let lost = 0
  world.backend.fateOf = ({ path }) => {
    if (path !== '/v1/authorizations' || lost > 0) return 'answer'
    lost += 1
    return 'lose-answer'
  }
  const requestId = await world.charge()
  await world.until('the answer was lost', () => lost === 1)
  const retry = setInterval(() => world.clock.advance(500), 5)
  expect(await world.settled(requestId)).toBe('paid')
  clearInterval(retry)
  expect([...(await world.authorizations()).values()]).toMatchObject([{ amount: POPCORN_PRICE }])
  expect(await world.disagreements()).toEqual([])
})

test.each([-86_400_000, -900_000, -60_000, 60_000, 900_000, 86_400_000])(
  "the till's clock jumps by %i ms while an offer is open: nothing is sent, or it is paid once; set right, the next sale pays",
  async (skewMs) => {
    await open()
    await world.popcorn()
    world.hooks.onReceive = ({ kind }) => {
      if (kind === 'offer') world.hooks.skewMs = skewMs
    }
    const requestId = await world.charge()
    const isSmall = Math.abs(skewMs) <= 60_000
    // An offer lives a quarter of an hour: so far ahead, the till or the phone may be the first to see that the other's time is over.
    expect(isSmall ? ['paid'] : ['not-asked', 'refused']).toContain(await world.settled(requestId))
    expect((await world.authorizations()).size).toBe(isSmall ? 1 : 0)
    world.hooks.onReceive = () => {}
    world.hooks.skewMs = 0
    if (isSmall) await world.popcorn()
    expect(await world.settled(await world.charge())).toBe('paid')
    expect(world.receiptCount()).toBe(isSmall ? 2 : 1)
    expect(await world.disagreements()).toEqual([])
  },
)

test.each([
  ['back', -86_400_000],
  ['forward', 86_400_000],
])("the till's clock is set %s a day in the middle: the wait is as long as ever", async (_where, skewMs) => {
  await open()
  world.customer().set({ unlocks: true, phoneDelayMs: 400, confirmAbove: 0, confirms: 'never' })
  await world.popcorn()
  const requestId = await world.charge()
  await world.until('it is sent', () => world.payment?.state === 'sent')
  world.hooks.skewMs = skewMs
  await world.until('the customer is asked', () => world.payment?.tender === 'band' && world.payment.stage === 'waiting-for-customer')
  // The phone would say itself that time is up.
  world.customer().set({ phoneReach: false, unlocks: false })
  expect(world.attemptState(requestId)).toBe('sent')
  world.clock.advance(EXPIRED_MS)
  await world.until('it is in doubt', () => world.attemptState(requestId) !== 'sent')
})
