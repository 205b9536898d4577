import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** What an owner signs in with, who froze an account, and phones that are no longer in use. */
const STATEMENTS: readonly string[] = [
  `ALTER TABLE accounts ADD COLUMN frozen_by TEXT CHECK (frozen_by IN ('passkey', 'recovery-code', 'operator', 'backend'))`,
  `ALTER TABLE accounts ADD COLUMN frozen_at TEXT`,
  // Until now only the operator could freeze. When is not known: the day of this step stands for it.
  `UPDATE accounts SET frozen_by = 'operator', frozen_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE frozen = 1`,
  `ALTER TABLE phones ADD COLUMN added_at TEXT`,
  `ALTER TABLE phones ADD COLUMN retired_at TEXT`,
  `CREATE INDEX phones_by_account ON phones (account_id)`,

  `CREATE TABLE owners (
    account_id TEXT PRIMARY KEY REFERENCES accounts (id),
    user_handle TEXT NOT NULL UNIQUE,
    recovery_name TEXT UNIQUE
  ) STRICT`,
  `CREATE TABLE passkeys (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES owners (account_id),
    credential_id TEXT NOT NULL UNIQUE,
    public_key BLOB NOT NULL,
    counter INTEGER NOT NULL CHECK (counter >= 0),
    transports TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at TEXT NOT NULL,
    last_used_at TEXT
  ) STRICT`,
  `CREATE INDEX passkeys_by_account ON passkeys (account_id)`,
  `CREATE TABLE passkey_challenges (
    digest TEXT PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('register', 'sign-in')),
    account_id TEXT REFERENCES accounts (id),
    expires_at_ms INTEGER NOT NULL,
    CHECK ((account_id IS NOT NULL) = (purpose = 'register'))
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX passkey_challenges_by_expiry ON passkey_challenges (expires_at_ms)`,
  // A session by recovery code is never fresh. One by passkey ends with its passkey.
  `CREATE TABLE owner_sessions (
    digest TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES owners (account_id),
    signed_in_by TEXT NOT NULL CHECK (signed_in_by IN ('passkey', 'recovery-code')),
    passkey_id TEXT REFERENCES passkeys (id) ON DELETE CASCADE CHECK ((passkey_id IS NOT NULL) = (signed_in_by = 'passkey')),
    opened_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER NOT NULL,
    fresh_until_ms INTEGER NOT NULL CHECK (signed_in_by = 'passkey' OR fresh_until_ms = 0)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX owner_sessions_by_account ON owner_sessions (account_id, opened_at_ms)`,
  `CREATE INDEX owner_sessions_by_passkey ON owner_sessions (passkey_id) WHERE passkey_id IS NOT NULL`,
  `CREATE TABLE recovery_codes (
    digest TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES owners (account_id),
    used_at TEXT
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX recovery_codes_by_account ON recovery_codes (account_id)`,
  `CREATE TABLE invitations (
    digest TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('passkey', 'phone')),
    phone_id TEXT REFERENCES phones (id),
    expires_at_ms INTEGER NOT NULL,
    used INTEGER NOT NULL CHECK (used IN (0, 1)),
    CHECK (purpose = 'phone' OR phone_id IS NOT NULL)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX invitations_by_account ON invitations (account_id)`,
  `CREATE TABLE recovery_waits (
    subject TEXT PRIMARY KEY,
    failures INTEGER NOT NULL CHECK (failures > 0),
    until_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
]

export const owners: Migration = {
  async up(db) {
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
