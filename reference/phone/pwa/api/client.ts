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

/** Never throws for what a backend or a network can do. */
export async function call<T>(method: Method, path: string, reply: z.ZodType<T>, body?: unknown): Answer<T> {
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  let response: Response
  let received: unknown
  try {
    response = await fetch(path, {
      method,
      ...sent,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    })
    received = await response.json()
  } catch (error) {
    return err({ code: error instanceof SyntaxError ? 'unreadable' : 'offline' })
  }
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
