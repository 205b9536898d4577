/** When a single customer has to knock: a large amount, old news of lost bands, or a wallet that asks; on real bands, phones and backend. */
import { afterEach, expect, test } from 'vitest'
import { KNOCK_FIRST_ASKED_MS } from '#main/payments/knock-round.ts'
import { PROBE_IDLE_MS } from '#main/sync/connection.ts'
import { saveLimits } from '#reference/backend/repositories/limits-repository.ts'
import { type PayStatement, payStatement } from '#shared/contracts/radio-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { defaultSettings } from '#shared/domain/policy.ts'
import { CounterWorld, demand, PAYER, POPCORN_PRICE } from '#test/support/counter-world.ts'
import { signInCashier } from '#test/support/staff.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** The most that needs no knock: 200.00. */
const POPCORNS_WITHOUT = 20_000 / POPCORN_PRICE
const NEEDED = { ok: false, error: { code: 'knock-needed' } }

let world: CounterWorld
afterEach(async () => world.close())

/** A quarter of an hour on, a band takes another identity: the one that was in sight is gone, and the new one comes by itself. */
const TRIES = 5

async function charge() {
  let charged = await world.till.chargeBand({ sightingId: await world.sightingOf() })
  for (let tries = 1; tries < TRIES && !charged.ok && charged.error.code === 'band-gone'; tries += 1) {
    charged = await world.till.chargeBand({ sightingId: await world.sightingOf() })
  }
  return charged
}

/** The count is shown, the customer knocks it, and it is paid. */
async function paysByKnocking(): Promise<void> {
  let probes = 0
  world.hooks.onSend = ({ kind }) => void (probes += Number(kind === 'probe'))
  expect(await world.till.chargeByKnock()).toEqual({ ok: true })
  world.customer().band.state.knocked(world.state.knock?.count ?? 0)
  const asked = probes
  world.clock.advance(KNOCK_FIRST_ASKED_MS)
  await world.until('the band is asked', () => probes > asked || world.state.lastReceiptId !== undefined)
  await world.until('it is paid', () => world.state.lastReceiptId !== undefined)
}

/** A new identity has no offers for a moment. */
async function paysWithoutKnock(): Promise<void> {
  for (let tries = 0; tries < TRIES && (await world.settled(demand(await charge()).requestId)) === 'not-asked'; tries += 1) {
    await world.until('the band has offers', () => world.customer().band.offerCount > 0)
  }
  expect(world.receiptCount()).toBe(1)
}

function lastStatement(): PayStatement {
  const row = world.store.get('SELECT statement FROM attempts WHERE statement IS NOT NULL ORDER BY created_at DESC LIMIT 1')
  const statement = peekSign1(payStatement, row?.['statement'] as Uint8Array)
  if (!statement.ok) throw new Error(statement.error)
  return statement.value.value
}

/** The terminal hears nothing of the backend any more; phones still do. */
function cutTerminal(): void {
  world.backend.fateOf = ({ caller }) => (caller === 'phone' ? 'answer' : 'refuse')
}

test('above the no-knock limit the one who stands there knocks, and below it nobody has to', async () => {
  world = await CounterWorld.open()
  await world.popcorn(POPCORNS_WITHOUT)
  expect([world.state.knockWhy, world.state.bands.map(({ needsKnock }) => needsKnock)]).toEqual([undefined, [false]])
  await world.popcorn(POPCORNS_WITHOUT + 1)
  expect(world.state.knockWhy).toEqual({ kind: 'amount', limit: { amount: 20_000, currency: 'CNY' } })
  expect(world.state.bands.map(({ needsKnock }) => needsKnock)).toEqual([true])
  expect(await charge()).toEqual(NEEDED)
  expect(world.store.get('SELECT COUNT(*) AS n FROM attempts')).toEqual({ n: 0 })

  await paysByKnocking()
  expect(lastStatement()).toMatchObject({ knocks: world.state.knock?.count ?? 3, listAgeMinutes: 0 })
  // The next sale is another sale.
  await world.popcorn()
  expect([world.state.knockWhy, (await charge()).ok]).toEqual([undefined, true])
  await world.until('it is paid too', () => world.receiptCount() === 2)
  expect(await world.disagreements()).toEqual([])
})

