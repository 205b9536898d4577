import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CURRENCIES } from '#shared/domain/money.ts'
import {
  ANYWHERE_METRES,
  defaultSettings,
  isAsStrict,
  judge,
  LIST_STALE_MINUTES,
  needsKnock,
  noKnockLimitAt,
  objects,
  type PolicyFacts,
  type PolicySettings,
  strictest,
} from '#shared/domain/policy.ts'
import { POLICY_RULE_LIST, POLICY_RULES, type PolicyRule } from '#shared/domain/policy-rules.ts'

const amount = fc.integer({ min: 0, max: 1_000_000 })
const settingsArbitrary: fc.Arbitrary<PolicySettings> = fc.record({
  currency: fc.constantFrom(...CURRENCIES),
  perPayment: amount,
  perDay: amount,
  perMerchantPerDay: amount,
  confirmAbove: amount,
  noKnockLimit: amount,
  velocity: fc.record({ payments: fc.integer({ min: 0, max: 20 }), withinMinutes: fc.integer({ min: 1, max: 60 }) }),
  placeMaxMetres: fc.integer({ min: 0, max: 10_000 }),
})
const factsArbitrary: fc.Arbitrary<PolicyFacts> = fc.record({
  amount,
  currency: fc.constantFrom<string>(...CURRENCIES, 'GBP'),
  spentToday: amount,
  spentTodayAtMerchant: amount,
  paymentsInWindow: fc.nat({ max: 30 }),
  knocks: fc.record({ required: fc.integer({ min: 0, max: 4 }), given: fc.integer({ min: 0, max: 4 }) }),
  listAgeMinutes: fc.nat({ max: 2_000 }),
  isConfirmed: fc.boolean(),
  distanceMetres: fc.option(fc.nat({ max: 20_000 }), { nil: undefined }),
})

const SETTINGS = defaultSettings('CNY')
const FACTS: PolicyFacts = {
  amount: 100_00,
  currency: 'CNY',
  spentToday: 0,
  spentTodayAtMerchant: 0,
  paymentsInWindow: 0,
  knocks: { required: 0, given: 0 },
  listAgeMinutes: 0,
  isConfirmed: false,
  distanceMetres: 0,
}
const KNOCKED = { required: 3, given: 3 }

/** Each rule alone: facts at the limit, which it allows, and one step over it. */
const EDGES: Readonly<Record<PolicyRule, readonly [at: Partial<PolicyFacts>, over: Partial<PolicyFacts>]>> = {
  knock: [{ amount: 200_00 }, { amount: 200_01 }],
  currency: [{ currency: 'CNY' }, { currency: 'EUR' }],
  limit: [
    { amount: 2_000_00, knocks: KNOCKED, isConfirmed: true },
    { amount: 2_000_01, knocks: KNOCKED, isConfirmed: true },
  ],
  'day-limit': [{ spentToday: 4_900_00 }, { spentToday: 4_900_01 }],
  'merchant-limit': [{ spentTodayAtMerchant: 2_900_00 }, { spentTodayAtMerchant: 2_900_01 }],
  velocity: [{ paymentsInWindow: 9 }, { paymentsInWindow: 10 }],
  place: [{ distanceMetres: 2_000 }, { distanceMetres: 2_001 }],
  confirm: [
    { amount: 1_000_00, knocks: KNOCKED },
    { amount: 1_000_01, knocks: KNOCKED },
  ],
}

