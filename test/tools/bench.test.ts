/** What a script may rely on of `npm run bench counter -- --json`: one JSON object on the last line, each figure under its name. */
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

test('the counter group prints every figure as a number in one JSON object, and nothing after it', async () => {
  const { code, printed, errors } = await npm(['run', 'bench', 'counter', '--', '--json', '--quick'], BENCH_TIMEOUT_MS)
  expect(code, errors).toBe(0)
  const last = printed.trimEnd().split('\n').at(-1) ?? ''
  const { counter, ...others } = JSON.parse(last) as Record<string, Record<string, unknown>>
  expect(others).toEqual({})
  expect(Object.keys(counter ?? {}).sort()).toEqual(COUNTER_FIGURES.toSorted())
  for (const [name, value] of Object.entries(counter ?? {}))
    expect({ name, isNumber: Number.isFinite(value) }).toEqual({ name, isNumber: true })
  // Counted, not measured: the same on every machine.
  expect(counter).toMatchObject({ att_requests: 7, request_segments: 3 })
})
