/**
 * What an account's owner does from a browser, each call declared once: signing in with a passkey or a recovery code, the freeze, phones
 * and notices. Calls marked `owner` carry the cookie of an owner session, those marked `fresh` one that showed a passkey just now.
 * Every body and answer is what `PublicKeyCredential.parse…FromJSON` takes and `credential.toJSON()` gives (WebAuthn level 3, §5.1.8),
 * so that a page needs nothing but fetch and navigator.credentials.
 */
import * as z from 'zod'
import { base64url, currency, done, instant, machineId, point } from './backend-api.ts'
import { NOTICE_KINDS } from './notices.ts'

const MINUTE_MS = 60_000
/** An invitation, to a first passkey or of a phone, is good for this long and once. */
export const INVITATION_LIFETIME_MS = 10 * MINUTE_MS
/** An owner session ends this long after it was opened, and earlier when nothing was asked in it for the second time. */
export const OWNER_SESSION_LIFETIME_MS = 12 * 60 * MINUTE_MS
export const OWNER_SESSION_IDLE_MS = 30 * MINUTE_MS
/** How long after a passkey was shown a session may do what only the owner may. */
export const FRESH_MS = 5 * MINUTE_MS
/** A challenge is good for this long: what WebAuthn level 3 (§15.1) recommends for a prompt that verifies the person. */
export const CHALLENGE_LIFETIME_MS = 5 * MINUTE_MS
export const RECOVERY_CODE_COUNT = 10
export const PASSKEYS_MAX = 10
/** Phones in use, of one account. */
export const PHONES_MAX = 5
export const NOTICES_PAGE_MAX = 100
/** What the owner calls a device, characters. */
export const LABEL_MAX = 40

/** COSE algorithms (IANA) of passkeys we can check: ES256, EdDSA and RS256, in the order we prefer them. */
export const PASSKEY_ALGORITHMS = [-7, -8, -257] as const

/** Who stopped the account's payments. What the owner did the owner may undo; what the operator or the backend did only the operator. */
export const FROZEN_BY = ['passkey', 'recovery-code', 'operator', 'backend'] as const
export type FrozenBy = (typeof FROZEN_BY)[number]

/** A credential id is at most 1,023 bytes (WebAuthn level 3, §4). */
const credentialId = base64url(1_364)
const challenge = base64url(43)
const transports = z.array(z.string().max(32)).max(10)
const descriptor = z.strictObject({ type: z.literal('public-key'), id: credentialId, transports: transports.optional() })
/** Long enough for any attestation statement a browser passes on. */
const ATTESTATION_MAX = 65_536
const CLIENT_DATA_MAX = 4_096
const freeze = z.strictObject({ by: z.enum(FROZEN_BY), at: instant })

/** A phone asks for the way into its owner's page. The ticket belongs after the `#`, where no server and no log sees it. */
export const inviteOwner = { reply: z.strictObject({ ticket: base64url(43), expiresAt: instant }) }

/**
 * A passkey is added by a fresh session, or by whom a phone invited: alone for the account's first passkey, together with a session by
 * recovery code afterwards. A stolen phone is thus not enough to make oneself the owner.
 */
export const passkeyOptions = {
  body: z.strictObject({ invitation: base64url(43).optional() }),
  reply: z.strictObject({
    rp: z.strictObject({ id: z.string(), name: z.string() }),
    user: z.strictObject({ id: base64url(86), name: z.string(), displayName: z.string() }),
    challenge,
    pubKeyCredParams: z.array(z.strictObject({ type: z.literal('public-key'), alg: z.int() })),
    timeout: z.int(),
    excludeCredentials: z.array(descriptor),
    authenticatorSelection: z.strictObject({
      residentKey: z.literal('preferred'),
      requireResidentKey: z.literal(false),
      userVerification: z.literal('required'),
    }),
    attestation: z.literal('none'),
  }),
}
/** Browsers add fields of their own; they are dropped here. */
const publicKeyCredential = { id: credentialId, rawId: credentialId, type: z.literal('public-key') }
export const addPasskey = {
  body: z.strictObject({
    invitation: base64url(43).optional(),
    /** What the owner calls the device, to know it again. */
    label: z.string().min(1).max(LABEL_MAX),
    credential: z.object({
      ...publicKeyCredential,
      response: z.object({
        clientDataJSON: base64url(CLIENT_DATA_MAX),
        attestationObject: base64url(ATTESTATION_MAX),
        transports: transports.optional(),
      }),
    }),
  }),
  /** Recovery codes come with the account's first passkey, and are shown this once. */
  reply: z.strictObject({ passkeyId: machineId, recoveryCodes: z.array(z.string()).max(RECOVERY_CODE_COUNT).optional() }),
}
export const listPasskeys = {
  reply: z.strictObject({
    passkeys: z
      .array(z.strictObject({ passkeyId: machineId, label: z.string(), createdAt: instant, lastUsedAt: instant.optional() }))
      .max(PASSKEYS_MAX),
  }),
}

