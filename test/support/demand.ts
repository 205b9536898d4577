import type { Result } from '#shared/result.ts'

/** The value of a result that must be one. */
export function demand<T>(result: Result<T, { readonly code: string }>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`)
  return result.value
}
