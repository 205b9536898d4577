/** The one message that the page may send to the main process: "here is a port". Who sent it is checked here, once, and nowhere else. */
import type { IpcMain, IpcMainEvent, WebContents } from 'electron'
import type { Log } from '../hosting/log.ts'
import type { RpcHandler } from '../hosting/rpc-socket.ts'
import { APP_ORIGIN } from './app-protocol.ts'

/** The channel's name; the preload has the same. */
export const PORT_CHANNEL = 'bandtill-port'

export type PortHandover = {
  readonly ipcMain: Pick<IpcMain, 'on'>
  readonly rpc: RpcHandler
  readonly log: Log
  /** The till's own window, when it is open. */
  readonly ownContents: () => WebContents | undefined
}

/**
 * Serves the till on the newest port of the till's own page, one at a time. A port from any other sender is closed unread. Ports end with
 * the page that sent them.
 */
export function acceptPorts({ ipcMain, rpc, log, ownContents }: PortHandover): void {
  let detach: (() => void) | undefined
  const drop = () => {
    detach?.()
    detach = undefined
  }
  const watched = new WeakSet<WebContents>()
  ipcMain.on(PORT_CHANNEL, (event) => {
    const [port, ...others] = event.ports
    for (const other of others) other.close()
    if (!port) return
    if (!isOwnPage(event, ownContents())) {
      log.warn({}, 'a port from another page was refused')
      port.close()
      return
    }
    drop()
    detach = rpc.attachPort(port)
    if (watched.has(event.sender)) return
    watched.add(event.sender)
    event.sender.on('did-start-navigation', (details) => {
      if (details.isMainFrame && !details.isSameDocument) drop()
    })
    event.sender.once('destroyed', drop)
    event.sender.on('render-process-gone', drop)
  })
}

/** Whether the message comes from the top frame of the till's own window, showing the till's own page. */
function isOwnPage({ sender, senderFrame }: IpcMainEvent, own: WebContents | undefined): boolean {
  // The frame is null when it has gone, or gone elsewhere, since it sent the message.
  return own !== undefined && sender === own && senderFrame !== null && senderFrame === own.mainFrame && senderFrame.origin === APP_ORIGIN
}
