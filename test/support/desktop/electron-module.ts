/**
 * The module `electron`, as far as the desktop program uses it, in plain Node: each part does what Electron's documentation says it does,
 * and its shape is checked against Electron's own types. A page is a realm of its own, with the real preload and nothing else of Node.
 */
import { EventEmitter } from 'node:events'
import { tmpdir } from 'node:os'
import type * as Electron from 'electron'
import { DesktopPage } from './desktop-page.ts'
import { UtilityProcessDouble } from './utility-process.ts'

type Handler = (request: Request) => Response | Promise<Response>

class AppDouble
  extends EventEmitter
  implements Pick<Electron.App, 'isPackaged' | 'requestSingleInstanceLock' | 'enableSandbox' | 'getPath' | 'whenReady' | 'exit'>
{
  readonly isPackaged = false
  isSandboxed = false
  requestSingleInstanceLock(): boolean {
    return process.env['BANDTILL_TEST_SECOND'] !== '1'
  }
  enableSandbox(): void {
    this.isSandboxed = true
  }
  getPath(): string {
    return tmpdir()
  }
  /** Electron is ready only after the entry module has run to its end. */
  async whenReady(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  exit(code = 0): void {
    process.exit(code)
  }
}

class ProtocolDouble implements Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'> {
  readonly handlers = new Map<string, Handler>()
  readonly schemes: Electron.CustomScheme[] = []
  registerSchemesAsPrivileged(schemes: Electron.CustomScheme[]): void {
    this.schemes.push(...schemes)
  }
  handle(scheme: string, handler: Handler): void {
    this.handlers.set(scheme, handler)
  }
}

class SessionDouble
  extends EventEmitter
  implements
    Pick<
      Electron.Session,
      | 'setPermissionRequestHandler'
      | 'setPermissionCheckHandler'
      | 'setDevicePermissionHandler'
      | 'setUSBProtectedClassesHandler'
      | 'setDisplayMediaRequestHandler'
      | 'setSpellCheckerEnabled'
    >
{
  permits: Parameters<Electron.Session['setPermissionCheckHandler']>[0] = null
  asks: Parameters<Electron.Session['setPermissionRequestHandler']>[0] = null
  requests: ((details: { url: string }, callback: (answer: { cancel?: boolean }) => void) => void) | null = null
  readonly webRequest = {
    onBeforeRequest: (listener: NonNullable<SessionDouble['requests']>): void => {
      this.requests = listener
    },
  }
  setPermissionRequestHandler(handler: SessionDouble['asks']): void {
    this.asks = handler
  }
  setPermissionCheckHandler(handler: SessionDouble['permits']): void {
    this.permits = handler
  }
  setDevicePermissionHandler(): void {}
  setUSBProtectedClassesHandler(): void {}
  setDisplayMediaRequestHandler(): void {}
  setSpellCheckerEnabled(): void {}

  /** Whether a page may load this, as Electron asks its session. */
  isAllowed(url: string): boolean {
    let allowed = true
    this.requests?.({ url }, ({ cancel }) => {
      allowed = cancel !== true
    })
    return allowed
  }
}

export const app = new AppDouble()
export const ipcMain = new EventEmitter()
export const protocol = new ProtocolDouble()
const defaultSession = new SessionDouble()
export const session = { defaultSession }
export const dialog = {
  showErrorBox: (title: string, content: string): void => {
    process.send?.({ type: 'error-box', title, content })
  },
}

class WebContentsDouble extends EventEmitter {
  mainFrame = { origin: 'null' }
  setWindowOpenHandler(): void {}
}

export class BrowserWindow
  extends EventEmitter
  implements Pick<Electron.BrowserWindow, 'isDestroyed' | 'isMinimized' | 'restore' | 'show' | 'focus' | 'loadURL'>
{
  readonly webContents = new WebContentsDouble()
  readonly #options: Electron.BrowserWindowConstructorOptions
  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super()
    this.#options = options
    app.emit('web-contents-created', {}, this.webContents)
  }
  isDestroyed(): boolean {
    return false
  }
  isMinimized(): boolean {
    return false
  }
  restore(): void {}
  show(): void {}
  focus(): void {}

  /** Loads the page through the scheme's handler and runs the preload in front of it, as the sandboxed renderer process does. */
  async loadURL(address: string): Promise<void> {
    const url = new URL(address)
    const handler = protocol.handlers.get(url.protocol.replace(':', ''))
    if (!handler || !defaultSession.isAllowed(address)) throw new Error(`nothing serves ${address}`)
    const page = await DesktopPage.load(await handler(new Request(address)), {
      url,
      preload: String(this.#options.webPreferences?.preload),
      isSandboxed: this.#options.webPreferences?.sandbox === true && this.#options.webPreferences.contextIsolation === true,
      deliver: (channel, ports) =>
        ipcMain.emit(channel, {
          sender: this.webContents,
          senderFrame: this.webContents.mainFrame,
          ports,
        }),
    })
    this.webContents.mainFrame = { origin: url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin }
    this.emit('ready-to-show')
    await page.announce()
  }
}

export const utilityProcess: Pick<typeof UtilityProcessDouble, 'fork'> = UtilityProcessDouble
