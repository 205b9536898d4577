import type { Selectable } from 'kysely'
import type { SubmitHint } from '#shared/contracts/backend-api.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import type { Payer } from '../database/allowance-tables.ts'
import { prepared } from '../database/prepared.ts'
import type { Database, Tables, Tx } from '../database/tables.ts'

/** The key of an attempt: one request of one terminal, whatever band answers it. */
export type AttemptKey = { readonly terminalId: string; readonly requestId: string }
export type Answer = { readonly kind: 'authorization' | 'decline'; readonly signed: Uint8Array; readonly hint: SubmitHint }
export type Attempt = {
  /** Hex digest of the one submit this key answers; absent when only a reversal is known. */
  readonly binding: string | undefined
  readonly answer: Answer | undefined
  readonly reversedAt: string | undefined
}
/** Whom an attempt asked, for how much, and when (ISO 8601 UTC). */
export type Asked = {
  readonly accountId: string
  readonly merchantId: string
  readonly amount: number
  readonly currency: Currency
  readonly at: string
}
export type AuthorizationRecord = {
  readonly id: string
  readonly terminalId: string
  readonly requestId: string
  readonly accountId: string
  readonly bandId: string
  readonly merchantId: string
  readonly amount: number
  readonly currency: Currency
  readonly state: 'held' | 'captured' | 'reversed'
  readonly captureByMs: number
  readonly receiptId: string | undefined
  /** Who stands for the money. */
  readonly payer: Payer
}

const attemptOfKey = prepared((db, { terminalId, requestId }: AttemptKey) =>
  db
    .selectFrom('attempts')
    .select(['binding', 'answer_kind', 'answer', 'hint', 'reversed_at'])
    .where('terminal_id', '=', terminalId)
    .where('request_id', '=', requestId),
)

export async function findAttempt(db: Database, key: AttemptKey): Promise<Attempt | undefined> {
  const [row] = (await attemptOfKey(db, key)).rows
  if (!row) return undefined
  const answer =
    row.answer && row.answer_kind
      ? { kind: row.answer_kind, signed: Uint8Array.from(row.answer), hint: (row.hint ?? 'none') as SubmitHint }
      : undefined
  return { binding: row.binding ?? undefined, answer, reversedAt: row.reversed_at ?? undefined }
}

const insertAnswer = prepared((db, row: Omit<Selectable<Tables['attempts']>, 'reversed_at'>) => {
  const { terminal_id, request_id, binding, statement_digest, answer_kind, answer, hint, reason } = row
  const { account_id, merchant_id, amount, currency, asked_at } = row
  const answered = { binding, statement_digest, answer_kind, answer, hint, reason }
  const values = { ...answered, account_id, merchant_id, amount, currency, asked_at }
  return db
    .insertInto('attempts')
    .values({ terminal_id, request_id, reversed_at: null, ...values })
    .onConflict((conflict) => conflict.columns(['terminal_id', 'request_id']).doUpdateSet(values).where('attempts.answer', 'is', null))
})

/** Stores the answer of a key for ever. The key may already remember a reversal, never an answer. */
export async function addAnswer(
  tx: Tx,
  key: AttemptKey,
  answered: {
    readonly binding: string
    readonly statementDigest: string
    readonly answer: Answer
    readonly reason: Reason | undefined
    readonly asked: Asked
  },
): Promise<void> {
  await insertAnswer(tx, {
    terminal_id: key.terminalId,
    request_id: key.requestId,
    binding: answered.binding,
    statement_digest: answered.statementDigest,
    answer_kind: answered.answer.kind,
    answer: answered.answer.signed,
    hint: answered.answer.hint,
    reason: answered.reason ?? null,
    account_id: answered.asked.accountId,
    merchant_id: answered.asked.merchantId,
    amount: answered.asked.amount,
    currency: answered.asked.currency,
    asked_at: answered.asked.at,
  })
}

/** Remembers that the terminal reversed this request. The first time stays. */
export async function markReversed(tx: Tx, key: AttemptKey, at: string): Promise<void> {
  await tx
    .insertInto('attempts')
    .values({
      terminal_id: key.terminalId,
      request_id: key.requestId,
      binding: null,
      statement_digest: null,
      answer_kind: null,
      answer: null,
      hint: null,
      reason: null,
      reversed_at: at,
    })
    .onConflict((conflict) =>
      conflict.columns(['terminal_id', 'request_id']).doUpdateSet({ reversed_at: at }).where('attempts.reversed_at', 'is', null),
    )
    .execute()
}

