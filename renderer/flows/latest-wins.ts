/**
 * Taps come faster than the terminal answers. Per key (a showtime, a product) one call is on its way at a time; meanwhile the newest wish
 * waits, and what was wished is shown until the till's own state has it. A refusal drops the wishes built on it: the till's state stands.
 */
import type { Unsubscribe } from '#shared/contracts/till.ts'

type Wish<V> = { readonly value: V; readonly phase: 'sending' | 'accepted' }

export type LatestWins<K extends string, V> = {
  /** The wish of this key that the till's state does not show yet. */
  readonly wish: (key: K) => V | undefined
  readonly wishes: () => ReadonlyMap<K, V>
  readonly want: (key: K, value: V) => void
  /** To be called when a state of the till has arrived: it contains whatever had been accepted before. */
  readonly stateArrived: () => void
  readonly subscribe: (listener: () => void) => Unsubscribe
}

/** `send` resolves true when the terminal accepted, false when it refused or the line broke (it tells the cashier itself). */
export function createLatestWins<K extends string, V>(options: {
  send: (key: K, value: V) => Promise<boolean>
  isShown: (key: K, value: V) => boolean
}): LatestWins<K, V> {
  const entries = new Map<K, Wish<V>>()
  const listeners = new Set<() => void>()
  let shown: ReadonlyMap<K, V> = new Map()
  const changed = () => {
    shown = new Map([...entries].map(([key, { value }]) => [key, value]))
    for (const listener of listeners) listener()
  }
  const pump = async (key: K, value: V): Promise<void> => {
    const accepted = await options.send(key, value)
    const newest = entries.get(key)
    if (newest === undefined) return
    if (accepted && newest.value !== value) return pump(key, newest.value)
    if (!accepted || options.isShown(key, value)) entries.delete(key)
    else entries.set(key, { value, phase: 'accepted' })
    changed()
  }
  return {
    wish: (key) => entries.get(key)?.value,
    wishes: () => shown,
    want: (key, value) => {
      const isSending = entries.get(key)?.phase === 'sending'
      entries.set(key, { value, phase: 'sending' })
      changed()
      if (!isSending) void pump(key, value)
    },
    stateArrived: () => {
      const before = entries.size
      for (const [key, { phase }] of entries) if (phase === 'accepted') entries.delete(key)
      if (entries.size !== before) changed()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
