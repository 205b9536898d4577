import { afterEach, expect, test } from 'vitest'
import { REVOCATIONS_EVERY_MS } from '#main/allowances/revocation-book.ts'
import { stateOf } from '#main/payments/attempt-book.ts'
import { OwnerPhones } from '#reference/backend/services/owner-phones.ts'
import type { ReceiptId } from '#shared/domain/ids.ts'
import { type CounterOptions, CounterWorld, demand, PAYER, POPCORN_PRICE, TICKET_PRICE } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'

let world: CounterWorld
afterEach(async () => world.close())

async function open(options?: CounterOptions): Promise<void> {
  world = await CounterWorld.open(options)
}

test('a band sale leaves receipt, journal, outbox and capture', async () => {
  await open()
  demand(await world.seats('A1', 'A2'))
  await world.popcorn()
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('paid')

  const receiptId = world.state.lastReceiptId as ReceiptId
  const { receipt } = demand(await world.till.receipt({ receiptId }))
  const total = 2 * TICKET_PRICE + POPCORN_PRICE
  expect(receipt).toMatchObject({
    number: 1,
    series: 'A',
    kind: 'sale',
    tender: 'band',
    practice: true,
    total: { amount: total, currency: 'CNY' },
  })
  expect(receipt.payments).toMatchObject([{ tender: 'band', requestId, payerName: PAYER.displayName, amount: { amount: total } }])
  const row = world.store.get('SELECT att_requests, request_segments, request_bytes FROM attempts WHERE request_id = ?', requestId)
  expect(row).toMatchObject({ att_requests: 7 })
  expect(Number(row?.['request_bytes'])).toBeGreaterThan(400)
  expect(world.state.payment).toBeUndefined()
  expect(world.state.cart.lines).toEqual([])

  expect(await world.disagreements()).toEqual([])
  const authorization = (await world.authorizations()).get(requestId)
  expect(authorization).toMatchObject({ state: 'captured', amount: total })
  await until('the wrist and the phone say so', () => world.events.some(({ event }) => event === 'e-receipt'))
  expect(world.events.find(({ event }) => event === 'vibrated')).toMatchObject({ detail: '2' })
  expect(world.events.find(({ event }) => event === 'e-receipt')).toMatchObject({ detail: 'A-000001' })
  // The customer has the receipt on the phone: no paper until it is asked for.
  expect(world.printed).toEqual([])
  expect(world.warnings).toEqual([])
})

test('before the first byte of the request leaves, the attempt is on disk as sent', async () => {
  await open()
  await world.popcorn()
  const seen: (string | undefined)[] = []
  let requestId = ''
  world.hooks.onSend = ({ kind }) => {
    const row = world.store.get('SELECT request_id, statement, statement_digest, expires_at FROM attempts')
    requestId = String(row?.['request_id'])
    if (kind === 'request') expect(row?.['statement']).toBeInstanceOf(Uint8Array)
    seen.push(`${kind} while ${row && stateOf(world.store, requestId as never)}`)
  }
  const charged = await world.charge()
  await world.settled(charged)
  await until('the band was told', () => seen.length === 2)
  expect(requestId).toBe(charged)
  // COMMIT is the customer's proof: it goes out when the receipt is durable, never before.
  expect(seen).toEqual(['request while sent', 'commit while paid'])
})

test('the authorizations of ten sales are each captured once', async () => {
  await open()
  for (let sale = 1; sale <= 10; sale += 1) {
    // Eight popcorns are as much as can be paid without a knock.
    await world.popcorn(Math.min(sale, 8))
    expect(await world.settled(await world.charge())).toBe('paid')
  }
  expect(world.receiptCount()).toBe(10)
  expect(await world.disagreements()).toEqual([])
})

/** The offer of the band says what it says: nothing was sent, and no reversal is owed. */
async function notAsked(): Promise<string | undefined> {
  await world.popcorn()
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe('not-asked')
  const { payment, cart } = world.state
  expect(cart).toMatchObject({ state: 'open', lines: [{ quantity: 1 }] })
  expect(await world.disagreements()).toEqual([])
  expect(world.store.get("SELECT COUNT(*) AS n FROM outbox WHERE kind = 'reversal'")).toEqual({ n: 0 })
  expect((await world.authorizations()).size).toBe(0)
  return payment?.tender === 'band' ? payment.reason : undefined
}

test('not asked: the band is on no wrist', async () => {
  await open({ customers: [{ ...PAYER, worn: false }] })
  expect(await notAsked()).toBe('not-worn')
})

