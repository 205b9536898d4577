/** The desktop host: one hardened window over the same terminal and the same screens as the browser host. Electron is handed in. */

import { join } from 'node:path'
import type { App, BrowserWindow, Dialog, IpcMain, Protocol, Session } from 'electron'
import { EXIT_STOPPED } from '#shared/contracts/terminal-process.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { obeyEndings, tellParent } from '../hosting/ending.ts'
import { type Log, openLog } from '../hosting/log.ts'
import { openRendererFiles } from '../hosting/renderer-files.ts'
import { createRpcHandler } from '../hosting/rpc-socket.ts'
import { makeDataFolder, type RunningTerminal, type StartTerminal } from '../hosting/running-terminal.ts'
import { exitCodeOf, type StartRefusal, startRefusalWords } from '../hosting/start-refusals.ts'
import { parseTerminalOptions, type TerminalOptions } from '../hosting/terminal-options.ts'
import { APP_ADDRESS, APP_SCHEMES, serveApp } from './app-protocol.ts'
import { acceptPorts } from './port-handover.ts'
import { hardenAllContents, hardenSession, windowOptions } from './window.ts'

/** A page that keeps crashing is not reloaded for ever. */
const RELOADS_MAX = 5
const PRACTICE_FOLDER = 'practice'

/** What we use of Electron. */
export type ElectronParts = {
  readonly app: App
  readonly protocol: Protocol
  readonly ipcMain: IpcMain
  readonly dialog: Pick<Dialog, 'showErrorBox'>
  readonly defaultSession: () => Session
  readonly newWindow: (options: Electron.BrowserWindowConstructorOptions) => BrowserWindow
}

export type ElectronHostParts = {
  readonly electron: ElectronParts
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Absolute paths of what was built. */
  readonly screensFolder: string
  readonly preloadFile: string
  readonly startTerminal: StartTerminal
}

/**
 * Runs until the window is closed or the process is told to stop. Returns at once: what must happen before Electron is ready has happened
 * then, and an entry module that waited for the rest would keep Electron from ever being ready.
 */
export function runElectronHost(parts: ElectronHostParts): void {
  const { app, protocol } = parts.electron
  if (!app.requestSingleInstanceLock()) {
    // The first instance hears of us by `second-instance` and comes to the front.
    app.exit(EXIT_STOPPED)
    return
  }
  app.enableSandbox()
  protocol.registerSchemesAsPrivileged([...APP_SCHEMES])
  hardenAllContents(app)
  void start(parts)
}

async function start(parts: ElectronHostParts): Promise<void> {
  const { electron, argv, environment } = parts
  const { app } = electron
  const home = { BANDTILL_DATA: join(app.getPath('userData'), PRACTICE_FOLDER) }
  const options = parseTerminalOptions(optionsIn(argv, app.isPackaged), { ...home, ...environment })
  if (!options.ok) return refuse(electron, { code: 'usage', subject: options.error.lines.join('\n') })
  const folder = await makeDataFolder(options.value.dataFolder)
  if (!folder.ok) return refuse(electron, folder.error)
  const log = openLog(options.value.dataFolder)
  const ending = obeyEndings(log, (code) => app.exit(code))
  app.on('window-all-closed', ending.stop)
  app.on('before-quit', (event) => {
    event.preventDefault()
    ending.stop()
  })
  await app.whenReady()
  const opened = await open(parts, options.value, log)
  if (!opened.ok) return refuse(electron, opened.error)
  ending.arm(async () => opened.value.stop())
  tellParent({ type: 'ready', url: APP_ADDRESS })
}

async function open(parts: ElectronHostParts, options: TerminalOptions, log: Log): Promise<Result<RunningTerminal, StartRefusal>> {
  const { electron, startTerminal, preloadFile } = parts
  const screens = options.screensFolder ?? parts.screensFolder
  const files = await openRendererFiles(screens)
  if (!files.ok) return err({ code: 'screens-missing', subject: screens })
  const terminal = await startTerminal(options, log)
  if (!terminal.ok) return terminal
  serveApp(electron.protocol, files.value)
  hardenSession(electron.defaultSession())
  const window = electron.newWindow(windowOptions({ preload: preloadFile, isPackaged: electron.app.isPackaged }))
  const rpc = createRpcHandler({ till: terminal.value.till, log })
  acceptPorts({ ipcMain: electron.ipcMain, rpc, log, ownContents: () => (window.isDestroyed() ? undefined : window.webContents) })
  electron.app.on('second-instance', () => bringToFront(window))
  reloadAfterCrash(window, log)
  window.once('ready-to-show', () => window.show())
  await window.loadURL(APP_ADDRESS)
  return ok(terminal.value)
}

function bringToFront(window: BrowserWindow): void {
  if (window.isDestroyed()) return
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

/** The page holds nothing: after a crash it is loaded anew and shows what the terminal knows. */
function reloadAfterCrash(window: BrowserWindow, log: Log): void {
  let reloads = 0
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    log.error({ reason, reloads }, 'the page crashed')
    if (reason === 'clean-exit' || reloads >= RELOADS_MAX || window.isDestroyed()) return
    reloads += 1
    void window.loadURL(APP_ADDRESS)
  })
}

/** Our own arguments: those after the program, and in development after the folder or file that Electron was told to run. */
function optionsIn(argv: readonly string[], isPackaged: boolean): readonly string[] {
  if (isPackaged) return argv.slice(1)
  const entry = argv.findIndex((word, index) => index > 0 && !word.startsWith('-'))
  return entry < 0 ? [] : argv.slice(entry + 1)
}

function refuse({ app, dialog }: ElectronParts, refusal: StartRefusal): void {
  const words = startRefusalWords(refusal)
  process.stderr.write(`${words.en}\n${words['zh-CN']}\n`)
  dialog.showErrorBox('Bandtill', `${words['zh-CN']}\n\n${words.en}`)
  app.exit(exitCodeOf(refusal))
}
