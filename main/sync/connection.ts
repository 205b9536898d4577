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
  /** Asks something that only this terminal may. The probe, while the backend answers and refuses it. */
  readonly askSigned: () => Promise<Heard>
}

/** What became of a call: taken or refused for what it says; refused for who calls; or no answer. */
export type Heard = 'heard' | 'refused' | 'missed'

/** When a call left and when its answer came by this clock, and how the answer was dated: the text of its `date` header. */
export type DatedAnswer = { readonly sentMs: number; readonly cameMs: number; readonly date: string | null }

/** HTTP dates count whole seconds (RFC 9110, 5.6.7). */
const DATE_STEP_MS = 1_000

/** Undefined when the date cannot be read. */
function skewOf({ sentMs, cameMs, date }: DatedAnswer): number | undefined {
  const datedMs = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(datedMs)) return undefined
  if (cameMs < datedMs) return cameMs - datedMs
  return Math.max(0, sentMs - (datedMs + DATE_STEP_MS))
}

/** Keeps track of whether the backend answers, and of its clock. `called` and `dated` report what a call learned. */
export function createConnection(input: ConnectionInput): Connection & { called(became: Heard): void; dated(answer: DatedAnswer): void } {
  const { clock, closing } = input
  const listeners = new Set<(state: BackendState) => void>()
  let state: BackendState = 'unknown'
  let lastContactMs: number | undefined
  let skewMs: number | undefined
  let isRefusing = false
  let probing = false
  let failures = 0
  let cancelTimer: Unsubscribe | undefined

  const become = (next: BackendState) => {
    if (next === state) return
    state = next
    for (const listener of listeners) listener(next)
  }

  const probe = async () => {
    called(isRefusing ? await input.askSigned() : await probeOnce(input, dated))
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

  const called = (became: Heard) => {
    if (closing.aborted) return
    isRefusing = became === 'refused'
    failures = became === 'heard' ? 0 : failures + 1
    if (became === 'heard') lastContactMs = clock.nowMs()
    schedule()
    become(became === 'heard' ? 'online' : 'offline')
  }

  const dated = (answer: DatedAnswer) => {
    skewMs = skewOf(answer) ?? skewMs
  }

  closing.addEventListener('abort', () => cancelTimer?.(), { once: true })
  return {
    state: () => ({
      state,
      ...(lastContactMs === undefined ? {} : { lastContactAt: new Date(lastContactMs).toISOString() }),
      ...(isRefusing ? { isRefusing } : {}),
    }),
    skewMs: () => skewMs,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start() {
      probing = true
      void probe()
    },
    called,
    dated,
  }
}

async function probeOnce({ baseUrl, closing, fetch, clock }: ConnectionInput, onDated: (answer: DatedAnswer) => void): Promise<Heard> {
  try {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(PROBE_TIMEOUT_MS)])
    const sentMs = clock.nowMs()
    const response = await fetch(new URL(BACKEND_PATHS.health, baseUrl), { redirect: 'error', signal })
    onDated({ sentMs, cameMs: clock.nowMs(), date: response.headers.get('date') })
    await response.body?.cancel()
    return response.ok ? 'heard' : 'missed'
  } catch {
    return 'missed' // Whatever the reason, it did not answer; the state says so.
  }
}
