/** A store that names each of its writes by what it changes, and ends the whole process at the one it was told. */
import type { Store, StoreFault, WriteStore } from '#main/ports.ts'
import type { Result } from '#shared/result.ts'
import { recordsOf } from '#test/soak/power/recording-store.ts'
import type { KillAt } from './messages.ts'

const CHANGE = /^\s*(?<verb>INSERT INTO|INSERT OR \w+ INTO|UPDATE|DELETE FROM)\s+(?<table>\w+)/u

export class SuicidalStore implements Store {
  readonly #store: Store
  readonly #killAt: KillAt
  readonly #say: (line: string) => void

  constructor(store: Store, killAt: KillAt, say: (line: string) => void) {
    this.#store = store
    this.#killAt = killAt
    this.#say = say
  }

  get: Store['get'] = (sql, ...values) => this.#store.get(sql, ...values)
  all: Store['all'] = (sql, ...values) => this.#store.all(sql, ...values)

  write<T>(work: (tx: WriteStore) => T): Result<T, StoreFault> {
    const changes = new Set<string>()
    // Exactly these are to be found again when it dies before the commit.
    const before = this.#killAt?.when === 'uncommitted' ? recordsOf(this.#store) : ''
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
      if (this.#diesAt(step(), 'uncommitted')) this.#die(before)
      return worked
    })
    if (changes.size > 0) {
      if (written.ok && this.#diesAt(step(), 'committed')) this.#die(recordsOf(this.#store))
      this.#say(`wrote ${step()}`)
    }
    return written
  }

  close(): void {
    this.#store.close()
  }

  #diesAt(step: string, when: 'uncommitted' | 'committed'): boolean {
    return this.#killAt?.step === step && this.#killAt.when === when
  }

  /** Says what the file must hold, as the last word. */
  #die(records: string): void {
    this.#say(`holds ${records}`)
    process.kill(process.pid, 'SIGKILL')
  }
}
