/** What terminals asked of an account, and the receipts it paid. Reads only. */
import type { SubmitHint } from '#shared/contracts/backend-api.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { Words } from '#shared/domain/words.ts'
import type { Database } from '../database/tables.ts'

export type RequestRecord = {
  readonly requestId: string
  /** ISO 8601 UTC. */
  readonly at: string
  readonly amount: { readonly amount: number; readonly currency: Currency }
  readonly merchant: Words
  readonly site: Words
  readonly answer: 'authorization' | 'decline'
  readonly hint: SubmitHint
  readonly isReversed: boolean
}

/** Newest first, at most `limit`. */
export async function requestsOf(db: Database, accountId: string, limit: number): Promise<readonly RequestRecord[]> {
  const rows = await db
    .selectFrom('attempts')
    .innerJoin('terminals', 'terminals.id', 'attempts.terminal_id')
    .innerJoin('sites', 'sites.id', 'terminals.site_id')
    .innerJoin('merchants', 'merchants.id', 'sites.merchant_id')
    .select(['attempts.request_id', 'attempts.asked_at', 'attempts.amount', 'attempts.currency', 'attempts.answer_kind', 'attempts.hint'])
    .select(['attempts.reversed_at', 'merchants.name_en as merchant_en', 'merchants.name_zh as merchant_zh'])
    .select(['sites.name_en as site_en', 'sites.name_zh as site_zh'])
    .where('attempts.account_id', '=', accountId)
    .orderBy('attempts.asked_at', 'desc')
    .orderBy('attempts.request_id')
    .limit(limit)
    .execute()
  return rows.flatMap(({ asked_at: at, amount, currency, answer_kind: answer, ...row }) => {
    // They are written together, so that a row of this account has them all.
    if (at === null || amount === null || currency === null || answer === null) return []
    return {
      requestId: row.request_id,
      at,
      amount: { amount, currency },
      merchant: { en: row.merchant_en, 'zh-CN': row.merchant_zh },
      site: { en: row.site_en, 'zh-CN': row.site_zh },
      answer,
      hint: (row.hint ?? 'none') as SubmitHint,
      isReversed: row.reversed_at !== null,
    }
  })
}

/** What this account paid of the receipt, or got back by it when it is a void: minor units, by authorization. Empty: it is not theirs. */
export async function paidByReceipt(db: Database, accountId: string, receiptId: string): Promise<readonly number[]> {
  const rows = await db
    .selectFrom('authorizations')
    .select(['captured', 'receipt_id'])
    .where('account_id', '=', accountId)
    .where((where) => where.or([where('receipt_id', '=', receiptId), where('voided_by', '=', receiptId)]))
    .execute()
  return rows.map(({ captured, receipt_id }) => (receipt_id === receiptId ? captured : -captured))
}
