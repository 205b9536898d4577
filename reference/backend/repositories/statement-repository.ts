import type { PostingKind } from '#shared/contracts/wallet-api.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { Words } from '#shared/domain/words.ts'
import type { Database } from '../database/tables.ts'

/** The payment a line is about. */
export type PaymentRecord = {
  readonly authorizationId: string
  readonly state: 'held' | 'captured' | 'reversed'
  readonly merchant: Words
  readonly site: Words
  readonly captured: number
  readonly receiptId: string | undefined
  readonly voidedBy: string | undefined
}
export type LineRecord = {
  readonly cursor: number
  /** ISO 8601 UTC. */
  readonly at: string
  readonly kind: PostingKind
  readonly reference: string
  readonly amount: number
  readonly payment: PaymentRecord | undefined
}
/** Where a line stands among the lines of its wallet: they are in order of their instants, then of posting. */
export type Place = { readonly at: string; readonly cursor: number }

type Wallet = { readonly account: string; readonly currency: Currency }

function linesOf(db: Database, wallet: Wallet) {
  return db
    .selectFrom('entries')
    .innerJoin('postings', 'postings.id', 'entries.posting_id')
    .where('entries.account', '=', wallet.account)
    .where('entries.currency', '=', wallet.currency)
}

/** The place of the line with this cursor, if it is one of this wallet. */
export async function placeOf(db: Database, wallet: Wallet, cursor: number): Promise<Place | undefined> {
  const row = await linesOf(db, wallet).select('entries.at').where('postings.rowid', '=', cursor).executeTakeFirst()
  return row && { at: row.at, cursor }
}

/** What moved the wallet behind this place, minor units. */
export async function movedAfter(db: Database, wallet: Wallet, place: Place): Promise<number> {
  const row = await linesOf(db, wallet)
    .select(({ fn }) => fn.sum<number | null>('entries.amount').as('amount'))
    .where('entries.at', '>=', place.at)
    .where((where) => where.or([where('entries.at', '>', place.at), where('postings.rowid', '>', place.cursor)]))
    .executeTakeFirst()
  return row?.amount ?? 0
}

/** What was posted to the wallet behind this place and before this instant, oldest first. */
export async function linesAfter(
  db: Database,
  wallet: Wallet,
  range: { readonly after: Place; readonly before: string; readonly limit: number },
): Promise<readonly LineRecord[]> {
  const rows = await linesOf(db, wallet)
    .leftJoin('authorizations', (join) =>
      // What interest and openings are about is an account.
      join.onRef('authorizations.id', '=', 'postings.reference').on('postings.kind', 'not in', ['opening', 'interest']),
    )
    .leftJoin('merchants', 'merchants.id', 'authorizations.merchant_id')
    .leftJoin('terminals', 'terminals.id', 'authorizations.terminal_id')
    .leftJoin('sites', 'sites.id', 'terminals.site_id')
    .select(['postings.rowid as cursor', 'entries.at', 'postings.kind', 'postings.reference', 'entries.amount'])
    .select([
      'authorizations.id',
      'authorizations.state',
      'authorizations.captured',
      'authorizations.receipt_id',
      'authorizations.voided_by',
    ])
    .select(['merchants.name_en as merchant_en', 'merchants.name_zh as merchant_zh'])
    .select(['sites.name_en as site_en', 'sites.name_zh as site_zh'])
    .where('entries.at', '>=', range.after.at)
    .where('entries.at', '<', range.before)
    .where((where) => where.or([where('entries.at', '>', range.after.at), where('postings.rowid', '>', range.after.cursor)]))
    .orderBy('entries.at')
    .orderBy('postings.rowid')
    .limit(range.limit)
    .execute()
  return rows.map(({ cursor, at, kind, reference, amount, ...row }) => ({ cursor, at, kind, reference, amount, payment: paymentOf(row) }))
}

function paymentOf(row: {
  id: string | null
  state: PaymentRecord['state'] | null
  captured: number | null
  receipt_id: string | null
  voided_by: string | null
  merchant_en: string | null
  merchant_zh: string | null
  site_en: string | null
  site_zh: string | null
}): PaymentRecord | undefined {
  if (row.id === null || row.state === null) return undefined
  return {
    authorizationId: row.id,
    state: row.state,
    merchant: wordsOf(row.merchant_en, row.merchant_zh),
    site: wordsOf(row.site_en, row.site_zh),
    captured: row.captured ?? 0,
    receiptId: row.receipt_id ?? undefined,
    voidedBy: row.voided_by ?? undefined,
  }
}

/** Names are never removed: the joined rows are there whenever the payment is. */
function wordsOf(en: string | null, zh: string | null): Words {
  return { en: en ?? '', 'zh-CN': zh ?? '' }
}

export type OpenHold = {
  readonly authorizationId: string
  readonly amount: number
  readonly merchant: Words
  readonly site: Words
  /** ISO 8601 UTC. */
  readonly at: string
  readonly captureByMs: number
}

/** Money of an account that is held and neither captured nor reversed, oldest first. */
export async function openHoldsOf(db: Database, accountId: string, limit: number): Promise<readonly OpenHold[]> {
  const rows = await db
    .selectFrom('authorizations')
    .innerJoin('merchants', 'merchants.id', 'authorizations.merchant_id')
    .innerJoin('terminals', 'terminals.id', 'authorizations.terminal_id')
    .innerJoin('sites', 'sites.id', 'terminals.site_id')
    .select(['authorizations.id', 'authorizations.amount', 'authorizations.approved_at', 'authorizations.capture_by_ms'])
    .select(['merchants.name_en as merchant_en', 'merchants.name_zh as merchant_zh'])
    .select(['sites.name_en as site_en', 'sites.name_zh as site_zh'])
    .where('authorizations.account_id', '=', accountId)
    .where('authorizations.state', '=', 'held')
    .orderBy('authorizations.rowid')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    authorizationId: row.id,
    amount: row.amount,
    merchant: { en: row.merchant_en, 'zh-CN': row.merchant_zh },
    site: { en: row.site_en, 'zh-CN': row.site_zh },
    at: row.approved_at,
    captureByMs: row.capture_by_ms,
  }))
}

/** All that is held of an account, minor units. */
export async function heldOf(db: Database, accountId: string): Promise<number> {
  const row = await db
    .selectFrom('authorizations')
    .select(({ fn }) => fn.sum<number | null>('amount').as('amount'))
    .where('account_id', '=', accountId)
    .where('state', '=', 'held')
    .executeTakeFirst()
  return row?.amount ?? 0
}
