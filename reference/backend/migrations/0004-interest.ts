import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Interest, and statements. The ledger is made anew once more: each entry now says when it was posted, so that a wallet's day is read
 * without its whole life; and the kinds of postings are no longer listed in a CHECK, which would have every new kind copy a ledger that
 * only ever grows. The closed list of them is POSTING_KINDS of shared/contracts.
 */
const STATEMENTS: readonly string[] = [
  `DROP VIEW audit_ledger`,
  `CREATE TABLE postings_next (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    reference TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (kind, reference)
  ) STRICT`,
  `CREATE TABLE entries_next (
    posting_id TEXT NOT NULL REFERENCES postings_next (id),
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (posting_id, account, currency)
  ) STRICT, WITHOUT ROWID`,
  `INSERT INTO postings_next (id, kind, reference, at) SELECT id, kind, reference, at FROM postings ORDER BY rowid`,
  `INSERT INTO entries_next (posting_id, account, currency, amount, at)
    SELECT posting_id, account, currency, amount, at FROM entries JOIN postings ON postings.id = entries.posting_id`,
  `DROP TABLE entries`,
  `DROP TABLE postings`,
  `ALTER TABLE postings_next RENAME TO postings`,
  `ALTER TABLE entries_next RENAME TO entries`,
  `CREATE INDEX entries_by_account ON entries (account, at)`,
  ...['postings', 'entries'].flatMap((table) =>
    ['UPDATE', 'DELETE'].map(
      (verb) => `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table}
        BEGIN SELECT RAISE(ABORT, 'the wallet ledger is append only'); END`,
    ),
  ),
  `CREATE VIEW audit_ledger AS
    SELECT posting_id, account, amount AS amount_minor, currency, at FROM entries`,

  // Which rate was in force from which day on: a day that was missed earns what it would have earned in time.
  `CREATE TABLE interest_terms (
    from_day TEXT PRIMARY KEY,
    basis_points INTEGER NOT NULL CHECK (basis_points >= 0),
    time_zone TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `ALTER TABLE accounts ADD COLUMN interest_day TEXT NOT NULL DEFAULT ''`,
  `ALTER TABLE accounts ADD COLUMN interest_carried INTEGER NOT NULL DEFAULT 0 CHECK (interest_carried >= 0)`,
  `CREATE INDEX accounts_by_interest_day ON accounts (interest_day)`,
  `CREATE INDEX authorizations_held_by_account ON authorizations (account_id) WHERE state = 'held'`,
]

export const interest: Migration = {
  async up(db) {
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
