import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { noticesOf } from '#reference/backend/repositories/notices-repository.ts'
import { Limits } from '#reference/backend/services/wallet-limits.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { WALLET_LIMITS_PATHS, type WalletLimits } from '#shared/contracts/wallet-limits-api.ts'
import { defaultSettings } from '#shared/domain/policy.ts'
import { BackendWorld, type Customer, newId, pathOf, receiptEntry, reversalEntry, type Terminal } from '#test/support/backend-world.ts'
import { declineOf, paidBy } from '#test/support/signed-answers.ts'
import { type SubmitWish } from '#test/support/submits.ts'

const { currency: _, ...DEFAULTS } = defaultSettings('CNY')
const HOUR_MS = 3_600_000
const KNOCKED = { statement: { knocks: 3 }, proof: { knocks: 3 } }
const CONFIRMED = { submit: { act: 'confirmed' } } as const

let world: BackendWorld
let terminal: Terminal
let customer: Customer
beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer({ balance: 10_000_000, limits: 'defaults' })
})
afterEach(async () => world.close())

type Outcome = 'approved' | readonly [reason: string | undefined, hint: unknown]
async function pays(amount: number, wish: Partial<SubmitWish> = {}): Promise<Outcome> {
  const reply = await world.submit({ terminal, customer, amount, ...wish })
  expect(reply.status).toBe(200)
  if (reply.json['kind'] === 'authorization') return 'approved'
  const { reason, hint } = await declineOf(world, reply)
  return [reason, hint]
}
async function spent(query = '') {
  const { status, json } = await customer.call('GET', `${WALLET_LIMITS_PATHS.limits}${query}`)
  expect(status).toBe(200)
  return json['spent']
}

describe('each rule is enforced, its limit included', () => {
  test('a knock above the no-knock limit, which shrinks with the age of the terminal’s list', async () => {
    expect(await pays(200_00)).toBe('approved')
    expect(await pays(200_01)).toEqual(['knock-missing', 'knock'])
    expect(await pays(200_01, KNOCKED)).toBe('approved')
    expect(await pays(200_01, { statement: { knocks: 3 }, proof: { knocks: 2 } })).toEqual(['knock-missing', 'knock'])
    // Knocks that nobody asked for stand for nothing: an old run could be replayed for a payment its wearer never heard of.
    expect(await pays(200_01, { proof: { knocks: 3 } })).toEqual(['knock-missing', 'knock'])
    expect(await pays(100_00, { statement: { listAgeMinutes: 15 } })).toBe('approved')
    expect(await pays(100_01, { statement: { listAgeMinutes: 15 } })).toEqual(['knock-missing', 'knock'])
    expect(await pays(1, { statement: { listAgeMinutes: 24 * 60 } })).toEqual(['knock-missing', 'knock'])
  })

  test('a confirmation on the phone above the phone limit', async () => {
    expect(await pays(1_000_00, KNOCKED)).toBe('approved')
    expect(await pays(1_000_01, KNOCKED)).toEqual(['confirm-on-phone', 'confirm'])
    expect(await pays(1_000_01, { ...KNOCKED, ...CONFIRMED })).toBe('approved')
  })

  test('the amount of one payment, whatever is knocked and confirmed', async () => {
    expect(await pays(2_000_01, { ...KNOCKED, ...CONFIRMED })).toEqual(['wallet-refused', 'limit'])
    expect(await pays(2_000_00, { ...KNOCKED, ...CONFIRMED })).toBe('approved')
  })

  test('the day at one merchant, and the day at all of them', async () => {
    const lotus = await world.addTerminal('lotus-1', 'lotus', 'lotus')
    const large = { ...KNOCKED, ...CONFIRMED }
    expect(await pays(2_000_00, large)).toBe('approved')
    expect(await pays(1_000_01, large)).toEqual(['wallet-refused', 'merchant-limit'])
    expect(await pays(1_000_00, large)).toBe('approved')
    expect(await pays(2_000_00, { ...large, terminal: lotus })).toBe('approved')
    expect(await spent('?merchantId=aurora')).toEqual({ today: 5_000_00, todayAtMerchant: 3_000_00, paymentsInWindow: 3 })
    expect(await pays(1, { terminal: lotus })).toEqual(['wallet-refused', 'day-limit'])
    // Their midnight, not ours: it is 19:00 in Shanghai now.
    world.advance(5 * HOUR_MS - 1)
    expect(await pays(1, { terminal: lotus })).toEqual(['wallet-refused', 'day-limit'])
    world.advance(1)
    expect(await spent()).toEqual({ today: 0, todayAtMerchant: 0, paymentsInWindow: 0 })
    expect(await pays(1, { terminal: lotus })).toBe('approved')
  })

  test('so many payments within so many minutes', async () => {
    for (let payment = 0; payment < 10; payment += 1) expect(await pays(1)).toBe('approved')
    expect(await pays(1)).toEqual(['wallet-refused', 'velocity'])
    world.advance(10 * 60_000)
    expect(await pays(1)).toBe('approved')
  })

  test('a phone too far from the terminal’s certified place; one that knows no place is not held to it', async () => {
    const at = (latitudeE5: number): Partial<SubmitWish> => ({ submit: { place: { latitudeE5, longitudeE5: 12_147_000 } } })
    expect(await pays(100, at(3_124_700))).toBe('approved')
    expect(await pays(100, at(3_125_000))).toEqual(['wrong-place', 'place'])
    expect(await pays(100)).toBe('approved')
  })
})

