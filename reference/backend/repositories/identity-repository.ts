import type { IdentifyHint } from '#shared/contracts/identity-api.ts'
import type { Claim } from '#shared/domain/claims.ts'
import type { Words } from '#shared/domain/words.ts'
import type { SetBy } from '../database/identity-tables.ts'
import type { Database, Tx } from '../database/tables.ts'

/** One entry of a card: what it says, and who put it there. */
export type CardEntry = { readonly value: string; readonly setBy: SetBy }
export type MemberNumber = CardEntry & { readonly merchantId: string; readonly merchantName: Words }

export async function findCardName(db: Database, accountId: string): Promise<CardEntry | undefined> {
  const row = await db.selectFrom('card_names').select(['name', 'set_by']).where('account_id', '=', accountId).executeTakeFirst()
  return row && { value: row.name, setBy: row.set_by }
}

export async function saveCardName(tx: Tx, accountId: string, { value, setBy }: CardEntry): Promise<void> {
  const values = { name: value, set_by: setBy }
  await tx
    .insertInto('card_names')
    .values({ account_id: accountId, ...values })
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet(values))
    .execute()
}

export async function dropCardName(tx: Tx, accountId: string): Promise<void> {
  await tx.deleteFrom('card_names').where('account_id', '=', accountId).execute()
}

export async function findMemberNumber(db: Database, accountId: string, merchantId: string): Promise<CardEntry | undefined> {
  const row = await db
    .selectFrom('member_numbers')
    .select(['number', 'set_by'])
    .where('account_id', '=', accountId)
    .where('merchant_id', '=', merchantId)
    .executeTakeFirst()
  return row && { value: row.number, setBy: row.set_by }
}

/** Of what was agreed to, whatever stands on the card. A member number is one merchant's: without a merchant there is none. */
export async function agreedEntries(
  db: Database,
  accountId: string,
  merchantId: string | undefined,
  agreed: readonly Claim[],
): Promise<Readonly<Record<Claim, CardEntry | undefined>>> {
  const hasNumber = agreed.includes('member-number') && merchantId !== undefined
  return {
    name: agreed.includes('name') ? await findCardName(db, accountId) : undefined,
    'member-number': hasNumber ? await findMemberNumber(db, accountId, merchantId) : undefined,
  }
}

export async function memberNumbersOf(db: Database, accountId: string): Promise<readonly MemberNumber[]> {
  const rows = await db
    .selectFrom('member_numbers')
    .innerJoin('merchants', 'merchants.id', 'member_numbers.merchant_id')
    .select(['member_numbers.merchant_id', 'number', 'set_by', 'name_en', 'name_zh'])
    .where('account_id', '=', accountId)
    .orderBy('member_numbers.merchant_id')
    .execute()
  return rows.map((row) => ({
    merchantId: row.merchant_id,
    merchantName: { en: row.name_en, 'zh-CN': row.name_zh },
    value: row.number,
    setBy: row.set_by,
  }))
}

/** Merchants that have asked this account for anything, in the order of their ids. */
export async function merchantsThatAsked(
  db: Database,
  accountId: string,
  limit: number,
): Promise<readonly Pick<MemberNumber, 'merchantId' | 'merchantName'>[]> {
  const rows = await db
    .selectFrom('merchants')
    .select(['id', 'name_en', 'name_zh'])
    .where('id', 'in', (asked) =>
      asked
        .selectFrom('attempts')
        .select('merchant_id')
        .where('account_id', '=', accountId)
        .union(asked.selectFrom('authorizations').select('merchant_id').where('account_id', '=', accountId))
        .union(asked.selectFrom('identity_requests').select('merchant_id').where('account_id', '=', accountId)),
    )
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(({ id, name_en: en, name_zh: zh }) => ({ merchantId: id, merchantName: { en, 'zh-CN': zh } }))
}

