import type { Receipt, ReceiptKind } from '#shared/domain/receipt.ts'
import type { Words } from '#shared/domain/words.ts'

/** The fixed words of a receipt. Names, details and addresses come from the receipt itself. */
export const RECEIPT_WORDS = {
  number: { en: 'No.', 'zh-CN': '单号' },
  time: { en: 'Time', 'zh-CN': '时间' },
  cashier: { en: 'Cashier', 'zh-CN': '收银员' },
  terminal: { en: 'Terminal', 'zh-CN': '终端' },
  seat: { en: 'Seat', 'zh-CN': '座位' },
  total: { en: 'TOTAL', 'zh-CN': '合计' },
  taxIncluded: { en: 'Tax incl.', 'zh-CN': '含税' },
  band: { en: 'Band', 'zh-CN': '手环' },
  payer: { en: 'Payer', 'zh-CN': '付款人' },
  authorization: { en: 'Auth.', 'zh-CN': '授权号' },
  cash: { en: 'Cash', 'zh-CN': '现金' },
  tendered: { en: 'Tendered', 'zh-CN': '收到' },
  change: { en: 'Change', 'zh-CN': '找零' },
  thanks: { en: 'Thank you', 'zh-CN': '谢谢惠顾' },
  practice: { en: 'PRACTICE', 'zh-CN': '练习' },
  notAReceipt: { en: 'NOT A RECEIPT', 'zh-CN': '非有效小票' },
  copy: { en: 'COPY', 'zh-CN': '副本' },
  void: { en: 'VOID', 'zh-CN': '作废' },
  takesBack: { en: 'Takes back', 'zh-CN': '冲销单号' },
  reason: { en: 'Reason', 'zh-CN': '原因' },
  returnedToBand: { en: 'Returned to band', 'zh-CN': '退回手环' },
  testPage: { en: 'TEST PAGE', 'zh-CN': '测试页' },
  paper: { en: 'Paper', 'zh-CN': '纸宽' },
  characters: { en: 'Characters', 'zh-CN': '字符集' },
} as const satisfies Readonly<Record<string, Words>>

export const KIND_WORDS: Readonly<Record<ReceiptKind, Words>> = {
  sale: { en: 'RECEIPT', 'zh-CN': '小票' },
  refund: { en: 'REFUND', 'zh-CN': '退款单' },
  void: { en: 'VOID', 'zh-CN': '作废单' },
  exchange: { en: 'EXCHANGE', 'zh-CN': '换票单' },
  recovered: { en: 'RECOVERED RECEIPT', 'zh-CN': '补记小票' },
}

/** Why a receipt was taken back. */
export const TAKEN_BACK_WORDS: Readonly<Record<NonNullable<Receipt['of']>['reason'], Words>> = {
  'wrong-person': { en: 'wrong person charged', 'zh-CN': '收错人了' },
}
