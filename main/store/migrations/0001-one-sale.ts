import type { Migration } from './migration.ts'

/**
 * The first schema. Times are ISO 8601 UTC text, amounts are integer minor units, ids are text. Order is by integer keys, never by time.
 * What has happened (receipts, payments, journal) can be added to and read; triggers refuse every change and removal.
 * A commit writes each page it touches, so a receipt's tables have the fewest indexes that its rules and its readers need.
 * Nothing here is newer than SQLite 3.37, so that an auditor's own tools can read the file.
 */
const tables = `
CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE carts (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('open', 'paying', 'in-doubt', 'paid', 'abandoned')),
  created_at TEXT NOT NULL,
  revision INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX carts_unfinished ON carts (state) WHERE state IN ('open', 'paying', 'in-doubt');

CREATE TABLE cart_lines (
  cart_id TEXT NOT NULL REFERENCES carts (id),
  id TEXT NOT NULL,
  position INTEGER NOT NULL,
  line_json TEXT NOT NULL,
  PRIMARY KEY (cart_id, id)
) STRICT;

CREATE TABLE cart_holds (
  cart_id TEXT NOT NULL REFERENCES carts (id),
  hold_id TEXT PRIMARY KEY,
  showtime_id TEXT NOT NULL,
  seats_json TEXT NOT NULL,
  expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX cart_holds_of_cart ON cart_holds (cart_id);

CREATE TABLE journal (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  at TEXT NOT NULL,
  entry_json TEXT NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  signature TEXT NOT NULL,
  kid TEXT NOT NULL
) STRICT;

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('receipt', 'reversal', 'head')),
  body TEXT NOT NULL,
  journal_seq INTEGER REFERENCES journal (seq),
  created_at TEXT NOT NULL,
  acked_at TEXT,
  outcome TEXT CHECK (outcome IN ('applied', 'repeat', 'quarantined')),
  alarm TEXT,
  CHECK ((acked_at IS NULL) = (outcome IS NULL))
) STRICT;
CREATE INDEX outbox_pending ON outbox (seq) WHERE acked_at IS NULL;
CREATE INDEX outbox_alarms ON outbox (seq) WHERE alarm IS NOT NULL;

CREATE TABLE receipts (
  journal_seq INTEGER PRIMARY KEY REFERENCES journal (seq),
  id TEXT NOT NULL UNIQUE,
  series TEXT NOT NULL,
  number INTEGER NOT NULL CHECK (number > 0),
  kind TEXT NOT NULL CHECK (kind IN ('sale', 'refund', 'void', 'exchange', 'recovered')),
  issued_at TEXT NOT NULL,
  total_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  tender TEXT NOT NULL CHECK (tender IN ('band', 'cash', 'mixed')),
  authorization_id TEXT,
  receipt_json TEXT NOT NULL,
  outbox_seq INTEGER NOT NULL REFERENCES outbox (seq),
  UNIQUE (series, number)
) STRICT;

CREATE TABLE receipt_payments (
  receipt_id TEXT NOT NULL REFERENCES receipts (id),
  position INTEGER NOT NULL,
  tender TEXT NOT NULL CHECK (tender IN ('band', 'cash')),
  amount_minor INTEGER NOT NULL,
  authorization_id TEXT UNIQUE,
  PRIMARY KEY (receipt_id, position),
  CHECK ((tender = 'band') = (authorization_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
  request_id TEXT PRIMARY KEY,
  cart_id TEXT NOT NULL REFERENCES carts (id),
  tender TEXT NOT NULL CHECK (tender IN ('band', 'cash')),
  state TEXT NOT NULL
    CHECK (state IN ('prepared', 'sent', 'in-doubt', 'paid', 'not-asked', 'refused', 'declined', 'reversed')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
  currency TEXT NOT NULL,
  hold_ids_json TEXT NOT NULL DEFAULT '[]',
  statement BLOB,
  statement_digest BLOB,
  offer_certificate BLOB,
  answer BLOB,
  reason TEXT,
  receipt_id TEXT REFERENCES receipts (id) DEFERRABLE INITIALLY DEFERRED,
  created_at TEXT NOT NULL,
  sent_at TEXT,
  expires_at TEXT,
  ended_at TEXT,
  att_requests INTEGER,
  request_segments INTEGER,
  request_bytes INTEGER,
  band_letter TEXT,
  CHECK ((state = 'paid') = (receipt_id IS NOT NULL))
) STRICT;
CREATE INDEX attempts_of_cart ON attempts (cart_id);
CREATE INDEX attempts_of_receipt ON attempts (receipt_id) WHERE receipt_id IS NOT NULL;
CREATE INDEX attempts_unfinished ON attempts (state) WHERE state IN ('prepared', 'sent', 'in-doubt');

CREATE TABLE authorizations_seen (
  authorization_id TEXT PRIMARY KEY,
  request_id TEXT NOT NULL,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE print_counts (
  receipt_id TEXT PRIMARY KEY REFERENCES receipts (id),
  prints INTEGER NOT NULL CHECK (prints >= 0)
) STRICT;

CREATE TABLE programme_cache (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  json TEXT NOT NULL
) STRICT;
`

