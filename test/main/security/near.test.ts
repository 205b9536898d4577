/** Cases 19 to 21: who stands at the counter, when the air says something else. */
import { afterEach, expect, test } from 'vitest'
import type { CustomerId } from '#reference/practice/customers.ts'
import { msToQuietTime } from '#reference/tools/conformance/slots.ts'
import { type CounterOptions, CounterWorld, demand, PAYER } from '#test/support/counter-world.ts'

/** Popcorn up to the no-knock limit of the till, and one more. */
const WITHOUT_KNOCK = 8
const DISARMED_MS = 5_100

let world: CounterWorld
afterEach(async () => world.close())

/** No band changes its identity in the middle of a test. */
async function openAtQuietTime(options: CounterOptions = {}): Promise<CounterWorld> {
  const opened = await CounterWorld.build(options)
  opened.clock.advance(msToQuietTime(opened.clock.nowMs()))
  await opened.start()
  await opened.ready(options.customers?.length ?? 1)
  for (const { band } of opened.customers.values()) await opened.until('it has offers', () => band.offerCount > 0)
  return opened
}

/** Every PDU takes this long on its way to a band that is elsewhere: two radios and a network in the place of the last metre. */
function relay(delayMs: number): void {
  world.hooks.fateOf = () => ({ lateMs: delayMs })
}

/** Moves the time while something is waited for: relayed PDUs and timers of the till both live by it. */
async function passes(isSo: () => boolean, what: string): Promise<void> {
  const moving = setInterval(() => world.clock.advance(200), 10)
  try {
    await world.until(what, isSo)
  } finally {
    clearInterval(moving)
  }
}

test.each([8, 80])(
  'case 19: a band relayed from a kilometre away with %i ms more: above the no-knock limit nobody is charged without the knock',
  async (delayMs) => {
    world = await openAtQuietTime()
    relay(delayMs)
    await world.popcorn(WITHOUT_KNOCK + 1)
    const [band] = world.state.bands
    expect(band?.needsKnock).toBe(true)
    expect(await world.till.chargeBand({ sightingId: band?.id as never })).toEqual({ ok: false, error: { code: 'knock-needed' } })
    demand(await world.till.chargeByKnock())
    // The wearer, who is elsewhere, feels nothing of the count on show here, and does not knock.
    await passes(() => world.state.knock?.state === 'nobody', 'nobody has knocked')
    expect(world.store.get('SELECT COUNT(*) AS n FROM attempts')).toEqual({ n: 0 })
    expect((await world.authorizations()).size).toBe(0)
  },
)

test.each([8, 80])('case 19: relayed with %i ms more and no knock asked for, no more is lost than the no-knock limit', async (delayMs) => {
  world = await openAtQuietTime()
  relay(delayMs)
  await world.popcorn(WITHOUT_KNOCK)
  const requestId = demand(await world.till.chargeBand({ sightingId: await world.sightingOf() })).requestId
  await passes(() => world.attemptState(requestId) === 'paid', 'it is paid')
  // Nearness cannot tell: this is what a no-knock limit is for, and the owner reads of it on the phone at once.
  const [authorization] = [...(await world.authorizations()).values()]
  expect(authorization?.amount).toBeLessThanOrEqual(20_000)
  expect(world.events.filter(({ event }) => event === 'approved')).toHaveLength(1)
})

const customer = (id: CustomerId, displayName: string, distanceM: number) => ({ ...PAYER, id, displayName, distanceM })

test('case 20: another band comes nearer while a charge is under way: whoever was charged pays, and nobody else', async () => {
  world = await openAtQuietTime({ customers: [customer('twin-a', 'Left Sandal', 0.3), customer('twin-b', 'Right Sandal', 8)] })
  await world.popcorn()
  await world.until('the near one is proposed', () => world.state.bands[0]?.proposed === true)
  let isMoved = false
  world.hooks.onSend = () => {
    if (isMoved) return
    isMoved = true
    world.customer('twin-a').set({ distance: 8, unlocks: true })
    world.customer('twin-b').set({ distance: 0.1, unlocks: true })
  }
  const { requestId } = demand(await world.till.chargeBand({ sightingId: world.state.bands[0]?.id as never }))
  expect(await world.settled(requestId)).toBe('paid')
  expect(isMoved).toBe(true)
  const { receipt } = demand(await world.till.receipt({ receiptId: world.state.lastReceiptId as never }))
  expect(receipt.payments).toMatchObject([{ payerName: 'Left Sandal' }])
  expect(world.events.filter(({ event }) => event === 'approved').map(({ customer: who }) => who)).toEqual(['twin-a'])
})

test('case 21: a stolen band that was off for five seconds pays nobody: not-armed', async () => {
  world = await openAtQuietTime()
  await world.popcorn()
  world.customer().set({ worn: false, unlocks: false })
  world.clock.advance(DISARMED_MS)
  world.customer().set({ worn: true, unlocks: false })
  await world.until('it is seen unarmed on a wrist', () => world.state.bands.some(({ worn, armed }) => worn && !armed))
  expect(await world.settled(await world.charge())).toBe('not-asked')
  expect(world.payment).toMatchObject({ reason: 'not-armed' })
})

test('case 21: a band torn off and put on within five seconds is still armed, and pays no more than its limits without a knock', async () => {
  world = await openAtQuietTime()
  await world.popcorn(WITHOUT_KNOCK + 1)
  world.customer().set({ worn: false, unlocks: false })
  world.customer().set({ worn: true, unlocks: false })
  await world.until('it is seen armed', () => world.state.bands.some(({ worn, armed }) => worn && armed))
  expect(await world.till.chargeBand({ sightingId: await world.sightingOf() })).toEqual({ ok: false, error: { code: 'knock-needed' } })
  demand(await world.till.clearCart())
  await world.popcorn(WITHOUT_KNOCK)
  expect(await world.settled(await world.charge())).toBe('paid')
})