test('as the news grows old the limit shrinks, the request says how old it is, and the backend’s first answer ends it', async () => {
  world = await CounterWorld.open()
  await world.popcorn(POPCORNS_WITHOUT)
  await world.synced()
  cutTerminal()
  // A question that was on its way may still be answered, and the news be new again: the next one is not.
  world.clock.advance(PROBE_IDLE_MS)
  await world.until('the till has noticed', () => world.state.status.backend.state === 'offline')
  world.clock.advance(16 * MINUTE_MS)
  await world.until('the till has locked itself', () => world.state.session.state === 'locked')
  await signInCashier(world.till)
  expect(world.state.knockWhy).toEqual({ kind: 'old-news', ageMinutes: 16, limit: { amount: 10_000, currency: 'CNY' } })
  expect(await charge()).toEqual(NEEDED)
  await world.popcorn(POPCORNS_WITHOUT / 2)
  expect(world.state.knockWhy).toBeUndefined()
  await paysWithoutKnock()
  expect(lastStatement()).toMatchObject({ knocks: 0, listAgeMinutes: 16 })

  await world.popcorn()
  world.clock.advance(24 * HOUR_MS)
  expect(world.state.knockWhy).toMatchObject({ kind: 'old-news', limit: { amount: 0 } })
  world.backend.fateOf = () => 'answer'
  world.clock.advance(MINUTE_MS)
  await world.until('it is heard again', () => world.state.knockWhy === undefined)
  expect(world.state.bands.every(({ needsKnock }) => !needsKnock)).toBe(true)
})

test('a start without the backend goes on from what the last run heard', async () => {
  world = await CounterWorld.open()
  await world.popcorn()
  await world.settled(await world.charge())
  await world.synced()
  await world.stop()
  cutTerminal()
  world.clock.advance(3 * HOUR_MS)
  await world.start()
  await world.until('the band is in sight', () => world.state.bands.length > 0)
  await world.popcorn(2)
  // 200.00, halved with the first quarter of an hour and with each of the next two hours.
  expect(world.state.knockWhy).toEqual({ kind: 'old-news', ageMinutes: 180, limit: { amount: 2_500, currency: 'CNY' } })
  expect(await charge()).toEqual(NEEDED)
  await paysByKnocking()
  expect(lastStatement().listAgeMinutes).toBeGreaterThanOrEqual(180)
})

test('a wallet with a lower limit of its own asks for the knock once, and then gets it', async () => {
  world = await CounterWorld.open()
  const { db } = world.backend
  const account = await db.selectFrom('accounts').select('id').executeTakeFirstOrThrow()
  await db.transaction().execute(async (tx) => saveLimits(tx, account.id, { ...defaultSettings('CNY'), noKnockLimit: 1_000 }))
  await world.popcorn()
  const requestId = await world.charge()
  expect(['declined', 'refused']).toContain(await world.settled(requestId))
  expect(world.payment).toMatchObject({ reason: 'knock-missing' })
  expect(world.state.knockWhy).toEqual({ kind: 'wallet' })
  expect(await charge()).toEqual(NEEDED)
  await paysByKnocking()
  await world.popcorn()
  expect(world.state.knockWhy).toBeUndefined()
  expect(await world.disagreements()).toEqual([])
})

test('of a band that could not pay nobody asks a knock: it says why not', async () => {
  world = await CounterWorld.open({ customers: [{ ...PAYER, worn: false }] })
  await world.popcorn(POPCORNS_WITHOUT + 1)
  expect(world.state.knockWhy?.kind).toBe('amount')
  expect(world.state.bands.map(({ needsKnock }) => needsKnock)).toEqual([false])
  expect(await world.settled(await world.charge())).toBe('not-asked')
  expect(world.payment).toMatchObject({ reason: 'not-worn' })
})
