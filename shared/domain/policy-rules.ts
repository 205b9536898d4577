/**
 * The rules a payment is judged by, each with what it may say to whom. `reason` is all the counter hears (reasons.ts), and for most rules
 * that is no more than a wallet's no; the name of the rule itself goes to the customer's own phone, with `happened` and `next` as its words.
 */
import type { Reason } from './reasons.ts'
import type { Words } from './words.ts'

type RuleWords = { readonly reason: Reason; readonly happened: Words; readonly next: Words }

/** In the order they are judged in: policy.ts says why. A name is kept in records and sent over HTTP: it never changes its meaning. */
export const POLICY_RULES = {
  knock: {
    reason: 'knock-missing',
    happened: { en: 'A payment this large needs a knock on your band.', 'zh-CN': '这个金额的付款需要轻敲手环。' },
    next: {
      en: 'Ask the cashier to charge again, and knock as often as the screen shows.',
      'zh-CN': '请收银员重新收款，并按屏幕上的次数轻敲手环。',
    },
  },
  currency: {
    reason: 'wallet-refused',
    happened: { en: 'The shop charges in a currency your wallet does not hold.', 'zh-CN': '商家收款的币种与您的钱包不同。' },
    next: { en: 'Pay another way.', 'zh-CN': '请改用其他付款方式。' },
  },
  limit: {
    reason: 'wallet-refused',
    happened: { en: 'This is more than you allow for one payment.', 'zh-CN': '金额超过了您设置的单笔限额。' },
    next: { en: 'Pay another way, or sign in as the owner and raise the limit.', 'zh-CN': '请改用其他付款方式，或登录后调高限额。' },
  },
  'day-limit': {
    reason: 'wallet-refused',
    happened: {
      en: 'With this you would spend more today than you allow for one day.',
      'zh-CN': '加上这笔，今天的支出会超过您设置的每日限额。',
    },
    next: {
      en: 'Pay another way or wait until tomorrow, or sign in as the owner and raise the limit.',
      'zh-CN': '请改用其他付款方式或等到明天，也可以登录后调高限额。',
    },
  },
  'merchant-limit': {
    reason: 'wallet-refused',
    happened: {
      en: 'With this you would spend more today at this shop than you allow for one shop.',
      'zh-CN': '加上这笔，今天在这家商户的支出会超过您设置的单商户限额。',
    },
    next: {
      en: 'Pay another way or wait until tomorrow, or sign in as the owner and raise the limit.',
      'zh-CN': '请改用其他付款方式或等到明天，也可以登录后调高限额。',
    },
  },
  velocity: {
    reason: 'wallet-refused',
    happened: { en: 'There have been many payments within a few minutes.', 'zh-CN': '短时间内付款次数过多。' },
    next: {
      en: 'Wait a few minutes. If some of them were not yours, freeze your wallet now.',
      'zh-CN': '请等几分钟再试。如果其中有不是您本人的付款，请立即冻结钱包。',
    },
  },
  place: {
    reason: 'wrong-place',
    happened: { en: 'Your phone is not where this shop is.', 'zh-CN': '您的手机不在这家商户附近。' },
    next: {
      en: 'Bring your phone and switch its location on. If you are not in this shop, freeze your wallet now.',
      'zh-CN': '请带上手机并打开定位。如果您本人不在这家商户，请立即冻结钱包。',
    },
  },
  confirm: {
    reason: 'confirm-on-phone',
    happened: { en: 'A payment this large needs your yes on this phone.', 'zh-CN': '这个金额的付款需要您在手机上确认。' },
    next: { en: 'Ask the cashier to charge again, and confirm it here.', 'zh-CN': '请收银员重新收款，并在这里确认。' },
  },
} as const satisfies Record<string, RuleWords>

export type PolicyRule = keyof typeof POLICY_RULES
export const POLICY_RULE_LIST = Object.keys(POLICY_RULES) as readonly PolicyRule[]

export function isPolicyRule(text: string): text is PolicyRule {
  return (POLICY_RULE_LIST as readonly string[]).includes(text)
}