test('without a knock a terminal learns nothing: not a freeze, not a limit, not what is left', async () => {
  const asked = async () => pays(500_000_00 / 100)
  const before = await asked()
  await world.operator('PATCH', `/v1/registry/accounts/${customer.accountId}`, { frozen: true })
  const frozen = await asked()
  const poor = await world.addCustomer({ balance: 0, limits: 'defaults' })
  expect([before, frozen, await pays(5_000_00, { customer: poor })]).toEqual(Array.from({ length: 3 }, () => ['knock-missing', 'knock']))
  expect(await pays(500_00, KNOCKED)).toEqual(['wallet-refused', 'frozen'])
})

test('what was reversed or given back is not spent, and a smaller capture counts for what it took', async () => {
  expect(await pays(100_00)).toBe('approved')
  const undone = await paidBy(world, { terminal, customer, amount: 50_00 })
  const captured = await paidBy(world, { terminal, customer, amount: 80_00 })
  expect(await spent('?merchantId=aurora')).toEqual({ today: 230_00, todayAtMerchant: 230_00, paymentsInWindow: 3 })
  const sale = receiptEntry({ number: 1, total: 30_00, captures: [{ ...captured, amount: 30_00 }] })
  const reversal = reversalEntry(world.nowMs(), { requestId: undone.requestId, amount: 50_00 })
  const { receiptId, ...entry } = sale
  await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [entry, reversal] })
  expect(await spent('?merchantId=aurora')).toEqual({ today: 130_00, todayAtMerchant: 130_00, paymentsInWindow: 2 })
  expect(await spent('?merchantId=lotus')).toEqual({ today: 130_00, todayAtMerchant: 0, paymentsInWindow: 2 })

  const { requestId, authorizationId } = captured
  const given = { requestId, authorizationId, amount: { amount: 30_00, currency: 'CNY' }, ofReceiptId: receiptId }
  const receipt = { id: newId(), kind: 'void', number: 2, series: 'A', total: { amount: -30_00, currency: 'CNY' } }
  const body = JSON.stringify({ receipt, journal: { seq: 2, hash: '0'.repeat(64) }, captures: [], sells: [], voids: [given] })
  const reply = await terminal.call('POST', BACKEND_PATHS.outbox, { entries: [{ id: newId(), kind: 'receipt', body }] })
  expect(reply.json).toMatchObject({ results: [{ outcome: 'applied' }] })
  expect(await spent()).toEqual({ today: 100_00, todayAtMerchant: 0, paymentsInWindow: 1 })
})

