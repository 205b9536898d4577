import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runElectronHost } from '#main/electron/host.ts'
import type { StartTerminal } from '#main/hosting/running-terminal.ts'
import { err, ok } from '#shared/result.ts'
import { createFakeTill } from '../../renderer/support/fake-till.ts'
import { until } from '../../support/until.ts'
import { makeBundle, temporaryFolder } from '../hosting/support.ts'
import { createElectronDouble, Prevented } from './electron-double.ts'

const ROOT_POINT = Buffer.alloc(33, 2).toString('base64url')
const ARGUMENTS = ['--backend', 'http://127.0.0.1:9', '--terminal', 'aurora-1', '--root-point', ROOT_POINT, '--air', '/nowhere']
const PROCESS_EVENTS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'disconnect', 'uncaughtException', 'unhandledRejection'] as const

/** The host listens to its process, which here is the test's own: what it adds is taken away again. */
function keepProcessListeners(): void {
  const before = PROCESS_EVENTS.map((name) => new Set(process.rawListeners(name)))
  onTestFinished(() => {
    for (const [index, name] of PROCESS_EVENTS.entries()) {
      for (const listener of process.rawListeners(name)) if (!before[index]?.has(listener)) process.off(name, listener as () => void)
    }
  })
}

async function startHost(
  options: { readonly startTerminal?: StartTerminal; readonly hasLock?: boolean; readonly args?: readonly string[] } = {},
) {
  keepProcessListeners()
  const { bundle } = await makeBundle()
  const electron = createElectronDouble(await temporaryFolder())
  electron.app.hasLock = options.hasLock ?? true
  const given: { dataFolder?: string } = {}
  let stops = 0
  const running = async () => {
    stops += 1
  }
  runElectronHost({
    electron: electron.parts,
    argv: ['/opt/bandtill', ...(options.args ?? ARGUMENTS)],
    environment: {},
    screensFolder: bundle,
    preloadFile: '/app/preload.cjs',
    startTerminal: async (parsed, log) => {
      given.dataFolder = parsed.dataFolder
      return options.startTerminal?.(parsed, log) ?? ok({ till: createFakeTill(), stop: running })
    },
  })
  return { ...electron, given, stops: () => stops }
}

async function opened() {
  const host = await startHost()
  host.app.ready.resolve()
  await until('the window', () => host.windows[0]?.calls.length === 1)
  const [window] = host.windows
  if (!window) throw new Error('no window')
  return { ...host, window }
}

test('before Electron is ready the scheme is registered and the sandbox is on; no window is open yet', async () => {
  const { app, schemes, windows } = await startHost()
  expect(app.isSandboxed).toBe(true)
  expect(schemes).toEqual([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }])
  expect(windows).toEqual([])
})

test('the window opens at the bundle’s address, hardened, and shows itself when it has something to show', async () => {
  const { window, session, given, app } = await opened()
  expect(window.calls).toEqual(['load app://bandtill/'])
  expect(window.options.webPreferences).toMatchObject({ preload: '/app/preload.cjs', sandbox: true, devTools: false })
  expect(session.handlers.size).toBeGreaterThan(5)
  expect(given.dataFolder).toBe(join(app.userData, 'practice'))
  window.emit('ready-to-show')
  expect(window.calls.at(-1)).toBe('show')
})

test('the scheme serves the bundle with its policy and nothing else', async () => {
  const { served } = await opened()
  const answer = async (url: string, method = 'GET') => {
    const handler = served.get('app')
    if (!handler) throw new Error('nothing is served')
    return handler(new Request(url, { method }))
  }
  const page = await answer('app://bandtill/')
  expect(page.status).toBe(200)
  expect(page.headers.get('content-security-policy')).toContain("connect-src 'self';")
  expect(await page.text()).toContain('<div id="root">')
  expect((await answer('app://bandtill/assets/index-abc.js')).status).toBe(200)
  const refused = [
    'app://bandtill/../secret.json',
    'app://bandtill/%2e%2e/secret.json',
    'app://bandtill/..%2fsecret.json',
    'app://bandtill/.env',
    'app://other/',
    'app://bandtill/%',
    'app://bandtill/%00',
  ]
  for (const url of refused) expect([400, 404]).toContain((await answer(url)).status)
  expect((await answer('app://bandtill/', 'POST')).status).toBe(405)
})

test('a second start brings the first window to the front and ends itself', async () => {
  const { app, window } = await opened()
  app.emit('second-instance')
  expect(window.calls.slice(1)).toEqual(['restore', 'show', 'focus'])
  const second = await startHost({ hasLock: false })
  expect(second.app.exits).toEqual([0])
  expect([second.windows, second.schemes]).toEqual([[], []])
})

test('closing the window, or quitting, stops the terminal first', async () => {
  const { app, stops } = await opened()
  const quit = new Prevented()
  await until('the terminal is in hand', () => {
    app.emit('before-quit', quit)
    return app.exits.length > 0
  })
  expect(quit.prevented).toBe(true)
  expect(app.exits).toEqual([0])
  expect(stops()).toBe(1)
})

test('a page that crashes is loaded anew, but not for ever', async () => {
  const { window } = await opened()
  for (let crashes = 0; crashes < 20; crashes += 1) window.webContents.emit('render-process-gone', {}, { reason: 'crashed' })
  expect(window.calls.length).toBe(6)
})

test('a refused start is shown in both languages and ends with its code', async () => {
  const busy = await startHost({ startTerminal: async () => err({ code: 'in-use', subject: '/records' }) })
  busy.app.ready.resolve()
  await until('the end', () => busy.app.exits.length > 0)
  expect(busy.app.exits).toEqual([69])
  expect(busy.boxes[0]).toMatch(/已有一个 Bandtill[\s\S]+already running/)
  expect(busy.windows).toEqual([])
  const usage = await startHost({ args: ['--port', 'x'] })
  await until('the end', () => usage.app.exits.length > 0)
  expect(usage.app.exits).toEqual([64])
})
