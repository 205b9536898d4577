/** Seats while they are paid: pinned first, taken again when their hold ran out, and never promised twice. */
import { afterEach, expect, test } from 'vitest'
import type { BackendClient } from '#main/ports.ts'
import { createBackendClient } from '#main/sync/backend-client.ts'
import type { HoldId, SeatId } from '#shared/domain/ids.ts'
import { valueOf } from '#test/main/ledger/sample-sales.ts'
import { newId } from '#test/support/backend-world.ts'
import { CounterWorld, demand, OTHER_TERMINAL, SHOW, TICKET_PRICE } from '#test/support/counter-world.ts'
import { testSigner } from '#test/support/test-keys.ts'
import { until } from '#test/support/until.ts'

/** HOLD_LIFETIME_MS and a little. */
const HOLD_OVER_MS = 8 * 60_000 + 1_000

let world: CounterWorld
afterEach(async () => world.close())

async function otherTerminal(): Promise<BackendClient> {
  const code = 'code-of-aurora-2'
  demand(await world.backend.registry.terminal(OTHER_TERMINAL, { siteId: 'aurora', enrolmentCode: code }))
  const signer = await testSigner('other terminal')
  const input = { url: world.backend.url, terminalId: OTHER_TERMINAL, signer, clock: world.clock, random: () => 0.5 }
  const client = valueOf(createBackendClient(input))
  demand(await client.enrol({ terminalId: OTHER_TERMINAL, code }))
  return client
}

const cutTerminal = () => {
  world.backend.fateOf = ({ caller }) => (caller === 'phone' ? 'answer' : 'refuse')
}

test('backend down: no new seats; the band pays the held ones through the phone; cash is refused in words', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1', 'A2'))
  await world.popcorn()
  cutTerminal()
  expect(await world.seats('A1', 'A2', 'A3')).toEqual({ ok: false, error: { code: 'backend-offline' } })
  expect(await world.till.seatMap({ showtimeId: SHOW })).toMatchObject({ error: { code: 'backend-offline' } })
  expect(await world.till.startCash()).toEqual({ ok: false, error: { code: 'seats-unpinned' } })
  expect(world.payment).toBeUndefined()
  expect(world.state.cart.state).toBe('open')
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(world.state.status.outbox.pending).toBeGreaterThan(0)
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
})

test('backend away until the certificate ran out: no band is asked, cash goes on, and the next renewal ends it', async () => {
  world = await CounterWorld.open()
  const standing = () => world.store.get("SELECT value FROM settings WHERE key = 'enrolment'")?.['value']
  const outdated = standing()
  cutTerminal()
  world.clock.advance(8 * 24 * 60 * 60_000)
  await world.popcorn()
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('not-asked')
  expect(world.payment).toMatchObject({ reason: 'terminal-not-trusted' })
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: 10_000 }))
  world.backend.fateOf = () => 'answer'
  let looks = 0
  await until('the certificate is renewed', () => {
    // Each failed try plans the next one a minute later, counted from when it came back.
    looks += 1
    if (looks % 500 === 1) world.clock.advance(61_000)
    return standing() !== outdated
  })
  await world.popcorn()
  await world.until('the news is young again', () => world.state.knockWhy === undefined)
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

/** The answer to every change of a hold is lost; what it asked for is done all the same. */
const loseHoldAnswers = () => {
  world.backend.fateOf = ({ method, path }) => (method === 'PUT' && path.includes('/holds/') ? 'lose-answer' : 'answer')
}

test('a first choice without an answer: the next try gets the same seats, not "taken" by ourselves', async () => {
  world = await CounterWorld.open()
  loseHoldAnswers()
  expect(await world.seats('A1')).toEqual({ ok: false, error: { code: 'backend-offline' } })
  world.backend.fateOf = () => 'answer'
  demand(await world.seats('A1'))
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test.each(['band', 'cash'] as const)('a swap without an answer, the old seat taken meanwhile: no %s is taken for it', async (tender) => {
  world = await CounterWorld.open()
  const other = await otherTerminal()
  demand(await world.seats('A1'))
  loseHoldAnswers()
  expect(await world.seats('A2')).toEqual({ ok: false, error: { code: 'backend-offline' } })
  world.backend.fateOf = () => 'answer'
  demand(await other.putHold({ holdId: newId() as HoldId, showtimeId: SHOW, seats: ['A1' as SeatId] }))
  if (tender === 'cash') expect(await world.till.startCash()).toEqual({ ok: false, error: { code: 'seat-taken', subject: ['A1'] } })
  else {
    expect(await world.settled(await world.charge())).toBe('not-asked')
    expect(world.payment).toMatchObject({ refusal: { code: 'seat-taken', subject: ['A1'] } })
  }
  expect(await world.disagreements()).toEqual([])
})

test('a swap without an answer, then a crash: the start sets the hold to the cart again, and it is paid', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  loseHoldAnswers()
  expect(await world.seats('A2', 'A3')).toEqual({ ok: false, error: { code: 'backend-offline' } })
  world.backend.fateOf = () => 'answer'
  await world.cutPower()
  const ours = async () => demand(await world.till.seatMap({ showtimeId: SHOW })).seats
  const puts = () => world.backend.calls.filter(({ method, path }) => method === 'PUT' && path.includes('/holds/')).length
  const before = puts()
  await world.until('the hold is set again', () => puts() > before)
  await until('bands are heard again', () => world.state.bands.length > 0)
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
  expect(await ours()).toMatchObject({ A1: 'sold', A2: 'free', A3: 'free' })
})

test('a swap without an answer, a crash, and no backend at the start: nobody is asked to pay for a seat that may be another', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  loseHoldAnswers()
  expect(await world.seats('A2')).toEqual({ ok: false, error: { code: 'backend-offline' } })
  cutTerminal()
  await world.cutPower()
  await until('bands are heard again', () => world.state.bands.length > 0)
  expect(await world.settled(await world.charge())).toBe('not-asked')
  expect(world.payment).toMatchObject({ reason: 'seat-not-held' })
  expect((await world.authorizations()).size).toBe(0)
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  await world.synced()
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('a crash between: once the backend has confirmed the seats, a band pays for them through its phone alone', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  await world.cutPower()
  await until('the seats were looked at', () => world.backend.calls.some(({ path }) => path.endsWith('/seats')))
  await until('bands are heard again', () => world.state.bands.length > 0)
  cutTerminal()
  expect(await world.settled(await world.charge())).toBe('paid')
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
})

test('backend down: a seat can be given back and a snack sells for cash', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1', 'A2'))
  cutTerminal()
  demand(await world.seats('A2'))
  expect(world.state.cart).toMatchObject({ lines: [{ subject: { seat: 'A2' } }], holds: [{ seats: ['A2'] }] })
  demand(await world.seats())
  expect(world.state.cart).toMatchObject({ lines: [], holds: [] })
  await world.popcorn()
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: 10_000 }))
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
})

