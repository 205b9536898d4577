/** What the phone lets its band pay: by the backend's limits, its own records and its own place, and what its owner then sees. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide } from '#reference/backend/services/authorization-decision.ts'
import { type AskedPayment, WalletPolicy } from '#reference/phone/policy.ts'
import type { RequestRecord } from '#reference/phone/ports.ts'
import { authorization, FLAG_ARMED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import type { WalletLimits, WalletLimitsView } from '#shared/contracts/wallet-limits-api.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { distanceMetres } from '#shared/domain/place.ts'
import { defaultSettings, type PolicySettings } from '#shared/domain/policy.ts'
import { err, ok } from '#shared/result.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { testSigner } from '#test/support/test-keys.ts'
import { until } from '#test/support/until.ts'
import { phoneWorld } from './support/phone-world.ts'

type Spent = WalletLimitsView['spent']
const HOUR_S = 3_600
const HERE = { latitudeE5: 3_123_590, longitudeE5: 12_149_100 }
const FAR_AWAY = { latitudeE5: 3_990_000, longitudeE5: 11_640_000 }
const NOTHING_SPENT: Spent = { today: 0, todayAtMerchant: 0, paymentsInWindow: 0 }
/** Too wide for any of these payments. */
const WIDE = { perPayment: 50_000, perDay: 1_000_000, perMerchantPerDay: 1_000_000, noKnockLimit: 50_000, confirmAbove: 50_000 }

function viewOf({ currency, ...limits }: PolicySettings, spent: Partial<Spent> = {}): WalletLimitsView {
  return { currency, limits: limits satisfies WalletLimits, timeZone: 'Asia/Shanghai', spent: { ...NOTHING_SPENT, ...spent } }
}

/** The record of a payment that was approved. */
async function approved(payment: { readonly atS: number; readonly amount: number; readonly merchantId?: string }): Promise<RequestRecord> {
  const { atS, amount, merchantId = 'aurora' } = payment
  const fields = {
    ...{ authorizationId: randomBytes(16), requestId: randomBytes(16), statementDigest: new Uint8Array(32), amount, currency: 'CNY' },
    ...{ merchantId, terminalId: 'aurora-1', approvedAt: atS, captureBy: atS + 1, customer: randomBytes(8), displayName: 'Mei' },
    ...{ knocks: 0, mode: 1 },
  }
  const signed = await sign1(authorization, fields, await testSigner('authorizer'), { withKid: true })
  return { key: `t:${atS}:${amount}`, digest: new Uint8Array(32), atS, counter: 0, outcome: { state: 'authorization', signed } }
}

describe('a refusal tells the owner which rule it was, and nobody else', () => {
  type Options = Parameters<typeof phoneWorld>[0]
  const cases: readonly (readonly [rule: string, reason: string, Options, Parameters<ReturnType<WorldOf['till']>['pay']>[0]])[] = [
    ['limit', 'wallet-refused', {}, { amount: 50_001 }],
    ['currency', 'wallet-refused', {}, { currency: 'EUR' }],
    ['day-limit', 'wallet-refused', { settings: { perDay: 12_799 } }, {}],
    ['merchant-limit', 'wallet-refused', { settings: { perMerchantPerDay: 12_799 } }, {}],
    ['velocity', 'wallet-refused', { settings: { velocity: { payments: 0, withinMinutes: 1 } } }, {}],
    ['place', 'wrong-place', { place: FAR_AWAY }, {}],
    ['knock', 'knock-missing', { settings: { noKnockLimit: 12_799 } }, {}],
    ['knock', 'knock-missing', { settings: { noKnockLimit: 12_800 } }, { listAgeMinutes: 15 }],
    ['knock', 'knock-missing', {}, { knocks: 2 }],
  ]
  test.for(cases)('%s: %s', async ([rule, reason, options, asked]) => {
    const world = await phoneWorld(options)
    const till = world.till()
    await till.pay(asked)
    expect(await till.answer()).toEqual({ kind: 'refusal', reason })
    expect(world.phoneEvents).toMatchObject([{ type: 'refused', reason, rule }])
    expect(world.backend.submissions).toEqual([])
  })

  test('confirm: when the owner does not answer; their own no needs no explaining', async () => {
    const world = await phoneWorld()
    const till = world.till()
    await till.pay({ amount: 20_001 })
    await until('the owner is asked', () => world.questions.length === 1)
    world.questions[0]?.('refused')
    expect(await till.answer()).toEqual({ kind: 'refusal', reason: 'wallet-refused' })
    expect(world.phoneEvents.map((event) => 'rule' in event)).toEqual([false])
    await till.pay({ amount: 20_001 })
    await until('the owner is asked again', () => world.questions.length === 2)
    await world.clock.advance(91_000)
    expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'confirm-on-phone' })
    expect(world.phoneEvents.slice(1)).toMatchObject([{ type: 'refused', rule: 'confirm' }])
  })
})

