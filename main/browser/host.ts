/** The browser host as a process: what it prints, what it obeys, how it ends. Its terminal is handed in. */
import * as z from 'zod'
import { unreachable } from '#shared/assert.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { type Log, openLog } from '../hosting/log.ts'
import { openRendererFiles } from '../hosting/renderer-files.ts'
import { createRpcHandler } from '../hosting/rpc-socket.ts'
import { makeDataFolder, type RunningTerminal, type StartTerminal } from '../hosting/running-terminal.ts'
import { EXIT_BUG, EXIT_STOPPED, exitCodeOf, type StartRefusal, startRefusalWords } from '../hosting/start-refusals.ts'
import { parseTerminalOptions, type TerminalOptions } from '../hosting/terminal-options.ts'
import { openInBrowser } from './open-browser.ts'
import { type BrowserServer, startBrowserServer } from './server.ts'

/** A stop takes at most this long, whatever hangs: everything that matters is on disk before it is promised. */
const STOP_MS_MAX = 1_200

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
  endOnBugs(log)
  const ending = endOnRequest(log)
  const host = await open(parts, options.value, log)
  if (!host.ok) return refuse(host.error, log)
  ending.arm(host.value)
  await announce(host.value.server, options.value, log)
  listenToOrders(host.value.server, ending.stop)
}

type Host = { readonly terminal: RunningTerminal; readonly server: BrowserServer }

async function open(parts: BrowserHostParts, options: TerminalOptions, log: Log): Promise<Result<Host, StartRefusal>> {
  const screens = options.screensFolder ?? parts.screensFolder
  const files = await openRendererFiles(screens)
  if (!files.ok) return err({ code: 'screens-missing', subject: screens })
  const terminal = await parts.startTerminal(options, log)
  if (!terminal.ok) return terminal
  const rpc = createRpcHandler({ till: terminal.value.till, log })
  const server = await startBrowserServer({ files: files.value, rpc, port: options.port, ipv6: options.ipv6 })
  if (server.ok) return ok({ terminal: terminal.value, server: server.value })
  await terminal.value.stop()
  return err({ code: server.error.code, subject: server.error.detail })
}

/** The address stands alone on its line: scripts take the first line that holds one. */
async function announce(server: BrowserServer, options: TerminalOptions, log: Log): Promise<void> {
  const address = server.newAddress()
  process.stdout.write(`${ADDRESS_FOLLOWS}${address}\n`)
  process.send?.({ type: 'ready', url: address })
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
    process.send?.({ type: 'address', url: address })
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

/** Signals and the loss of the parent end the host, also while it is still starting. */
function endOnRequest(log: Log): { readonly arm: (host: Host) => void; readonly stop: () => void } {
  let host: Host | undefined
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    const deadline = setTimeout(() => {
      log.warn({}, 'something did not stop in time and was left behind')
      process.exit(EXIT_STOPPED)
    }, STOP_MS_MAX)
    void close(host, log).finally(() => {
      clearTimeout(deadline)
      process.exit(EXIT_STOPPED)
    })
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('disconnect', stop)
  return {
    arm: (running) => {
      host = running
    },
    stop,
  }
}

async function close(host: Host | undefined, log: Log): Promise<void> {
  if (!host) return
  const ended = await Promise.allSettled([host.server.close(), host.terminal.stop()])
  for (const end of ended) if (end.status === 'rejected') log.error({ error: end.reason }, 'the stop failed')
  log.info({}, 'stopped')
}

/** A bug ends the process at once: what is on disk is sound, what is in memory may not be. The supervisor starts it again. */
function endOnBugs(log: Log): void {
  const end = (error: unknown) => {
    log.error({ error }, 'ended by a bug')
    process.exit(EXIT_BUG)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}

function refuse(refusal: StartRefusal, log?: Log): void {
  const words = startRefusalWords(refusal)
  log?.warn({ refusal: refusal.code }, 'the start was refused')
  process.stderr.write(`${words.en}\n${words['zh-CN']}\n`)
  process.exit(exitCodeOf(refusal))
}
