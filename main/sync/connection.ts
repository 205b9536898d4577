import type { Clock } from '#main/ports.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import type { BackendState, Unsubscribe } from '#shared/contracts/till.ts'
import { backOffMs } from './back-off.ts'
import type { Connection } from './ports.ts'

/** While the backend answers, silence this long is broken by a probe, milliseconds. */
export const PROBE_IDLE_MS = 15_000
/** While it does not: between probes, milliseconds, doubling. */
export const PROBE_FIRST_MS = 1_000
export const PROBE_MAX_MS = 15_000
export const PROBE_TIMEOUT_MS = 3_000

export type ConnectionInput = {
  readonly baseUrl: URL
  readonly clock: Clock
  readonly random: () => number
  readonly closing: AbortSignal
  readonly fetch: typeof globalThis.fetch
}

/** Keeps track of whether the backend answers. `heard` and `missed` report what a call learned. */
export function createConnection(input: ConnectionInput): Connection & { heard(): void; missed(): void } {
  const { clock, closing } = input
  const listeners = new Set<(state: BackendState) => void>()
  let state: BackendState = 'unknown'
  let lastContactAt: string | undefined
  let probing = false
  let failures = 0
  let cancelTimer: Unsubscribe | undefined

  const become = (next: BackendState) => {
    if (next === state) return
    state = next
    for (const listener of listeners) listener(next)
  }

  const probe = async () => {
    const answered = await probeOnce(input)
    if (closing.aborted) return
    if (answered) heard()
    else missed()
  }

  const schedule = () => {
    cancelTimer?.()
    cancelTimer = undefined
    if (!probing || closing.aborted) return
    const delayMs =
      failures === 0 ? PROBE_IDLE_MS : backOffMs({ failures, firstMs: PROBE_FIRST_MS, maxMs: PROBE_MAX_MS, random: input.random })
    cancelTimer = clock.after(delayMs, () => {
      void probe()
    })
  }

  const heard = () => {
    if (closing.aborted) return
    lastContactAt = new Date(clock.nowMs()).toISOString()
    failures = 0
    schedule()
    become('online')
  }

  const missed = () => {
    if (closing.aborted) return
    failures += 1
    schedule()
    become('offline')
  }

  closing.addEventListener('abort', () => cancelTimer?.(), { once: true })
  return {
    state: () => ({ state, ...(lastContactAt === undefined ? {} : { lastContactAt }) }),
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start() {
      probing = true
      void probe()
    },
    heard,
    missed,
  }
}

async function probeOnce({ baseUrl, closing, fetch }: ConnectionInput): Promise<boolean> {
  try {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(PROBE_TIMEOUT_MS)])
    const response = await fetch(new URL(BACKEND_PATHS.health, baseUrl), { redirect: 'error', signal })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false // Whatever the reason, it did not answer; the state says so.
  }
}
