import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closingLine, runSteps, type Step, total } from '#reference/tools/test-run/run-steps.ts'
import { ROOT } from './tree.ts'

/** Goal: the test run counts right and leaves nothing behind, whatever a step does. Method: steps that are small Node programs. */

const POLL_MS = 20
const POLL_LIMIT_MS = 10_000

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bandtill-steps-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const script = (name: string, code: string, rest: Partial<Step> = {}): Step => ({ name, command: [process.execPath, '-e', code], ...rest })
const report = (counts: object) => `require('node:fs').writeFileSync('report.json', ${JSON.stringify(JSON.stringify(counts))})`
const COUNTS = { numPassedTests: 5, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1, testResults: [] }

function run(steps: readonly Step[], stop = new AbortController().signal) {
  return runSteps({ steps, root: folder, stop, output: 'ignore', say: () => undefined })
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + POLL_LIMIT_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not so within ${POLL_LIMIT_MS} ms: ${condition.toString()}`)
    await delay(POLL_MS)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

describe('counting', () => {
  test('a step is one check, and a Vitest step counts its tests as well', async () => {
    const results = await run([
      script('good', ''),
      script('bad', 'process.exit(3)'),
      script('tests', report(COUNTS), { report: 'report.json' }),
      script('skipped', '', { skip: 'no such device' }),
    ])
    expect(results.map(({ name, passed, failed, skipped, remark }) => ({ name, passed, failed, skipped, remark }))).toEqual([
      { name: 'good', passed: 1, failed: 0, skipped: 0, remark: '' },
      { name: 'bad', passed: 0, failed: 1, skipped: 0, remark: 'exit code 3' },
      { name: 'tests', passed: 6, failed: 0, skipped: 2, remark: '' },
      { name: 'skipped', passed: 0, failed: 0, skipped: 1, remark: 'skipped: no such device' },
    ])
    expect(closingLine(total(results))).toBe('7 passed, 1 failed, 3 skipped')
  })

  test('failed tests and the step they are in both count', async () => {
    const passed = { status: 'passed', fullName: 'a passed', failureMessages: [] }
    const failed = { status: 'failed', fullName: 'a failed', failureMessages: ['Error: 1 is not 2\n    at a line'] }
    const testResults = [
      { name: '/tree/test/a.test.ts', status: 'failed', message: '', assertionResults: [passed, failed] },
      { name: '/tree/test/b.test.ts', status: 'failed', message: 'no such module\n    at a line', assertionResults: [] },
    ]
    const code = `${report({ ...COUNTS, numFailedTests: 2, testResults })};process.exit(1)`
    const [result] = await run([script('tests', code, { report: 'report.json' })])
    expect(result).toMatchObject({
      passed: 5,
      failed: 3,
      failures: ['a.test.ts: a failed: Error: 1 is not 2', 'b.test.ts: no such module'],
    })
  })

  test.each([
    ['crashed before it wrote a report', 'process.abort()', 'ended by SIGABRT'],
    ['wrote no report', '', 'left no report to count'],
    ['wrote half a report', `require('node:fs').writeFileSync('report.json', '{"numPassedTests": 3')`, 'left no report to count'],
    ['wrote nonsense', report({ numPassedTests: -1 }), 'left no report to count'],
    ['ran no test', report({ ...COUNTS, numPassedTests: 0 }), 'ran no test at all'],
  ])('a Vitest step that %s has failed', async (_name, code, remark) => {
    // The report of an earlier run must not be taken for this one's.
    writeFileSync(join(folder, 'report.json'), JSON.stringify(COUNTS))
    const [result] = await run([script('tests', code, { report: 'report.json' })])
    expect(result).toMatchObject({ failed: 1, remark })
  })

  test('a command that does not exist has failed, and the next step runs', async () => {
    const results = await run([{ name: 'missing', command: ['bandtill-no-such-command'] }, script('next', '')])
    expect(results.map(({ failed }) => failed)).toEqual([1, 0])
    expect(results[0]?.remark).toContain('ENOENT')
  })

  test('nothing failed reads so', () => {
    expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed')
  })
})

describe('stopping', () => {
  const forever = 'setInterval(() => undefined, 1000)'

  test('ends the running step, children that ignore SIGTERM included, and fails the steps never begun', async () => {
    const stubborn = `process.on('SIGTERM', () => undefined); require('node:fs').writeFileSync('pid', String(process.pid)); ${forever}`
    const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}]); ${forever}`
    const stop = new AbortController()
    const running = run([script('endless', parent), script('never', '')], stop.signal)
    const pidFile = join(folder, 'pid')
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '')
    stop.abort()
    const results = await running
    expect(results.map(({ name, failed, remark }) => ({ name, failed, remark }))).toEqual([
      { name: 'endless', failed: 1, remark: 'stopped before it was done' },
      { name: 'never', failed: 1, remark: 'stopped before it was done' },
    ])
    expect(isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false)
  })

  test.runIf(process.platform === 'linux')(
    'a process that fled into a session of its own is found, killed and held against the step',
    async () => {
      const fugitive = `require('node:fs').writeFileSync('fled', String(process.pid)); ${forever}`
      const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(fugitive)}], { detached: true, stdio: 'ignore' }).unref();
      const wait = setInterval(() => { if (require('node:fs').existsSync('fled')) clearInterval(wait) }, 10)`
      const [result] = await run([script('leaky', parent)])
      expect(result).toMatchObject({ failed: 1 })
      expect(result?.remark).toContain('left a process behind')
      const pid = Number(readFileSync(join(folder, 'fled'), 'utf8'))
      await until(() => !isAlive(pid))
      expect(isAlive(pid)).toBe(false)
    },
  )
})

describe('the command', () => {
  async function runCommand(args: readonly string[], onOutput: (text: string, kill: () => void) => void = () => undefined) {
    const child = spawn(process.execPath, ['reference/tools/run-tests.ts', ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      output += text
      onOutput(output, () => {
        if (!child.killed) child.kill('SIGTERM')
      })
    })
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    return { code, lastLine: output.trimEnd().split('\n').at(-1), output }
  }

  test('refuses a step it does not know', async () => {
    expect(await runCommand(['tpyes'])).toMatchObject({ code: 2, lastLine: '0 passed, 1 failed' })
  })

  test('counts a stopped run as failed, in the same last line', async () => {
    const { code, lastLine, output } = await runCommand(['types'], (text, kill) => {
      if (text.includes('── types')) kill()
    })
    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 1 failed' })
    expect(output).toContain('Stopped: received SIGTERM.')
  })
})
