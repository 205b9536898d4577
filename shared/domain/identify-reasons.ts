/**
 * Why a customer did not say who they are: those of the reasons on the radio (reasons.ts) that can end such a question, with words of its
 * own, since nobody was to be charged. A customer's own no, a freeze and a phone that cannot answer look alike at the counter.
 */
import { REASONS, type Reason, reasonOfCode } from './reasons.ts'
import type { Words } from './words.ts'

export const IDENTIFY_REASONS = {
  'not-worn': {
    say: REASONS['not-worn'].say,
    next: {
      en: 'Ask the customer to put the band on and unlock their phone, then ask again.',
      'zh-CN': '请顾客戴好手环并解锁手机，然后再问一次。',
    },
  },
  'not-armed': {
    say: REASONS['not-armed'].say,
    next: { en: 'Ask the customer to unlock their phone once, then ask again.', 'zh-CN': '请顾客解锁一次手机，然后再问一次。' },
  },
  'phone-not-linked': {
    say: REASONS['phone-not-linked'].say,
    next: { en: 'Ask the customer to bring their phone closer, then ask again.', 'zh-CN': '请顾客把手机拿近一些，然后再问一次。' },
  },
  busy: {
    say: REASONS.busy.say,
    next: { en: 'Wait a few seconds, then ask again.', 'zh-CN': '等几秒钟，然后再问一次。' },
  },
  'confirm-on-phone': {
    say: { en: 'There was a question on your phone.', 'zh-CN': '刚才您的手机上有一个询问。' },
    next: { en: 'Ask again, and have the customer look at their phone.', 'zh-CN': '再问一次，并请顾客看手机。' },
  },
  'wallet-refused': {
    say: { en: 'That is fine: you need not tell us.', 'zh-CN': '没关系，您不必告诉我们。' },
    next: { en: 'Go on without it, or ask for a card.', 'zh-CN': '不提供也可以继续，或请顾客出示会员卡。' },
  },
  'band-not-usable': {
    say: { en: 'This band cannot answer that.', 'zh-CN': '这只手环无法回答。' },
    next: { en: 'Go on without it, or ask for a card.', 'zh-CN': '不提供也可以继续，或请顾客出示会员卡。' },
  },
  'terminal-not-trusted': {
    say: { en: 'Our till may not ask that just now.', 'zh-CN': '本收银机目前不能询问。' },
    next: { en: 'Go on without it and call the manager.', 'zh-CN': '请先继续，并通知经理。' },
  },
  'wrong-place': {
    say: REASONS['wrong-place'].say,
    next: { en: 'Ask the customer to bring the phone and switch location on.', 'zh-CN': '请顾客带上手机并打开定位。' },
  },
  expired: {
    say: { en: 'That took too long.', 'zh-CN': '等待时间过长。' },
    next: { en: 'Ask again.', 'zh-CN': '请再问一次。' },
  },
  taken: {
    say: { en: 'This question was already answered for another band.', 'zh-CN': '这个询问已由另一只手环应答。' },
    next: { en: 'Ask again from the start.', 'zh-CN': '请从头再问一次。' },
  },
  cancelled: {
    say: { en: 'The question was taken back.', 'zh-CN': '询问已取消。' },
    next: { en: 'Ask again if you still need to know.', 'zh-CN': '如仍需要，请再问一次。' },
  },
  'no-network-no-allowance': {
    say: { en: 'Your phone has no network.', 'zh-CN': '您的手机没有网络。' },
    next: { en: 'Ask the customer to find signal, or ask for a card.', 'zh-CN': '请顾客换个有信号的地方，或出示会员卡。' },
  },
  'band-gone': {
    say: REASONS['band-gone'].say,
    next: { en: 'Ask the customer to hold the wrist near the till, then ask again.', 'zh-CN': '请顾客把手腕靠近收银机，然后再问一次。' },
  },
} as const satisfies Partial<Record<Reason, { say: Words; next: Words }>>

export type IdentifyReason = keyof typeof IDENTIFY_REASONS

/** The reason with this code on the radio, when it can end such a question. Any other code is a malformed message. */
export function identifyReasonOfCode(code: number): IdentifyReason | undefined {
  const reason = reasonOfCode(code)
  return reason && canEnd(reason) ? reason : undefined
}

/** Of a reason that was found out here, before anything was asked. What cannot end a question is the band's. */
export function asIdentifyReason(reason: Reason): IdentifyReason {
  return canEnd(reason) ? reason : 'band-not-usable'
}

function canEnd(reason: Reason): reason is IdentifyReason {
  return Object.hasOwn(IDENTIFY_REASONS, reason)
}
