/**
 * Which offline allowances this till must not take any more, and which keys of phones it must not trust, as the backend has told it. The list
 * is small: both live for a day, and what is over is forgotten.
 */
import type { BackendClient, Clock, Store } from '#main/ports.ts'
import type { Connection } from '#main/sync/ports.ts'
import type { RevokedKind } from '#shared/contracts/allowance-api.ts'
import type { BackendState, Unsubscribe } from '#shared/contracts/till.ts'

/** While the backend answers, it is asked this often: an owner's freeze is known here as soon as that. */
export const REVOCATIONS_EVERY_MS = 15_000
/** Pages read in one go. More than that waits for the next time. */
const PAGES_MAX = 20

export type RevocationParts = {
  readonly store: Store
  readonly clock: Clock
  readonly backend: Pick<BackendClient, 'revocations'> & { readonly connection: Pick<Connection, 'onChange' | 'state'> }
  readonly onFault: (what: string, detail: Readonly<Record<string, string>>) => void
}

export class RevocationBook {
  readonly #parts: RevocationParts
  #heard: { readonly wallMs: number; readonly monotonicMs: number } | undefined
  #asking: Promise<void> | undefined
  #stopTimer: Unsubscribe = () => {}
  readonly #stopListening: Unsubscribe
  #stopped = false

  constructor(parts: RevocationParts) {
    this.#parts = parts
    this.#stopListening = parts.backend.connection.onChange((state) => this.#connectionIs(state))
  }

  /** True when the backend has said that nothing more may be paid from this allowance, or by this key (`id` in hex). */
  isRevoked(kind: RevokedKind, id: string): boolean {
    return this.#parts.store.get('SELECT 1 AS yes FROM revoked WHERE kind = ? AND id = ?', kind, id) !== undefined
  }

  /** Since the list was last heard whole, milliseconds, by whichever clock makes it longer. Undefined before the first time in this run. */
  silentMs(): number | undefined {
    const { clock } = this.#parts
    return this.#heard && Math.max(clock.nowMs() - this.#heard.wallMs, clock.monotonicMs() - this.#heard.monotonicMs)
  }

  /** Reads the list, now or as soon as the backend answers, and goes on doing so. */
  start(): void {
    if (this.#parts.backend.connection.state().state === 'online') this.#ask()
  }

  /** No more questions. Resolves when the one under way has come back. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#stopListening()
    this.#stopTimer()
    await this.#asking
  }

  #connectionIs(state: BackendState): void {
    if (state === 'online') this.#ask()
    else this.#stopTimer()
  }

  #ask(): void {
    if (this.#stopped || this.#asking) return
    this.#stopTimer()
    this.#asking = this.#read().finally(() => {
      this.#asking = undefined
      if (this.#stopped || this.#parts.backend.connection.state().state !== 'online') return
      this.#stopTimer = this.#parts.clock.after(REVOCATIONS_EVERY_MS, () => this.#ask())
    })
  }

  async #read(): Promise<void> {
    const { store, clock, backend, onFault } = this.#parts
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const asked = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
      const after = Number(store.get('SELECT cursor FROM revocations_read')?.['cursor'] ?? 0)
      const answer = await backend.revocations(after)
      if (!answer.ok || this.#stopped) return
      const { revocations, more } = answer.value
      const last = revocations.at(-1)
      if (last) {
        const nowS = Math.floor(asked.wallMs / 1_000)
        const written = store.write((tx) => {
          for (const { kind, id, until } of revocations) {
            tx.run('INSERT OR IGNORE INTO revoked (kind, id, until_s) VALUES (?, ?, ?)', kind, id, until)
          }
          tx.run('UPDATE revocations_read SET cursor = ?', last.cursor)
          tx.run('DELETE FROM revoked WHERE until_s < ?', nowS - FORGOTTEN_AFTER_S)
        })
        if (!written.ok) return onFault('revocations-not-kept', { detail: written.error.detail })
      }
      if (!more) {
        this.#heard = asked
        return
      }
    }
  }
}

/** What is over is refused by its own end. Remembered a little longer, for a clock that is set back. */
const FORGOTTEN_AFTER_S = 2 * 86_400
