import type { Migration } from './migration.ts'

/**
 * Voids, people, print jobs, and what is learned back from the backend. A payment row of a void names the authorization whose money went
 * back in a column of its own: `authorization_id` stays unique, because no authorization pays twice.
 */
const payments = `
DROP VIEW audit_receipts;
DROP VIEW audit_payments;

CREATE TABLE receipt_payments_next (
  receipt_id TEXT NOT NULL REFERENCES receipts (id),
  position INTEGER NOT NULL,
  tender TEXT NOT NULL CHECK (tender IN ('band', 'cash')),
  amount_minor INTEGER NOT NULL,
  authorization_id TEXT UNIQUE,
  returned_authorization_id TEXT,
  PRIMARY KEY (receipt_id, position),
  CHECK ((tender = 'band') = (authorization_id IS NOT NULL OR returned_authorization_id IS NOT NULL)),
  CHECK (authorization_id IS NULL OR returned_authorization_id IS NULL),
  CHECK (returned_authorization_id IS NULL OR amount_minor < 0)
) STRICT, WITHOUT ROWID;
INSERT INTO receipt_payments_next (receipt_id, position, tender, amount_minor, authorization_id)
SELECT receipt_id, position, tender, amount_minor, authorization_id FROM receipt_payments;
DROP TABLE receipt_payments;
ALTER TABLE receipt_payments_next RENAME TO receipt_payments;
CREATE TRIGGER receipt_payments_no_update BEFORE UPDATE ON receipt_payments
BEGIN SELECT RAISE(ABORT, 'receipt_payments is append-only'); END;
CREATE TRIGGER receipt_payments_no_delete BEFORE DELETE ON receipt_payments
BEGIN SELECT RAISE(ABORT, 'receipt_payments is append-only'); END;

ALTER TABLE receipts ADD COLUMN of_receipt_id TEXT;
CREATE UNIQUE INDEX receipts_one_void ON receipts (of_receipt_id) WHERE kind = 'void';
`

/**
 * Attempts get why they were reversed, and the reversal's place in the outbox. The table is made anew because `receipt_id` may now name
 * a receipt that came back after a restore, which stands in another table.
 */
const attempts = `
DROP VIEW audit_attempts;
DROP INDEX attempts_of_cart;
DROP INDEX attempts_of_receipt;
DROP INDEX attempts_unfinished;
CREATE TABLE attempts_next (
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
  receipt_id TEXT,
  created_at TEXT NOT NULL,
  sent_at TEXT,
  expires_at TEXT,
  ended_at TEXT,
  att_requests INTEGER,
  request_segments INTEGER,
  request_bytes INTEGER,
  band_letter TEXT,
  why TEXT,
  reversal_seq INTEGER REFERENCES outbox (seq),
  CHECK ((state = 'paid') = (receipt_id IS NOT NULL))
) STRICT;
INSERT INTO attempts_next
SELECT request_id, cart_id, tender, state, amount_minor, currency, hold_ids_json, statement, statement_digest, offer_certificate, answer,
  reason, receipt_id, created_at, sent_at, expires_at, ended_at, att_requests, request_segments, request_bytes, band_letter, NULL, NULL
FROM attempts ORDER BY rowid;
DROP TABLE attempts;
ALTER TABLE attempts_next RENAME TO attempts;
CREATE INDEX attempts_of_cart ON attempts (cart_id);
CREATE INDEX attempts_of_receipt ON attempts (receipt_id) WHERE receipt_id IS NOT NULL;
CREATE INDEX attempts_unfinished ON attempts (state) WHERE state IN ('prepared', 'sent', 'in-doubt');
CREATE TRIGGER attempts_no_delete BEFORE DELETE ON attempts
BEGIN SELECT RAISE(ABORT, 'attempts are never removed'); END;
CREATE TRIGGER attempts_end_once BEFORE UPDATE OF state ON attempts
WHEN OLD.state IN ('paid', 'not-asked', 'refused', 'declined', 'reversed') AND NEW.state IS NOT OLD.state
BEGIN SELECT RAISE(ABORT, 'an attempt ends once'); END;
CREATE VIEW audit_attempts AS
SELECT request_id, state, amount_minor, currency, receipt_id FROM attempts;
`

const people = `
CREATE TABLE staff (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('cashier', 'manager')),
  pin_salt BLOB NOT NULL,
  pin_hash BLOB NOT NULL,
  wrong_tries INTEGER NOT NULL DEFAULT 0,
  wait_until TEXT,
  created_at TEXT NOT NULL,
  removed_at TEXT
) STRICT;
CREATE UNIQUE INDEX staff_names ON staff (name) WHERE removed_at IS NULL;
`