describe('changing them', () => {
  const put = async (changes: Partial<WalletLimits>) => customer.call('PUT', WALLET_LIMITS_PATHS.limits, { ...DEFAULTS, ...changes })

  test('a phone reads them, and lowers them at once', async () => {
    expect((await customer.call('GET', WALLET_LIMITS_PATHS.limits)).json).toEqual({
      currency: 'CNY',
      limits: DEFAULTS,
      timeZone: 'Asia/Shanghai',
      spent: { today: 0, todayAtMerchant: 0, paymentsInWindow: 0 },
    })
    expect(await put({ perPayment: 50_00 })).toMatchObject({ status: 200, json: { limits: { ...DEFAULTS, perPayment: 50_00 } } })
    expect(await pays(50_01)).toEqual(['wallet-refused', 'limit'])
    const changes = await world.db.selectFrom('limit_changes').selectAll().execute()
    expect(changes).toMatchObject([
      { account_id: customer.accountId, changed_by: `phone:${customer.phoneId}`, at: new Date(world.nowMs()).toISOString() },
    ])
    const [before, after] = [changes[0]?.before, changes[0]?.after].map((text): unknown => JSON.parse(String(text)))
    expect([before, after]).toEqual([defaultSettings('CNY'), { ...defaultSettings('CNY'), perPayment: 50_00 }])
    expect(await noticesOf(world.db, customer.accountId, 5)).toMatchObject([{ kind: 'limits-changed', detail: 'phone' }])
  })

  test('a phone raises nothing, not even while it lowers something else', async () => {
    await put({ perPayment: 50_00 })
    const wider: readonly Partial<WalletLimits>[] = [
      {},
      { perPayment: 50_01 },
      { perPayment: 1, perDay: DEFAULTS.perDay + 1 },
      { perPayment: 1, velocity: { payments: 10, withinMinutes: 9 } },
    ]
    for (const changes of wider) expect(await put(changes)).toMatchObject({ status: 403, json: { code: 'owner-needed' } })
    expect(await world.db.selectFrom('limit_changes').selectAll().execute()).toHaveLength(1)
  })

  test('an operator registering the account again leaves them as they are', async () => {
    await put({ perDay: 1 })
    const account = { displayName: 'Mei', currency: 'CNY', openingBalance: 10_000_000, limits: DEFAULTS }
    expect((await world.operator('PUT', pathOf('account', customer.accountId), account)).status).toBe(200)
    expect((await customer.call('GET', WALLET_LIMITS_PATHS.limits)).json['limits']).toMatchObject({ perDay: 1 })
  })

  test('the same limits again are no change', async () => {
    expect((await put({})).status).toBe(200)
    expect(await world.db.selectFrom('limit_changes').selectAll().execute()).toEqual([])
  })

  test('the owner raises them, and that is written down too', async () => {
    await put({ perDay: 1 })
    const limits = new Limits(world.db, { clock: world, newId })
    const raised = await limits.change(customer.accountId, { ...DEFAULTS, perDay: 9_000_00 }, { kind: 'owner', isFresh: true })
    expect(raised).toMatchObject({ ok: true, value: { limits: { perDay: 9_000_00 } } })
    const rows = await world.db.selectFrom('limit_changes').select('changed_by').orderBy('at').execute()
    expect(rows.map((row) => row.changed_by).sort()).toEqual(['owner', `phone:${customer.phoneId}`])
    await expect(world.db.deleteFrom('limit_changes').execute()).rejects.toThrow('never edited')
  })

  test('nobody else reads or changes them, and nonsense is refused', async () => {
    expect((await terminal.call('GET', WALLET_LIMITS_PATHS.limits)).status).toBe(401)
    expect((await world.plain('GET', WALLET_LIMITS_PATHS.limits)).status).toBe(401)
    expect(await put({ perDay: -1 })).toMatchObject({ status: 400, json: { code: 'malformed' } })
    expect(await put({ velocity: { payments: 1, withinMinutes: 0 } })).toMatchObject({ status: 400 })
    expect((await customer.call('GET', `${WALLET_LIMITS_PATHS.limits}?merchantId=NO%20SUCH`)).status).toBe(400)
  })
})
