import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amountText, amountTyped, countTyped } from '#reference/phone/pwa/flows/amount.ts'
import { newestFirst } from '#reference/phone/pwa/flows/asked.ts'
import { cardNameTyped, memberNumberTyped } from '#reference/phone/pwa/flows/card.ts'
import { daysOf, daysTyped, RANGES } from '#reference/phone/pwa/flows/days.ts'
import { formatMoney, formatRate, formatShortDay, shortId } from '#reference/phone/pwa/flows/format.ts'
import { changeOf, formOf, type LimitsForm, limitsIn } from '#reference/phone/pwa/flows/limits.ts'
import { detailOf, isAlarming } from '#reference/phone/pwa/flows/notices.ts'
import { waitOf } from '#reference/phone/pwa/flows/refusal.ts'
import { hashOf, isOpenToAll, routeIn, SCREENS } from '#reference/phone/pwa/flows/route.ts'
import { byDay, fateOf } from '#reference/phone/pwa/flows/statement.ts'
import { putCardName, putMemberNumber } from '#shared/contracts/identity-api.ts'
import { NOTICE_KINDS } from '#shared/contracts/notices.ts'
import { LIMIT_AMOUNT_MAX, VELOCITY_MINUTES_MAX, VELOCITY_PAYMENTS_MAX } from '#shared/contracts/wallet-limits-api.ts'
import { CURRENCIES } from '#shared/domain/money.ts'
import { defaultSettings } from '#shared/domain/policy.ts'

describe('the address', () => {
  test.each(SCREENS)('names the screen %s, with and without what follows', (screen) => {
    for (const rest of ['', 'a-_9']) expect(routeIn(hashOf({ screen, rest }))).toEqual({ screen, rest })
  })

  test.each(['', '#', '#/', '#/nowhere', '#/home-', 'home', '#home', '#/constructor', '#//home'])('%s is no screen', (hash) => {
    expect(routeIn(hash)).toBeUndefined()
  })

  test('whatever is behind a screen’s name stays as it is, and nothing throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const inOneLine = text.replaceAll(/[\n\r\u2028\u2029]/gu, '')
        expect(routeIn(`#/receipt/${inOneLine}`)).toEqual({ screen: 'receipt', rest: inOneLine })
      }),
    )
  })

  test('only the ways in, the loss page and the phone are open to all', () => {
    expect(SCREENS.filter(isOpenToAll)).toEqual(['sign-in', 'recover', 'invited', 'loss', 'phone'])
  })
})

