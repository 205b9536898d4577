import { expect, test } from 'vitest'
import { clockOffShown, clockOffWords } from '../../../renderer/flows/clock-off.ts'
import { startI18n } from '../../../renderer/i18n/i18n.ts'

const i18n = startI18n()
const MINUTE_MS = 60_000

test.each([
  [3 * MINUTE_MS, 'ahead', 'minutes', 3],
  [-119 * MINUTE_MS, 'behind', 'minutes', 119],
  [120 * MINUTE_MS, 'ahead', 'hours', 2],
  [-24 * 60 * MINUTE_MS, 'behind', 'hours', 24],
  [48 * 60 * MINUTE_MS, 'ahead', 'days', 2],
] as const)('a clock off by %i ms', (skewMs, way, unit, count) => {
  expect(clockOffShown(skewMs)).toEqual({ way, unit, count })
})

test('it is said in both languages', () => {
  expect(clockOffWords(86_400_000, i18n.getFixedT('en'))).toBe('Clock 24 hours fast')
  expect(clockOffWords(-3 * MINUTE_MS, i18n.getFixedT('en'))).toBe('Clock 3 minutes slow')
  expect(clockOffWords(86_400_000, i18n.getFixedT('zh-CN'))).toBe('时钟快了 24 小时')
})
