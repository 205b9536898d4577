/** Kills: the terminal's own process ends by SIGKILL at each step it persists, in and behind the transaction, and at any moment. */
import { KillRun } from '#test/kills/kill-run.ts'
import { Seeded } from '#test/support/seeded.ts'
import type { EpisodeInput, EpisodeResult } from '../episode.ts'

/** Kills at any moment, beside those at every step: in one world. */
const AT_ANY_MOMENT = 20
const MOMENT_MAX_MS = 500
const FIRST_MOMENT_MAX_MS = 1_000

export async function runEpisode({ seed, stop }: EpisodeInput): Promise<EpisodeResult> {
  const seeded = new Seeded(seed)
  const run = await KillRun.open(seeded)
  const wrong: string[] = []
  const reached = { SIGKILLs: 0, 'at a step': 0, 'kinds of steps': 0 }
  try {
    // The first kill comes while the terminal's very first life begins.
    const first = await run.live({ afterMs: seeded.below(FIRST_MOMENT_MAX_MS) })
    reached.SIGKILLs += first.wasKilled ? 1 : 0
    wrong.push(...first.wrong)
    const untouched = await run.live('live')
    wrong.push(...untouched.wrong)
    const steps = [...new Set(untouched.steps)]
    reached['kinds of steps'] = steps.length
    const atSteps = steps.flatMap((step) => (['uncommitted', 'committed'] as const).map((when) => ({ at: { step, when } })))
    const moments = Array.from({ length: AT_ANY_MOMENT }, () => ({ afterMs: seeded.below(MOMENT_MAX_MS) }))
    const plans = shuffled([...atSteps, ...moments], seeded)
    for (const plan of plans) {
      if (stop.aborted || wrong.length > 0) break
      const life = await run.live(plan)
      reached.SIGKILLs += life.wasKilled ? 1 : 0
      reached['at a step'] += life.atStep ? 1 : 0
      wrong.push(...life.wrong.map((fault) => `${JSON.stringify(plan)}: ${fault}`))
    }
    if (wrong.length === 0) wrong.push(...(await run.live('live')).wrong)
  } finally {
    await run.close()
  }
  return { reached, wrong }
}

function shuffled<T>(items: readonly T[], seeded: Seeded): T[] {
  return items
    .map((item) => ({ item, at: seeded.below(1_000_000) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
