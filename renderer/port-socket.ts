/**
 * A WebSocket's shape over a MessagePort, so that one tRPC link serves the desktop window and the browser alike.
 *
 * The sandboxed preload exposes `window.bandtillPort = { open() }`. `open()` asks the main process for a fresh port, which the preload
 * passes on with `window.postMessage('bandtill-port', location.origin, [port])`. Ports cannot cross the context bridge any other way.
 */
export type PortBridge = { readonly open: () => void }

declare global {
  interface Window {
    readonly bandtillPort?: PortBridge
  }
}

const PORT_MESSAGE = 'bandtill-port'

/** The preload's bridge, where the screens run in the desktop window; nothing in a browser. */
export function portBridge(): PortBridge | undefined {
  return window.bandtillPort
}

export class PortSocket extends EventTarget implements WebSocket {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSING = 2
  static readonly CLOSED = 3
  readonly CONNECTING = 0
  readonly OPEN = 1
  readonly CLOSING = 2
  readonly CLOSED = 3
  readonly url: string
  readonly protocol = ''
  readonly extensions = ''
  readonly bufferedAmount = 0
  binaryType: BinaryType = 'blob'
  onopen: WebSocket['onopen'] = null
  onmessage: WebSocket['onmessage'] = null
  onerror: WebSocket['onerror'] = null
  onclose: WebSocket['onclose'] = null
  #state: 0 | 1 | 2 | 3 = 0
  #port: MessagePort | undefined

  constructor(url: string | URL) {
    super()
    this.url = String(url)
    window.addEventListener('message', this.#adopt)
    portBridge()?.open()
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this.#state
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    this.#port?.postMessage(data)
  }

  close(): void {
    if (this.#state === PortSocket.CLOSED) return
    this.#state = PortSocket.CLOSED
    window.removeEventListener('message', this.#adopt)
    this.#port?.close()
    this.dispatchEvent(new CloseEvent('close'))
  }

  readonly #adopt = (event: MessageEvent<unknown>): void => {
    const port = event.ports[0]
    if (event.source !== window || event.data !== PORT_MESSAGE || port === undefined) return
    window.removeEventListener('message', this.#adopt)
    this.#port = port
    port.addEventListener('message', (message: MessageEvent<unknown>) =>
      this.dispatchEvent(new MessageEvent<unknown>('message', { data: message.data })),
    )
    port.addEventListener('close', () => this.close())
    port.start()
    this.#state = PortSocket.OPEN
    this.dispatchEvent(new Event('open'))
  }
}