describe('each rule', () => {
  test.each(POLICY_RULE_LIST)('%s allows what is at its limit, and names itself one step beyond', (rule) => {
    const [at, over] = EDGES[rule]
    expect(judge(SETTINGS, { ...FACTS, ...at })).toEqual({ type: 'allow' })
    const type = rule === 'knock' || rule === 'confirm' ? rule : 'refuse'
    expect(judge(SETTINGS, { ...FACTS, ...over })).toEqual({ type, rule })
  })

  test('a knock counts only as often as the terminal asked, and a knock nobody asked for counts for nothing', () => {
    const asked = (required: number, given: number) => judge(SETTINGS, { ...FACTS, amount: 500_00, knocks: { required, given } })
    expect(asked(3, 3)).toEqual({ type: 'allow' })
    for (const [required, given] of [
      [0, 3],
      [3, 2],
      [3, 4],
      [0, 0],
    ] as const)
      expect(asked(required, given)).toEqual({ type: 'knock', rule: 'knock' })
  })

  test('a phone that does not know where it is refuses nothing by that alone', () => {
    expect(judge(SETTINGS, { ...FACTS, distanceMetres: undefined })).toEqual({ type: 'allow' })
    expect(judge({ ...SETTINGS, placeMaxMetres: ANYWHERE_METRES }, { ...FACTS, distanceMetres: 20_015_000 })).toEqual({ type: 'allow' })
  })

  test('what a terminal asks without a knock is answered by the amount alone', () => {
    fc.assert(
      fc.property(settingsArbitrary, factsArbitrary, factsArbitrary, (settings, one, other) => {
        const shared = { amount: one.amount, listAgeMinutes: one.listAgeMinutes, knocks: { required: 0, given: one.knocks.given } }
        const isKnock = (facts: PolicyFacts) => judge(settings, { ...facts, ...shared }).type === 'knock'
        expect(isKnock(one)).toBe(isKnock(other))
      }),
    )
  })

  test('has words in both languages, and a sentence each for what happened and what to do', () => {
    const all = POLICY_RULE_LIST.map((rule) => POLICY_RULES[rule]).flatMap(({ happened, next }) => [happened, next])
    for (const words of all) {
      expect(words.en).toMatch(/^[A-Z].+\.$/u)
      expect(words['zh-CN']).toMatch(/^[\p{Script=Han}].+。$/u)
    }
    const happened = POLICY_RULE_LIST.map((rule) => POLICY_RULES[rule].happened.en)
    expect(new Set(happened).size).toBe(happened.length)
  })

  test('tells the counter nothing of limits, spending or times', () => {
    const heard = POLICY_RULE_LIST.map((rule) => POLICY_RULES[rule].reason)
    expect(new Set(heard)).toEqual(new Set(['knock-missing', 'wallet-refused', 'wrong-place', 'confirm-on-phone']))
    for (const rule of ['currency', 'limit', 'day-limit', 'merchant-limit', 'velocity'] as const) {
      expect(POLICY_RULES[rule].reason).toBe('wallet-refused')
    }
  })
})

