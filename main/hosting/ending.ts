/** How a host's process ends: at a signal, when its parent is gone, or by a bug. The same in both hosts. */

import { EXIT_BUG, EXIT_STOPPED } from '#shared/contracts/terminal-process.ts'
import type { Log } from './log.ts'

/** A stop takes at most this long, whatever hangs: everything that matters is on disk before it is promised. */
const STOP_MS_MAX = 1_200

export interface Ending {
  /** What has to be closed first. Until it is given, a stop ends the process at once. */
  readonly arm: (close: () => Promise<void>) => void
  /** Ends the process with code 0. Safe to call twice. */
  readonly stop: () => void
}

/** Obeys signals and the loss of the parent from now on, also while the host is still starting. `exit` ends the process. */
export function obeyEndings(log: Log, exit: (code: number) => void): Ending {
  let close: () => Promise<void> = async () => {}
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    const deadline = setTimeout(() => {
      log.warn({}, 'something did not stop in time and was left behind')
      exit(EXIT_STOPPED)
    }, STOP_MS_MAX)
    void close()
      .then(
        () => log.info({}, 'stopped'),
        (error: unknown) => log.error({ error }, 'the stop failed'),
      )
      .finally(() => {
        clearTimeout(deadline)
        exit(EXIT_STOPPED)
      })
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  process.on('disconnect', stop)
  endOnBugs(log, exit)
  return {
    arm: (closing) => {
      close = closing
      // A parent that went while this process was still loading left its event unheard.
      if (process.send && !process.connected) stop()
    },
    stop,
  }
}

/** A bug ends the process at once: what is on disk is sound, what is in memory may not be. The supervisor starts it again. */
function endOnBugs(log: Log, exit: (code: number) => void): void {
  const end = (error: unknown) => {
    log.error({ error }, 'ended by a bug')
    exit(EXIT_BUG)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}

/** A parent that has just gone is told nothing; its going is an event of its own. */
export function tellParent(news: { readonly type: 'ready' | 'address'; readonly url: string }): void {
  process.send?.(news, undefined, undefined, () => undefined)
}