export async function saveMemberNumber(tx: Tx, accountId: string, merchantId: string, { value, setBy }: CardEntry): Promise<void> {
  const values = { number: value, set_by: setBy }
  await tx
    .insertInto('member_numbers')
    .values({ account_id: accountId, merchant_id: merchantId, ...values })
    .onConflict((conflict) => conflict.columns(['account_id', 'merchant_id']).doUpdateSet(values))
    .execute()
}

export async function dropMemberNumber(tx: Tx, accountId: string, merchantId: string): Promise<void> {
  await tx.deleteFrom('member_numbers').where('account_id', '=', accountId).where('merchant_id', '=', merchantId).execute()
}

export type IdentityKey = { readonly terminalId: string; readonly requestId: string }
export type IdentityAnswered = { readonly kind: 'identity' | 'decline'; readonly signed: Uint8Array; readonly hint: IdentifyHint }

/** The answer of a key, while it is kept; `undefined` as answer once it is forgotten. */
export async function findIdentityAnswer(
  db: Database,
  { terminalId, requestId }: IdentityKey,
): Promise<{ readonly binding: string; readonly answer: IdentityAnswered | undefined } | undefined> {
  const row = await db
    .selectFrom('identity_requests')
    .select(['binding', 'kind', 'answer', 'hint'])
    .where('terminal_id', '=', terminalId)
    .where('request_id', '=', requestId)
    .executeTakeFirst()
  if (!row) return undefined
  const answer = row.answer ? { kind: row.kind, signed: Uint8Array.from(row.answer), hint: row.hint as IdentifyHint } : undefined
  return { binding: row.binding, answer }
}

export async function addIdentityAnswer(
  tx: Tx,
  key: IdentityKey,
  answered: {
    readonly id: string
    readonly binding: string
    readonly accountId: string
    readonly merchantId: string
    readonly asked: number
    readonly given: number
    readonly answer: IdentityAnswered
    readonly at: string
    readonly answerUntilMs: number
  },
): Promise<void> {
  const { id, binding, accountId, merchantId, asked, given, answer, at, answerUntilMs } = answered
  await tx
    .insertInto('identity_requests')
    .values({
      ...{ id, terminal_id: key.terminalId, request_id: key.requestId, binding, account_id: accountId, merchant_id: merchantId },
      ...{ asked, given, kind: answer.kind, answer: answer.signed, hint: answer.hint, at, answer_until_ms: answerUntilMs },
    })
    .execute()
}

export type IdentityRequest = {
  readonly id: string
  readonly merchantId: string
  readonly merchantName: Words
  readonly asked: number
  readonly given: number
  readonly at: string
}

/** Newest first. */
export async function identityRequestsOf(db: Database, accountId: string, limit: number): Promise<readonly IdentityRequest[]> {
  const rows = await db
    .selectFrom('identity_requests')
    .innerJoin('merchants', 'merchants.id', 'identity_requests.merchant_id')
    .select(['identity_requests.id', 'merchant_id', 'name_en', 'name_zh', 'asked', 'given', 'at'])
    .where('account_id', '=', accountId)
    .orderBy('at', 'desc')
    .orderBy('identity_requests.id')
    .limit(limit)
    .execute()
  return rows.map(({ id, merchant_id: merchantId, name_en: en, name_zh: zh, asked, given, at }) => ({
    ...{ id, merchantId, merchantName: { en, 'zh-CN': zh }, asked, given, at },
  }))
}

/** Answers nobody can ask for again lose what they said; records from before `oldest` (ISO 8601) go altogether. */
export async function forgetIdentities(tx: Tx, nowMs: number, oldest: string): Promise<void> {
  await tx
    .updateTable('identity_requests')
    .set({ answer: null })
    .where('answer', 'is not', null)
    .where('answer_until_ms', '<', nowMs)
    .execute()
  await tx.deleteFrom('identity_requests').where('at', '<', oldest).execute()
}