describe('the judgement as a whole', () => {
  test('never allows what one of the rules refuses, and never refuses what none objects to', () => {
    fc.assert(
      fc.property(settingsArbitrary, factsArbitrary, (settings, facts) => {
        const objecting = POLICY_RULE_LIST.filter((rule) => objects(rule, settings, facts))
        const verdict = judge(settings, facts)
        expect(verdict.type === 'allow').toBe(objecting.length === 0)
        if (verdict.type !== 'allow') expect(verdict.rule).toBe(objecting[0])
      }),
    )
  })

  /** Once not allowed, more of it is not allowed either. */
  const MORE: Readonly<Record<string, (facts: PolicyFacts, by: number) => PolicyFacts>> = {
    amount: (facts, by) => ({ ...facts, amount: facts.amount + by }),
    'age of the list': (facts, by) => ({ ...facts, listAgeMinutes: facts.listAgeMinutes + by }),
    'spent today': (facts, by) => ({ ...facts, spentToday: facts.spentToday + by }),
    'spent at this merchant': (facts, by) => ({ ...facts, spentTodayAtMerchant: facts.spentTodayAtMerchant + by }),
    'payments lately': (facts, by) => ({ ...facts, paymentsInWindow: facts.paymentsInWindow + by }),
    distance: (facts, by) => ({ ...facts, distanceMetres: (facts.distanceMetres ?? 0) + by }),
  }
  test.each(Object.keys(MORE))('grows no milder with more: %s', (name) => {
    fc.assert(
      fc.property(settingsArbitrary, factsArbitrary, fc.nat({ max: 100_000 }), (settings, facts, by) => {
        const more = MORE[name]?.(facts, by) ?? facts
        expect(judge(settings, facts).type !== 'allow' && judge(settings, more).type === 'allow').toBe(false)
      }),
      { numRuns: 400 },
    )
  })

  test('by the stricter of two settings nothing is allowed that either refuses', () => {
    fc.assert(
      fc.property(settingsArbitrary, settingsArbitrary, factsArbitrary, (one, other, facts) => {
        const second = { ...other, currency: one.currency }
        const both = strictest(one, second)
        expect(isAsStrict(both, one) && isAsStrict(both, second)).toBe(true)
        if (judge(both, facts).type === 'allow') expect([judge(one, facts).type, judge(second, facts).type]).toEqual(['allow', 'allow'])
      }),
      { numRuns: 400 },
    )
  })

  test('a change is as strict only when no single rule is milder', () => {
    expect(isAsStrict(SETTINGS, SETTINGS)).toBe(true)
    const milder: readonly Partial<PolicySettings>[] = [
      { perPayment: SETTINGS.perPayment + 1 },
      { perDay: SETTINGS.perDay + 1 },
      { perMerchantPerDay: SETTINGS.perMerchantPerDay + 1 },
      { confirmAbove: SETTINGS.confirmAbove + 1 },
      { noKnockLimit: SETTINGS.noKnockLimit + 1 },
      { velocity: { payments: 11, withinMinutes: 10 } },
      { velocity: { payments: 10, withinMinutes: 9 } },
      { placeMaxMetres: SETTINGS.placeMaxMetres + 1 },
      { currency: 'EUR' },
    ]
    for (const change of milder) expect(isAsStrict({ ...SETTINGS, perDay: 1, ...change }, SETTINGS), JSON.stringify(change)).toBe(false)
  })
})

describe('the no-knock limit', () => {
  test('is whole under a quarter of an hour, halves with each hour, and ends with the day', () => {
    const at = (minutes: number) => noKnockLimitAt(200_00, minutes)
    expect([0, 14, 15, 74, 75, 134, 135, 195].map(at)).toEqual([200_00, 200_00, 100_00, 100_00, 50_00, 50_00, 25_00, 12_50])
    expect([LIST_STALE_MINUTES - 1, LIST_STALE_MINUTES, 525_600].map(at)).toEqual([0, 0, 0])
    expect(noKnockLimitAt(1_000_000_000, LIST_STALE_MINUTES - 1)).toBeGreaterThan(0)
    expect(noKnockLimitAt(1_000_000_000, LIST_STALE_MINUTES)).toBe(0)
  })

  test('never grows with age, is whole, and lies between nothing and the limit', () => {
    fc.assert(
      fc.property(amount, fc.nat({ max: 3_000 }), fc.nat({ max: 3_000 }), (limit, age, more) => {
        const [now, later] = [noKnockLimitAt(limit, age), noKnockLimitAt(limit, age + more)]
        expect(Number.isSafeInteger(now) && later <= now && later >= 0 && now <= limit).toBe(true)
        expect(needsKnock(now, limit, age)).toBe(false)
        expect(needsKnock(now + 1, limit, age)).toBe(true)
      }),
    )
  })

  test('two tickets and popcorn need none on fresh news, whatever the currency makes of it', () => {
    expect(needsKnock(2 * 58_00 + 45_00, defaultSettings('CNY').noKnockLimit, 0)).toBe(false)
    for (const currency of CURRENCIES) {
      const { noKnockLimit, confirmAbove, perPayment, perMerchantPerDay, perDay } = defaultSettings(currency)
      const rising = [0, noKnockLimit, confirmAbove, perPayment, perMerchantPerDay, perDay]
      expect(rising).toEqual(rising.toSorted((a, b) => a - b))
    }
  })
})
