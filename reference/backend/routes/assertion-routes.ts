/** Identity assertions: what web services read, what the consent page asks, and what the operator registers. */
import * as z from 'zod'
import {
  ASSERTION_PATHS,
  AUTHORIZE_PATH,
  clientId,
  describeAssertion,
  listAssertions,
  makeAssertion,
  openIdConfiguration,
  putWebService,
  SCOPE_CLAIMS,
} from '#shared/contracts/assertions-api.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import type { Assertions } from '../services/assertions.ts'
import { type App, accepted, ownerOf, REFUSALS, urlOf } from './call.ts'

const tags = ['identity']
const DONE = { ok: true } as const

export function assertionRoutes(
  app: App,
  { assertions, issuer }: { readonly assertions: Assertions; readonly issuer: () => string },
): void {
  const configuration = {
    summary: 'What a web service must know (OpenID Connect Discovery)',
    tags,
    response: { 200: openIdConfiguration, ...REFUSALS },
  }
  app.get(ASSERTION_PATHS.configuration, { config: { caller: 'anyone' }, schema: configuration }, async () => configurationOf(issuer()))

  const describe = {
    summary: 'Who asks, and what for',
    tags,
    body: describeAssertion.body,
    response: { 200: describeAssertion.reply, ...REFUSALS },
  }
  app.post(ASSERTION_PATHS.describe, { config: { caller: 'visitor' }, schema: describe }, async (request) => {
    const { service, claims } = accepted(await assertions.read(request.body))
    const { host } = new URL(request.body.redirect_uri)
    return { service: { clientId: service.clientId, name: service.name, host }, claims: [...claims] }
  })
  const make = {
    summary: 'The owner agrees: a token for this web service, once',
    tags,
    body: makeAssertion.body,
    response: { 200: makeAssertion.reply, ...REFUSALS },
  }
  app.post(ASSERTION_PATHS.assertions, { config: { caller: 'owner', fresh: true }, schema: make }, async (request) =>
    accepted(await assertions.make(ownerOf(request), request.body)),
  )
  const list = { summary: 'Where the owner signed in with it, newest first', tags, response: { 200: listAssertions.reply, ...REFUSALS } }
  app.get(ASSERTION_PATHS.assertions, { config: { caller: 'owner' }, schema: list }, async (request) =>
    assertions.list(ownerOf(request).accountId),
  )

  const service = {
    summary: 'A web service, in place of what was registered before',
    tags: ['registry'],
    params: z.strictObject({ clientId }),
    body: putWebService.body,
    response: { 200: putWebService.reply, ...REFUSALS },
  }
  app.put(urlOf(ASSERTION_PATHS.webService), { config: { caller: 'operator' }, schema: service }, async (request) => {
    accepted(await assertions.putService(request.params.clientId, request.body))
    return DONE
  })
}

function configurationOf(issuer: string): z.input<typeof openIdConfiguration> {
  return {
    issuer,
    authorization_endpoint: `${issuer}${AUTHORIZE_PATH}`,
    jwks_uri: `${issuer}${BACKEND_PATHS.jwks}`,
    scopes_supported: ['openid', ...Object.keys(SCOPE_CLAIMS)],
    claims_supported: ['iss', 'aud', 'sub', 'nonce', 'iat', 'exp', 'auth_time', 'jti', 'name', 'member_number'],
    response_types_supported: ['id_token'],
    response_modes_supported: ['form_post'],
    grant_types_supported: ['implicit'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['ES256'],
    claims_parameter_supported: false,
    request_uri_parameter_supported: false,
    authorization_response_iss_parameter_supported: true,
  }
}
