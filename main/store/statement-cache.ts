import type Database from 'better-sqlite3'

/** Distinct SQL texts kept prepared. The terminal has fewer than this; the bound keeps a mistake from growing without end. */
export const STATEMENTS_MAX = 256

/** Statements prepared once and kept, the least recently used let go first. */
export function createStatementCache(database: Database.Database): (sql: string) => Database.Statement {
  const kept = new Map<string, Database.Statement>()
  return (sql) => {
    const found = kept.get(sql)
    if (found) {
      if (kept.size > STATEMENTS_MAX / 2) {
        kept.delete(sql)
        kept.set(sql, found)
      }
      return found
    }
    const prepared = database.prepare(sql)
    kept.set(sql, prepared)
    for (const oldest of kept.keys()) {
      if (kept.size <= STATEMENTS_MAX) break
      kept.delete(oldest)
    }
    return prepared
  }
}
