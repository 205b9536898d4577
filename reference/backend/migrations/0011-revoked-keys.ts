import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Which phone has which pseudonym, as long as its certificate is good; and the list for terminals, which now names such keys, too. */
const STATEMENTS = [
  `CREATE TABLE phone_certificates (
    pseudonym TEXT PRIMARY KEY,
    phone_id TEXT NOT NULL REFERENCES phones (id),
    until_s INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX phone_certificates_by_phone ON phone_certificates (phone_id, until_s)`,
  `CREATE INDEX phone_certificates_by_end ON phone_certificates (until_s)`,
  `CREATE TABLE revoked (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind IN ('allowance', 'key')),
    id TEXT NOT NULL,
    until_s INTEGER NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (kind, id)
  ) STRICT`,
  `INSERT INTO revoked (cursor, kind, id, until_s, at) SELECT cursor, 'allowance', allowance_id, until_s, at FROM revocations ORDER BY cursor`,
  `DROP TABLE revocations`,
]

export const revokedKeys: Migration = {
  async up(db) {
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
