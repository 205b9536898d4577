/** Why a call did not do what it was asked to: the backend's closed codes, and what can go wrong on this side of it. */
import type { ApiErrorCode } from '#shared/contracts/backend-api.ts'

/** `offline`: nobody answered. `unreadable`: something answered that is not our backend, or a newer one. */
type CallCode = ApiErrorCode | 'offline' | 'unreadable'
/** `cancelled`: the person closed the browser's own dialog, or it timed out. `no-passkeys`: this browser makes none. */
type PasskeyCode = 'cancelled' | 'no-passkeys' | 'passkey-known' | 'passkey-failed'
export type Refusal = {
  readonly code: CallCode | PasskeyCode
  /** After this long it may be tried again, seconds. */
  readonly retryAfterS?: number
}

const MINUTE_S = 60

/** How long to wait, in the unit people count it in. */
export function waitOf({ retryAfterS }: Refusal): { readonly unit: 'waitSeconds' | 'waitMinutes'; readonly count: number } | undefined {
  if (retryAfterS === undefined) return undefined
  if (retryAfterS < 2 * MINUTE_S) return { unit: 'waitSeconds', count: Math.ceil(retryAfterS) }
  return { unit: 'waitMinutes', count: Math.ceil(retryAfterS / MINUTE_S) }
}
