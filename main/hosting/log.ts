/** The terminal's log: JSON lines in a file of its data folder. Nothing secret is ever passed in. */
import { mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'

/** At start a log longer than this becomes the previous one, which is thus at most replaced, never added to. */
const LOG_BYTES_MAX = 8 * 1024 * 1024
const LOG_FILE = 'terminal.log'
const PREVIOUS_LOG_FILE = 'terminal.previous.log'
const OWNER_ONLY_FILE = 0o600

export interface Log {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Opens the log in `folder`, which must exist. A log that cannot be written is no reason not to sell: its lines are dropped. */
export function openLog(folder: string): Log {
  const file = join(folder, LOG_FILE)
  try {
    mkdirSync(folder, { recursive: true })
    if (statSync(file).size > LOG_BYTES_MAX) renameSync(file, join(folder, PREVIOUS_LOG_FILE))
  } catch {
    // No log yet, or one that cannot be moved: it is written on.
  }
  const destination = pino.destination({ dest: file, mode: OWNER_ONLY_FILE, sync: true })
  // Without a listener a full disk would end the program.
  destination.on('error', () => undefined)
  return pino({ base: { pid: process.pid }, serializers: { error: pino.stdSerializers.err } }, destination)
}
