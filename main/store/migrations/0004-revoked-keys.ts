import type { Migration } from './migration.ts'

/** Beside allowances the backend names keys of phones that must not be trusted any more. */
const sql = `
CREATE TABLE revoked (
  kind TEXT NOT NULL CHECK (kind IN ('allowance', 'key')),
  id TEXT NOT NULL,
  until_s INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
INSERT INTO revoked (kind, id, until_s) SELECT 'allowance', allowance_id, until_s FROM revoked_allowances;
DROP TABLE revoked_allowances;
`

export const revokedKeys: Migration = { version: 4, sql }
