/** Builds the real parts of a terminal from its options, and starts it. Both hosts do this; only the keys differ between them. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { unreachable } from '#shared/assert.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Keys, StartProcess, Store } from '../ports.ts'
import { createPracticeClient } from '../practice/practice-client.ts'
import { type OpenStoreError, openStore } from '../store/open-store.ts'
import { storageFaultOf } from '../store/storage-errors.ts'
import { createBackendClient } from '../sync/backend-client.ts'
import { createTerminal, type TerminalRefusal } from '../terminal.ts'
import { type FileKeysRefusal, openFileKeys } from './file-keys.ts'
import type { Log } from './log.ts'
import { createMarkFile } from './mark-file.ts'
import { printersFor } from './printers.ts'
import { radioFor } from './radios.ts'
import type { RunningTerminal } from './running-terminal.ts'
import type { StartRefusal } from './start-refusals.ts'
import { systemClock } from './system-clock.ts'
import type { TerminalOptions } from './terminal-options.ts'

const RECORDS_FILE = 'terminal.sqlite'
const ID_BYTES = 16

/**
 * Starts a terminal whose key lies in a file of its data folder. Refusals leave nothing open. `startProcess` is the host's way to start
 * the radio process, which only Bluetooth needs.
 */
export async function startTerminal(
  options: TerminalOptions,
  log: Log,
  startProcess: StartProcess,
): Promise<Result<RunningTerminal, StartRefusal>> {
  const file = join(options.dataFolder, RECORDS_FILE)
  // The records first: whoever has them is the one terminal of this folder, and only that one may make the key.
  const store = openStore({ file })
  if (!store.ok) return err(storeRefusal(file, store.error))
  const keys = await openFileKeys(options.dataFolder)
  const running = keys.ok
    ? await unlessDamaged(file, async () => startWith(options, { log, store: store.value, keys: keys.value, startProcess }))
    : err(keysRefusal(keys.error))
  if (!running.ok) store.value.close()
  return running
}

/** A file can be damaged where only a reader of its rows sees it. Starting again does not help, so this is a refusal and no bug. */
async function unlessDamaged<T>(file: string, start: () => Promise<Result<T, StartRefusal>>): Promise<Result<T, StartRefusal>> {
  try {
    return await start()
  } catch (cause) {
    const detail = storageFaultOf(cause)?.detail
    if (detail === undefined) throw cause
    return err({ code: 'store-unopenable', subject: `${file} (${detail})` })
  }
}

type HostParts = { readonly log: Log; readonly store: Store; readonly keys: Keys; readonly startProcess: StartProcess }

async function startWith(options: TerminalOptions, parts: HostParts): Promise<Result<RunningTerminal, StartRefusal>> {
  const { log, store, keys, startProcess } = parts
  const clock = systemClock(options.clockOffsetMs)
  const random = Math.random
  const { terminalId, backendUrl } = options
  const backend = createBackendClient({ url: backendUrl, terminalId, signer: keys.signer, clock, random })
  if (!backend.ok) return err({ code: 'usage', subject: `--backend cannot be used (${backend.error})` })
  const terminal = await createTerminal({
    store,
    ...radioFor(options.radio, { clock, random, startProcess, log }),
    backend: backend.value,
    printers: printersFor(options),
    backendUrl,
    clock,
    newId: () => randomBytes(ID_BYTES).toString('hex'),
    random,
    keys,
    marks: createMarkFile(options.dataFolder),
    rootPoint: options.rootPoint,
    terminalId,
    ...(options.enrolmentCode === undefined ? {} : { enrolmentCode: options.enrolmentCode }),
    practice: options.practice,
    ...(options.practiceDeskSocket === undefined
      ? {}
      : { practiceDesk: createPracticeClient({ where: { path: options.practiceDeskSocket }, clock }) }),
    log: { warn: (message, fields = {}) => log.warn(fields, message) },
  })
  if (!terminal.ok) {
    backend.value.close()
    return err(terminalRefusal(options, terminal.error))
  }
  const running = terminal.value
  running.start()
  let stopped: Promise<void> | undefined
  return ok({
    till: running.till,
    stop: async () => {
      stopped ??= running.stop()
      return stopped
    },
  })
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
