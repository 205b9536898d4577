/** What a script may rely on of `npm run bench GROUP -- --json`: one JSON object on the last line, each figure under its name. */
import { expect, test } from 'vitest'
import { npm } from './npm.ts'

const BENCH_TIMEOUT_MS = 100_000
/** The names, with their units, as they are published. */
const COUNTER_FIGURES = [
  'tap_to_receipt_ms_p99',
  'tap_to_receipt_modelled_ms_p50',
  'tap_to_receipt_modelled_ms_p95',
  'att_requests',
  'request_segments',
  'request_bytes',
  'ledger_commit_ratio',
  'receipt_commit_ms_p99',
  'terminal_rss_mb_after_10k',
  'ready_ms',
]

const IDENTITY_FIGURES = ['authorize_cost_ratio']

/** The figures of a group, which must be all the last line holds. */
async function figuresOf(group: string): Promise<Readonly<Record<string, unknown>>> {
  const { code, printed, errors } = await npm(['run', 'bench', group, '--', '--json', '--quick'], BENCH_TIMEOUT_MS)
  expect(code, errors).toBe(0)
  const last = printed.trimEnd().split('\n').at(-1) ?? ''
  const { [group]: figures = {}, ...others } = JSON.parse(last) as Record<string, Record<string, unknown>>
  expect(others).toEqual({})
  return figures
}

test.each([
  ['counter', COUNTER_FIGURES],
  ['identity', IDENTITY_FIGURES],
])('the %s group prints every figure as a number in one JSON object, and nothing after it', async (group, names) => {
  const figures = await figuresOf(group)
  expect(Object.keys(figures).sort()).toEqual(names.toSorted())
  for (const [name, value] of Object.entries(figures)) expect({ name, isNumber: Number.isFinite(value) }).toEqual({ name, isNumber: true })
  // Counted, not measured: the same on every machine.
  if (group === 'counter') expect(figures).toMatchObject({ att_requests: 7, request_segments: 3 })
})
