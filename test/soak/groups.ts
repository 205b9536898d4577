/** The soak's groups. Another one is another line here: a folder with an `episode.ts` that exports `runEpisode`. */
import type { Episode } from './episode.ts'

export type Group = {
  readonly name: string
  /** Which of its counts tells how far it came, and how far it should come in ten minutes of its own. */
  readonly counted: string
  readonly wanted: number
  /** Its part of the time, relative to the others'. */
  readonly share: number
  /** Processes that work at it at once. An episode that waits a good deal leaves room for another one on two cores. */
  readonly workers: number
  readonly load: () => Promise<{ readonly runEpisode: Episode }>
}

export const GROUPS: readonly Group[] = [
  { name: 'power', counted: 'power cuts', wanted: 20_000, share: 2, workers: 2, load: async () => import('./power/episode.ts') },
  { name: 'kills', counted: 'SIGKILLs', wanted: 300, share: 3, workers: 2, load: async () => import('./kills/episode.ts') },
  {
    name: 'payments',
    counted: 'faulted payments',
    wanted: 50_000,
    share: 5,
    workers: 4,
    load: async () => import('./payments/episode.ts'),
  },
  { name: 'wallet', counted: 'operations', wanted: 100_000, share: 1, workers: 2, load: async () => import('./wallet/episode.ts') },
  { name: 'bonds', counted: 'steps', wanted: 20_000, share: 1, workers: 2, load: async () => import('./bonds/episode.ts') },
  { name: 'offline', counted: 'steps', wanted: 5_000, share: 1, workers: 2, load: async () => import('./offline/episode.ts') },
  // Counted by the parser that had the fewest.
  { name: 'fuzz', counted: 'executions', wanted: 500_000, share: 1, workers: 2, load: async () => import('./fuzz/episode.ts') },
]
