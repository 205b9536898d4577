import { type ChildProcess, fork } from 'node:child_process'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../../support/until.ts'
import { makeBundle, temporaryFolder } from '../hosting/support.ts'
import { ask, cookieIn, entryPath, openConnection } from './support.ts'

const ENTRY = join(import.meta.dirname, 'fake-host.ts')
const ROOT_POINT = Buffer.alloc(33, 2).toString('base64url')
/** What the brief of the terminal's host promises for a stop, plus what a busy machine may add. */
const STOP_MS_MAX = 3_000

type Running = {
  readonly child: ChildProcess
  readonly dataFolder: string
  readonly stdout: () => string
  readonly stderr: () => string
  readonly messages: unknown[]
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
}

/** Starts the host as a process. `script` is what its till does wrong. */
async function startProcess(script = '', args: readonly string[] = [], folder?: string): Promise<Running> {
  const { bundle } = await makeBundle()
  const dataFolder = folder ?? join(await temporaryFolder(), 'data')
  const given = [
    '--data',
    dataFolder,
    '--backend',
    'http://127.0.0.1:9',
    '--terminal',
    'aurora-1',
    '--root-point',
    ROOT_POINT,
    '--air',
    '/nowhere',
    '--screens',
    bundle,
  ]
  const child = fork(ENTRY, [...given, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, FAKE_HOST: script },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const messages: unknown[] = []
  const texts = { stdout: '', stderr: '' }
  child.stdout?.on('data', (bytes: Buffer) => {
    texts.stdout += bytes.toString()
  })
  child.stderr?.on('data', (bytes: Buffer) => {
    texts.stderr += bytes.toString()
  })
  child.on('message', (message) => messages.push(message))
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('exit', (code, signal) => resolve({ code, signal }))
  })
  return { child, dataFolder, stdout: () => texts.stdout, stderr: () => texts.stderr, messages, ended }
}

const ADDRESS = /^http:\/\/127\.0\.0\.1:\d+\/enter\/[A-Za-z0-9_-]{43}$/m

/** Waits for the address, as a script of the merchant's would. */
async function addressOf(running: Running, count = 1): Promise<string> {
  const lines = () =>
    running
      .stdout()
      .split('\n')
      .filter((line) => ADDRESS.test(line))
  await until(`address ${count}: ${running.stderr()}`, () => lines().length >= count)
  return lines()[count - 1] ?? ''
}

