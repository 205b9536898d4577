import { sql } from 'kysely'
import { assert } from '#shared/assert.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { PolicySettings } from '#shared/domain/policy.ts'
import { prepared } from '../database/prepared.ts'
import type { Database, Tx } from '../database/tables.ts'

const limitsOfAccount = prepared((db, { accountId }: { readonly accountId: string }) =>
  db.selectFrom('limits').selectAll().where('account_id', '=', accountId),
)

/** The limits set for an account, or undefined: nobody has set any. */
export async function findLimits(db: Database, accountId: string, currency: Currency): Promise<PolicySettings | undefined> {
  const [row] = (await limitsOfAccount(db, { accountId })).rows
  return (
    row && {
      currency,
      perPayment: row.per_payment,
      perDay: row.per_day,
      perMerchantPerDay: row.per_merchant_per_day,
      confirmAbove: row.confirm_above,
      noKnockLimit: row.no_knock_limit,
      velocity: { payments: row.velocity_payments, withinMinutes: row.velocity_minutes },
      placeMaxMetres: row.place_max_metres,
    }
  )
}

export async function saveLimits(tx: Tx, accountId: string, limits: PolicySettings): Promise<void> {
  const values = {
    per_payment: limits.perPayment,
    per_day: limits.perDay,
    per_merchant_per_day: limits.perMerchantPerDay,
    confirm_above: limits.confirmAbove,
    no_knock_limit: limits.noKnockLimit,
    velocity_payments: limits.velocity.payments,
    velocity_minutes: limits.velocity.withinMinutes,
    place_max_metres: limits.placeMaxMetres,
  }
  await tx
    .insertInto('limits')
    .values({ account_id: accountId, ...values })
    .onConflict((conflict) => conflict.column('account_id').doUpdateSet(values))
    .execute()
}

export type LimitChange = {
  readonly id: string
  readonly accountId: string
  /** `phone:<id>` or `owner`. */
  readonly changedBy: string
  readonly before: PolicySettings
  readonly after: PolicySettings
  /** ISO 8601 UTC. */
  readonly at: string
}

export async function addLimitChange(tx: Tx, { id, accountId, changedBy, before, after, at }: LimitChange): Promise<void> {
  await tx
    .insertInto('limit_changes')
    .values({ id, account_id: accountId, changed_by: changedBy, before: JSON.stringify(before), after: JSON.stringify(after), at })
    .execute()
}

export type Spending = { readonly today: number; readonly todayAtMerchant: number; readonly paymentsInWindow: number }
type Since = { readonly daySince: string; readonly windowSince: string }
type Spender = { readonly id: string; readonly merchantId: string }

const KEPT = sql<boolean>`(state <> 'reversed' AND voided_by IS NULL)`
const sumOfSpending = prepared((db, { id, merchantId, daySince, windowSince, since }: Spender & Since & { readonly since: string }) => {
  const spent = sql<number>`CASE WHEN approved_at < ${daySince} OR NOT ${KEPT} THEN 0 WHEN state = 'held' THEN amount ELSE captured END`
  return db
    .selectFrom('authorizations')
    .select([
      sql<number>`coalesce(sum(${spent}), 0)`.as('today'),
      sql<number>`coalesce(sum(CASE WHEN merchant_id = ${merchantId} THEN ${spent} ELSE 0 END), 0)`.as('todayAtMerchant'),
      sql<number>`coalesce(sum(approved_at > ${windowSince} AND ${KEPT}), 0)`.as('paymentsInWindow'),
    ])
    .where('account_id', '=', id)
    .where('approved_at', '>=', since)
})

/**
 * What an account has paid since its day began (`daySince`) and how often since `windowSince`, both ISO 8601 UTC: what is held or captured, less
 * what a capture did not need and what was reversed or voided.
 */
export async function spendingOf(db: Database, account: Spender & Since): Promise<Spending> {
  const { daySince, windowSince } = account
  const [row] = (await sumOfSpending(db, { ...account, since: daySince < windowSince ? daySince : windowSince })).rows
  assert(row, 'a sum has one row')
  return row
}
