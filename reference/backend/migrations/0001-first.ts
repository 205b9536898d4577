import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Frozen once released: what a table means today is in database/tables.ts; how it came about is here and in its successors. */
const STATEMENTS: readonly string[] = [
  `CREATE TABLE merchants (
    id TEXT PRIMARY KEY,
    name_en TEXT NOT NULL,
    name_zh TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE sites (
    id TEXT PRIMARY KEY,
    merchant_id TEXT NOT NULL REFERENCES merchants (id),
    name_en TEXT NOT NULL,
    name_zh TEXT NOT NULL,
    address_en TEXT NOT NULL,
    address_zh TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    latitude_e5 INTEGER NOT NULL,
    longitude_e5 INTEGER NOT NULL,
    currency TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE terminals (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id),
    code_hash TEXT NOT NULL,
    point TEXT,
    state TEXT NOT NULL CHECK (state IN ('registered', 'active', 'suspended'))
  ) STRICT`,
  `CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    display_name TEXT NOT NULL,
    currency TEXT NOT NULL,
    opening_balance INTEGER NOT NULL CHECK (opening_balance >= 0),
    frozen INTEGER NOT NULL CHECK (frozen IN (0, 1))
  ) STRICT`,
  `CREATE TABLE phones (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    point TEXT NOT NULL UNIQUE
  ) STRICT`,
  `CREATE TABLE bands (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    phone_id TEXT NOT NULL REFERENCES phones (id),
    point TEXT NOT NULL UNIQUE,
    epoch INTEGER NOT NULL,
    counter INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'blocked'))
  ) STRICT`,
  `CREATE INDEX bands_by_phone ON bands (phone_id)`,
  `CREATE TABLE band_nonces (
    band_id TEXT NOT NULL REFERENCES bands (id),
    nonce TEXT NOT NULL,
    PRIMARY KEY (band_id, nonce)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE call_nonces (
    key_id TEXT NOT NULL,
    nonce TEXT NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    PRIMARY KEY (key_id, nonce)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX call_nonces_by_expiry ON call_nonces (expires_at_ms)`,
  `CREATE TABLE programmes (
    site_id TEXT PRIMARY KEY REFERENCES sites (id),
    version TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT`,
  `CREATE TABLE showtimes (
    id TEXT PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id),
    hall_id TEXT NOT NULL,
    starts_at_ms INTEGER NOT NULL
  ) STRICT`,
  `CREATE TABLE holds (
    id TEXT PRIMARY KEY,
    terminal_id TEXT NOT NULL REFERENCES terminals (id),
    showtime_id TEXT NOT NULL REFERENCES showtimes (id),
    state TEXT NOT NULL CHECK (state IN ('held', 'pinned', 'sold', 'released')),
    request_id TEXT CHECK ((request_id IS NOT NULL) = (state = 'pinned')),
    expires_at_ms INTEGER NOT NULL
  ) STRICT`,
  `CREATE INDEX holds_by_request ON holds (terminal_id, request_id) WHERE request_id IS NOT NULL`,
  `CREATE TABLE seats (
    showtime_id TEXT NOT NULL REFERENCES showtimes (id),
    seat TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('free', 'held', 'pinned', 'sold')),
    hold_id TEXT REFERENCES holds (id) CHECK ((hold_id IS NOT NULL) = (state IN ('held', 'pinned'))),
    receipt_id TEXT CHECK ((receipt_id IS NOT NULL) = (state = 'sold')),
    PRIMARY KEY (showtime_id, seat)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX seats_by_hold ON seats (hold_id) WHERE hold_id IS NOT NULL`,
  `CREATE TABLE attempts (
    terminal_id TEXT NOT NULL REFERENCES terminals (id),
    request_id TEXT NOT NULL,
    binding TEXT,
    statement_digest TEXT,
    answer_kind TEXT CHECK (answer_kind IN ('authorization', 'decline')),
    answer BLOB,
    hint TEXT,
    reason TEXT,
    reversed_at TEXT,
    PRIMARY KEY (terminal_id, request_id),
    CHECK ((answer IS NULL) = (answer_kind IS NULL)),
    CHECK (answer IS NOT NULL OR reversed_at IS NOT NULL)
  ) STRICT`,
  `CREATE TABLE authorizations (
    id TEXT PRIMARY KEY,
    terminal_id TEXT NOT NULL REFERENCES terminals (id),
    request_id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    band_id TEXT NOT NULL REFERENCES bands (id),
    merchant_id TEXT NOT NULL REFERENCES merchants (id),
    amount INTEGER NOT NULL CHECK (amount > 0),
    captured INTEGER NOT NULL CHECK (captured >= 0 AND captured <= amount),
    currency TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('held', 'captured', 'reversed')),
    approved_at TEXT NOT NULL,
    capture_by_ms INTEGER NOT NULL,
    receipt_id TEXT CHECK ((receipt_id IS NOT NULL) = (state = 'captured')),
    UNIQUE (terminal_id, request_id)
  ) STRICT`,
  `CREATE INDEX authorizations_held ON authorizations (capture_by_ms) WHERE state = 'held'`,
  `CREATE TABLE postings (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('opening', 'hold', 'release', 'capture')),
    reference TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (kind, reference)
  ) STRICT`,
  `CREATE TABLE entries (
    posting_id TEXT NOT NULL REFERENCES postings (id),
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (posting_id, account, currency)
  ) STRICT, WITHOUT ROWID`,
  `CREATE INDEX entries_by_account ON entries (account)`,
  // The sums of the entries, kept so that a wallet is read in one step. Only the outside world and a loss may stand below zero.
  `CREATE TABLE balances (
    account TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (
      amount >= 0 OR NOT (account LIKE 'wallet:%' OR account LIKE 'hold:%' OR account LIKE 'merchant:%' OR account LIKE 'allowance:%')
    ),
    PRIMARY KEY (account, currency)
  ) STRICT, WITHOUT ROWID`,
  ...['postings', 'entries'].flatMap((table) =>
    ['UPDATE', 'DELETE'].map(
      (verb) => `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table}
        BEGIN SELECT RAISE(ABORT, 'the wallet ledger is append only'); END`,
    ),
  ),
  `CREATE TABLE outbox_entries (
    terminal_id TEXT NOT NULL REFERENCES terminals (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'quarantined')),
    alarm TEXT,
    received_at TEXT NOT NULL,
    PRIMARY KEY (terminal_id, id)
  ) STRICT`,
  `CREATE TABLE quarantined_entries (
    terminal_id TEXT NOT NULL REFERENCES terminals (id),
    entry_id TEXT NOT NULL,
    body_digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    why TEXT NOT NULL,
    received_at TEXT NOT NULL,
    PRIMARY KEY (terminal_id, entry_id, kind, body_digest)
  ) STRICT`,
  `CREATE TABLE receipts (
    receipt_id TEXT PRIMARY KEY,
    terminal_id TEXT NOT NULL REFERENCES terminals (id),
    series TEXT NOT NULL,
    number INTEGER NOT NULL,
    total INTEGER NOT NULL,
    currency TEXT NOT NULL,
    entry_id TEXT NOT NULL,
    UNIQUE (terminal_id, series, number)
  ) STRICT`,
  `CREATE TABLE heads (
    terminal_id TEXT NOT NULL REFERENCES terminals (id),
    seq INTEGER NOT NULL,
    head TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('request', 'receipt', 'outbox')),
    signature TEXT,
    kid TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (terminal_id, seq, head, source)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE alarms (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    terminal_id TEXT,
    detail TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT`,

  `CREATE VIEW audit_authorizations AS
    SELECT id, request_id, terminal_id, amount AS amount_minor, currency, state FROM authorizations`,
  `CREATE VIEW audit_ledger AS
    SELECT posting_id, account, amount AS amount_minor, currency, at FROM entries JOIN postings ON postings.id = entries.posting_id`,
  `CREATE VIEW audit_received AS
    SELECT receipt_id, terminal_id, number, total AS total_minor FROM receipts`,
  `CREATE VIEW audit_seats AS
    SELECT showtime_id, seat, state, receipt_id FROM seats`,
]

export const first: Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
  },
}
