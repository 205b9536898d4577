import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/**
 * The wristband as a thing with a life of its own: known by the key it left the factory with, bound in one epoch after another.
 * `bands` stays what it was, the binding that is in force. And what an owner is told.
 */
const STATEMENTS: readonly string[] = [
  `CREATE TABLE wristbands (
    id TEXT PRIMARY KEY,
    factory_point TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL CHECK (state IN ('factory', 'paired', 'released')),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    release BLOB,
    released_at TEXT,
    CHECK ((state = 'factory') = (epoch = 0)),
    CHECK ((release IS NOT NULL) = (state = 'released') AND (released_at IS NOT NULL) = (state = 'released'))
  ) STRICT`,
  // A pairing that was begun: the same offer gets the same binding, and becomes a band once the band itself confirms.
  `CREATE TABLE pairings (
    band_id TEXT NOT NULL REFERENCES wristbands (id),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    point TEXT NOT NULL,
    phone_id TEXT NOT NULL REFERENCES phones (id),
    binding BLOB NOT NULL,
    confirmed_at TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (band_id, epoch, point)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    at TEXT NOT NULL,
    read_at TEXT
  ) STRICT`,
  `CREATE INDEX notices_by_account ON notices (account_id, at)`,
]

export const bandLife: Migration = {
  async up(db) {
    await db.transaction().execute(async (tx) => {
      for (const statement of STATEMENTS) await sql.raw(statement).execute(tx)
    })
  },
}
