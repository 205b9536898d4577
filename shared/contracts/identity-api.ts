/**
 * The identity card over HTTP: what a phone sends when its owner agreed, what owner and operator keep on the card. Signed statements travel as
 * base64url.
 */
import * as z from 'zod'
import { CLAIMS } from '#shared/domain/claims.ts'
import { base64url, done, instant, machineId } from './backend-api.ts'
import { CLAIM_NAME_MAX, MEMBER_NUMBER_MAX } from './identity-messages.ts'
import { readableText } from './text.ts'

/** Whoever asked lately, as an owner sees it; older ones are forgotten. */
export const IDENTITY_REQUESTS_PAGE_MAX = 100
/** More merchants than anybody is a member with. */
export const MEMBER_NUMBERS_MAX = 200

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,15}$/)
const signed = base64url(700)
const claim = z.enum(CLAIMS)
/** Who is asked, and who answers: a name is read aloud at a counter, a number is typed into other systems. */
const cardName = readableText(CLAIM_NAME_MAX)
const memberNumber = z
  .string()
  .max(MEMBER_NUMBER_MAX)
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9 -]*[A-Za-z0-9])?$/)

/** Phone: the terminal's question as the band proved it, and what its owner agreed to give. */
export const identify = {
  body: z.strictObject({
    statement: signed,
    certificate: signed,
    /** SHA-256 of the sealed request as received. */
    requestDigest: base64url(43),
    proof: signed,
    /** Some of what was asked. A no is the phone's own: it asks nobody. */
    agreed: z.array(claim).min(1).max(CLAIMS.length),
    place: z.strictObject({ latitudeE5: z.int(), longitudeE5: z.int() }).optional(),
  }),
  /** The signed identity answer or DECLINE. `hint` is for the phone's own screen. */
  reply: z.strictObject({
    kind: z.enum(['identity', 'decline']),
    signed,
    hint: z.enum(['none', 'frozen', 'band', 'terminal', 'expired', 'taken', 'place']),
  }),
}
export type IdentifyHint = z.output<typeof identify.reply>['hint']

const setBy = z.enum(['owner', 'operator'])
const merchantName = z.strictObject({ en: z.string(), 'zh-CN': z.string() })

/** Owner: what stands on the card. What the operator registered, merchants take as looked at; the owner can replace it, not say that of theirs. */
export const getIdentityCard = {
  reply: z.strictObject({
    name: z.strictObject({ value: z.string(), setBy }).optional(),
    memberNumbers: z.array(z.strictObject({ merchantId: slug, merchantName, value: z.string(), setBy })).max(MEMBER_NUMBERS_MAX),
  }),
}
/** Owner, just now signed in with a passkey; and operator. */
export const putCardName = { body: z.strictObject({ name: cardName }), reply: done }
export const putMemberNumber = { body: z.strictObject({ number: memberNumber }), reply: done }

/** Owner: where a member number may be set: merchants that have asked this account for money or for who its owner is. Nobody is shown all there are. */
export const listCardMerchants = {
  reply: z.strictObject({ merchants: z.array(z.strictObject({ merchantId: slug, merchantName })).max(MEMBER_NUMBERS_MAX) }),
}

/** Owner: who asked lately, newest first. `given` is empty where the backend said no; a no of the phone never reached it. */
export const listIdentityRequests = {
  reply: z.strictObject({
    requests: z
      .array(z.strictObject({ id: machineId, merchantId: slug, merchantName, asked: z.array(claim), given: z.array(claim), at: instant }))
      .max(IDENTITY_REQUESTS_PAGE_MAX),
  }),
}

/** Where each call lives. Parameters in braces. */
export const IDENTITY_PATHS = {
  identify: '/v1/identities',
  card: '/v1/owner/identity',
  ownName: '/v1/owner/identity/name',
  ownMemberNumber: '/v1/owner/identity/member-numbers/{merchantId}',
  merchants: '/v1/owner/identity/merchants',
  requests: '/v1/owner/identity/requests',
  name: '/v1/registry/accounts/{accountId}/name',
  memberNumber: '/v1/registry/accounts/{accountId}/member-numbers/{merchantId}',
} as const