const paper = `
CREATE TABLE print_jobs (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  receipt_id TEXT NOT NULL,
  copy INTEGER CHECK (copy >= 0),
  language TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'printing', 'printed', 'failed', 'unknown', 'dropped')),
  tries INTEGER NOT NULL DEFAULT 0,
  detail TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  ended_at TEXT
) STRICT;
CREATE INDEX print_jobs_open ON print_jobs (seq) WHERE state IN ('waiting', 'printing', 'failed', 'unknown');
CREATE INDEX print_jobs_of_receipt ON print_jobs (receipt_id);
`

/**
 * After a restore: receipts this file had lost, as the backend kept them, each entered in the journal when it came back; and money the
 * backend holds for requests this file knows nothing of. Prints are counted for receipts of either table.
 */
const recovered = `
CREATE TABLE pulled_receipts (
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
  of_receipt_id TEXT,
  head TEXT NOT NULL,
  receipt_json TEXT NOT NULL,
  UNIQUE (series, number)
) STRICT;
CREATE INDEX pulled_receipts_of ON pulled_receipts (of_receipt_id) WHERE of_receipt_id IS NOT NULL;
CREATE TABLE pulled_payments (
  receipt_id TEXT NOT NULL REFERENCES pulled_receipts (id),
  position INTEGER NOT NULL,
  tender TEXT NOT NULL CHECK (tender IN ('band', 'cash')),
  amount_minor INTEGER NOT NULL,
  authorization_id TEXT UNIQUE,
  returned_authorization_id TEXT,
  PRIMARY KEY (receipt_id, position),
  CHECK ((tender = 'band') = (authorization_id IS NOT NULL OR returned_authorization_id IS NOT NULL)),
  CHECK (authorization_id IS NULL OR returned_authorization_id IS NULL)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER receipt_payments_not_pulled BEFORE INSERT ON receipt_payments
WHEN NEW.authorization_id IN (SELECT authorization_id FROM pulled_payments WHERE authorization_id IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'this authorization is on a receipt that came back'); END;

CREATE TABLE print_counts_next (
  receipt_id TEXT PRIMARY KEY,
  prints INTEGER NOT NULL CHECK (prints >= 0)
) STRICT;
INSERT INTO print_counts_next (receipt_id, prints) SELECT receipt_id, prints FROM print_counts;
DROP TABLE print_counts;
ALTER TABLE print_counts_next RENAME TO print_counts;

CREATE TABLE unknown_yeses (
  authorization_id TEXT PRIMARY KEY,
  request_id TEXT NOT NULL UNIQUE,
  signed BLOB NOT NULL,
  amount_minor INTEGER NOT NULL,
  currency TEXT NOT NULL,
  payer_name TEXT NOT NULL,
  approved_at TEXT NOT NULL,
  capture_by TEXT NOT NULL,
  holds_json TEXT NOT NULL,
  found_at TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'recovered', 'reversed')),
  ended_at TEXT,
  ended_by TEXT,
  receipt_id TEXT,
  CHECK ((state = 'waiting') = (ended_at IS NULL)),
  CHECK ((state = 'recovered') = (receipt_id IS NOT NULL))
) STRICT;
CREATE INDEX unknown_yeses_waiting ON unknown_yeses (state) WHERE state = 'waiting';
CREATE TRIGGER unknown_yeses_no_delete BEFORE DELETE ON unknown_yeses
BEGIN SELECT RAISE(ABORT, 'unknown yeses are never removed'); END;
CREATE TRIGGER unknown_yeses_end_once BEFORE UPDATE OF state ON unknown_yeses WHEN OLD.state IS NOT 'waiting'
BEGIN SELECT RAISE(ABORT, 'an unknown yes ends once'); END;
`

function appendOnly(table: string): string {
  return ['UPDATE', 'DELETE']
    .map(
      (act) => `
CREATE TRIGGER ${table}_no_${act.toLowerCase()} BEFORE ${act} ON ${table}
BEGIN SELECT RAISE(ABORT, '${table} is append-only'); END;`,
    )
    .join('')
}

/** Receipts that came back stand beside those that never left: together they are what this terminal sold. */
const auditViews = `
CREATE VIEW audit_receipts AS
SELECT number, series, id, kind, total_minor, currency,
  COALESCE((SELECT SUM(p.amount_minor) FROM receipt_payments p WHERE p.receipt_id = r.id), 0) AS paid_minor,
  tender, authorization_id, issued_at
FROM receipts r
UNION ALL
SELECT number, series, id, kind, total_minor, currency,
  COALESCE((SELECT SUM(p.amount_minor) FROM pulled_payments p WHERE p.receipt_id = r.id), 0) AS paid_minor,
  tender, authorization_id, issued_at
FROM pulled_receipts r;

CREATE VIEW audit_payments AS
SELECT receipt_id, tender, amount_minor, authorization_id FROM receipt_payments
UNION ALL
SELECT receipt_id, tender, amount_minor, authorization_id FROM pulled_payments;
`

export const wholeCounter: Migration = {
  version: 2,
  sql: [payments, attempts, people, paper, recovered, ...['pulled_receipts', 'pulled_payments'].map(appendOnly), auditViews].join('\n'),
}
