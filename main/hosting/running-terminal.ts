import { mkdir } from 'node:fs/promises'
import type { Till } from '#shared/contracts/till.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Log } from './log.ts'
import type { StartRefusal } from './start-refusals.ts'
import type { TerminalOptions } from './terminal-options.ts'

const OWNER_ONLY_FOLDER = 0o700

/** A terminal that is running, as a host sees it. */
export interface RunningTerminal {
  readonly till: Till
  /** Ends radio, sync and printing and closes the records. Within a second when nothing hangs; safe to call twice. */
  stop(): Promise<void>
}

/** How a host gets its terminal. Tests pass their own. */
export type StartTerminal = (options: TerminalOptions, log: Log) => Promise<Result<RunningTerminal, StartRefusal>>

/** Makes the data folder for its owner alone, when there is none yet. */
export async function makeDataFolder(folder: string): Promise<Result<void, StartRefusal>> {
  try {
    await mkdir(folder, { recursive: true, mode: OWNER_ONLY_FOLDER })
    return ok()
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    return err({ code: 'folder-unwritable', subject: `${folder} (${reason})` })
  }
}
