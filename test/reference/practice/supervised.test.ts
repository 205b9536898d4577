/** Practice as `npm start` runs it, twice at once: each its own world, which comes back when it dies, and nothing left at the end. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '#main/hosting/system-clock.ts'
import { createPracticeClient } from '#main/practice/practice-client.ts'
import { practiceSockets } from '#reference/practice/local-socket.ts'
import type { PracticeView } from '#shared/contracts/practice-desk.ts'

const REPOSITORY = resolve(import.meta.dirname, '../../..')
const WITHIN_MS = 60_000
const TEST_TIMEOUT_MS = 150_000
/** As the supervisor promises: everything is gone within two seconds. */
const GONE_WITHIN_MS = 2_000

type Practice = Awaited<ReturnType<typeof start>>

async function start() {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-supervised-'))
  const child = spawn(process.execPath, ['reference/practice/supervisor.ts', '--no-open'], {
    cwd: REPOSITORY,
    env: { ...process.env, BANDTILL_DATA: folder, BANDTILL_HOST: 'browser' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const sockets = practiceSockets(folder)
  const drawer = createPracticeClient({ where: { path: sockets.desk }, clock: systemClock(0) })
  onTestFinished(() => {
    drawer.close()
    child.kill('SIGKILL')
    for (const { pid } of processesOf(folder)) process.kill(pid, 'SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  await saysAnAddress(child)
  return { folder, child, sockets, drawer }
}

async function saysAnAddress(child: ChildProcess): Promise<void> {
  let said = ''
  const ready = Promise.withResolvers<void>()
  const timer = setTimeout(() => ready.reject(new Error(`not ready in time\n${said}`)), WITHIN_MS)
  const hear = (chunk: Buffer) => {
    said += chunk.toString('utf8')
    if (/http:\/\/127\.0\.0\.1:\d+/.test(said)) ready.resolve()
  }
  child.stdout?.on('data', hear)
  child.stderr?.on('data', hear)
  child.once('exit', (code) => ready.reject(new Error(`ended with ${code}\n${said}`)))
  await ready.promise.finally(() => clearTimeout(timer))
}

function processesOf(folder: string): readonly { readonly pid: number; readonly command: string }[] {
  const listed = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' })
  return listed
    .split('\n')
    .filter((line) => line.includes(`${folder}/`))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line }))
}

async function seen({ drawer }: Practice): Promise<PracticeView> {
  const deadlineMs = performance.now() + WITHIN_MS
  for (;;) {
    const view = await drawer.view()
    if (view.ok) return view.value
    if (performance.now() > deadlineMs) throw new Error('the world does not answer')
  }
}

async function stop({
  folder,
  child,
}: Practice): Promise<{ readonly code: number | null; readonly ms: number; readonly left: readonly string[] }> {
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
  const askedMs = performance.now()
  child.kill('SIGTERM')
  const code = await exited
  while (processesOf(folder).length > 0 && performance.now() - askedMs < GONE_WITHIN_MS) await new Promise(setImmediate)
  return { code, ms: performance.now() - askedMs, left: processesOf(folder).map(({ command }) => command) }
}

const distanceOfRich = (view: PracticeView) => view.customers.find(({ id }) => id === 'rich')?.distance

test.skipIf(process.platform === 'win32')(
  'two folders side by side, each with its own people; a killed world comes back behind the same desk; both end in time',
  async () => {
    const [a, b] = await Promise.all([start(), start()])
    expect(await a.drawer.steer({ type: 'set', customer: 'rich', distance: 9 })).toEqual({ ok: true })
    expect([distanceOfRich(await seen(a)), distanceOfRich(await seen(b))]).toEqual([9, 0.3])
    for (const { folder, sockets } of [a, b]) {
      const terminal = processesOf(folder).find(({ command }) => command.includes('main/browser/main.ts'))
      expect(terminal?.command).toContain(`--practice-desk ${sockets.desk} --practice-printer ${sockets.printer}`)
    }

    const world = processesOf(a.folder).find(({ command }) => command.includes('practice/world.ts'))
    process.kill(world?.pid ?? Number.NaN, 'SIGKILL')
    const back = await seen(a)
    // It begins its day anew: everybody where they stand in the morning.
    expect(distanceOfRich(back)).toBe(0.3)

    const [endA, endB] = await Promise.all([stop(a), stop(b)])
    for (const end of [endA, endB]) {
      expect(end).toMatchObject({ code: 0, left: [] })
      expect(end.ms).toBeLessThan(GONE_WITHIN_MS)
    }
  },
  TEST_TIMEOUT_MS,
)
