/** The cashier's window: a page with no powers. What it may do it asks of the terminal, over one port. */
import type { App, BrowserWindowConstructorOptions, Session, WebContents } from 'electron'
import { APP_ADDRESS } from './app-protocol.ts'

/** Below this the screens do not fit: the smallest touch screens sold with tills. */
const WIDTH_MIN = 1_024
const HEIGHT_MIN = 720
const WIDTH_FIRST = 1_280
const HEIGHT_FIRST = 800

/** Everything that could give the page more than a page is off, each by name, whatever Electron's defaults become. */
export function windowOptions({
  preload,
  isPackaged,
}: {
  readonly preload: string
  readonly isPackaged: boolean
}): BrowserWindowConstructorOptions {
  return {
    title: 'Bandtill',
    width: WIDTH_FIRST,
    height: HEIGHT_FIRST,
    minWidth: WIDTH_MIN,
    minHeight: HEIGHT_MIN,
    backgroundColor: '#f2efe9',
    autoHideMenuBar: true,
    show: false,
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
      devTools: !isPackaged,
      // The till must keep counting down and hearing bands behind another window.
      backgroundThrottling: false,
    },
  }
}

/** Refuses every permission and device, and every request that does not stay inside the bundle. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.setUSBProtectedClassesHandler(({ protectedClasses }) => protectedClasses)
  session.setDisplayMediaRequestHandler((_request, callback) => callback({}))
  session.setSpellCheckerEnabled(false)
  session.on('select-hid-device', (event, _details, callback) => {
    event.preventDefault()
    callback()
  })
  session.on('select-serial-port', (event, _ports, _contents, callback) => {
    event.preventDefault()
    callback('')
  })
  session.on('select-usb-device', (event, _details, callback) => {
    event.preventDefault()
    callback()
  })
  session.on('will-download', (event) => event.preventDefault())
  session.webRequest.onBeforeRequest((details, callback) => {
    callback({ cancel: !isOwnAddress(details.url) })
  })
}

/** Keeps every page that ever exists where it is: nothing navigates, opens a window, embeds a view or picks a Bluetooth device. */
export function hardenAllContents(app: Pick<App, 'on'>): void {
  app.on('web-contents-created', (_event, contents) => hardenContents(contents))
}

function hardenContents(contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-frame-navigate', (event) => event.preventDefault())
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.on('select-bluetooth-device', (event, _devices, callback) => {
    event.preventDefault()
    callback('')
  })
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}

/** The bundle, pictures inside a page, and developer tools where they exist at all: none of these leaves the computer. */
const OWN_ADDRESSES = [APP_ADDRESS, 'data:', 'devtools://']

function isOwnAddress(address: string): boolean {
  return OWN_ADDRESSES.some((start) => address.startsWith(start))
}