type WorldOf = Awaited<ReturnType<typeof phoneWorld>>

test('at the place of the terminal, with a knock where one is due, and at every limit, it asks the backend', async () => {
  const world = await phoneWorld({ place: HERE, settings: { perDay: 12_800, noKnockLimit: 100 } })
  world.band.state.knocked(3)
  const till = world.till()
  await till.pay({ knocks: 3 })
  expect(await till.answer()).toEqual({ kind: 'authorization' })
})

test('what it approved today counts, after a restart too; yesterday does not, nor does another merchant where the merchant matters', async () => {
  const nowS = Math.floor(new ManualClock().nowMs() / 1_000)
  const today = await approved({ atS: nowS - HOUR_S, amount: 20_000 })
  const elsewhere = await approved({ atS: nowS - HOUR_S, amount: 30_000, merchantId: 'lotus' })
  // The clock stands at 20:00 in Shanghai.
  const yesterday = await approved({ atS: nowS - 20 * HOUR_S - 1, amount: 40_000 })
  const limited = async (settings: Partial<PolicySettings>) => {
    const world = await phoneWorld({ records: [yesterday, today, elsewhere], settings: { ...WIDE, ...settings } })
    const till = world.till()
    await till.pay({ amount: 10_000 })
    await till.answer()
    return world.phoneEvents.map((event) => (event.type === 'refused' ? event.rule : event.type))
  }
  expect(await limited({ perDay: 60_000, perMerchantPerDay: 30_000 })).toEqual(['approved'])
  expect(await limited({ perDay: 59_999 })).toEqual(['day-limit'])
  expect(await limited({ perMerchantPerDay: 29_999 })).toEqual(['merchant-limit'])
})

test('each payment it sees approved is counted at once', async () => {
  const world = await phoneWorld({ settings: { velocity: { payments: 1, withinMinutes: 1 } } })
  const till = world.till()
  await till.pay()
  expect(await till.answer()).toEqual({ kind: 'authorization' })
  await till.pay()
  expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'wallet-refused' })
  await world.clock.advance(60_000)
  await till.pay()
  expect(await till.answer(3)).toEqual({ kind: 'authorization' })
})

describe('before it refuses it asks the backend once', () => {
  test('what was given back since is not held against its owner', async () => {
    const world = await phoneWorld({ settings: { velocity: { payments: 0, withinMinutes: 10 }, perDay: 10 } })
    const till = world.till()
    world.backend.limitsView = viewOf({ ...world.settings, velocity: { payments: 5, withinMinutes: 10 }, perDay: 20_000 })
    await till.pay()
    expect(await till.answer()).toEqual({ kind: 'authorization' })
    world.backend.limitsView = viewOf(world.settings, { today: 20_000 })
    await till.pay()
    expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'wallet-refused' })
  })

  test('limits it was told are kept, and used after a restart', async () => {
    const world = await phoneWorld({ settings: { perPayment: 100 } })
    const raised = { ...world.settings, perPayment: 50_000 }
    world.backend.limitsView = viewOf(raised)
    const till = world.till()
    await till.pay()
    expect(await till.answer()).toEqual({ kind: 'authorization' })
    expect(world.limitsSaved).toEqual([raised])
  })

  test('lowered limits are fetched with every change of the id slot, without a payment', async () => {
    const world = await phoneWorld()
    world.backend.limitsView = viewOf({ ...world.settings, perPayment: 5 })
    world.phone.offersWanted(Math.floor(world.clock.nowMs() / 900_000))
    await until('they are kept', () => world.limitsSaved.length === 1)
    const till = world.till()
    await till.pay()
    expect(await till.answer()).toEqual({ kind: 'refusal', reason: 'wallet-refused' })
  })
})

const signedWith = { limits: defaultSettings('CNY'), records: [], clock: new ManualClock() }
const OFFLINE = { limits: async () => err('not-sent' as const) }
const KEEPS = { saveLimits: async () => ok() }
const ASKED: AskedPayment = {
  ...{ amount: 100, currency: 'CNY', merchantId: 'aurora', certifiedPlace: HERE, knocks: { required: 0, given: 0 } },
  listAgeMinutes: 0,
}

