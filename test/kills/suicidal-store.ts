/** A store that names each of its writes by what it changes, and ends the whole process at the one it was told. */
import type { Store, StoreFault, WriteStore } from '#main/ports.ts'
import type { Result } from '#shared/result.ts'
import type { KillAt } from './messages.ts'

const CHANGE = /^\s*(?<verb>INSERT INTO|INSERT OR \w+ INTO|UPDATE|DELETE FROM)\s+(?<table>\w+)/u

export class SuicidalStore implements Store {
  readonly #store: Store
  readonly #killAt: KillAt
  readonly #onWritten: (step: string) => void

  constructor(store: Store, killAt: KillAt, onWritten: (step: string) => void) {
    this.#store = store
    this.#killAt = killAt
    this.#onWritten = onWritten
  }

  get: Store['get'] = (sql, ...values) => this.#store.get(sql, ...values)
  all: Store['all'] = (sql, ...values) => this.#store.all(sql, ...values)

  write<T>(work: (tx: WriteStore) => T): Result<T, StoreFault> {
    const changes = new Set<string>()
    const step = () => [...changes].join(', ')
    const written = this.#store.write((tx) => {
      const worked = work({
        get: (sql, ...values) => tx.get(sql, ...values),
        all: (sql, ...values) => tx.all(sql, ...values),
        run(sql, ...values) {
          const { verb = '', table = '' } = CHANGE.exec(sql)?.groups ?? {}
          changes.add(`${verb.slice(0, 1)} ${table}`)
          return tx.run(sql, ...values)
        },
      })
      this.#dieAt(step(), 'uncommitted')
      return worked
    })
    if (changes.size > 0) {
      if (written.ok) this.#dieAt(step(), 'committed')
      this.#onWritten(step())
    }
    return written
  }

  close(): void {
    this.#store.close()
  }

  #dieAt(step: string, when: 'uncommitted' | 'committed'): void {
    if (this.#killAt?.step === step && this.#killAt.when === when) process.kill(process.pid, 'SIGKILL')
  }
}
