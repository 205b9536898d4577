/**
 * The page of the desktop window: the answer of the app's scheme, the real preload bundle in a realm that can load nothing but Electron's
 * two renderer parts, and the screens' own client (renderer/terminal-client.ts) on the port the preload hands over. A cashier's script
 * drives it over process messages: `{ call, input }` is answered by `{ answer }`, and each pushed state is told as `{ state }`.
 */
import { readFileSync } from 'node:fs'
import { createContext, Script } from 'node:vm'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { TillState } from '#shared/contracts/till.ts'

/** What the main process gets of a port: Electron wraps each message in an event. */
export type MainPort = {
  on(event: 'message' | 'close', listener: (event: { readonly data: unknown }) => void): unknown
  postMessage(message: unknown): void
  start(): void
  close(): void
}

export type PageInput = {
  readonly url: URL
  readonly preload: string
  readonly isSandboxed: boolean
  /** An IPC message from the page's process to the main process. */
  readonly deliver: (channel: string, ports: readonly MainPort[]) => void
}

export class DesktopPage {
  readonly #headers: Headers

  private constructor(headers: Headers) {
    this.#headers = headers
  }

  static async load(response: Response, input: PageInput): Promise<DesktopPage> {
    const markup = await response.text()
    if (response.status !== 200 || !markup.includes('<div id="root">')) throw new Error(`the page is not the screens: ${response.status}`)
    if (!input.isSandboxed) throw new Error('the page is not sandboxed')
    runPreload(input)
    return new DesktopPage(response.headers)
  }

  /** Opens the screens' client and serves the script that drives it. */
  async announce(): Promise<void> {
    const { connectTerminal } = await import('../../../renderer/terminal-client.ts')
    const client = connectTerminal()
    client.watch({
      onState: (state: TillState) => process.send?.({ type: 'state', state }),
      onLink: (link) => process.send?.({ type: 'link', link }),
    })
    process.on('message', (message: { readonly id: number; readonly call: keyof typeof client; readonly input?: unknown }) => {
      const call = client[message.call] as ((given?: unknown) => Promise<unknown>) | undefined
      if (!call) return
      void call(message.input).then(
        (answer) => process.send?.({ type: 'answer', id: message.id, answer }),
        (error: unknown) => process.send?.({ type: 'failed', id: message.id, error: String(error) }),
      )
    })
    process.send?.({ type: 'page', policy: this.#headers.get('content-security-policy') })
  }
}

/** The page's world: an event target that is its own `window`. The preload lives in another realm and reaches it by the bridge only. */
function runPreload({ url, preload, deliver }: PageInput): void {
  const page = new EventTarget()
  const location = { origin: `${url.protocol}//${url.host}`, href: url.href }
  const postMessage = (data: unknown, targetOrigin: string, ports: readonly MessagePort[]) => {
    if (targetOrigin !== location.origin) return
    const event = new MessageEvent('message', { data, ports: [...ports] as unknown as globalThis.MessagePort[] })
    // In a page the sender of `window.postMessage` is the window itself.
    Object.defineProperty(event, 'source', { value: page })
    // A message between windows is a task of its own: whoever asked for it has finished what it was doing.
    setImmediate(() => page.dispatchEvent(event))
  }
  Object.assign(page, { location, postMessage })
  Object.assign(globalThis, { window: page, location })
  const electron = {
    contextBridge: { exposeInMainWorld: (name: string, value: unknown) => Object.assign(page, { [name]: value }) },
    ipcRenderer: {
      postMessage: (channel: string, _message: unknown, ports: readonly MessagePort[]) => deliver(channel, ports.map(asMainPort)),
    },
  }
  const only = (name: string) => {
    if (name === 'electron') return electron
    throw new Error(`a sandboxed preload cannot load ${name}`)
  }
  const realm = createContext({ require: only, module: { exports: {} }, exports: {}, MessageChannel, window: { postMessage }, location })
  new Script(readFileSync(preload, 'utf8'), { filename: preload }).runInContext(realm)
}

function asMainPort(port: MessagePort): MainPort {
  return {
    on: (event, listener) => port.on(event, (data: unknown) => listener({ data })),
    postMessage: (message) => port.postMessage(message),
    start: () => port.start(),
    close: () => port.close(),
  }
}