describe('an amount as it is typed', () => {
  test.each([
    ['200', 20_000],
    ['1,000.50', 100_050],
    ['¥ 12.3', 1_230],
    ['０．０５', 5],
    ['1，000', 100_000],
    ['7.', 700],
    ['0', 0],
  ])('%s', (text, amount) => {
    expect(amountTyped(text, 'CNY')).toBe(amount)
  })

  test.each(['', '-1', '1.234', '200 yuan', '1e3', '.5', '99999999999', '1.2.3', 'NaN'])('%s is none', (text) => {
    expect(amountTyped(text, 'CNY')).toBeUndefined()
  })

  test('yen have no part', () => {
    expect([amountTyped('500', 'JPY'), amountTyped('500.0', 'JPY')]).toEqual([500, undefined])
  })

  test('what stands in the field is read as what it was', () => {
    const amounts = fc.tuple(fc.integer({ min: 0, max: 1_000_000_000 }), fc.constantFrom(...CURRENCIES))
    fc.assert(
      fc.property(amounts, ([amount, currency]) => {
        expect(amountTyped(amountText(amount, currency), currency)).toBe(amount)
      }),
    )
  })

  test('a count keeps its bounds', () => {
    expect(['10', '１０', '0', '1001', '1.5', '', 'ten'].map((text) => countTyped(text, 1, 1_000))).toEqual([
      10,
      10,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})

describe('the limits', () => {
  const { currency, ...limits } = defaultSettings('CNY')
  const form = formOf(limits, currency)
  const changed = (part: Partial<LimitsForm>) => changeOf({ ...form, ...part }, limits, currency)

  test('as they are shown are as they were', () => {
    expect(limitsIn(form, currency)).toEqual({ ok: true, value: limits })
  })

  test('say beforehand what saving would do', () => {
    expect(changed({})).toBe('none')
    expect(changed({ perPayment: '1999' })).toBe('lower')
    expect(changed({ perPayment: '2001' })).toBe('raise')
    expect(changed({ perPayment: '1', perDay: '9999999' })).toBe('raise')
    // The same payments within more minutes are fewer.
    expect(changed({ minutes: '11' })).toBe('lower')
    expect(changed({ placeMaxMetres: 20_000 })).toBe('raise')
    expect(changed({ noKnockLimit: 'all' })).toBe('unreadable')
  })

  test('may be as high as an operator can set them', () => {
    const high = {
      ...limits,
      perDay: LIMIT_AMOUNT_MAX,
      velocity: { payments: VELOCITY_PAYMENTS_MAX, withinMinutes: VELOCITY_MINUTES_MAX },
    }
    expect(limitsIn(formOf(high, currency), currency)).toEqual({ ok: true, value: high })
    expect(changeOf({ ...formOf(high, currency), payments: '1001' }, high, currency)).toBe('lower')
    expect(limitsIn({ ...form, payments: String(VELOCITY_PAYMENTS_MAX + 1) }, currency)).toEqual({ ok: false, error: ['payments'] })
  })

  test('name each field that cannot be read', () => {
    expect(limitsIn({ ...form, perDay: 'x', payments: '', minutes: '0' }, currency)).toEqual({
      ok: false,
      error: ['perDay', 'payments', 'minutes'],
    })
  })
})

describe('a statement', () => {
  const line = (cursor: number, at: string) => ({ cursor, at, kind: 'hold' as const })

  test('is read newest first, by day', () => {
    const lines = [line(1, '2026-05-01T01:00:00Z'), line(2, '2026-05-01T02:00:00Z'), line(3, '2026-05-02T00:00:00Z')]
    expect(byDay(lines, (at) => at.slice(0, 10)).map(({ day, lines: of }) => [day, of.map(({ cursor }) => cursor)])).toEqual([
      ['2026-05-02', [3]],
      ['2026-05-01', [2, 1]],
    ])
    expect(byDay([], String)).toEqual([])
  })

  test('says what became of a payment', () => {
    const of = (state: 'held' | 'captured' | 'reversed', voidedBy?: string) => fateOf({ ...line(1, ''), payment: { state, voidedBy } })
    expect([of('held'), of('captured'), of('captured', 'x'), of('reversed'), fateOf(line(1, ''))]).toEqual([
      'held',
      'paid',
      'voided',
      'given-back',
      undefined,
    ])
  })

  test('covers today wherever on Earth the account’s day is', () => {
    const nowMs = Date.UTC(2026, 4, 1, 11)
    expect(daysOf('week', nowMs)).toEqual({ from: '2026-04-24', to: '2026-05-02' })
    for (const range of RANGES) expect(daysTyped(daysOf(range, nowMs).from, daysOf(range, nowMs).to)).toBeDefined()
  })

  test.each([
    ['2026-05-02', '2026-05-01'],
    ['', '2026-05-01'],
    ['2026-13-01', '2026-12-31'],
    ['2026-02-01', '2026-02-30'],
    ['1969-12-31', '2026-01-01'],
    ['2026-05-01', '9999-01-01'],
  ])('has no days from %s to %s', (from, to) => {
    expect(daysTyped(from, to)).toBeUndefined()
  })
})

test('who asked for money and who for a name stand in one list, newest first', () => {
  const words = { en: 'Aurora', 'zh-CN': '极光' }
  const payment = (requestId: string, at: string) => {
    const said = { merchant: words, site: words, answer: 'authorization' as const, hint: 'none' as const, isReversed: false }
    return { requestId, at, amount: { amount: 1, currency: 'CNY' as const }, ...said }
  }
  const identity = { id: 'who', merchantId: 'aurora', merchantName: words, asked: ['name' as const], given: [], at: '2026-05-01T02:00:00Z' }
  const listed = newestFirst([payment('late', '2026-05-01T03:00:00Z'), payment('early', '2026-05-01T02:00:00Z')], [identity])
  expect(listed.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['payment late', 'payment early', 'identity who'])
})

describe('what is typed onto the identity card', () => {
  test.each([
    [' Golden Carp ', 'Golden Carp'],
    ['金鲤', '金鲤'],
    ['e\u0301', 'é'],
    ['a'.repeat(40), 'a'.repeat(40)],
  ])('%j is a name', (typed, name) => {
    expect(cardNameTyped(typed)).toBe(name)
  })

  test.each(['', '  ', 'a'.repeat(41), 'a\u202Eb', 'a\nb', '\uD800'])('%j is none', (typed) => {
    expect(cardNameTyped(typed)).toBeUndefined()
  })

  test.each([
    [' M-1001 ', 'M-1001'],
    ['ＡＢ　１２', 'AB 12'],
    ['7', '7'],
  ])('%j is a member number', (typed, number) => {
    expect(memberNumberTyped(typed)).toBe(number)
  })

  test.each(['', '-1', '1-', '一', '1/2', 'a'.repeat(25)])('%j is none either', (typed) => {
    expect(memberNumberTyped(typed)).toBeUndefined()
  })

  test('whatever is typed, what is read of it is what the backend takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (typed) => {
        const [name, number] = [cardNameTyped(typed), memberNumberTyped(typed)]
        expect(name === undefined || putCardName.body.safeParse({ name }).success).toBe(true)
        expect(number === undefined || putMemberNumber.body.safeParse({ number }).success).toBe(true)
      }),
    )
  })
})

