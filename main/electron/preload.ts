/**
 * All that the page gets from outside: a way to ask for a port. The port's ends go to the main process and to the page; nothing else
 * passes through, and no event or function of Electron's is ever shown to the page. (renderer/port-socket.ts is the other half.)
 */
import { contextBridge, ipcRenderer } from 'electron'

/** The same name as in port-handover.ts, which a sandboxed preload cannot load. */
const PORT_CHANNEL = 'bandtill-port'

contextBridge.exposeInMainWorld('bandtillPort', {
  open: () => {
    const { port1, port2 } = new MessageChannel()
    ipcRenderer.postMessage(PORT_CHANNEL, null, [port2])
    window.postMessage(PORT_CHANNEL, location.origin, [port1])
  },
})
