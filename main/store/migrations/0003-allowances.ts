import type { Migration } from './migration.ts'

/**
 * Payments without a network: which allowances must not be taken any more, how far the backend's list of them has been read, and the digest
 * of each request as it left, which the band's word is about.
 */
const sql = `
CREATE TABLE revoked_allowances (
  allowance_id TEXT PRIMARY KEY,
  until_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE revocations_read (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  cursor INTEGER NOT NULL
) STRICT;
INSERT INTO revocations_read (one, cursor) VALUES (1, 0);

ALTER TABLE attempts ADD COLUMN request_digest BLOB;
`

export const allowances: Migration = { version: 3, sql }
