import type { ApiErrorCode } from '#shared/contracts/backend-api.ts'
import { err, type Result } from '#shared/result.ts'

/** An expected no of the API: a code of the contract and words for a person reading a log. */
export type Refusal = { readonly code: ApiErrorCode; readonly message: string; readonly seats?: readonly string[] }
export type Refusable<T> = Result<T, Refusal>

export function refuse(code: ApiErrorCode, message: string, seats?: readonly string[]): Result<never, Refusal> {
  return err(seats ? { code, message, seats } : { code, message })
}
