import type { Words } from './words.ts'

/**
 * The closed list of reasons a band payment ends without money. Each has a code for the radio (docs/protocol.md), one sentence for
 * the cashier to say, and one next step, in both languages. None tells the counter a balance or a freeze: the phone tells its owner.
 */
export const REASONS = {
  'not-worn': {
    code: 1,
    say: { en: 'Your band is off your wrist.', 'zh-CN': '您的手环没有戴在手腕上。' },
    next: {
      en: 'Ask the customer to put the band on and unlock their phone, then charge again.',
      'zh-CN': '请顾客戴好手环并解锁手机，然后重新收款。',
    },
  },
  'not-armed': {
    code: 2,
    say: { en: 'Your band needs your phone to unlock it first.', 'zh-CN': '您的手环需要先用手机解锁。' },
    next: { en: 'Ask the customer to unlock their phone once, then charge again.', 'zh-CN': '请顾客解锁一次手机，然后重新收款。' },
  },
  'phone-not-linked': {
    code: 3,
    say: { en: 'Your band cannot reach your phone.', 'zh-CN': '您的手环连接不到手机。' },
    next: { en: 'Ask the customer to bring their phone closer, or take cash.', 'zh-CN': '请顾客把手机拿近一些，或改收现金。' },
  },
  busy: {
    code: 4,
    say: { en: 'Your band is busy for a moment.', 'zh-CN': '您的手环正忙，请稍等。' },
    next: { en: 'Wait a few seconds, then charge again.', 'zh-CN': '等几秒钟，然后重新收款。' },
  },
  'knock-missing': {
    code: 5,
    say: { en: 'Please knock on your band the number of times shown.', 'zh-CN': '请按显示的次数轻敲手环。' },
    next: { en: 'Charge again and show the customer the count.', 'zh-CN': '重新收款，并让顾客看到敲击次数。' },
  },
  'confirm-on-phone': {
    code: 6,
    say: { en: 'Please confirm this payment on your phone.', 'zh-CN': '请在手机上确认这笔付款。' },
    next: { en: 'Wait for the customer to confirm, then charge again.', 'zh-CN': '等顾客确认后重新收款。' },
  },
  'wallet-refused': {
    code: 7,
    say: { en: 'Your wallet did not approve this. Your phone shows you why.', 'zh-CN': '您的钱包没有批准这笔付款，原因请看手机。' },
    next: { en: 'Offer another way to pay.', 'zh-CN': '请改用其他付款方式。' },
  },
  'band-not-usable': {
    code: 8,
    say: { en: 'This band cannot be used to pay.', 'zh-CN': '这只手环不能用于付款。' },
    next: { en: 'Offer another way to pay.', 'zh-CN': '请改用其他付款方式。' },
  },
  'terminal-not-trusted': {
    code: 9,
    say: { en: 'Our till is not cleared for band payments just now.', 'zh-CN': '本收银机目前不能用手环收款。' },
    next: { en: 'Take cash and call the manager.', 'zh-CN': '请改收现金并通知经理。' },
  },
  'wrong-place': {
    code: 10,
    say: { en: 'Your phone does not seem to be here with you.', 'zh-CN': '您的手机似乎不在您身边。' },
    next: {
      en: 'Ask the customer to bring the phone and switch location on, or take cash.',
      'zh-CN': '请顾客带上手机并打开定位，或改收现金。',
    },
  },
  expired: {
    code: 11,
    say: { en: 'That took too long, so nothing was charged.', 'zh-CN': '等待时间过长，没有扣款。' },
    next: { en: 'Charge again.', 'zh-CN': '请重新收款。' },
  },
  taken: {
    code: 12,
    say: { en: 'This request was already answered for another band.', 'zh-CN': '这笔请求已由另一只手环应答。' },
    next: { en: 'Charge again from the start.', 'zh-CN': '请从头重新收款。' },
  },
  cancelled: {
    code: 13,
    say: { en: 'This payment was cancelled. Nothing was charged.', 'zh-CN': '这笔付款已取消，没有扣款。' },
    next: { en: 'Charge again, or pay another way.', 'zh-CN': '重新收款，或改用其他付款方式。' },
  },
  'seat-not-held': {
    code: 14,
    say: { en: 'A seat in this sale is no longer held for you.', 'zh-CN': '这笔订单里的座位已不再为您保留。' },
    next: { en: 'Open the seat map and choose again.', 'zh-CN': '请打开座位图重新选座。' },
  },
  'no-network-no-allowance': {
    code: 15,
    say: { en: 'Your phone has no network and nothing set aside to spend.', 'zh-CN': '您的手机没有网络，也没有离线额度。' },
    next: { en: 'Ask the customer to find signal, or take cash.', 'zh-CN': '请顾客换个有信号的地方，或改收现金。' },
  },
  'band-gone': {
    code: 16,
    say: { en: 'I cannot reach your band any more.', 'zh-CN': '现在连接不上您的手环了。' },
    next: { en: 'Ask the customer to hold the wrist near the till, then charge again.', 'zh-CN': '请顾客把手腕靠近收银机，然后重新收款。' },
  },
} as const satisfies Record<string, { code: number; say: Words; next: Words }>

export type Reason = keyof typeof REASONS
export const REASON_LIST = Object.keys(REASONS) as readonly Reason[]

/** The reason with this code on the radio, or nothing: an unknown code is a malformed message. */
export function reasonOfCode(code: number): Reason | undefined {
  return REASON_LIST.find((reason) => REASONS[reason].code === code)
}