const AUTHORIZATION_COLUMNS = [
  'id',
  'terminal_id',
  'request_id',
  'account_id',
  'band_id',
  'merchant_id',
  'amount',
  'currency',
  'state',
  'capture_by_ms',
  'receipt_id',
  'payer',
] as const

export async function findAuthorization(db: Database, key: AttemptKey): Promise<AuthorizationRecord | undefined> {
  const row = await db
    .selectFrom('authorizations')
    .select(AUTHORIZATION_COLUMNS)
    .where('terminal_id', '=', key.terminalId)
    .where('request_id', '=', key.requestId)
    .executeTakeFirst()
  return row && recordOf(row)
}

function recordOf(row: Pick<Selectable<Tables['authorizations']>, (typeof AUTHORIZATION_COLUMNS)[number]>): AuthorizationRecord {
  return {
    id: row.id,
    terminalId: row.terminal_id,
    requestId: row.request_id,
    accountId: row.account_id,
    bandId: row.band_id,
    merchantId: row.merchant_id,
    amount: row.amount,
    currency: row.currency,
    state: row.state,
    captureByMs: row.capture_by_ms,
    receiptId: row.receipt_id ?? undefined,
    payer: row.payer,
  }
}

export type HeldAuthorization = Omit<AuthorizationRecord, 'state' | 'receiptId'> & { readonly approvedAt: string }

const insertAuthorization = prepared((db, record: HeldAuthorization) =>
  db.insertInto('authorizations').values({
    id: record.id,
    terminal_id: record.terminalId,
    request_id: record.requestId,
    account_id: record.accountId,
    band_id: record.bandId,
    merchant_id: record.merchantId,
    amount: record.amount,
    captured: 0,
    currency: record.currency,
    state: 'held',
    approved_at: record.approvedAt,
    capture_by_ms: record.captureByMs,
    receipt_id: null,
    payer: record.payer,
  }),
)

export async function addAuthorization(tx: Tx, record: HeldAuthorization): Promise<void> {
  await insertAuthorization(tx, record)
}

export async function setCaptured(tx: Tx, id: string, captured: { readonly amount: number; readonly receiptId: string }): Promise<void> {
  await tx
    .updateTable('authorizations')
    .set({ state: 'captured', captured: captured.amount, receipt_id: captured.receiptId })
    .where('id', '=', id)
    .where('state', '=', 'held')
    .execute()
}

export async function setReversed(tx: Tx, id: string): Promise<void> {
  await tx.updateTable('authorizations').set({ state: 'reversed' }).where('id', '=', id).where('state', '=', 'held').execute()
}

export type CapturedAuthorization = AuthorizationRecord & { readonly captured: number; readonly voidedBy: string | undefined }

/** The authorization with this id, whichever terminal it was given to. */
export async function findAuthorizationById(db: Database, id: string): Promise<CapturedAuthorization | undefined> {
  const row = await db
    .selectFrom('authorizations')
    .select([...AUTHORIZATION_COLUMNS, 'captured', 'voided_by'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row && { ...recordOf(row), captured: row.captured, voidedBy: row.voided_by ?? undefined }
}

/** Remembers which void gave a captured authorization's money back. */
export async function setVoided(tx: Tx, id: string, voidedBy: string): Promise<void> {
  await tx
    .updateTable('authorizations')
    .set({ voided_by: voidedBy })
    .where('id', '=', id)
    .where('state', '=', 'captured')
    .where('voided_by', 'is', null)
    .execute()
}

/** Keys of holds whose `capture by` has passed, oldest first. */
export async function overdueKeys(db: Database, nowMs: number, limit: number): Promise<readonly AttemptKey[]> {
  const rows = await db
    .selectFrom('authorizations')
    .select(['terminal_id', 'request_id'])
    .where('state', '=', 'held')
    .where('capture_by_ms', '<', nowMs)
    .orderBy('capture_by_ms')
    .limit(limit)
    .execute()
  return rows.map((row) => ({ terminalId: row.terminal_id, requestId: row.request_id }))
}