/** Nobody is named: the browser offers the passkeys it has for this page. */
export const signInOptions = {
  reply: z.strictObject({
    rpId: z.string(),
    challenge,
    timeout: z.int(),
    allowCredentials: z.array(descriptor).max(0),
    userVerification: z.literal('required'),
  }),
}
export const signIn = {
  body: z.strictObject({
    credential: z.object({
      ...publicKeyCredential,
      response: z.object({
        clientDataJSON: base64url(CLIENT_DATA_MAX),
        authenticatorData: base64url(CLIENT_DATA_MAX),
        signature: base64url(CLIENT_DATA_MAX),
        /** Says whose passkey it is: one that can be found without a name always has it. */
        userHandle: base64url(86),
      }),
    }),
  }),
}
export const recoverySignIn = { body: z.strictObject({ code: z.string().min(1).max(64) }) }

/** How the account and this session stand: every sign-in answers with it, and it may be asked for again. */
export const ownerStanding = z.strictObject({
  displayName: z.string(),
  currency,
  signedInBy: z.enum(['passkey', 'recovery-code']),
  /** Until when the calls marked `fresh` go through; left out when a passkey must be shown first. */
  freshUntil: instant.optional(),
  expiresAt: instant,
  freeze: freeze.optional(),
  recoveryCodesLeft: z.int().min(0).max(RECOVERY_CODE_COUNT),
  unreadNotices: z.int().min(0),
})
export type OwnerStanding = z.output<typeof ownerStanding>

export const signOut = { body: z.strictObject({ everywhere: z.boolean() }), reply: done }
export const newRecoveryCodes = { reply: z.strictObject({ recoveryCodes: z.array(z.string()).length(RECOVERY_CODE_COUNT) }) }

/** Freezing twice is freezing once; the answer says who did it first. */
export const freezeAccount = { reply: z.strictObject({ freeze }) }

export const listNotices = {
  reply: z.strictObject({
    notices: z
      .array(z.strictObject({ id: machineId, kind: z.enum(NOTICE_KINDS), detail: z.string(), at: instant, readAt: instant.optional() }))
      .max(NOTICES_PAGE_MAX),
  }),
}
export const readNotices = { body: z.strictObject({ ids: z.array(machineId).min(1).max(NOTICES_PAGE_MAX) }), reply: done }

export const listPhones = {
  reply: z.strictObject({
    phones: z.array(z.strictObject({ phoneId: machineId, addedAt: instant.optional(), retiredAt: instant.optional() })),
  }),
}
/** The code the owner types, or shows, to the new phone. */
export const invitePhone = { reply: z.strictObject({ code: z.string(), expiresAt: instant }) }
/** First start of a phone: signed with the key it brings, as `phone:<phoneId>` with an id of its own making. */
export const enrolPhone = {
  body: z.strictObject({ phoneId: machineId, code: z.string().min(1).max(64), point }),
  reply: z.strictObject({ phoneId: machineId, displayName: z.string(), currency }),
}

/** Where each call lives. Parameters in braces. */
export const OWNER_PATHS = {
  invitations: '/v1/owner/invitations',
  passkeyOptions: '/v1/owner/passkeys/options',
  passkeys: '/v1/owner/passkeys',
  passkey: '/v1/owner/passkeys/{passkeyId}',
  signInOptions: '/v1/owner/sign-in/options',
  signIn: '/v1/owner/sign-in',
  recoverySignIn: '/v1/owner/sign-in/recovery',
  signOut: '/v1/owner/sign-out',
  standing: '/v1/owner/standing',
  recoveryCodes: '/v1/owner/recovery-codes',
  freeze: '/v1/owner/freeze',
  notices: '/v1/owner/notices',
  readNotices: '/v1/owner/notices/read',
  phones: '/v1/owner/phones',
  phone: '/v1/owner/phones/{phoneId}',
  phoneInvitations: '/v1/owner/phones/invitations',
  enrolPhone: '/v1/phones/enrol',
} as const