describe('words and figures', () => {
  test('a notice names what it is about', () => {
    const id = '0123456789abcdef0123456789abcdef'
    expect(detailOf('band-paired', id)).toEqual({ kind: 'text', text: 'CDEF' })
    expect(detailOf('account-frozen', 'recovery-code')).toEqual({ kind: 'by', by: 'recovery-code' })
    expect(detailOf('limits-changed', 'somebody new')).toEqual({ kind: 'text', text: 'somebody new' })
    expect(detailOf('card-changed', 'member-number')).toEqual({ kind: 'claim', claim: 'member-number' })
    expect(detailOf('card-changed', 'shoe size')).toEqual({ kind: 'text', text: 'shoe size' })
    expect(detailOf('passkey-added', 'Laptop')).toEqual({ kind: 'text', text: 'Laptop' })
    expect(NOTICE_KINDS.filter(isAlarming)).toContain('pairing-refused')
  })

  test('waits are said in the unit people count them in', () => {
    expect(waitOf({ code: 'too-many' })).toBeUndefined()
    expect(waitOf({ code: 'too-many', retryAfterS: 4 })).toEqual({ unit: 'waitSeconds', count: 4 })
    expect(waitOf({ code: 'too-many', retryAfterS: 121 })).toEqual({ unit: 'waitMinutes', count: 3 })
  })

  test('money, rates and days', () => {
    expect(formatMoney({ amount: -4_550, currency: 'CNY' }, 'en', 'always')).toBe('−¥45.50')
    expect(formatMoney({ amount: 4_550, currency: 'CNY' }, 'zh-CN', 'always')).toBe('+¥45.50')
    expect(formatRate(150, 'en')).toBe('1.50%')
    expect(formatShortDay('2026-05-01T23:30:00Z', 'zh-CN', 'Asia/Shanghai')).toBe('5月2日')
    expect(shortId('00ff00ab')).toBe('00AB')
  })
})
