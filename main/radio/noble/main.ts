/**
 * Entry of the radio process. Started by the terminal's host, it drives Bluetooth and talks to the terminal over the channel it was
 * born with: `process.send` after a fork, `process.parentPort` in Electron's utility process. It prints nothing.
 *
 *   --driver auto|abandonware|stoprocent   which fork of noble
 *   --hci-socket PATH                      a virtual controller behind a local socket instead of this machine's own
 */
import { parseArgs } from 'node:util'
import * as z from 'zod'
import type { RadioTrouble } from '#shared/contracts/troubles.ts'
import { LocalHciSocket } from './hci-transport.ts'
import { DETAIL_MAX_CHARS, type FromRadio } from './messages.ts'
import { createDriver, DRIVER_CHOICES } from './noble-adapter.ts'
import { RadioEngine } from './radio-engine.ts'

/** The terminal reads why before the process is gone. */
const LAST_WORDS_MS = 50

type Channel = { post(message: FromRadio): void; listen(onMessage: (message: unknown) => void, onClosed: () => void): void }
type ParentPort = { postMessage(message: unknown): void; on(event: 'message', listener: (event: { readonly data: unknown }) => void): void }

const optionsSchema = z.strictObject({
  driver: z.enum(DRIVER_CHOICES).default('auto'),
  'hci-socket': z.string().min(1).max(4_096).optional(),
})

function channelToTerminal(): Channel {
  const port = 'parentPort' in process ? (process.parentPort as ParentPort | undefined) : undefined
  if (port) {
    return { post: (message) => port.postMessage(message), listen: (onMessage) => port.on('message', ({ data }) => onMessage(data)) }
  }
  return {
    post: (message) => void process.send?.(message),
    listen: (onMessage, onClosed) => {
      process.on('message', onMessage)
      process.on('disconnect', onClosed)
    },
  }
}

function main(): void {
  const channel = channelToTerminal()
  const giveUp = () => {
    setTimeout(() => process.exit(1), LAST_WORDS_MS)
  }
  const fail = (trouble: RadioTrouble, detail: string) => {
    channel.post({ type: 'fault', trouble, detail: detail.slice(0, DETAIL_MAX_CHARS) })
    giveUp()
  }
  // Whatever the library throws in a callback of its own lands here: nothing in this process can be trusted afterwards.
  process.on('uncaughtException', (cause) => fail('library-failed', cause.message))
  // The terminal ends this process; a key press in its console must not.
  process.on('SIGINT', () => {})
  const { values } = parseArgs({ options: { driver: { type: 'string' }, 'hci-socket': { type: 'string' } }, strict: true })
  const options = optionsSchema.parse(values)
  const nowMs = () => performance.now()
  // noble reports a band at its second advert unless told to report each; here the sieve has already seen to it that there are few.
  process.env['NOBLE_REPORT_ALL_HCI_EVENTS'] = '1'
  const path = options['hci-socket']
  const driver = createDriver({
    choice: options.driver,
    platform: process.platform,
    nowMs,
    ...(path === undefined ? {} : { transport: new LocalHciSocket(path) }),
  })
  if (!driver.ok) return fail('no-driver', driver.error.detail)
  const engine = new RadioEngine({
    driver: driver.value,
    clock: { nowMs: () => Date.now(), monotonicMs: nowMs, after },
    post: (message) => channel.post(message),
    rssBytes: () => process.memoryUsage.rss(),
    giveUp,
  })
  channel.listen(
    (message) => engine.handle(message),
    () => process.exit(0),
  )
  engine.start()
}

function after(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs)
  return () => clearTimeout(timer)
}

main()
