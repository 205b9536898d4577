import type { ApiErrorCode } from '#shared/contracts/backend-api.ts'
import { err, type Result } from '#shared/result.ts'

/** An expected no of the API: a code of the contract and words for a person reading a log. `retryAfterS`: how long to wait, seconds. */
export type Refusal = {
  readonly code: ApiErrorCode
  readonly message: string
  readonly seats?: readonly string[]
  readonly retryAfterS?: number
}
export type Refusable<T> = Result<T, Refusal>

export function refuse(code: ApiErrorCode, message: string, seats?: readonly string[]): Result<never, Refusal> {
  return err(seats ? { code, message, seats } : { code, message })
}

/** Asked too often: again after so many milliseconds, which the answer says in whole seconds. */
export function refuseFor(waitMs: number, message: string): Result<never, Refusal> {
  return err({ code: 'too-many', message, retryAfterS: Math.ceil(waitMs / 1_000) })
}
