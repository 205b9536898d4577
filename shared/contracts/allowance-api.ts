/**
 * Offline allowances at the backend: a phone has money set aside and tells what was spent; a terminal learns which allowances, and which
 * keys of phones, are no longer good. Signed statements travel as base64url.
 */
import * as z from 'zod'
import { machineId, signedText } from './backend-api.ts'
import { SLOTS_MAX } from './slot-messages.ts'

export const REVOCATIONS_PAGE_MAX = 500
/** An allowance may be spent for this long, seconds; then its slots are settled for so much longer. */
export const ALLOWANCE_LIFETIME_S = 86_400
export const ALLOWANCE_SETTLE_S = 30 * 86_400

/** Phone: what its band has leased becomes slots. The same lease gets the same slots, whatever became of the first answer. */
export const openAllowance = {
  body: z.strictObject({ lease: signedText }),
  reply: z.strictObject({ slots: z.array(signedText).min(1).max(SLOTS_MAX) }),
}
/** Phone: a payment that was made without a network. Told twice, it is the same payment. */
export const reportOffline = {
  body: z.strictObject({ statement: signedText, authorization: signedText, slot: signedText, slotProof: signedText }),
  reply: z.strictObject({ state: z.enum(['held', 'captured', 'reversed']) }),
}
/** Phone: whether what was set aside may still be spent. Its owner may have frozen it and thawed it since, on another device. */
export const getAllowance = { reply: z.strictObject({ state: z.enum(['open', 'revoked']) }) }
const revoked = {
  cursor: z.int().positive(),
  /** Seconds since 1970 UTC: from then on it could not be used anyhow, and need not be remembered. */
  until: z.int().positive(),
}
/** Terminal: what must not be taken any more, in the order it was revoked. `after`: the cursor of the last one known. */
export const getRevocations = {
  query: z.strictObject({ after: z.coerce.number().int().min(0).default(0) }),
  reply: z.strictObject({
    revocations: z
      .array(
        z.discriminatedUnion('kind', [
          z.strictObject({ ...revoked, kind: z.literal('allowance'), id: machineId }),
          /** The pseudonym of a certificate whose phone is not its owner's any more. */
          z.strictObject({ ...revoked, kind: z.literal('key'), id: z.string().regex(/^[0-9a-f]{16}$/) }),
        ]),
      )
      .max(REVOCATIONS_PAGE_MAX),
    more: z.boolean(),
  }),
}
export type RevokedKind = z.output<typeof getRevocations.reply>['revocations'][number]['kind']

export const ALLOWANCE_PATHS = {
  allowances: '/v1/allowances',
  allowance: '/v1/allowances/{allowanceId}',
  spent: '/v1/allowances/spent',
  revocations: '/v1/revocations',
} as const
