/** A wait that never ends is a finding; on a busy machine one that ends may be long. */
const DEADLINE_MS = 30_000

/** Waits until something is so. Fails with `what` when it is not so in time. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  if (!(await isSoon(isSo, DEADLINE_MS))) throw new Error(`never came true: ${what}`)
}

/** Whether something is so within this time, looking again on each turn of the event loop. */
export async function isSoon(isSo: () => boolean, withinMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs
  while (!isSo()) {
    if (performance.now() > deadlineMs) return false
    const { promise, resolve } = Promise.withResolvers<void>()
    setImmediate(resolve)
    await promise
  }
  return true
}
