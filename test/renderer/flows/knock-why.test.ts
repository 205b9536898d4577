import { expect, test } from 'vitest'
import type { KnockWhy } from '#shared/contracts/till.ts'
import { type Money, money, toDecimalText } from '#shared/domain/money.ts'
import { knockWhyWords } from '../../../renderer/flows/knock-why.ts'
import { startI18n } from '../../../renderer/i18n/i18n.ts'

const i18n = startI18n()
const said = (why: KnockWhy | undefined) =>
  (['en', 'zh-CN'] as const).map((language) =>
    knockWhyWords(why, { t: i18n.getFixedT(language), money: (amount: Money) => toDecimalText(amount) }),
  )

test.each<readonly [KnockWhy | undefined, string, string]>([
  [
    undefined,
    'Two or more bands are about as near. A knock on the band settles who pays.',
    '有几只手环差不多近。请顾客敲自己的手环，以确定由谁付款。',
  ],
  [
    { kind: 'amount', limit: money(20_000, 'CNY') },
    'Above 200.00 the customer knocks on the band first.',
    '超过 200.00 的付款，请顾客先敲手环。',
  ],
  [
    { kind: 'old-news', limit: money(2_500, 'CNY'), ageMinutes: 180 },
    'The news of lost bands is 3 hours old: above 25.00 the customer knocks on the band first.',
    '手环挂失信息已有 3 小时未更新，超过 25.00 请顾客先敲手环。',
  ],
  [
    { kind: 'old-news', limit: money(0, 'CNY'), ageMinutes: 3 * 1_440 },
    'The news of lost bands is 3 days old: every customer knocks on the band first.',
    '手环挂失信息已有 3 天未更新，每笔付款都请顾客先敲手环。',
  ],
  [
    { kind: 'no-news' },
    'Nobody can tell how old the news of lost bands is: every customer knocks on the band first.',
    '不清楚手环挂失信息多久没有更新，每笔付款都请顾客先敲手环。',
  ],
  [{ kind: 'wallet' }, 'The wallet asks for a knock on the band first.', '顾客的钱包要求先敲手环。'],
])('%j is said in both languages', (why, en, zh) => {
  expect(said(why)).toEqual([en, zh])
})
