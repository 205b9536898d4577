/** A process of the soak: runs one episode after another, as it is told, and says what each came to. */
import type { EpisodeResult } from './episode.ts'
import { GROUPS } from './groups.ts'

export type Order =
  | { readonly type: 'run'; readonly group: string; readonly seed: number; readonly number: number }
  | { readonly type: 'stop' }
export type Report = EpisodeResult & { readonly number: number; readonly rssMb: number }

const stopping = new AbortController()

async function run(order: Order & { type: 'run' }): Promise<Report> {
  const { number, seed } = order
  try {
    const group = GROUPS.find(({ name }) => name === order.group)
    if (!group) throw new Error(`no group is called ${order.group}`)
    const { runEpisode } = await group.load()
    return { ...(await runEpisode({ seed, stop: stopping.signal })), number, rssMb: rssMb() }
  } catch (error) {
    return {
      reached: {},
      wrong: [`thrown: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
      number,
      rssMb: rssMb(),
    }
  }
}

function rssMb(): number {
  return Math.ceil(process.memoryUsage.rss() / 1_048_576)
}

process.on('message', (order: Order) => {
  if (order.type === 'stop') stopping.abort()
  else void run(order).then((report) => process.send?.(report))
})
// Whoever gave the orders is gone.
process.on('disconnect', () => process.exit(1))
// The whole group of processes is told when somebody presses Ctrl-C; the one that gives the orders decides what becomes of it.
process.on('SIGINT', () => {})
