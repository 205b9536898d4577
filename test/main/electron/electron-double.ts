/**
 * What the host uses of Electron, as doubles that do nothing by themselves: the tests say what Electron would say. Electron itself cannot
 * be loaded in plain Node; its types are real, so a name that Electron does not have fails to compile.
 */
import { EventEmitter } from 'node:events'
import type {
  App,
  BrowserWindow,
  BrowserWindowConstructorOptions,
  IpcMain,
  IpcMainEvent,
  Protocol,
  Session,
  WebContents,
  WebFrameMain,
} from 'electron'
import type { ElectronParts } from '#main/electron/host.ts'

export class Prevented {
  prevented = false
  preventDefault(): void {
    this.prevented = true
  }
}

/** One end of a message channel as the main process has it. */
export class PortDouble extends EventEmitter {
  readonly sent: string[] = []
  isStarted = false
  isClosed = false
  start(): void {
    this.isStarted = true
  }
  postMessage(message: string): void {
    if (this.isClosed) throw new Error('posted to a closed port')
    this.sent.push(message)
    this.emit('sent', message)
  }
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.emit('close')
  }
  /** What the page sends. */
  arrive(data: unknown): void {
    this.emit('message', { data })
  }
  async nextSent(): Promise<string> {
    return new Promise((resolve) => void this.once('sent', resolve))
  }
}

export class ContentsDouble extends EventEmitter {
  mainFrame: Pick<WebFrameMain, 'origin'> = { origin: 'app://bandtill' }
  openHandler: Parameters<WebContents['setWindowOpenHandler']>[0] | undefined
  setWindowOpenHandler(handler: Parameters<WebContents['setWindowOpenHandler']>[0]): void {
    this.openHandler = handler
  }
  asContents(): WebContents {
    return this as unknown as WebContents
  }
}

export class WindowDouble extends EventEmitter {
  readonly webContents = new ContentsDouble()
  readonly calls: string[] = []
  readonly options: BrowserWindowConstructorOptions
  isGone = false
  constructor(options: BrowserWindowConstructorOptions) {
    super()
    this.options = options
  }
  isDestroyed(): boolean {
    return this.isGone
  }
  isMinimized(): boolean {
    return true
  }
  async loadURL(address: string): Promise<void> {
    this.calls.push(`load ${address}`)
  }
  restore(): void {
    this.calls.push('restore')
  }
  show(): void {
    this.calls.push('show')
  }
  focus(): void {
    this.calls.push('focus')
  }
}

/** Keeps each handler that is set on it, by the name of the setter. */
export class SessionDouble extends EventEmitter {
  readonly handlers = new Map<string, unknown>()
  readonly webRequest = { onBeforeRequest: (handler: unknown) => void this.handlers.set('onBeforeRequest', handler) }
  setPermissionRequestHandler(handler: unknown): void {
    this.handlers.set('permissionRequest', handler)
  }
  setPermissionCheckHandler(handler: unknown): void {
    this.handlers.set('permissionCheck', handler)
  }
  setDevicePermissionHandler(handler: unknown): void {
    this.handlers.set('devicePermission', handler)
  }
  setUSBProtectedClassesHandler(handler: unknown): void {
    this.handlers.set('usbClasses', handler)
  }
  setDisplayMediaRequestHandler(handler: unknown): void {
    this.handlers.set('displayMedia', handler)
  }
  setSpellCheckerEnabled(isOn: boolean): void {
    this.handlers.set('spellChecker', isOn)
  }
  asSession(): Session {
    return this as unknown as Session
  }
}

export class AppDouble extends EventEmitter {
  readonly isPackaged = true
  hasLock = true
  isSandboxed = false
  readonly exits: number[] = []
  readonly ready = Promise.withResolvers<void>()
  readonly userData: string
  constructor(userData: string) {
    super()
    this.userData = userData
  }
  requestSingleInstanceLock(): boolean {
    return this.hasLock
  }
  enableSandbox(): void {
    this.isSandboxed = true
  }
  getPath(): string {
    return this.userData
  }
  async whenReady(): Promise<void> {
    return this.ready.promise
  }
  exit(code: number): void {
    this.exits.push(code)
  }
}

export type ElectronDouble = {
  readonly app: AppDouble
  readonly ipcMain: EventEmitter
  readonly session: SessionDouble
  readonly windows: WindowDouble[]
  readonly boxes: string[]
  readonly schemes: Electron.CustomScheme[]
  readonly served: Map<string, (request: Request) => Promise<Response>>
  readonly parts: ElectronParts
}

export function createElectronDouble(userData: string): ElectronDouble {
  const app = new AppDouble(userData)
  const ipcMain = new EventEmitter()
  const session = new SessionDouble()
  const windows: WindowDouble[] = []
  const boxes: string[] = []
  const schemes: Electron.CustomScheme[] = []
  const served = new Map<string, (request: Request) => Promise<Response>>()
  const protocol = {
    registerSchemesAsPrivileged: (all: Electron.CustomScheme[]) => void schemes.push(...all),
    handle: (scheme: string, handler: (request: Request) => Promise<Response>) => void served.set(scheme, handler),
  }
  const parts: ElectronParts = {
    app: app as unknown as App,
    protocol: protocol as unknown as Protocol,
    ipcMain: ipcMain as unknown as IpcMain,
    dialog: { showErrorBox: (_title, text) => void boxes.push(text) },
    defaultSession: () => session.asSession(),
    newWindow: (options) => {
      const window = new WindowDouble(options)
      windows.push(window)
      return window as unknown as BrowserWindow
    },
  }
  return { app, ipcMain, session, windows, boxes, schemes, served, parts }
}

/** The event of a message with ports, as the main process gets it. */
export function portMessage(sender: ContentsDouble, ports: readonly PortDouble[], senderFrame: unknown = sender.mainFrame): IpcMainEvent {
  return { sender, senderFrame, ports } as unknown as IpcMainEvent
}
