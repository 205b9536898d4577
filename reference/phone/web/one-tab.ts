/** Only one tab is the phone: two would sign the same counters' answers twice over and tear the band back and forth (Web Locks API). */

const LOCK = 'bandtill-wallet-phone'

/** What we use of `navigator.locks`. */
export type LocksHere = Pick<LockManager, 'request'>

export interface TabHold {
  /** Resolves when this tab is the one. `onWaiting` is called when another has to be waited for. */
  readonly held: Promise<void>
  /** Gives it up, or stops waiting for it. */
  release(): void
}

export function holdTab(locks: LocksHere, onWaiting: () => void): TabHold {
  const held = Promise.withResolvers<void>()
  const over = Promise.withResolvers<void>()
  const giveUp = new AbortController()
  const keep = async () => {
    held.resolve()
    await over.promise
  }
  const take = async () => {
    const isFree = await locks.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock) await keep()
      return lock !== null
    })
    if (isFree || giveUp.signal.aborted) return
    onWaiting()
    await locks.request(LOCK, { signal: giveUp.signal }, keep)
  }
  // Rejected only by our own giving up.
  void take().catch(() => undefined)
  return {
    held: held.promise,
    release: () => {
      giveUp.abort()
      over.resolve()
    },
  }
}