test('a hold that ran out is taken again when its seats are free', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  world.clock.advance(HOLD_OVER_MS)
  await world.backend.sweep()
  await until('bands are heard again', () => world.state.bands.length > 0)
  expect(await world.settled(await world.charge())).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test.each(['band', 'cash'] as const)('a hold that ran out and was taken by another terminal: no %s is taken', async (tender) => {
  world = await CounterWorld.open()
  demand(await world.seats('A1', 'A2'))
  const other = await otherTerminal()
  expect(await other.putHold({ holdId: newId() as HoldId, showtimeId: SHOW, seats: ['A2' as SeatId] })).toMatchObject({
    error: { code: 'seat-taken' },
  })
  world.clock.advance(HOLD_OVER_MS)
  demand(await other.putHold({ holdId: newId() as HoldId, showtimeId: SHOW, seats: ['A2' as SeatId] }))
  await until('bands are heard again', () => world.state.bands.length > 0)
  if (tender === 'cash') {
    expect(await world.till.startCash()).toEqual({ ok: false, error: { code: 'seat-taken', subject: ['A2'] } })
    expect(world.payment).toBeUndefined()
  } else {
    expect(await world.settled(await world.charge())).toBe('not-asked')
    expect(world.payment).toMatchObject({ reason: 'seat-not-held', refusal: { code: 'seat-taken', subject: ['A2'] } })
  }
  expect(world.state.cart.state).toBe('open')
  // What is left can be sold: the rest of the hold is not lost with it.
  demand(await world.seats('A1'))
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: TICKET_PRICE }))
  expect(await world.disagreements()).toEqual([])
})

test('the terminal offline and the hold run out meanwhile: the authorizer refuses, nothing is charged', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  world.clock.advance(HOLD_OVER_MS)
  await until('bands are heard again', () => world.state.bands.length > 0)
  cutTerminal()
  expect(await world.settled(await world.charge())).toBe('declined')
  expect(world.payment).toMatchObject({ reason: 'seat-not-held' })
  expect((await world.authorizations()).size).toBe(0)
})

test('a pinned hold outlives its end: paid long after, the seat is ours', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  demand(await world.till.startCash())
  world.clock.advance(10 * HOLD_OVER_MS)
  const other = await otherTerminal()
  expect(await other.putHold({ holdId: newId() as HoldId, showtimeId: SHOW, seats: ['A1' as SeatId] })).toMatchObject({
    error: { code: 'seat-taken' },
  })
  demand(await world.till.takeCash({ tenderedMinor: TICKET_PRICE }))
  expect(await world.disagreements()).toEqual([])
})

test('cancelled and edited at once: the seats follow when the reversal has arrived', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  for (const seats of [['A1', 'A2'], ['A2'], ['A2', 'A3', 'A4']]) {
    demand(await world.till.startCash())
    demand(await world.till.cancelPayment())
    demand(await world.seats(...seats))
    expect(world.state.cart.holds).toMatchObject([{ seats }])
  }
  demand(await world.till.startCash())
  demand(await world.till.cancelPayment())
  demand(await world.till.clearCart())
  const map = demand(await world.till.seatMap({ showtimeId: SHOW }))
  expect(new Set(Object.values(map.seats))).toEqual(new Set(['free']))
})

test('cash is not taken before the seats are pinned', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  const starting = world.till.startCash()
  expect(world.payment).toMatchObject({ tender: 'cash', state: 'prepared' })
  expect(await world.till.takeCash({ tenderedMinor: TICKET_PRICE })).toEqual({ ok: false, error: { code: 'seats-unpinned' } })
  demand(await starting)
  demand(await world.till.takeCash({ tenderedMinor: TICKET_PRICE }))
  expect(await world.disagreements()).toEqual([])
})

test('a cash panel closed while its seats are being pinned: the next payment is its own', async () => {
  world = await CounterWorld.open()
  demand(await world.seats('A1'))
  let refused = 0
  world.backend.fateOf = ({ path }) => {
    // A call whose connection broke is made once more.
    if (!path.endsWith('/pin') || refused === 2) return 'answer'
    refused += 1
    return 'refuse'
  }
  const starting = world.till.startCash()
  demand(await world.till.cancelPayment())
  const requestId = await world.charge()
  expect(await starting).toEqual({ ok: false, error: { code: 'no-payment' } })
  expect(refused).toBe(2)
  expect(world.payment?.requestId ?? requestId).toBe(requestId)
  expect(await world.settled(requestId)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})
