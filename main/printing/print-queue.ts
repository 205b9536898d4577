import { err, ok, type Result } from '#shared/result.ts'

/** Receipts that may wait for one printer. Beyond that the printer is plainly not keeping up, and the cashier is told so. */
const PRINT_QUEUE_MAX = 50

export interface PrintQueue {
  /** Runs a job when those before it have ended, well or badly. A job that throws fails its own caller only. */
  run<T>(job: () => Promise<T>): Promise<Result<T, 'queue-full'>>
}

/** One job at a time, in the order asked. In memory. */
export function createPrintQueue(): PrintQueue {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return {
    async run(job) {
      if (waiting >= PRINT_QUEUE_MAX) return err('queue-full')
      waiting += 1
      const mine = last.then(job)
      last = mine.catch(() => undefined)
      try {
        return ok(await mine)
      } finally {
        waiting -= 1
      }
    },
  }
}
