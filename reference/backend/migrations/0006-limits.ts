import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What an owner allows, and every change of it. */
const STATEMENTS: readonly string[] = [
  `CREATE TABLE limits (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    per_payment INTEGER NOT NULL CHECK (per_payment >= 0),
    per_day INTEGER NOT NULL CHECK (per_day >= 0),
    per_merchant_per_day INTEGER NOT NULL CHECK (per_merchant_per_day >= 0),
    confirm_above INTEGER NOT NULL CHECK (confirm_above >= 0),
    no_knock_limit INTEGER NOT NULL CHECK (no_knock_limit >= 0),
    velocity_payments INTEGER NOT NULL CHECK (velocity_payments >= 0),
    velocity_minutes INTEGER NOT NULL CHECK (velocity_minutes >= 1),
    place_max_metres INTEGER NOT NULL CHECK (place_max_metres >= 0)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE limit_changes (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    changed_by TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX limit_changes_by_account ON limit_changes (account_id, at)`,
  ...['UPDATE', 'DELETE'].map(
    (verb) => `CREATE TRIGGER limit_changes_no_${verb.toLowerCase()} BEFORE ${verb} ON limit_changes
      BEGIN SELECT RAISE(ABORT, 'changes of limits are never edited'); END`,
  ),
  // Holds everything that is summed over a day, so that each authorization reads its own account's day and no table rows.
  `CREATE INDEX authorizations_by_account
    ON authorizations (account_id, approved_at, merchant_id, state, amount, captured, voided_by)`,
]

export const limits: Migration = {
  async up(db) {
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
