/** The browser host as a process: what it prints, what it obeys, how it ends. Its terminal is handed in. */
import * as z from 'zod'
import { unreachable } from '#shared/assert.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { obeyEndings, tellParent } from '../hosting/ending.ts'
import { type Log, openLog } from '../hosting/log.ts'
import { openRendererFiles } from '../hosting/renderer-files.ts'
import { createRpcHandler } from '../hosting/rpc-socket.ts'
import { makeDataFolder, type RunningTerminal, type StartTerminal } from '../hosting/running-terminal.ts'
import { exitCodeOf, type StartRefusal, startRefusalWords } from '../hosting/start-refusals.ts'
import { parseTerminalOptions, type TerminalOptions } from '../hosting/terminal-options.ts'
import { openInBrowser } from './open-browser.ts'
import { type BrowserServer, startBrowserServer } from './server.ts'
import { sessionFile } from './session-file.ts'

const ADDRESS_FOLLOWS =
  'The till is ready. Open this address in a browser on this computer:\n收银机已就绪。请在本机浏览器中打开以下地址：\n'

/** What a parent process may say. */
const order = z.discriminatedUnion('type', [z.object({ type: z.literal('new-token') }), z.object({ type: z.literal('stop') })])

export type BrowserHostParts = {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Where the built screens are when no option says so. An absolute path. */
  readonly screensFolder: string
  readonly startTerminal: StartTerminal
}

/** Runs until it is told to stop, then ends the process. A refused start ends it too, after one sentence on stderr. */
export async function runBrowserHost(parts: BrowserHostParts): Promise<void> {
  // A reader that went away must not take the till with it.
  process.stdout.on('error', () => undefined)
  process.stderr.on('error', () => undefined)
  const options = parseTerminalOptions(parts.args, parts.environment)
  if (!options.ok) return refuse({ code: 'usage', subject: options.error.lines.join('\n') })
  const folder = await makeDataFolder(options.value.dataFolder)
  if (!folder.ok) return refuse(folder.error)
  const log = openLog(options.value.dataFolder)
  const ending = obeyEndings(log, (code) => process.exit(code))
  const host = await open(parts, options.value, log)
  if (!host.ok) return refuse(host.error, log)
  const { server, terminal } = host.value
  ending.arm(async () => {
    await Promise.all([server.close(), terminal.stop()])
  })
  // Before the address: whoever reads it may answer at once, and an unexpected signal would end the process.
  listenToOrders(server, ending.stop)
  await announce(server, options.value, log)
}

type Host = { readonly terminal: RunningTerminal; readonly server: BrowserServer }

async function open(parts: BrowserHostParts, options: TerminalOptions, log: Log): Promise<Result<Host, StartRefusal>> {
  const screens = options.screensFolder ?? parts.screensFolder
  const files = await openRendererFiles(screens)
  if (!files.ok) return err({ code: 'screens-missing', subject: screens })
  const terminal = await parts.startTerminal(options, log)
  if (!terminal.ok) return terminal
  const rpc = createRpcHandler({ till: terminal.value.till, log })
  const sessionStore = sessionFile(options.dataFolder, Date.now)
  const server = await startBrowserServer({ files: files.value, rpc, sessionStore, port: options.port, ipv6: options.ipv6 })
  if (server.ok) return ok({ terminal: terminal.value, server: server.value })
  await terminal.value.stop()
  return err({ code: server.error.code, subject: server.error.detail })
}

/** The address stands alone on its line: scripts take the first line that holds one. */
async function announce(server: BrowserServer, options: TerminalOptions, log: Log): Promise<void> {
  const address = server.newAddress()
  process.stdout.write(`${ADDRESS_FOLLOWS}${address}\n`)
  tellParent({ type: 'ready', url: address })
  log.info({ port: server.port }, 'the screens are served')
  if (!options.open) return
  try {
    await openInBrowser(address, options.dataFolder)
  } catch (cause) {
    log.warn({ error: cause }, 'no browser could be opened')
  }
}

function listenToOrders(server: BrowserServer, stop: () => void): void {
  const renew = () => {
    const address = server.newAddress()
    process.stdout.write(`${address}\n`)
    tellParent({ type: 'address', url: address })
  }
  // Windows has no such signal; there a parent's message does it.
  if (process.platform !== 'win32') process.on('SIGUSR2', renew)
  process.on('message', (message: unknown) => {
    const understood = order.safeParse(message)
    if (!understood.success) return
    switch (understood.data.type) {
      case 'new-token':
        return renew()
      case 'stop':
        return stop()
      default:
        return unreachable(understood.data)
    }
  })
}

function refuse(refusal: StartRefusal, log?: Log): void {
  const words = startRefusalWords(refusal)
  log?.warn({ refusal: refusal.code }, 'the start was refused')
  process.stderr.write(`${words.en}\n${words['zh-CN']}\n`)
  process.exit(exitCodeOf(refusal))
}