test('the address stands alone on a line, is the first loopback address printed, and the parent is told the same', async () => {
  const running = await startProcess()
  const address = await addressOf(running)
  expect(/\S*127\.0\.0\.1\S*|\S*localhost\S*/.exec(running.stdout())?.[0]).toBe(address)
  await until('the message', () => running.messages.length > 0)
  expect(running.messages).toEqual([{ type: 'ready', url: address }])
  const entered = await ask(Number(new URL(address).port), { path: entryPath(address) })
  expect(entered.status).toBe(303)
  // The secret of the address is in no file.
  expect((await stat(running.dataFolder)).mode & 0o777).toBe(0o700)
  for (const file of await readdir(running.dataFolder)) {
    expect(await readFile(join(running.dataFolder, file), 'utf8')).not.toContain(entryPath(address).slice('/enter/'.length))
    expect((await stat(join(running.dataFolder, file))).mode & 0o077).toBe(0)
  }
})

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s stops it with open screens, connections and all, code 0', async (signal) => {
  const running = await startProcess()
  const address = await addressOf(running)
  const port = Number(new URL(address).port)
  const cookie = cookieIn(await ask(port, { path: entryPath(address) }))
  const idle = await openConnection(port)
  const waiting = await openConnection(port)
  waiting.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\n`)
  idle.resume()
  const startMs = performance.now()
  running.child.kill(signal)
  expect(await running.ended).toEqual({ code: 0, signal: null })
  expect(performance.now() - startMs).toBeLessThan(STOP_MS_MAX)
})

test('a part that hangs does not keep it from stopping, nor does a start that hangs', async () => {
  const atStop = await startProcess('hang-at-stop')
  await addressOf(atStop)
  atStop.child.kill('SIGTERM')
  expect(await atStop.ended).toEqual({ code: 0, signal: null })
  const atStart = await startProcess('hang-at-start')
  await until('it hangs', () => atStart.messages.length > 0)
  atStart.child.kill('SIGTERM')
  expect((await atStart.ended).code).toBe(0)
})

test('it ends when its parent is gone, and when its parent says so', async () => {
  const orphan = await startProcess()
  await addressOf(orphan)
  orphan.child.disconnect()
  expect(await orphan.ended).toEqual({ code: 0, signal: null })
  const told = await startProcess()
  await addressOf(told)
  told.child.send({ type: 'nonsense' })
  told.child.send('new-token')
  told.child.send({ type: 'stop' })
  expect(await told.ended).toEqual({ code: 0, signal: null })
})

test.runIf(process.platform !== 'win32')(
  'a lost session can be entered again by a new address, asked for by signal or by message',
  async () => {
    const running = await startProcess()
    const first = await addressOf(running)
    const port = Number(new URL(first).port)
    const cookie = cookieIn(await ask(port, { path: entryPath(first) }))
    expect((await ask(port, { headers: { cookie } })).status).toBe(200)
    running.child.kill('SIGUSR2')
    const second = await addressOf(running, 2)
    running.child.send({ type: 'new-token' })
    const third = await addressOf(running, 3)
    expect(new Set([first, second, third]).size).toBe(3)
    for (const address of [second, third]) expect((await ask(port, { path: entryPath(address) })).status).toBe(303)
    expect((await ask(port, { headers: { cookie } })).status).toBe(200)
  },
)

test('the screens that were open go on after a crash, on the same port, and not after a stop', async () => {
  const first = await startProcess()
  const address = await addressOf(first)
  const { port } = new URL(address)
  const cookie = cookieIn(await ask(Number(port), { path: entryPath(address) }))
  expect((await ask(Number(port), { headers: { cookie } })).status).toBe(200)
  first.child.kill('SIGKILL')
  await first.ended
  const kept = await readFile(join(first.dataFolder, 'sessions.json'), 'utf8')
  expect(kept).not.toContain(cookie.split('=')[1])
  expect((await stat(join(first.dataFolder, 'sessions.json'))).mode & 0o777).toBe(0o600)

  const second = await startProcess('', ['--port', port], first.dataFolder)
  const spent = await addressOf(second)
  expect((await ask(Number(port), { headers: { cookie } })).status).toBe(200)
  expect((await ask(Number(port), { path: entryPath(address) })).status).toBe(401)
  expect((await ask(Number(port), { path: entryPath(spent) })).status).toBe(303)
  second.child.kill('SIGTERM')
  await second.ended
  const third = await startProcess('', ['--port', port], first.dataFolder)
  await addressOf(third)
  expect((await ask(Number(port), { headers: { cookie } })).status).toBe(401)
})

test.each(['bug-later', 'rejection-later'])(
  'a bug ends it with the code that asks for a restart, and the log says why (%s)',
  async (script) => {
    const running = await startProcess(script)
    await addressOf(running)
    running.child.kill('SIGUSR1')
    expect(await running.ended).toEqual({ code: 70, signal: null })
    expect(await readFile(join(running.dataFolder, 'terminal.log'), 'utf8')).toContain('ended by a bug')
  },
)

test('a refused start is one sentence in two languages and a code that asks for no restart', async () => {
  const refused = await startProcess('in-use')
  expect(await refused.ended).toEqual({ code: 69, signal: null })
  expect(refused.stderr()).toMatch(/^Bandtill is already running with these records: \/records\. .+\n.+\/records.+\n$/)
  expect(refused.stdout()).toBe('')

  const usage = await startProcess('', ['--port', 'x'])
  expect(await usage.ended).toEqual({ code: 64, signal: null })
  expect(usage.stderr()).toContain('--port is missing or wrong')

  const screens = await startProcess('', ['--screens', '/nowhere'])
  expect((await screens.ended).code).toBe(69)
  expect(screens.stderr()).toContain('npm run build')

  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  const folder = await startProcess('', ['--data', join(file, 'below')])
  expect((await folder.ended).code).toBe(69)
  expect(folder.stderr()).toContain('data folder cannot be written')

  const first = await startProcess()
  const { port } = new URL(await addressOf(first))
  const second = await startProcess('', ['--port', port])
  expect((await second.ended).code).toBe(69)
  expect(second.stderr()).toContain(`Port ${port} is taken`)
  for (const one of [refused, usage, screens, folder, second]) expect(one.stderr()).not.toMatch(/node:internal|\.ts:\d/)
})

test('a reader of its output that goes away does not take the till with it', async () => {
  const running = await startProcess()
  const address = await addressOf(running)
  running.child.stdout?.destroy()
  running.child.stderr?.destroy()
  running.child.kill('SIGUSR2')
  running.child.send({ type: 'new-token' })
  await until('two more addresses', () => running.messages.length >= 3)
  expect((await ask(Number(new URL(address).port))).status).toBe(401)
})
