import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Long for one test, short for one that hangs: three of them share two cores. */
const TEST_TIMEOUT_MS = 60_000
/** Starting a browser and several processes on a busy machine of two cores. */
const E2E_TIMEOUT_MS = 120_000
/** Thirty processes, one after another, each killed and replaced. */
const SOAK_TIMEOUT_MS = 240_000
/** The compiler and the linter over the whole tree, three times. */
const HOUSE_TIMEOUT_MS = 180_000
const WHOLE_SALES = 'test/e2e/counter.test.ts'

/** Files that take a quarter of a minute and more, the longest first: begun last, each would be waited for alone. */
const LONG = [
  'tools/demo',
  'renderer/walk',
  'kills/kills',
  'e2e/wallet/screens',
  'e2e/wallet-phone',
  'main/payments/disk-loop',
  'e2e/refusals',
  'main/store/power-cuts',
  'renderer/states',
  'e2e/doubt',
  'tools/verify',
  'e2e/outage',
  'tools/conformance/conformance',
  'e2e/desktop',
  'tools/conformance/mutants',
  'renderer/screens',
  'tools/bench',
  'soak/soak',
].map((name) => `/test/${name}.test.ts`)

/** As usual, but with the longest files first. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = LONG.findIndex((ending) => moduleId.endsWith(ending))
      return place < 0 ? LONG.length : place
    }
    const usual = await super.sort(files)
    return usual.sort((a, b) => placeOf(a) - placeOf(b))
  }
}

/** One project per part. test/ mirrors the source; test/house checks that no test file lies outside these folders. */
function project(
  name: string,
  folders: readonly string[],
  options: { timeoutMs?: number; serial?: boolean; isolate?: boolean; include?: string[]; exclude?: string[] } = {},
) {
  const timeoutMs = options.timeoutMs ?? TEST_TIMEOUT_MS
  return {
    extends: true as const,
    test: {
      name,
      include: options.include ?? folders.map((folder) => `test/${folder}/**/*.test.{ts,tsx}`),
      exclude: options.exclude ?? [],
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      fileParallelism: options.serial !== true,
      isolate: options.isolate ?? true,
    },
  }
}

export default defineConfig({
  test: {
    globals: false,
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    // One more than the cores we count on: many tests wait for processes, sockets and clocks.
    maxWorkers: 3,
    projects: [
      // No test of these changes anything that is not its own: files that follow each other in one process need not load it all anew.
      project('domain', ['domain', 'contracts', 'crypto', 'shared'], { isolate: false }),
      project('main', ['main'], { isolate: false }),
      project('reference', ['reference'], { isolate: false, exclude: ['test/reference/tools/**'] }),
      project('tools', ['tools', 'reference/tools']),
      project('soak', ['kills', 'soak'], { timeoutMs: SOAK_TIMEOUT_MS }),
      project('renderer', ['renderer']),
      project('house', ['house'], { timeoutMs: HOUSE_TIMEOUT_MS, serial: true }),
      project('e2e', ['e2e'], { timeoutMs: E2E_TIMEOUT_MS, exclude: [WHOLE_SALES] }),
      // Watches how long the page is busy: it has the machine for itself.
      project('counter', [], { timeoutMs: E2E_TIMEOUT_MS, serial: true, include: [WHOLE_SALES] }),
      project('electron', ['electron'], { timeoutMs: E2E_TIMEOUT_MS, serial: true }),
    ],
  },
})
