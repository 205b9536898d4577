/** The desktop program's entry: hands Electron, and the paths of what was built, to the host. */
import { fileURLToPath } from 'node:url'
import { app, BrowserWindow, dialog, ipcMain, protocol, session } from 'electron'
import { startTerminal } from '../hosting/assemble.ts'
import { runElectronHost } from './host.ts'
import { startUtilityProcess } from './start-process.ts'

/** This file is built to dist/main; the preload and the screens lie beside it. */
const builtPath = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

runElectronHost({
  electron: {
    app,
    protocol,
    ipcMain,
    dialog,
    defaultSession: () => session.defaultSession,
    newWindow: (options) => new BrowserWindow(options),
  },
  argv: process.argv,
  environment: process.env,
  screensFolder: builtPath('renderer'),
  preloadFile: builtPath('preload/preload.cjs'),
  startTerminal: async (options, log) => startTerminal(options, log, startUtilityProcess),
})
