import { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { first } from '../migrations/0001-first.ts'
import { wholeCounter } from '../migrations/0002-whole-counter.ts'
import { bandLife } from '../migrations/0003-band-life.ts'
import { interest } from '../migrations/0004-interest.ts'
import { owners } from '../migrations/0005-owners.ts'
import { limits } from '../migrations/0006-limits.ts'
import { asked } from '../migrations/0007-asked.ts'
import { identity } from '../migrations/0008-identity.ts'
import { allowances } from '../migrations/0009-allowances.ts'
import { assertions } from '../migrations/0010-assertions.ts'
import { revokedKeys } from '../migrations/0011-revoked-keys.ts'
import { openSqlite } from './sqlite.ts'
import type { Database, Tables } from './tables.ts'

/** In order, frozen once released. */
const MIGRATIONS = {
  '0001-first': first,
  '0002-whole-counter': wholeCounter,
  '0003-band-life': bandLife,
  '0004-interest': interest,
  '0005-owners': owners,
  '0006-limits': limits,
  '0007-asked': asked,
  '0008-identity': identity,
  '0009-allowances': allowances,
  '0010-assertions': assertions,
  '0011-revoked-keys': revokedKeys,
}

/** Opens the database file and brings its schema up to date. Throws when either fails: the backend does not start half. */
export async function openDatabase(file: string): Promise<Database> {
  const db = new Kysely<Tables>({ dialect: openSqlite(file) })
  const { error } = await new Migrator({ db, provider: { getMigrations: async () => MIGRATIONS } }).migrateToLatest()
  if (error !== undefined) {
    await db.destroy()
    throw error instanceof Error ? error : new Error('the database could not be migrated')
  }
  return db
}
