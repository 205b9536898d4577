/** Paying in a basement: the phone has no network, the till has or has not, and everything is settled afterwards, once. */
import { afterEach, expect, test } from 'vitest'
import { SLOTS_PER_ALLOWANCE } from '#reference/backend/services/allowances.ts'
import { REPORT_RETRY_MS } from '#reference/phone/offline-book.ts'
import { ALLOWANCE_PATHS } from '#shared/contracts/allowance-api.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { type CounterOptions, CounterWorld, demand, PAYER, POPCORN_PRICE } from '#test/support/counter-world.ts'
import { signInCashier } from '#test/support/staff.ts'
import { until } from '#test/support/until.ts'

/** Half of what needs no knock, in four parts: fen. */
const CAP = 5_000
const HOUR_MS = 3_600_000
/** In real time: a question over the band is answered by then. */
const ASKED_AGAIN_MS = 300

let world: CounterWorld
afterEach(async () => world.close())

async function open(options?: CounterOptions): Promise<void> {
  world = await CounterWorld.open(options)
  await until('money is set aside', () => world.customer().allowance !== undefined)
}

const left = () => world.customer().allowance?.amount

function loseNetwork(): void {
  world.customer().set({ network: false, unlocks: false })
}

/** The phone finds a network again and settles with the backend. */
async function findNetwork(): Promise<void> {
  world.customer().set({ network: true, unlocks: false })
  world.clock.advance(REPORT_RETRY_MS)
}

function cutTerminal(): void {
  world.backend.fateOf = ({ caller, path }) => (caller === 'terminal' || path === BACKEND_PATHS.health ? 'refuse' : 'answer')
}

async function pays(quantity = 1): Promise<RequestId> {
  await world.popcorn(quantity)
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('paid')
  return requestId
}

async function balances(): Promise<Readonly<Record<string, number>>> {
  const rows = await world.backend.db.selectFrom('balances').select(['account', 'amount']).execute()
  const sums: Record<string, number> = {}
  for (const { account, amount } of rows) {
    const [kind = ''] = account.split(':')
    sums[kind] = (sums[kind] ?? 0) + amount
  }
  expect(Object.values(sums).reduce((sum, amount) => sum + amount, 0)).toBe(0)
  return sums
}

async function slotStates(): Promise<readonly string[]> {
  const rows = await world.backend.db.selectFrom('allowance_slots').select('state').orderBy('allowance_id').orderBy('counter').execute()
  return rows.map(({ state }) => state)
}

test('the phone has no network: paid out of what was set aside, captured, and the phone tells of it later', async () => {
  await open()
  expect(await balances()).toMatchObject({ wallet: PAYER.openingBalance - SLOTS_PER_ALLOWANCE * CAP, allowance: SLOTS_PER_ALLOWANCE * CAP })
  loseNetwork()
  const requestId = await pays()
  expect(left()).toBe(3 * CAP)
  expect(await world.disagreements()).toEqual([])
  expect((await world.authorizations()).get(requestId)).toMatchObject({ state: 'captured', amount: POPCORN_PRICE })
  // What the slot was worth beyond the price is back in the wallet.
  expect(await balances()).toMatchObject({
    wallet: PAYER.openingBalance - 3 * CAP - POPCORN_PRICE,
    allowance: 3 * CAP,
    merchant: POPCORN_PRICE,
    hold: 0,
  })
  await findNetwork()
  await until('money is set aside anew', () => left() === SLOTS_PER_ALLOWANCE * CAP)
  expect(await balances()).toMatchObject({ allowance: SLOTS_PER_ALLOWANCE * CAP, merchant: POPCORN_PRICE })
  expect(await world.disagreements()).toEqual([])
})

test('neither phone nor till has a network: paid all the same, and settled when the till has one', async () => {
  await open()
  loseNetwork()
  await world.synced()
  cutTerminal()
  await pays()
  await pays(2)
  expect(await slotStates()).toEqual(['set-aside', 'set-aside', 'set-aside', 'set-aside'])
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
  expect(await slotStates()).toEqual(['spent', 'spent', 'set-aside', 'set-aside'])
  expect(await balances()).toMatchObject({ merchant: 3 * POPCORN_PRICE, hold: 0 })
})

test('more than a slot is worth, and more payments than slots: refused in words', async () => {
  await open()
  loseNetwork()
  await world.popcorn(3)
  expect(await world.settled(await world.charge())).toBe('refused')
  expect(world.payment).toMatchObject({ reason: 'no-network-no-allowance' })
  for (let paid = 0; paid < SLOTS_PER_ALLOWANCE; paid += 1) await pays()
  await world.popcorn()
  expect(await world.settled(await world.charge())).toBe('refused')
  expect(world.payment).toMatchObject({ reason: 'no-network-no-allowance' })
  expect(await world.disagreements()).toEqual([])
})

test('the answer is lost: asked again over the band, the same slot, one receipt', async () => {
  await open()
  loseNetwork()
  cutTerminal()
  await world.popcorn()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  world.clock.advance(2_000)
  expect(await world.settled(requestId)).toBe('paid')
  expect(left()).toBe(3 * CAP)
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
  expect(await slotStates()).toEqual(['spent', 'set-aside', 'set-aside', 'set-aside'])
})

