/** The backend as this page sees it: one call, its answer parsed by the contract it was declared in. */
import * as z from 'zod'
import { apiError } from '#shared/contracts/backend-api.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Refusal } from '../flows/refusal.ts'

// The parser's compiled form needs `new Function`, which our policy forbids, and asking for it is reported as a breach.
z.config({ jitless: true })

const CALL_TIMEOUT_MS = 15_000

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'
export type Answer<T> = Promise<Result<T, Refusal>>

/** How far the backend's clock is ahead of this device's, as its last answer said. Whole seconds: its Date header has no finer ones. */
let clockAheadMs = 0

/** The time by the backend's clock: what expires there is shown as it expires there. */
export function backendNowMs(): number {
  return Date.now() + clockAheadMs
}

/** Never throws for what a backend or a network can do. */
export async function call<T>(method: Method, path: string, reply: z.ZodType<T>, body?: unknown): Answer<T> {
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const init = { ...sent, method, credentials: 'same-origin', cache: 'no-store', signal: AbortSignal.timeout(CALL_TIMEOUT_MS) } as const
  let response: Response
  let received: unknown
  try {
    response = await fetch(path, init)
    received = await response.json()
  } catch (error) {
    return err({ code: error instanceof SyntaxError ? 'unreadable' : 'offline' })
  }
  const saidMs = Date.parse(response.headers.get('date') ?? '')
  if (!Number.isNaN(saidMs)) clockAheadMs = saidMs - Date.now()
  if (!response.ok) return err(refusalOf(response, received))
  const parsed = reply.safeParse(received)
  return parsed.success ? ok(parsed.data) : err({ code: 'unreadable' })
}

function refusalOf(response: Response, received: unknown): Refusal {
  const refused = apiError.safeParse(received)
  if (!refused.success) return { code: 'unreadable' }
  const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN)
  return retryAfterS > 0 ? { code: refused.data.code, retryAfterS } : { code: refused.data.code }
}

/** A path of a contract with its parameter in place of the braces. */
export function pathWith(path: string, value: string): string {
  return path.replace(/\{\w+\}/u, encodeURIComponent(value))
}
