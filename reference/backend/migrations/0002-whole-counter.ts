import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * Voids, and journals that go on after a restore. SQLite changes a CHECK or a key only by making the table anew: the new tables are
 * filled, the old ones dropped (their triggers and views with them), and the names handed over.
 */
const STATEMENTS: readonly string[] = [
  `ALTER TABLE terminals ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1 CHECK (epoch >= 1)`,
  `ALTER TABLE authorizations ADD COLUMN voided_by TEXT CHECK (voided_by IS NULL OR state = 'captured')`,

  `DROP VIEW audit_ledger`,
  `CREATE TABLE postings_next (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('opening', 'hold', 'release', 'capture', 'void')),
    reference TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (kind, reference)
  ) STRICT`,
  `CREATE TABLE entries_next (
    posting_id TEXT NOT NULL REFERENCES postings_next (id),
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (posting_id, account, currency)
  ) STRICT, WITHOUT ROWID`,
  `INSERT INTO postings_next (id, kind, reference, at) SELECT id, kind, reference, at FROM postings ORDER BY rowid`,
  `INSERT INTO entries_next (posting_id, account, currency, amount) SELECT posting_id, account, currency, amount FROM entries`,
  `DROP TABLE entries`,
  `DROP TABLE postings`,
  `ALTER TABLE postings_next RENAME TO postings`,
  `ALTER TABLE entries_next RENAME TO entries`,
  `CREATE INDEX entries_by_account ON entries (account)`,
  ...['postings', 'entries'].flatMap((table) =>
    ['UPDATE', 'DELETE'].map(
      (verb) => `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table}
        BEGIN SELECT RAISE(ABORT, 'the wallet ledger is append only'); END`,
    ),
  ),
  `CREATE VIEW audit_ledger AS
    SELECT posting_id, account, amount AS amount_minor, currency, at FROM entries JOIN postings ON postings.id = entries.posting_id`,

  // One place of a journal has one head within an epoch; another epoch is another continuation.
  `CREATE TABLE heads_next (
    terminal_id TEXT NOT NULL REFERENCES terminals (id),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    seq INTEGER NOT NULL,
    head TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('request', 'receipt', 'outbox')),
    signature TEXT,
    kid TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (terminal_id, epoch, seq, head, source)
  ) STRICT, WITHOUT ROWID`,
  `INSERT INTO heads_next (terminal_id, epoch, seq, head, source, signature, kid, at)
    SELECT terminal_id, 1, seq, head, source, signature, kid, at FROM heads`,
  `DROP TABLE heads`,
  `ALTER TABLE heads_next RENAME TO heads`,

  // What opened each epoch after the first: told once, and no second restore may claim the same one.
  `CREATE TABLE restores (
    terminal_id TEXT NOT NULL REFERENCES terminals (id),
    epoch INTEGER NOT NULL CHECK (epoch >= 2),
    incarnation TEXT NOT NULL,
    previous_incarnation TEXT NOT NULL,
    series TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (terminal_id, epoch)
  ) STRICT, WITHOUT ROWID`,

  // Voids that came before what they void: settled when that comes.
  `CREATE TABLE waiting_voids (
    receipt_id TEXT PRIMARY KEY REFERENCES receipts (receipt_id),
    of_receipt_id TEXT NOT NULL
  ) STRICT`,
  `CREATE INDEX waiting_voids_by_receipt ON waiting_voids (of_receipt_id)`,
  `CREATE INDEX receipts_by_terminal ON receipts (terminal_id)`,
  `CREATE INDEX authorizations_held_by_terminal ON authorizations (terminal_id) WHERE state = 'held'`,
]

export const wholeCounter: Migration = {
  async up(db) {
    // All of it or nothing: SQLite can change a schema in a transaction, and a cut in the middle must leave what the next start can migrate.
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