/** Triggers of a table to which rows are only ever added. */
function appendOnly(table: string): string {
  return ['UPDATE', 'DELETE']
    .map(
      (act) => `
CREATE TRIGGER ${table}_no_${act.toLowerCase()} BEFORE ${act} ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;`,
    )
    .join('')
}

const guards = `
${['journal', 'receipts', 'receipt_payments', 'authorizations_seen'].map(appendOnly).join('\n')}

CREATE TRIGGER journal_in_order BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT COALESCE(MAX(seq), 0) + 1 FROM journal)
BEGIN SELECT RAISE(ABORT, 'journal has no gap and no repeat'); END;

CREATE TRIGGER receipts_in_order BEFORE INSERT ON receipts
WHEN NEW.number IS NOT (SELECT COALESCE(MAX(number), 0) + 1 FROM receipts WHERE series = NEW.series)
BEGIN SELECT RAISE(ABORT, 'receipt numbers have no gap and no repeat'); END;

CREATE TRIGGER outbox_no_delete BEFORE DELETE ON outbox
BEGIN SELECT RAISE(ABORT, 'outbox entries are marked, never removed'); END;
CREATE TRIGGER outbox_no_rewrite BEFORE UPDATE OF seq, id, kind, body, journal_seq, created_at ON outbox
BEGIN SELECT RAISE(ABORT, 'an outbox entry is never rewritten'); END;
CREATE TRIGGER outbox_acked_once BEFORE UPDATE OF acked_at, outcome ON outbox WHEN OLD.acked_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an outbox entry is acknowledged once'); END;

CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts are never removed'); END;
CREATE TRIGGER attempts_end_once BEFORE UPDATE OF state ON attempts
WHEN OLD.state IN ('paid', 'not-asked', 'refused', 'declined', 'reversed') AND NEW.state IS NOT OLD.state
BEGIN SELECT RAISE(ABORT, 'an attempt ends once'); END;
`

/** What an outsider's script may rely on: plain columns, whatever the tables become. */
const auditViews = `
CREATE VIEW audit_receipts AS
SELECT number, series, id, kind, total_minor, currency,
  COALESCE((SELECT SUM(p.amount_minor) FROM receipt_payments p WHERE p.receipt_id = r.id), 0) AS paid_minor,
  tender, authorization_id, issued_at
FROM receipts r;

CREATE VIEW audit_payments AS
SELECT receipt_id, tender, amount_minor, authorization_id FROM receipt_payments;

CREATE VIEW audit_journal AS
SELECT seq, entry_json, prev_hash, hash FROM journal;

CREATE VIEW audit_heads AS
SELECT seq, hash, signature, kid FROM journal;

CREATE VIEW audit_attempts AS
SELECT request_id, state, amount_minor, currency, receipt_id FROM attempts;

CREATE VIEW audit_outbox AS
SELECT id, kind, created_at, acked_at FROM outbox;
`

export const oneSale: Migration = { version: 1, sql: [tables, guards, auditViews].join('\n') }
