/** What this site sells, kept on the terminal, so that snacks sell while the backend is away. */
import type { BackendClient, Clock, Store } from '#main/ports.ts'
import { getProgramme } from '#shared/contracts/backend-api.ts'
import { readKept } from '#shared/contracts/kept-json.ts'
import type { Unsubscribe } from '#shared/contracts/till.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { Hall, Product, Programme, Showtime } from '#shared/domain/programme.ts'

/** The programme is asked for again this often. */
const REFRESH_MS = 5 * 60_000
/** After a failure, sooner. */
const RETRY_MS = 10_000

export type ProgrammeBook = ReturnType<typeof createProgrammeBook>

export function createProgrammeBook(deps: {
  readonly store: Store
  readonly backend: BackendClient
  readonly clock: Clock
  readonly currency: Currency
  readonly onChange: () => void
  readonly log: { warn(message: string, fields?: Readonly<Record<string, string>>): void }
}) {
  const { store, backend, clock, onChange } = deps
  const cached = store.get('SELECT json FROM programme_cache')
  // The cast: the schema has checked every field of a Programme; the brands are all it cannot give.
  const kept = cached && (readKept(getProgramme.reply, String(cached['json'])) as unknown as Programme | undefined)
  if (cached && !kept) deps.log.warn('cache-damaged', { what: 'programme' })
  let programme: Programme = kept ?? { version: 'none', currency: deps.currency, halls: [], showtimes: [], products: [] }
  let cancelTimer: Unsubscribe = () => {}
  let stopped = false

  const refresh = async (): Promise<void> => {
    cancelTimer()
    const answer = await backend.programme()
    if (stopped) return
    if (answer.ok && answer.value.version !== programme.version) {
      programme = answer.value
      // A cache: when the disk refuses, selling goes on from memory, and the next refresh tries again.
      store.write((tx) =>
        tx.run(
          'INSERT INTO programme_cache (id, json) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json',
          JSON.stringify(programme),
        ),
      )
      onChange()
    }
    cancelTimer = clock.after(answer.ok ? REFRESH_MS : RETRY_MS, () => void refresh())
  }

  return {
    programme: () => programme,
    refresh,
    stop(): void {
      stopped = true
      cancelTimer()
    },
    showtime: (id: string): Showtime | undefined => programme.showtimes.find((showtime) => showtime.id === id),
    hall: (id: string): Hall | undefined => programme.halls.find((hall) => hall.id === id),
    product: (id: string): Product | undefined => programme.products.find((product) => product.id === id),
  }
}
