import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { type Ended, runInGroup, sweepMarked } from './processes.ts'

/** One check of the test run. A step with a `report` is a Vitest run whose single tests are counted as well. */
export type Step = {
  readonly name: string
  readonly command: readonly string[]
  /** Where the step leaves Vitest's JSON report, relative to the root. */
  readonly report?: string
  /** Why the step cannot run on this machine: it is then named and counted as skipped. */
  readonly skip?: string
}

export type Count = { readonly passed: number; readonly failed: number; readonly skipped: number }
export type StepResult = Count & {
  readonly name: string
  readonly seconds: number
  readonly remark: string
  /** Each failed test in a line: its file, its name and the first words of what was wrong. */
  readonly failures: readonly string[]
}

const NONE: Count = { passed: 0, failed: 0, skipped: 0 }

const VitestReport = z.object({
  numPassedTests: z.number().int().nonnegative(),
  numFailedTests: z.number().int().nonnegative(),
  numPendingTests: z.number().int().nonnegative(),
  numTodoTests: z.number().int().nonnegative(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      /** Why the file could not be run at all. */
      message: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()) })),
    }),
  ),
})
type TestFile = z.infer<typeof VitestReport>['testResults'][number]

type Report = { readonly count: Count; readonly failures: readonly string[] }

/** What Vitest's JSON report tells of the single tests; undefined when there is no readable report, as after a crash. */
export function readReport(path: string): Report | undefined {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
  const report = VitestReport.safeParse(json)
  if (!report.success) return undefined
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = report.data
  const count = { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests + numTodoTests }
  return { count, failures: testResults.flatMap(failuresOf) }
}

function failuresOf({ name, status, message, assertionResults }: TestFile): string[] {
  const file = basename(name)
  const tests = assertionResults.filter((test) => test.status === 'failed')
  if (tests.length === 0) return status === 'failed' ? [`${file}: ${firstLine(message)}`] : []
  return tests.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages[0] ?? '')}`)
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** The closing line: `N passed, N failed`, with `, N skipped` when there is something to tell. */
export function closingLine({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function failureOf(ended: Ended, count: Count | undefined, step: Step): string {
  if (ended.stopped) return 'stopped before it was done'
  if (ended.code === null) return ended.detail ?? `ended by ${ended.signal ?? 'an unknown cause'}`
  if (ended.code !== 0) return `exit code ${ended.code}`
  if (step.report === undefined) return ''
  if (count === undefined) return 'left no report to count'
  return count.passed + count.failed === 0 ? 'ran no test at all' : ''
}

type Context = {
  readonly root: string
  /** Added to the environment of every step. */
  readonly env?: Readonly<Record<string, string>>
  readonly stop: AbortSignal
  readonly output: 'inherit' | 'ignore'
}

async function runStep(step: Step, context: Context): Promise<StepResult> {
  const startedMs = performance.now()
  if (step.skip !== undefined) return { ...NONE, skipped: 1, name: step.name, seconds: 0, remark: `skipped: ${step.skip}`, failures: [] }
  const report = step.report === undefined ? undefined : join(context.root, step.report)
  if (report !== undefined) {
    mkdirSync(dirname(report), { recursive: true })
    rmSync(report, { force: true })
  }
  const mark = `BANDTILL_TEST_${randomBytes(8).toString('hex').toUpperCase()}`
  const path = `${join(context.root, 'node_modules/.bin')}:${process.env.PATH ?? ''}`
  const env = { ...process.env, ...context.env, PATH: path, [mark]: '1' }
  const ended = await runInGroup({ command: step.command, cwd: context.root, env, stop: context.stop, output: context.output })
  const strays = await sweepMarked(mark)
  const { count, failures } = (report === undefined ? undefined : readReport(report)) ?? { count: undefined, failures: [] }
  const remarks = [failureOf(ended, count, step), ...strays.map((stray) => `left a process behind: ${stray.command}`)].filter(Boolean)
  return {
    name: step.name,
    seconds: (performance.now() - startedMs) / 1000,
    passed: (count?.passed ?? 0) + (remarks.length === 0 ? 1 : 0),
    failed: (count?.failed ?? 0) + (remarks.length === 0 ? 0 : 1),
    skipped: count?.skipped ?? 0,
    remark: remarks.join('; '),
    failures,
  }
}

/**
 * Runs the steps in order and returns what each came to. A failed step does not stop the later ones: one run shows everything that is
 * wrong. When `stop` fires, the running step and the ones never begun count as failed, by name.
 */
export async function runSteps(
  input: Context & { readonly steps: readonly Step[]; readonly say: (line: string) => void },
): Promise<StepResult[]> {
  const results: StepResult[] = []
  for (const step of input.steps) {
    input.say(`\n── ${step.name}${step.skip === undefined ? `: ${step.command.join(' ')}` : ''}`)
    const result = await runStep(step, input)
    const verdict = result.failed > 0 ? 'FAILED' : result.passed > 0 ? 'ok' : ''
    input.say([`── ${step.name}:`, verdict, result.remark, `(${result.seconds.toFixed(1)} s)`].filter(Boolean).join(' '))
    results.push(result)
  }
  return results
}

export function total(results: readonly Count[]): Count {
  return results.reduce<Count>(
    (sum, one) => ({ passed: sum.passed + one.passed, failed: sum.failed + one.failed, skipped: sum.skipped + one.skipped }),
    NONE,
  )
}
