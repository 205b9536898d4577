import { expect, test } from 'vitest'
import { REASON_LIST, REASONS, reasonOfCode } from '#shared/domain/reasons.ts'
import { LANGUAGES } from '#shared/domain/words.ts'

test('codes are 1 to n, each once, and lead back to their reason', () => {
  expect(REASON_LIST.map((reason) => REASONS[reason].code).sort((a, b) => a - b)).toEqual(REASON_LIST.map((_, index) => index + 1))
  for (const reason of REASON_LIST) expect(reasonOfCode(REASONS[reason].code)).toBe(reason)
})

test.each([0, -1, REASON_LIST.length + 1, 255, 1.5, Number.NaN])('%d is no reason', (code) => {
  expect(reasonOfCode(code)).toBeUndefined()
})

test.each(REASON_LIST)('%s: one sentence to say and one next step, in both languages', (reason) => {
  for (const language of LANGUAGES) {
    for (const text of [REASONS[reason].say[language], REASONS[reason].next[language]]) {
      expect(text).toMatch(language === 'en' ? /^[A-Z].*[^.]\.$/ : /^[^a-zA-Z]+。$/)
      expect(text.trim()).toBe(text)
    }
  }
})

test('no two reasons sound alike, and none tells a balance, a freeze or a limit', () => {
  for (const language of LANGUAGES) {
    expect(new Set(REASON_LIST.map((reason) => REASONS[reason].say[language])).size).toBe(REASON_LIST.length)
  }
  const said = REASON_LIST.flatMap((reason) => [REASONS[reason].say, REASONS[reason].next])
    .flatMap((words) => Object.values(words))
    .join(' ')
  expect(said).not.toMatch(/balance|frozen|freeze|funds|limit|余额|冻结|限额/i)
})
