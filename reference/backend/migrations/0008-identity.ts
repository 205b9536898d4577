import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What an account says of who it belongs to, and who asked. */
const STATEMENTS: readonly string[] = [
  `CREATE TABLE card_names (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    name TEXT NOT NULL,
    set_by TEXT NOT NULL CHECK (set_by IN ('owner', 'operator'))
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE member_numbers (
    account_id TEXT NOT NULL REFERENCES accounts (id),
    merchant_id TEXT NOT NULL REFERENCES merchants (id),
    number TEXT NOT NULL,
    set_by TEXT NOT NULL CHECK (set_by IN ('owner', 'operator')),
    PRIMARY KEY (account_id, merchant_id)
  ) STRICT, WITHOUT ROWID`,
  // The answer holds names: it is kept for as long as the same question can be asked again, and no longer.
  `CREATE TABLE identity_requests (
    id TEXT PRIMARY KEY,
    terminal_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    binding TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    merchant_id TEXT NOT NULL,
    asked INTEGER NOT NULL,
    given INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('identity', 'decline')),
    answer BLOB,
    hint TEXT NOT NULL,
    at TEXT NOT NULL,
    answer_until_ms INTEGER NOT NULL,
    UNIQUE (terminal_id, request_id)
  ) STRICT`,
  `CREATE INDEX identity_requests_by_account ON identity_requests (account_id, at)`,
  `CREATE INDEX identity_requests_by_end ON identity_requests (answer_until_ms) WHERE answer IS NOT NULL`,
]

export const identity: Migration = {
  async up(db) {
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
