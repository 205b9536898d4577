import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Child, RESTARTS_MAX } from '#reference/practice/child.ts'
import { ScreensBuild, screensAreFresh } from '#reference/practice/screens.ts'
import { chooseHost, type TerminalHost } from '#reference/practice/terminal-host.ts'
import { until } from '#test/support/until.ts'

let folder = ''
const children: Child[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bandtill-supervisor-'))
})
afterEach(async () => {
  await Promise.all(children.splice(0).map(async (child) => child.stop()))
  rmSync(folder, { recursive: true, force: true })
})

/** A child that runs this script, with everything that happens to it. */
function run(script: string) {
  const said: unknown[] = []
  const happened: string[] = []
  const child: Child = new Child({
    name: 'child',
    command: () => ({ program: process.execPath, args: ['-e', script] }),
    cwd: folder,
    stdout: 'ignore',
    stderr: 'ignore',
    onMessage: (message) => {
      said.push(message)
      child.ready()
    },
    onQuit: () => happened.push('quit'),
    onRestart: (detail) => happened.push(`restart: ${detail}`),
    onGivenUp: (detail) => happened.push(`given up: ${detail}`),
  })
  children.push(child)
  child.start()
  return { child, said, happened }
}

const LIVES = 'process.send(process.pid); setInterval(() => {}, 1000); process.on("disconnect", () => process.exit(0))'

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a child that ends by itself with code 0 has quit', async () => {
  const { happened } = run('process.send(1, () => process.exit(0))')
  await until('it quits', () => happened.length > 0)
  expect(happened).toEqual(['quit'])
})

test('a child that fails before it was ready is given up at once', async () => {
  const { happened } = run('process.exit(3)')
  await until('it is given up', () => happened.length > 0)
  expect(happened).toEqual(['given up: child ended with code 3'])
})

test('a program that is not there is given up, not thrown', async () => {
  const happened: string[] = []
  const child = new Child({
    name: 'child',
    command: () => ({ program: join(folder, 'nothing'), args: [] }),
    cwd: folder,
    stdout: 'ignore',
    stderr: 'ignore',
    onMessage: () => undefined,
    onQuit: () => undefined,
    onRestart: () => undefined,
    onGivenUp: (detail) => happened.push(detail),
  })
  child.start()
  await until('it is given up', () => happened.length > 0)
  expect(happened[0]).toContain('could not be started')
})

test('a child that is killed is started again', async () => {
  const { said, happened } = run(LIVES)
  await until('it is up', () => said.length === 1)
  process.kill(Number(said[0]), 'SIGKILL')
  await until('it is up again', () => said.length === 2)
  expect(happened).toEqual(['restart: child was ended by SIGKILL'])
  expect(said[1]).not.toBe(said[0])
})

test('a child that crashes again and again is given up', async () => {
  const { child, happened } = run('process.send(1, () => process.exit(1))')
  await until('it has crashed', () => happened.length >= 1)
  // The waits double; what counts is that they end. Two crashes show the rule, the constant bounds it.
  await until('it has crashed twice', () => happened.length >= 2)
  expect(happened.every((what) => what.startsWith('restart'))).toBe(true)
  expect(RESTARTS_MAX).toBeLessThan(10)
  await child.stop()
})

test('stopping ends a child that listens, and one that does not', async () => {
  const listening = run(LIVES)
  const deaf = run(`process.on("SIGTERM", () => {}); ${LIVES}`)
  await until('both are up', () => listening.said.length + deaf.said.length === 2)
  await Promise.all([listening.child.stop(), deaf.child.stop()])
  expect([listening, deaf].map(({ said }) => isAlive(Number(said[0])))).toEqual([false, false])
  expect([...listening.happened, ...deaf.happened]).toEqual([])
})

test('screens are fresh when they are newer than every source', async () => {
  const write = (path: string, atS: number) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), '')
    utimesSync(join(folder, path), atS, atS)
  }
  write('renderer/deep/app.tsx', 1_000)
  write('shared/a.ts', 1_000)
  expect(await screensAreFresh(folder)).toBe(false)
  write('dist/renderer/index.html', 2_000)
  expect(await screensAreFresh(folder)).toBe(true)
  write('renderer/deep/app.tsx', 3_000)
  expect(await screensAreFresh(folder)).toBe(false)
  write('dist/main/main.js', 4_000)
  expect(await screensAreFresh(folder, 'window')).toBe(true)
  write('main/terminal.ts', 5_000)
  expect(await screensAreFresh(folder, 'window')).toBe(false)
})

test('the window is built beside and moved into place whole', async () => {
  const repository = mkdtempSync(join(tmpdir(), 'bandtill-build-'))
  onTestFinished(() => rmSync(repository, { recursive: true, force: true }))
  const builder = join(repository, 'node_modules/electron-vite/bin')
  mkdirSync(builder, { recursive: true })
  mkdirSync(join(repository, 'dist/main'), { recursive: true })
  writeFileSync(join(repository, 'dist/main/old.js'), '')
  // A builder that does what the real one does: the three parts, under the folder it is given.
  writeFileSync(
    join(builder, 'electron-vite.js'),
    `const { mkdirSync, writeFileSync } = require('node:fs')
     const out = process.argv[process.argv.indexOf('--outDir') + 1]
     for (const file of ['renderer/index.html', 'preload/preload.cjs', 'main/main.js']) {
       mkdirSync(require('node:path').dirname(out + '/' + file), { recursive: true })
       writeFileSync(out + '/' + file, 'new')
     }`,
  )
  expect(await new ScreensBuild().run(repository, 'window')).toBeUndefined()
  expect(readdirSync(join(repository, 'dist'), { recursive: true }).map(String).toSorted()).toEqual(
    ['main', 'main/main.js', 'preload', 'preload/preload.cjs', 'renderer', 'renderer/index.html'].map((path) => join(path)),
  )
})

function whyOf(host: TerminalHost): string {
  return host.kind === 'browser' ? host.why : ''
}

test('the window is chosen only where it can be shown, and the reason is said otherwise', () => {
  const none = chooseHost(folder, {}, 'linux')
  expect(whyOf(none)).toContain('not installed')
  mkdirSync(join(folder, 'node_modules/electron/dist'), { recursive: true })
  writeFileSync(join(folder, 'node_modules/electron/path.txt'), 'electron')
  expect(whyOf(chooseHost(folder, {}, 'linux'))).toContain('not installed')
  writeFileSync(join(folder, 'node_modules/electron/dist/electron'), '')
  expect(whyOf(chooseHost(folder, {}, 'linux'))).toContain('no display')
  expect(chooseHost(folder, { DISPLAY: ':0' }, 'linux')).toEqual({
    kind: 'electron',
    program: join(folder, 'node_modules/electron/dist/electron'),
    entry: folder,
  })
  expect(chooseHost(folder, { DISPLAY: ':0', BANDTILL_HOST: 'browser' }, 'linux').kind).toBe('browser')
})
