import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Money set aside for payments without a network, slot by slot, and which allowances terminals must not take any more. */
const STATEMENTS: readonly string[] = [
  `CREATE TABLE allowances (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    band_id TEXT NOT NULL REFERENCES bands (id),
    phone_id TEXT NOT NULL REFERENCES phones (id),
    epoch INTEGER NOT NULL,
    lease_digest TEXT NOT NULL UNIQUE,
    lease_serial INTEGER NOT NULL,
    cap INTEGER NOT NULL CHECK (cap > 0),
    currency TEXT NOT NULL,
    from_s INTEGER NOT NULL,
    until_s INTEGER NOT NULL,
    settle_by_ms INTEGER NOT NULL,
    revoked_at TEXT,
    closed_at TEXT,
    UNIQUE (band_id, epoch, lease_serial)
  ) STRICT`,
  `CREATE INDEX allowances_open_by_band ON allowances (band_id) WHERE closed_at IS NULL`,
  `CREATE INDEX allowances_open_by_account ON allowances (account_id) WHERE closed_at IS NULL`,
  `CREATE INDEX allowances_open_by_settle_by ON allowances (settle_by_ms) WHERE closed_at IS NULL`,
  // `request_digest` and `authorization_id`: of the first payment made with it.
  `CREATE TABLE allowance_slots (
    allowance_id TEXT NOT NULL REFERENCES allowances (id),
    counter INTEGER NOT NULL,
    slot BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('set-aside', 'spent', 'returned')),
    request_digest TEXT,
    authorization_id TEXT,
    PRIMARY KEY (allowance_id, counter),
    CHECK ((state = 'spent') = (authorization_id IS NOT NULL))
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE revocations (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT,
    allowance_id TEXT NOT NULL UNIQUE REFERENCES allowances (id),
    until_s INTEGER NOT NULL,
    at TEXT NOT NULL
  ) STRICT`,
  // Who stands for the money: the customer's wallet, or the issuer, where the customer does not and the merchant must not.
  `ALTER TABLE authorizations ADD COLUMN payer TEXT NOT NULL DEFAULT 'wallet' CHECK (payer IN ('wallet', 'issuer'))`,
]

export const allowances: Migration = {
  async up(db) {
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
