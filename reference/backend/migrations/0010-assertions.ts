import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Web services that may ask who an owner is, the nonces they have used, and who signed in where. */
const STATEMENTS: readonly string[] = [
  `CREATE TABLE web_services (
    client_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    merchant_id TEXT REFERENCES merchants (id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE assertion_nonces (
    client_id TEXT NOT NULL REFERENCES web_services (client_id),
    digest TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (client_id, digest)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX assertion_nonces_by_expiry ON assertion_nonces (expires_at_ms)`,
  `CREATE TABLE assertions (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL REFERENCES web_services (client_id),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    given INTEGER NOT NULL,
    at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX assertions_by_account ON assertions (account_id, at)`,
]

export const assertions: Migration = {
  async up(db) {
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
