/** Builds the real parts of a terminal from its options, and starts it. Both hosts do this; only the keys differ between them. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { unreachable } from '#shared/assert.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Keys, Store } from '../ports.ts'
import { createFilePrinter } from '../printing/file-printer.ts'
import type { Printer } from '../printing/printer.ts'
import type { PrinterProfile } from '../printing/printer-profile.ts'
import { createTcpPrinter } from '../printing/tcp-printer.ts'
import { createPracticeRadio } from '../radio/practice-radio.ts'
import { type OpenStoreError, openStore } from '../store/open-store.ts'
import { createBackendClient } from '../sync/backend-client.ts'
import { createTerminal, type TerminalRefusal } from '../terminal.ts'
import { type FileKeysRefusal, openFileKeys } from './file-keys.ts'
import type { Log } from './log.ts'
import type { RunningTerminal } from './running-terminal.ts'
import type { StartRefusal } from './start-refusals.ts'
import { systemClock } from './system-clock.ts'
import type { PrinterChoice, TerminalOptions } from './terminal-options.ts'

const RECORDS_FILE = 'terminal.sqlite'
const PAPER_FOLDER = 'paper'
const ID_BYTES = 16
/** Who is signed in when the practice world starts. */
const PRACTICE_CASHIER = '练习 Practice'
/** The paper nearly every counter printer takes, 80 mm, and the encoding of printers sold with Chinese in them. */
const PRINTER_PROFILE: PrinterProfile = { model: 'generic', columns: 48, encoding: 'gb18030', cut: true, drawerPulse: true }

/** Starts a terminal whose key lies in a file of its data folder. Refusals leave nothing open. */
export async function startTerminal(options: TerminalOptions, log: Log): Promise<Result<RunningTerminal, StartRefusal>> {
  const file = join(options.dataFolder, RECORDS_FILE)
  // The records first: whoever has them is the one terminal of this folder, and only that one may make the key.
  const store = openStore({ file })
  if (!store.ok) return err(storeRefusal(file, store.error))
  const keys = await openFileKeys(options.dataFolder)
  const running = keys.ok ? await startWith(options, log, store.value, keys.value) : err(keysRefusal(keys.error))
  if (!running.ok) store.value.close()
  return running
}

async function startWith(options: TerminalOptions, log: Log, store: Store, keys: Keys): Promise<Result<RunningTerminal, StartRefusal>> {
  const clock = systemClock(options.clockOffsetMs)
  const random = Math.random
  const { terminalId, backendUrl } = options
  const backend = createBackendClient({ url: backendUrl, terminalId, signer: keys.signer, clock, random })
  if (!backend.ok) return err({ code: 'usage', subject: `--backend cannot be used (${backend.error})` })
  const radio = createPracticeRadio({
    where: { path: options.airSocket },
    clock,
    random,
    onFault: (fault) => log.warn(fault, 'the radio lost a band'),
  })
  const terminal = await createTerminal({
    store,
    radio,
    backend: backend.value,
    printer: printerFor(options.printer, options.dataFolder),
    printerProfile: PRINTER_PROFILE,
    clock,
    newId: () => randomBytes(ID_BYTES).toString('hex'),
    random,
    keys,
    rootPoint: options.rootPoint,
    terminalId,
    ...(options.enrolmentCode === undefined ? {} : { enrolmentCode: options.enrolmentCode }),
    practice: options.practice,
    cashierName: PRACTICE_CASHIER,
    log: { warn: (message, fields = {}) => log.warn(fields, message) },
  })
  if (!terminal.ok) {
    backend.value.close()
    return err(terminalRefusal(options, terminal.error))
  }
  const till = terminal.value
  till.start()
  let stopped: Promise<void> | undefined
  return ok({
    till,
    stop: async () => {
      stopped ??= till.stop()
      return stopped
    },
  })
}

function printerFor(choice: PrinterChoice, dataFolder: string): Printer {
  return choice.kind === 'tcp' ? createTcpPrinter(choice) : createFilePrinter({ folder: join(dataFolder, PAPER_FOLDER) })
}

function storeRefusal(file: string, { code, detail }: OpenStoreError): StartRefusal {
  switch (code) {
    case 'in-use':
      return { code, subject: file }
    case 'newer-schema':
      return { code, subject: `${file} (${detail})` }
    case 'cannot-open':
      return { code: 'store-unopenable', subject: `${file} (${detail})` }
    default:
      return unreachable(code)
  }
}

function keysRefusal({ code, file, detail }: FileKeysRefusal): StartRefusal {
  switch (code) {
    case 'exposed':
      return { code: 'key-exposed', subject: `${file} (${detail})` }
    case 'damaged':
      return { code: 'key-damaged', subject: `${file} (${detail})` }
    case 'unwritable':
      return { code: 'folder-unwritable', subject: `${file} (${detail})` }
    default:
      return unreachable(code)
  }
}

function terminalRefusal({ backendUrl, terminalId }: TerminalOptions, { code, detail }: TerminalRefusal): StartRefusal {
  switch (code) {
    case 'crypto-broken':
      return { code, subject: detail }
    case 'backend-needed':
      return { code, subject: `${backendUrl} (${detail})` }
    case 'code-refused':
      return { code, subject: `${terminalId} (${detail})` }
    case 'not-trusted':
    case 'foreign-journal':
      return { code, subject: detail }
    case 'storage-failed':
      return { code: 'store-unopenable', subject: detail }
    default:
      return unreachable(code)
  }
}
