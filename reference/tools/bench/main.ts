/**
 * `npm run bench [group …] [-- --json]`: figures with their unit in the name. Ratios are ours ÷ a baseline measured in the same run,
 * turn by turn, so that a slow or noisy machine slows both. `--quick` takes a handful of samples where a group can: it shows that the
 * group runs and what it prints, and its figures mean nothing.
 */
import { parseArgs } from 'node:util'
import { benchCounter } from './counter-bench.ts'
import { benchIdentity } from './identity-bench.ts'
import { benchRadio } from './radio-bench.ts'
import type { Figures } from './statistics.ts'

/** What each figure should reach: at least this (a lower one is better unless the name says ratio of throughput). */
type Goal = { readonly least: number; readonly better: 'lower' | 'higher' }
const GROUPS: Readonly<
  Record<
    string,
    {
      readonly run: (say: (line: string) => void, isQuick: boolean) => Promise<Figures>
      readonly goals: Readonly<Record<string, Goal>>
    }
  >
> = {
  counter: {
    run: benchCounter,
    goals: {
      tap_to_receipt_ms_p99: { least: 50, better: 'lower' },
      tap_to_receipt_modelled_ms_p50: { least: 900, better: 'lower' },
      tap_to_receipt_modelled_ms_p95: { least: 1_500, better: 'lower' },
      att_requests: { least: 7, better: 'lower' },
      request_segments: { least: 3, better: 'lower' },
      request_bytes: { least: 534, better: 'lower' },
      ledger_commit_ratio: { least: 0.3, better: 'higher' },
      receipt_commit_ms_p99: { least: 20, better: 'lower' },
      terminal_rss_mb_after_10k: { least: 250, better: 'lower' },
      ready_ms: { least: 3_000, better: 'lower' },
    },
  },
  identity: { run: benchIdentity, goals: { authorize_cost_ratio: { least: 3, better: 'lower' } } },
  radio: {
    run: benchRadio,
    goals: {
      cpu_ratio: { least: 1.2, better: 'lower' },
      back_to_scanning_ms: { least: 3_000, better: 'lower' },
    },
  },
}

/** What the command line asks for, or what is wrong with it. */
function readArguments() {
  try {
    const given = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
    })
    const unknown = given.positionals.filter((name) => !(name in GROUPS))
    return unknown.length > 0 ? `There is no group ${unknown.join(', ')}.` : given
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function main(): Promise<number> {
  const given = readArguments()
  if (typeof given === 'string') {
    process.stderr.write(`${given}\nusage: npm run bench [GROUP …] [-- --json --quick]; groups: ${Object.keys(GROUPS).join(', ')}\n`)
    return 2
  }
  const { values, positionals } = given
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const results: Record<string, Figures> = {}
  for (const [name, group] of Object.entries(GROUPS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    say(`Measuring ${name} …`)
    results[name] = await group.run(say, values.quick)
    if (!values.json) printTable(name, results[name], group.goals)
  }
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`)
  return 0
}

function printTable(name: string, figures: Figures, goals: Readonly<Record<string, Goal>>): void {
  process.stdout.write(`\n${name}\n`)
  for (const [figure, value] of Object.entries(figures)) {
    const goal = goals[figure]
    const reached = goal && (goal.better === 'lower' ? value <= goal.least : value >= goal.least)
    const verdict = goal ? `${reached ? 'ok' : 'MISSED'} (${goal.better === 'lower' ? 'at most' : 'at least'} ${goal.least})` : ''
    process.stdout.write(`  ${figure.padEnd(34)} ${String(value).padStart(9)}  ${verdict}\n`)
  }
}

process.exitCode = await main()
