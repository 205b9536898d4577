/** Asking a customer who they are, as the till's screens see it. What came back is shown for a moment and kept nowhere. */
import * as z from 'zod'
import type { AttemptStage } from '#shared/domain/attempt.ts'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import type { IdentifyReason } from '#shared/domain/identify-reasons.ts'
import type { RequestId, SightingId } from '#shared/domain/ids.ts'

/** `isVouched`: the operator has looked at it. Else the customer says so. */
export type GivenClaim = { readonly value: string; readonly isVouched: boolean }

export type IdentifyView = {
  readonly requestId: RequestId
  readonly bandLetter: string
  readonly asked: readonly Claim[]
} & (
  | { readonly state: 'asking'; readonly stage: AttemptStage; readonly startedAt: string; readonly expiresAt: string }
  /** A claim that is missing was not given, or there is none: which, nobody here learns. */
  | { readonly state: 'told'; readonly given: Readonly<Partial<Record<Claim, GivenClaim>>>; readonly shownUntil: string }
  | { readonly state: 'untold'; readonly reason: IdentifyReason }
)

export const identifyInputs = {
  identify: z.strictObject({
    sightingId: z.custom<SightingId>((value) => typeof value === 'string' && value.length > 0 && value.length <= 64),
    claims: z.array(z.enum(CLAIMS)).min(1).max(CLAIMS.length),
  }),
} as const
