/**
 * `npm run soak -- --minutes N --seed S [--only GROUP]`: the counter under everything that can happen to it, for as long as it is given.
 * The time is shared among the groups. Ends with what each reached, and one line `N passed, N failed`: an episode is passed or failed.
 */
import { randomInt } from 'node:crypto'
import { readOptions, type SoakOptions, USAGE } from './options.ts'
import { type GroupResult, runGroup } from './run-group.ts'

const SEEDS = 2 ** 32
const TEN_MINUTES_S = 600

function tableOf(results: readonly GroupResult[]): string[] {
  return results.map(({ group, seconds, reached, episodes, wrong }) => {
    const count = reached[group.counted] ?? 0
    const perTenMinutes = seconds > 0 ? Math.round((count / seconds) * TEN_MINUTES_S) : 0
    const rest = Object.entries(reached).filter(([name]) => name !== group.counted)
    return [
      `${group.name.padEnd(10)}${String(count).padStart(8)} ${group.counted.padEnd(12)}${seconds.toFixed(0).padStart(5)} s`,
      `  ${perTenMinutes} in ten minutes at this pace (wanted of it alone: ${group.wanted}); ${episodes} episodes, ${wrong.length} failed`,
      `; ${rest.map(([name, value]) => `${value} ${name}`).join(', ')}`,
    ].join('')
  })
}

async function soak({ minutes, seed, groups, episode }: SoakOptions, stop: AbortSignal): Promise<readonly GroupResult[]> {
  console.log(`soak: seed ${seed}, ${minutes} minutes, ${groups.map(({ name }) => name).join(', ')}`)
  const shares = groups.reduce((sum, { share }) => sum + share, 0)
  const results: GroupResult[] = []
  for (const group of groups) {
    if (stop.aborted) break
    const budgetMs = (minutes * 60_000 * group.share) / shares
    results.push(await runGroup({ group, seed, budgetMs, stop, only: episode, say: (line) => console.log(line) }))
  }
  return results
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), randomInt(SEEDS))
  if (!options.ok) {
    console.error(`${options.error}\n${USAGE}`)
    console.log('0 passed, 1 failed')
    process.exitCode = 2
    return
  }
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  process.stdout.on('error', () => stop.abort())
  const results = await soak(options.value, stop.signal)
  console.log('')
  for (const line of tableOf(results)) console.log(line)
  for (const { group, wrong } of results) for (const fault of wrong) console.log(`FAILED: ${group.name}, ${fault}`)
  const episodes = results.reduce((sum, result) => sum + result.episodes, 0)
  const failedEpisodes = results.reduce((sum, { wrong }) => sum + wrong.length, 0)
  // A soak that was stopped has not shown what it was asked to.
  if (stop.signal.aborted) console.log('Stopped before its time.')
  const failed = failedEpisodes + (stop.signal.aborted || episodes === 0 ? 1 : 0)
  process.exitCode = failed > 0 ? 1 : 0
  console.log(`${episodes - failedEpisodes} passed, ${failed} failed`)
}

await main()
