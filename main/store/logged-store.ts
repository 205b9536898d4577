import type { Store } from '#main/ports.ts'

/** A store that tells the log what the database said of a write that failed: the cashier's screens are told the trouble's code alone. */
export function createLoggedStore(store: Store, log: { warn(message: string, fields?: Readonly<Record<string, string>>): void }): Store {
  return {
    get: (sql, ...values) => store.get(sql, ...values),
    all: (sql, ...values) => store.all(sql, ...values),
    write(work) {
      const written = store.write(work)
      if (!written.ok) log.warn('storage-failed', { trouble: written.error.trouble, detail: written.error.detail })
      return written
    },
    close: () => store.close(),
  }
}