test('not asked: the phone was retired by its owner, and the till has heard whose keys those were', async () => {
  await open()
  const { accountId = '', phoneId = '' } = world.customerKeys.get(PAYER.id) ?? {}
  demand(await new OwnerPhones(world.backend.db, world.clock, async () => undefined).retire(accountId, phoneId))
  world.clock.advance(REVOCATIONS_EVERY_MS)
  await until('the till has heard', () => world.store.get("SELECT 1 AS yes FROM revoked WHERE kind = 'key'") !== undefined)
  expect(await notAsked()).toBe('band-not-usable')
})

test('not asked: the band is not armed', async () => {
  await open()
  world.customer().set({ worn: false, unlocks: false })
  world.clock.advance(6_000)
  await until('the band is disarmed', () => !world.customer().band.state.armed)
  world.customer().set({ worn: true, unlocks: false })
  expect(await notAsked()).toBe('not-armed')
})

test('not asked: the phone is out of reach', async () => {
  await open({ customers: [{ ...PAYER, phoneInReach: false }] })
  expect(await notAsked()).toBe('phone-not-linked')
})

test('not asked: the band went away between the sighting and the charge', async () => {
  await open()
  world.customer().set({ distance: 1_000, unlocks: false })
  expect(await notAsked()).toBe('band-gone')
})

test('not asked: the link is cut before the request', async () => {
  await open()
  let cut = false
  world.hooks.fateOf = (_band, direction) => {
    if (direction !== 'to-terminal' || cut) return 'deliver'
    cut = true
    return 'cut'
  }
  expect(await notAsked()).toBe('band-gone')
})

test('a sighting that is no longer known is refused before anything is written', async () => {
  await open()
  await world.popcorn()
  const [band] = world.state.bands
  world.customer().set({ distance: 1_000, unlocks: false })
  world.clock.advance(4_000)
  await until('the band is forgotten', () => world.state.bands.length === 0)
  expect(await world.till.chargeBand({ sightingId: band?.id as never })).toEqual({ ok: false, error: { code: 'band-gone' } })
  expect(world.store.get('SELECT COUNT(*) AS n FROM attempts')).toEqual({ n: 0 })
})

async function unpaid(state: 'declined' | 'refused'): Promise<string | undefined> {
  demand(await world.seats('B1'))
  const requestId = await world.charge()
  expect(await world.settled(requestId)).toBe(state)
  const { payment, cart } = world.state
  expect(payment).toMatchObject({ tender: 'band', requestId, state })
  expect(cart.state).toBe('open')
  expect(world.receiptCount()).toBe(0)
  expect(await world.disagreements()).toEqual([])
  // The seat is the cart's again, and can be paid another way.
  demand(await world.till.startCash())
  demand(await world.till.takeCash({ tenderedMinor: TICKET_PRICE }))
  expect(await world.disagreements()).toEqual([])
  return payment?.tender === 'band' ? payment.reason : undefined
}

test('declined: not enough money, and the counter hears no balance', async () => {
  await open({ customers: [{ ...PAYER, openingBalance: 100 }] })
  expect(await unpaid('declined')).toBe('wallet-refused')
})

test('declined: a frozen account sounds the same as an empty one', async () => {
  await open({ customers: [{ ...PAYER, frozen: true }] })
  expect(await unpaid('declined')).toBe('wallet-refused')
})

test("refused: the customer's own no", async () => {
  await open({ customers: [{ ...PAYER, confirmAbove: 0 }] })
  world.customer().set({ confirms: 'no', unlocks: false })
  expect(await unpaid('refused')).toBe('wallet-refused')
})

test('refused: the phone has no network, and has never had money set aside', async () => {
  await open({ customers: [{ ...PAYER, openingBalance: 40_00 }] })
  world.customer().set({ network: false, unlocks: false })
  expect(await unpaid('refused')).toBe('no-network-no-allowance')
})

test('a customer who confirms pays, and the cashier sees what is waited for', async () => {
  await open({ customers: [{ ...PAYER, confirmAbove: 0, confirmAfterMs: 3_000 }] })
  await world.popcorn()
  const stages = new Set<string>()
  world.till.onState(({ payment }) => {
    if (payment?.tender === 'band') stages.add(payment.stage)
  })
  const requestId = await world.charge()
  await until('the customer is waited for', () => stages.has('waiting-for-customer'))
  expect(world.payment).toMatchObject({ state: 'sent' })
  world.clock.advance(3_000)
  expect(await world.settled(requestId)).toBe('paid')
  expect([...stages]).toEqual(expect.arrayContaining(['connecting', 'sent', 'waiting-for-customer']))
})
