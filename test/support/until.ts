const DEADLINE_MS = 5_000

/** Waits until something is so, looking again on each turn of the event loop. Fails with `what` when it is not so in time. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error(`never came true: ${what}`)
    const { promise, resolve } = Promise.withResolvers<void>()
    setImmediate(resolve)
    await promise
  }
}
