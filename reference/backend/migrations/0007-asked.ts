import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Whom each attempt asked for what, so that an owner can read it: also where the answer was no. Attempts of before stay without. */
const STATEMENTS: readonly string[] = [
  ...['account_id TEXT REFERENCES accounts (id)', 'merchant_id TEXT', 'amount INTEGER', 'currency TEXT', 'asked_at TEXT'].map(
    (column) => `ALTER TABLE attempts ADD COLUMN ${column}`,
  ),
  `CREATE INDEX attempts_by_account ON attempts (account_id, asked_at) WHERE account_id IS NOT NULL`,
  // Whose a receipt is, is asked by its owner.
  `CREATE INDEX authorizations_by_receipt ON authorizations (receipt_id) WHERE receipt_id IS NOT NULL`,
  `CREATE INDEX authorizations_by_void ON authorizations (voided_by) WHERE voided_by IS NOT NULL`,
]

export const asked: Migration = {
  async up(db) {
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
