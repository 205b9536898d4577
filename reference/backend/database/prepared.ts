/** Queries that every payment asks: their text is made once, since making it costs more than most of them take to run. */
import type { Compilable, CompiledQuery, QueryResult } from 'kysely'
import type { Database } from './tables.ts'

/** Stands in a query for the value of this name, which is given at each run. */
class Given {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/**
 * A query whose values come with each run. `build` is called once for each kind of database, and must neither look at the values nor leave
 * a part of the query out because of them. Not for values whose number varies. Plugins want to see every query: where there are any, it is
 * built each time.
 */
export function prepared<V extends Readonly<Record<string, unknown>>, R>(
  build: (db: Database, values: V) => Compilable<R>,
): (db: Database, values: V) => Promise<QueryResult<R>> {
  const kept = new WeakMap<object, CompiledQuery<R>>()
  return async (db, values) => {
    const { adapter, plugins } = db.getExecutor()
    if (plugins.length > 0) return db.executeQuery(build(db, values))
    const query = kept.get(adapter) ?? build(db, new Proxy({} as V, { get: (_, name) => new Given(String(name)) })).compile()
    kept.set(adapter, query)
    const parameters = query.parameters.map((value) => (value instanceof Given ? values[value.name] : value))
    return db.executeQuery({ ...query, parameters })
  }
}
