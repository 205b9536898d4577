/**
 * The identity card for web services: an OpenID Connect assertion (implicit flow, `id_token` alone, returned by form post). docs/identity.md
 * tells a web service what to do; the names of parameters and claims are OpenID's.
 */
import * as z from 'zod'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import { done, instant, machineId } from './backend-api.ts'
import { readableText } from './text.ts'

/** An assertion is good for so long, seconds. */
export const ASSERTION_LIFETIME_S = 300
export const REDIRECT_URIS_MAX = 8
const REDIRECT_URI_MAX = 300
const STATE_MAX = 512
/** Letters and digits of an address, 16 to 128 of them: long enough that nobody guesses one. */
const NONCE = /^[\w.~-]{16,128}$/
const SCOPE_MAX = 100
/** Sign-ins an owner is shown; older ones are forgotten. */
export const ASSERTIONS_PAGE_MAX = 100

/** What each scope gives beside `openid`, which gives the pairwise `sub` alone. */
export const SCOPE_CLAIMS = { profile: 'name', member_number: 'member-number' } as const satisfies Record<string, Claim>

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,15}$/)
/** Its own id at this issuer: what stands in `aud`. */
export const clientId = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,62}[a-z0-9]$/)
const claim = z.enum(CLAIMS)

/** Operator: a web service, in place of what was registered under this id before. */
export const putWebService = {
  body: z.strictObject({
    name: readableText(40),
    /** Compared character by character. */
    redirectUris: z.array(z.string().min(1).max(REDIRECT_URI_MAX)).min(1).max(REDIRECT_URIS_MAX),
    /** Whose member numbers it may ask for. */
    merchantId: slug.optional(),
  }),
  reply: done,
}

/** How a web service sends a browser here. What OpenID allows beside it is passed over. */
export const authorizeRequest = z.object({
  client_id: z.string().max(64),
  redirect_uri: z.string().max(REDIRECT_URI_MAX),
  response_type: z.literal('id_token'),
  response_mode: z.literal('form_post'),
  scope: z.string().max(SCOPE_MAX),
  nonce: z.string().regex(NONCE),
  state: z.string().max(STATE_MAX).optional(),
})
export type AuthorizeRequest = z.output<typeof authorizeRequest>

/** Our own page: who asks, and what for. Anybody may know: nobody is signed in for it. */
export const describeAssertion = {
  body: authorizeRequest,
  reply: z.strictObject({
    service: z.strictObject({ clientId, name: z.string(), host: z.string() }),
    claims: z.array(claim).max(CLAIMS.length),
  }),
}
/** Owner, who has just shown a passkey: agrees. `agreed`: some of what was asked, or nothing but the pairwise `sub`. */
export const makeAssertion = {
  body: z.strictObject({ request: authorizeRequest, agreed: z.array(claim).max(CLAIMS.length) }),
  reply: z.strictObject({ idToken: z.string().max(4_096), redirectUri: z.string() }),
}
/** Owner: where they signed in with it, newest first. */
export const listAssertions = {
  reply: z.strictObject({
    assertions: z
      .array(z.strictObject({ id: machineId, clientId, serviceName: z.string(), given: z.array(claim), at: instant }))
      .max(ASSERTIONS_PAGE_MAX),
  }),
}

/** OpenID Connect Discovery 1.0 §3. */
export const openIdConfiguration = z.strictObject({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  jwks_uri: z.string(),
  scopes_supported: z.array(z.string()),
  claims_supported: z.array(z.string()),
  response_types_supported: z.array(z.string()),
  response_modes_supported: z.array(z.string()),
  grant_types_supported: z.array(z.string()),
  subject_types_supported: z.array(z.string()),
  id_token_signing_alg_values_supported: z.array(z.string()),
  claims_parameter_supported: z.boolean(),
  request_uri_parameter_supported: z.boolean(),
  authorization_response_iss_parameter_supported: z.boolean(),
})

/** Where each call lives. Parameters in braces. */
export const ASSERTION_PATHS = {
  webService: '/v1/registry/web-services/{clientId}',
  describe: '/v1/owner/assertions/request',
  assertions: '/v1/owner/assertions',
  configuration: '/.well-known/openid-configuration',
} as const
/** The page a web service sends browsers to. */
export const AUTHORIZE_PATH = '/authorize'