test('its own limits make it stricter, never laxer', async () => {
  const judged = async (perPayment: number, amount: number) => {
    const policy = new WalletPolicy({ ...signedWith, backend: OFFLINE, store: KEEPS, ownLimits: () => ({ perPayment }) })
    return (await policy.judge({ ...ASKED, amount, knocks: { required: 2, given: 2 } })).type
  }
  expect(await judged(50, 51)).toBe('refuse')
  expect(await judged(50, 50)).toBe('allow')
  expect(await judged(1_000_000, 2_000_01)).toBe('refuse')
})

test('before it was ever told limits, the defaults hold; a currency nobody knows is refused', async () => {
  const policy = new WalletPolicy({ ...signedWith, limits: undefined, backend: OFFLINE, store: KEEPS })
  const large = { ...ASKED, amount: 3_000_00, knocks: { required: 2, given: 2 } }
  expect([await policy.judge(ASKED), await policy.judge(large)]).toEqual([{ type: 'allow' }, { type: 'refuse', rule: 'limit' }])
  expect(await policy.judge({ ...ASKED, currency: 'GBP' })).toEqual({ type: 'refuse', rule: 'currency' })
})

test('phone and backend agree on the same facts', async () => {
  const nowS = Math.floor(signedWith.clock.nowMs() / 1_000)
  const small = fc.integer({ min: 1, max: 3_000 })
  const settingsArbitrary = fc.record({
    perPayment: small,
    perDay: small,
    perMerchantPerDay: small,
    confirmAbove: small,
    noKnockLimit: small,
    velocity: fc.record({ payments: fc.nat({ max: 4 }), withinMinutes: fc.integer({ min: 1, max: 60 }) }),
    placeMaxMetres: fc.constantFrom(0, 5_000, 20_100_000),
  })
  const before = fc.record({
    amount: small,
    agoS: fc.nat({ max: 3 * HOUR_S }),
    merchantId: fc.constantFrom('aurora', 'lotus'),
  })
  const asked = fc.record({
    amount: small,
    knocks: fc.record({ required: fc.constantFrom(0, 2), given: fc.constantFrom(2) }),
    listAgeMinutes: fc.constantFrom(0, 15, 100, 2_000),
    place: fc.constantFrom(HERE, FAR_AWAY, undefined),
  })
  await fc.assert(
    fc.asyncProperty(settingsArbitrary, fc.array(before, { maxLength: 4 }), asked, async (limits, history, payment) => {
      const settings = { currency: 'CNY', ...limits } as const
      const { amount, knocks, listAgeMinutes, place } = payment
      const records = await Promise.all(history.map(async ({ agoS, ...paid }) => approved({ ...paid, atS: nowS - agoS })))
      const policy = new WalletPolicy({ ...signedWith, limits: settings, records, place: () => place, backend: OFFLINE, store: KEEPS })
      const onPhone = await policy.judge({ ...ASKED, amount, knocks, listAgeMinutes })
      const sum = (rows: typeof history) => rows.reduce((total, row) => total + row.amount, 0)
      const decision = decide({
        ...{ nowS, isTerminalTrusted: true, isReversed: false, isNonceSeen: false, areHoldsLive: true },
        ...{ requestDigest: new Uint8Array(32), band: { epoch: 1, counter: 0, isUsable: true }, settings, certifiedPlace: HERE },
        account: { isFrozen: false, balance: 1_000_000 },
        statement: {
          ...{ requestId: new Uint8Array(16), amount, currency: 'CNY', linesDigest: new Uint8Array(16), holds: [], headSeq: 0 },
          ...{ bandNonce: new Uint8Array(16), knocks: knocks.required, listAgeMinutes, time: nowS, lifetime: 90, head: new Uint8Array(16) },
        },
        proof: {
          ...{ bandNonce: new Uint8Array(16), requestDigest: new Uint8Array(32), counter: 1, epoch: 1, knocks: knocks.given },
          flags: FLAG_WORN | FLAG_ARMED,
        },
        spending: {
          today: sum(history),
          todayAtMerchant: sum(history.filter((row) => row.merchantId === 'aurora')),
          paymentsInWindow: history.filter(({ agoS }) => agoS < limits.velocity.withinMinutes * 60).length,
        },
        submitted: { act: 'none', place },
      })
      const atBackend = decision.kind === 'approve' ? 'allow' : decision.hint
      expect(onPhone.type === 'allow' ? 'allow' : onPhone.rule).toBe(atBackend)
    }),
    { numRuns: 150 },
  )
  expect(distanceMetres(HERE, FAR_AWAY)).toBeGreaterThan(5_000)
})
