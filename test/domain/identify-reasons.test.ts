import { expect, test } from 'vitest'
import { CLAIMS, claimsIn } from '#shared/domain/claims.ts'
import { asIdentifyReason, IDENTIFY_REASONS, type IdentifyReason, identifyReasonOfCode } from '#shared/domain/identify-reasons.ts'
import { REASON_LIST, REASONS } from '#shared/domain/reasons.ts'
import { LANGUAGES } from '#shared/domain/words.ts'

const ALL = Object.keys(IDENTIFY_REASONS) as readonly IdentifyReason[]

test.each(ALL)('%s: one sentence to say and one next step, in both languages, and nothing of a payment', (reason) => {
  for (const language of LANGUAGES) {
    for (const text of [IDENTIFY_REASONS[reason].say[language], IDENTIFY_REASONS[reason].next[language]]) {
      expect(text).toMatch(language === 'en' ? /^[A-Z].*[^.]\.$/ : /^[^a-zA-Z]+。$/)
      expect(text).not.toMatch(/charge|pay|cash|money|balance|frozen|freeze|收款|付款|扣款|余额|冻结/i)
    }
  }
})

test('codes lead back to those reasons and to no others', () => {
  for (const reason of ALL) expect(identifyReasonOfCode(REASONS[reason].code)).toBe(reason)
  for (const reason of REASON_LIST.filter((one) => !ALL.includes(one as IdentifyReason))) {
    expect(identifyReasonOfCode(REASONS[reason].code)).toBeUndefined()
    expect(asIdentifyReason(reason)).toBe('band-not-usable')
  }
  expect([0, 255].map(identifyReasonOfCode)).toEqual([undefined, undefined])
})

test('claims of two lists, in one order, each once', () => {
  expect(claimsIn(['member-number', 'name', 'name'], CLAIMS)).toEqual(['name', 'member-number'])
  expect(claimsIn(['member-number'], ['name'])).toEqual([])
})
