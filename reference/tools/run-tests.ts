import { accessSync, chmodSync, constants, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closingLine, runSteps, type Step, total } from './test-run/run-steps.ts'

/**
 * `npm test`: every check there is, one after another, its output as it comes, and at the end one line `N passed, N failed`.
 * Named steps run alone: `npm test -- lint types`.
 */

const ROOT = join(import.meta.dirname, '../..')
/**
 * The whole run takes less than twelve minutes on two cores that have nothing else to do. It names the step that was running and stops itself
 * when it takes much longer: on slower cores, or ones that others use, too, it may need half as much again.
 */
const RUN_MS_MAX = 20 * 60_000

/** Linux keeps this folder in memory. Hundreds of tests open databases that wait for the disk at every commit: here they wait for nothing. */
const MEMORY = '/dev/shm'
/** The whole run leaves less than half of this there at any time, pages of its browsers included. */
const MEMORY_BYTES_MIN = 4 * 1024 ** 3

const UNIT_PROJECTS = ['domain', 'main', 'reference', 'tools', 'renderer', 'soak', 'e2e']

function vitest(name: string, projects: readonly string[]): Step {
  const report = `.cache/test-run/${name}.json`
  const chosen = projects.map((project) => `--project=${project}`)
  return { name, command: ['vitest', 'run', ...chosen, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], report }
}

/** Electron's binary is fetched after the installation, on the machines that may fetch it. */
function electronBinary(): string | undefined {
  const dist = process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(ROOT, 'node_modules/electron/dist')
  return ['electron', 'electron.exe', 'Electron.app'].map((name) => join(dist, name)).find((path) => existsSync(path))
}

const ELECTRON = vitest('electron', ['electron'])

const STEPS: readonly Step[] = [
  { name: 'format', command: ['biome', 'check'] },
  { name: 'lint', command: ['oxlint'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'knip', command: ['knip'] },
  vitest('house', ['house']),
  { name: 'build', command: ['electron-vite', 'build', '--logLevel', 'warn'] },
  // Four test files look at it, and would each build it.
  { name: 'wallet', command: ['vite', 'build', '--config', 'wallet.vite.config.ts', '--logLevel', 'error'] },
  vitest('unit', UNIT_PROJECTS),
  vitest('counter', ['counter']),
  electronBinary() === undefined ? { ...ELECTRON, skip: 'Electron binary not installed' } : ELECTRON,
]

/** A folder of this run alone, in memory where there is room. */
function ownFolder(): string {
  let parent = tmpdir()
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    if (bavail * bsize >= MEMORY_BYTES_MIN) parent = MEMORY
  } catch {
    // Not on this system: the usual place will do.
  }
  const folder = mkdtempSync(join(parent, 'bandtill-test-'))
  // Some tests run a process as nobody, who must be able to come through.
  chmodSync(folder, 0o711)
  return folder
}

function chosenSteps(names: readonly string[]): readonly Step[] | undefined {
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name))
  if (unknown.length > 0) {
    console.error(`No step is called ${unknown.join(', ')}. The steps: ${STEPS.map((step) => step.name).join(' ')}`)
    return undefined
  }
  return names.length === 0 ? STEPS : STEPS.filter((step) => names.includes(step.name))
}

async function main(): Promise<void> {
  const steps = chosenSteps(process.argv.slice(2))
  if (steps === undefined) {
    console.log(closingLine({ passed: 0, failed: 1, skipped: 0 }))
    process.exitCode = 2
    return
  }
  const stop = new AbortController()
  let cause = ''
  const stopFor = (why: string) => {
    cause = why
    stop.abort()
  }
  const deadline = setTimeout(() => stopFor(`the run took longer than ${RUN_MS_MAX / 60_000} minutes`), RUN_MS_MAX)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopFor(`received ${signal}`))
  // A reader that went away (`npm test | head`) would otherwise end us by an exception and leave the running step behind.
  process.stdout.on('error', () => stopFor('nobody reads the output any more'))

  const folder = ownFolder()
  // Thirty test files start processes of their own: what one has compiled, the next one need not.
  const env = { TMPDIR: folder, NODE_COMPILE_CACHE: join(folder, 'code') }
  const results = await runSteps({ steps, root: ROOT, env, stop: stop.signal, output: 'inherit', say: (line) => console.log(line) })
  rmSync(folder, { recursive: true, force: true })
  clearTimeout(deadline)

  console.log('')
  for (const result of results) {
    const counted = closingLine(result).padEnd(40)
    console.log(`${result.name.padEnd(10)}${counted}${`${result.seconds.toFixed(1)} s`.padStart(9)}  ${result.remark}`)
  }
  for (const { name, failures } of results) for (const failure of failures) console.log(`FAILED: ${name}, ${failure}`)
  if (cause !== '') console.log(`Stopped: ${cause}.`)
  const sum = total(results)
  process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0
  console.log(closingLine(sum))
}

await main()