test('the answer is lost and the till dies: another run asks the band that still stands there', async () => {
  await open()
  loseNetwork()
  cutTerminal()
  await world.popcorn()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  await world.restart()
  world.backend.fateOf = () => 'answer'
  await world.until('the band is in sight', () => world.state.bands.length > 0)
  // Asked again after 5, 10 and 20 seconds, each counted from when the question before came back.
  let lookedMs = performance.now()
  await world.until('it waits for the cashier', () => {
    if (performance.now() - lookedMs > ASKED_AGAIN_MS) {
      lookedMs = performance.now()
      world.clock.advance(5_000)
    }
    return world.state.interrupted?.charged === 'yes'
  })
  demand(await world.till.finishInterrupted())
  expect(await world.settled(requestId)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
  expect(await balances()).toMatchObject({ merchant: POPCORN_PRICE, hold: 0 })
})

test('cancelled and paid in cash while the yes was on its way: the slot goes back to the wallet, never to the phone', async () => {
  await open()
  loseNetwork()
  await world.popcorn()
  world.fault('cut-on-answer')
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  demand(await world.till.cancelPayment())
  expect(await world.settled(requestId)).toBe('reversed')
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: POPCORN_PRICE }))
  expect(left()).toBe(3 * CAP)
  await world.synced()
  await findNetwork()
  await until('the phone has told of it', () => left() === SLOTS_PER_ALLOWANCE * CAP)
  expect((await world.authorizations()).get(requestId)?.state).toBe('reversed')
  expect(await balances()).toMatchObject({ wallet: PAYER.openingBalance - SLOTS_PER_ALLOWANCE * CAP, hold: 0 })
  expect(await world.disagreements()).toEqual([])
})

test('frozen: the till hears of it and takes no more of it; the counter hears nothing of a freeze', async () => {
  await open()
  loseNetwork()
  const { db } = world.backend
  const account = await db.selectFrom('accounts').select('id').executeTakeFirstOrThrow()
  demand(await world.backend.registry.freeze(account.id, { frozen: true }))
  world.clock.advance(15_000)
  await world.until('the till has heard', () => world.store.get('SELECT COUNT(*) AS n FROM revoked')?.['n'] === 1)
  await world.popcorn()
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('refused')
  expect(world.payment).toMatchObject({ reason: 'wallet-refused' })
  expect(await world.disagreements()).toEqual([])
  expect(world.receiptCount()).toBe(0)
})

test('frozen while the till hears nothing: the merchant is paid, by the issuer, and the owner has it all back', async () => {
  await open()
  loseNetwork()
  await world.synced()
  cutTerminal()
  const account = await world.backend.db.selectFrom('accounts').select('id').executeTakeFirstOrThrow()
  demand(await world.backend.registry.freeze(account.id, { frozen: true }))
  world.clock.advance(60_000)
  await pays()
  world.backend.fateOf = () => 'answer'
  world.clock.advance(20_000)
  expect(await world.disagreements()).toEqual([])
  expect(await balances()).toMatchObject({ merchant: POPCORN_PRICE, 'issuer-losses': -POPCORN_PRICE, hold: 0 })
  expect(await balances()).toMatchObject({ wallet: PAYER.openingBalance - 3 * CAP, allowance: 3 * CAP })
})

test('nobody comes for it: what was set aside is the wallet’s again, and never before the time to settle is over', async () => {
  await open()
  loseNetwork()
  world.clock.advance(30 * 24 * HOUR_MS)
  await world.backend.sweep()
  expect(await balances()).toMatchObject({ allowance: SLOTS_PER_ALLOWANCE * CAP })
  world.clock.advance(25 * HOUR_MS)
  await world.backend.sweep()
  expect(await balances()).toMatchObject({ wallet: PAYER.openingBalance, allowance: 0 })
})

test('a day later the allowance is over: refused until the phone has found a network', async () => {
  await open()
  loseNetwork()
  await pays()
  world.clock.advance(23 * HOUR_MS)
  await world.customer().looksAtPhone()
  await world.customer().settled()
  expect(left()).toBe(3 * CAP)
  world.clock.advance(2 * HOUR_MS)
  expect(left()).toBe(0)
  // The band is armed anew and has new offers. The phone keeps what was set aside, because it cannot report what it spent of it.
  world.backend.fateOf = ({ path }) => (path === ALLOWANCE_PATHS.spent ? 'refuse' : 'answer')
  await findNetwork()
  expect(await world.customer().unlockPhone()).toBe(true)
  await until('it has new offers', () => world.customer().band.offerCount > 0)
  loseNetwork()
  await world.until('the till has heard that it is armed', () => world.state.bands.some(({ armed }) => armed))
  await world.until('the till has locked itself', () => world.state.session.state === 'locked')
  await signInCashier(world.till)
  await world.popcorn()
  expect(await world.settled(await world.charge())).toBe('refused')
  expect(world.payment).toMatchObject({ reason: 'no-network-no-allowance' })
  world.backend.fateOf = () => 'answer'
  await findNetwork()
  await until('money is set aside anew', () => left() === SLOTS_PER_ALLOWANCE * CAP)
  loseNetwork()
  await pays()
  expect(left()).toBe(3 * CAP)
  expect(await world.disagreements()).toEqual([])
})
