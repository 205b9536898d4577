/** Identity assertions: to whom, for whom, once; and everything a web service, a browser or a thief may try instead. */
import { createHmac } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isRedirectUri } from '#reference/backend/services/redirect-uri.ts'
import { ASSERTION_LIFETIME_S, ASSERTION_PATHS, type AuthorizeRequest } from '#shared/contracts/assertions-api.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { IDENTITY_PATHS } from '#shared/contracts/identity-api.ts'
import { randomBytes } from '#shared/crypto/keys.ts'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import { BackendWorld, type Customer, pathOf } from '../../support/backend-world.ts'
import { OwnerBrowser, signedUp } from '../../support/owner-browser.ts'

const HOTEL = 'hotel.example'
const CALLBACK = 'https://hotel.example/signed-in'
const ISSUER = 'http://localhost'
let world: BackendWorld
let customer: Customer
let browser: OwnerBrowser

beforeEach(async () => {
  world = await BackendWorld.open()
  await world.addTerminal()
  customer = await world.addCustomer()
  browser = (await signedUp(world, customer)).browser
  for (const [path, body] of [
    [IDENTITY_PATHS.name, { name: 'Golden Carp' }],
    [IDENTITY_PATHS.memberNumber, { number: 'AC-1001' }],
  ] as const) {
    await world.operator('PUT', path.replace('{accountId}', customer.accountId).replace('{merchantId}', 'aurora'), body)
  }
  expect(await registered(HOTEL, { merchantId: 'aurora' })).toBe(200)
})
afterEach(async () => world.close())

async function registered(id: string, more: Record<string, unknown> = {}): Promise<number> {
  const path = ASSERTION_PATHS.webService.replace('{clientId}', id)
  return (await world.operator('PUT', path, { name: 'Hotel Lotus', redirectUris: [CALLBACK], ...more })).status
}

function requestOf(changes: Partial<AuthorizeRequest> = {}): AuthorizeRequest {
  const usual = { client_id: HOTEL, redirect_uri: CALLBACK, response_type: 'id_token', response_mode: 'form_post' } as const
  return { ...usual, scope: 'openid profile member_number', nonce: toBase64Url(randomBytes(16)), ...changes }
}

async function agree(changes: Partial<AuthorizeRequest> = {}, agreed: readonly Claim[] = CLAIMS, by = browser) {
  return by.call('POST', ASSERTION_PATHS.assertions, { request: requestOf(changes), agreed })
}

async function keys() {
  return createLocalJWKSet((await world.plain('GET', BACKEND_PATHS.jwks)).json as unknown as JSONWebKeySet)
}

/** As docs/identity.md tells a web service to. */
async function verified(token: unknown, changes: { audience?: string; issuer?: string; atMs?: number } = {}) {
  const { audience = HOTEL, issuer = ISSUER, atMs = world.nowMs() } = changes
  const options = { audience, issuer, algorithms: ['ES256'], currentDate: new Date(atMs) }
  return (await jwtVerify(String(token), await keys(), options)).payload
}

test('a token for this service: its audience, its nonce, five minutes, the claims agreed to and a key the root vouches for', async () => {
  const nonce = 'n-0S6_WzA2Mj.0123456789'
  const reply = await agree({ nonce })
  expect(reply).toMatchObject({ status: 200, json: { redirectUri: CALLBACK } })
  const payload = await verified(reply.json['idToken'])
  expect(payload).toEqual({
    ...{ iss: ISSUER, aud: HOTEL, nonce, iat: world.nowS(), exp: world.nowS() + ASSERTION_LIFETIME_S, auth_time: world.nowS() },
    ...{ sub: expect.stringMatching(/^[\w-]{22}$/) as unknown, jti: expect.any(String) as unknown },
    ...{ name: 'Golden Carp', member_number: 'AC-1001' },
  })
  const { kid } = decodeProtectedHeader(String(reply.json['idToken']))
  const vouched = world.keys.keySet.points('identity')
  expect(vouched).toHaveLength(1)
  expect(kid).toBe(toBase64Url(world.keys.signer('identity', world.nowS()).kid))
  expect(JSON.stringify(payload)).not.toContain(customer.accountId)
})

test('only what was agreed to is in it; nothing but the pairwise id when nothing was', async () => {
  const some = await verified((await agree({}, ['member-number'])).json['idToken'])
  expect(some).toMatchObject({ member_number: 'AC-1001' })
  expect(some).not.toHaveProperty('name')
  const none = await verified((await agree({}, [])).json['idToken'])
  expect([none['name'], none['member_number']]).toEqual([undefined, undefined])
  expect(await agree({ scope: 'openid' }, ['name'])).toMatchObject({ status: 400, json: { code: 'malformed' } })
})

test('another service knows the same person by another id, and nobody can tie the two; a merchant knows them by neither', async () => {
  await registered('museum.example')
  const [first, again, other] = await Promise.all([
    agree(),
    agree(),
    agree({ client_id: 'museum.example', scope: 'openid profile' }, ['name']),
  ])
  const subs = [first, again, other].map(({ json }) => decodeJwt(String(json['idToken'])).sub)
  expect(subs[0]).toBe(subs[1])
  expect(subs[0]).not.toBe(subs[2])
  const merchant = toBase64Url(world.keys.customerOf(customer.accountId, 'aurora'))
  for (const sub of subs) expect(sub?.startsWith(merchant)).toBe(false)
  // Without our secret the id says nothing of the account.
  for (const key of ['', HOTEL, customer.accountId]) {
    const guess = createHmac('sha256', key).update(`bt1-subject|${HOTEL}|${customer.accountId}`).digest().subarray(0, 16)
    expect(subs).not.toContain(toBase64Url(guess))
  }
  const elsewhere = await BackendWorld.open()
  expect(world.keys.subjectOf(customer.accountId, HOTEL)).toBe(subs[0])
  expect(elsewhere.keys.subjectOf(customer.accountId, HOTEL)).not.toBe(subs[0])
  await elsewhere.close()
})

test('a stock library refuses it for another audience, from another issuer, after its time, and when one bit is another', async () => {
  const { json } = await agree()
  const token = String(json['idToken'])
  await expect(verified(token, { audience: 'museum.example' })).rejects.toThrow('"aud"')
  await expect(verified(token, { issuer: 'https://evil.example' })).rejects.toThrow('"iss"')
  await expect(verified(token, { atMs: world.nowMs() + ASSERTION_LIFETIME_S * 1_000 })).rejects.toThrow('"exp"')
  const parts = token.split('.')
  for (const at of [0, 1, 2]) {
    const part = parts[at] ?? ''
    const altered = parts.with(at, `${part.slice(0, 9)}${part[9] === 'A' ? 'B' : 'A'}${part.slice(10)}`).join('.')
    await expect(verified(altered), `part ${at}`).rejects.toThrow()
  }
})

test('alg none, HS256 with our public key, and a token signed by our authorizer are refused', async () => {
  const claims = decodeJwt(String((await agree()).json['idToken']))
  const encoded = (value: unknown) => toBase64Url(new TextEncoder().encode(JSON.stringify(value)))
  await expect(verified(`${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims)}.`)).rejects.toThrow()
  const { keys: published } = (await world.plain('GET', BACKEND_PATHS.jwks)).json as unknown as JSONWebKeySet
  const secret = new TextEncoder().encode(JSON.stringify(published[0]))
  const confused = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: published[0]?.kid ?? '' }).sign(secret)
  await expect(verified(confused)).rejects.toThrow()
  await expect(verified(await world.keys.signer('authorizer', world.nowS()).jwt(claims))).rejects.toThrow('no applicable key')
})

test('a nonce is good once for a service, and for another service all the same', async () => {
  await registered('museum.example')
  const { nonce } = requestOf()
  expect((await agree({ nonce })).status).toBe(200)
  expect(await agree({ nonce })).toMatchObject({ status: 409, json: { code: 'conflict' } })
  expect((await agree({ nonce, client_id: 'museum.example', scope: 'openid' }, [])).status).toBe(200)
  world.advance(ASSERTION_LIFETIME_S * 1_000)
  await world.backend.sweep()
  await browser.signIn()
  expect((await agree({ nonce })).json['code']).toBe('conflict')
  const both = requestOf()
  const raced = await Promise.all([1, 2, 3].map(async () => agree({ nonce: both.nonce })))
  expect(raced.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409, 409])
})

test.for<readonly [string, Record<string, unknown>, string]>([
  ['another address of the same host', { redirect_uri: 'https://hotel.example/elsewhere' }, 'not-allowed'],
  ['the address with a query', { redirect_uri: `${CALLBACK}?next=https://evil.example` }, 'not-allowed'],
  ['the address with a longer path', { redirect_uri: `${CALLBACK}/../../evil` }, 'not-allowed'],
  ['the address in other letters', { redirect_uri: 'https://HOTEL.example/signed-in' }, 'not-allowed'],
  ['an address of somebody else', { redirect_uri: 'https://evil.example/signed-in' }, 'not-allowed'],
  ['a script for an address', { redirect_uri: 'javascript:alert(1)' }, 'not-allowed'],
  ['a service nobody registered', { client_id: 'evil.example' }, 'unknown'],
  ['no nonce', { nonce: undefined }, 'malformed'],
  ['a nonce that can be guessed', { nonce: 'short' }, 'malformed'],
  ['a code instead of a token', { response_type: 'code' }, 'malformed'],
  ['the token in the address', { response_mode: 'fragment' }, 'malformed'],
  ['no openid', { scope: 'profile' }, 'malformed'],
  ['a parameter twice', { client_id: [HOTEL, 'evil.example'] }, 'malformed'],
])('%s is refused: nothing is said, nothing is sent on', async ([, changes, code]) => {
  const request = { ...requestOf(), ...changes }
  expect((await browser.call('POST', ASSERTION_PATHS.describe, request)).json['code']).toBe(code)
  expect((await browser.call('POST', ASSERTION_PATHS.assertions, { request, agreed: [] })).json['code']).toBe(code)
})

test('who asks is shown to anybody on our own page, and to no other page', async () => {
  const visitor = OwnerBrowser.of(world)
  expect((await visitor.call('POST', ASSERTION_PATHS.describe, requestOf())).json).toEqual({
    service: { clientId: HOTEL, name: 'Hotel Lotus', host: 'hotel.example' },
    claims: ['name', 'member-number'],
  })
  expect((await visitor.call('POST', ASSERTION_PATHS.describe, requestOf(), { origin: 'https://evil.example' })).status).toBe(403)
  expect((await agree({}, [], visitor)).json['code']).toBe('unsigned')
})

test('only a passkey shown just now agrees: not an old session, a recovery code, a phone, or another site', async () => {
  const { codes, browser: other } = await signedUp(world, await world.addCustomer())
  world.advance(6 * 60_000)
  expect((await agree()).json['code']).toBe('not-fresh')
  await other.recover(codes[0] ?? '')
  expect((await agree({}, [], other)).json['code']).toBe('not-fresh')
  await browser.signIn()
  const foreign = { request: requestOf(), agreed: [] }
  expect((await browser.call('POST', ASSERTION_PATHS.assertions, foreign, { origin: 'https://evil.example' })).status).toBe(403)
  expect((await customer.call('POST', ASSERTION_PATHS.assertions, foreign)).status).not.toBe(200)
  expect((await agree()).status).toBe(200)
})

test('a frozen account signs in nowhere, and its nonce is not used up', async () => {
  const { nonce } = requestOf()
  await world.operator('PATCH', pathOf('account', customer.accountId), { frozen: true })
  expect((await agree({ nonce })).json['code']).toBe('not-allowed')
  await world.operator('PATCH', pathOf('account', customer.accountId), { frozen: false })
  expect((await agree({ nonce })).status).toBe(200)
})

test('a service without members asks for no member number; the operator alone registers, and only safe addresses', async () => {
  await registered('museum.example')
  expect((await agree({ client_id: 'museum.example' })).json['code']).toBe('not-allowed')
  expect(await registered('a.example', { merchantId: 'nowhere' })).toBe(404)
  expect(await registered('a.example', { redirectUris: ['http://hotel.example/'] })).toBe(400)
  expect(await registered('a.example', { name: 'Ho\u202Etel' })).toBe(400)
  const path = ASSERTION_PATHS.webService.replace('{clientId}', 'a.example')
  expect((await browser.call('PUT', path, { name: 'A', redirectUris: [CALLBACK] })).json['code']).toBe('unsigned')
  // Registered anew, an address that was taken out is refused from then on.
  await registered(HOTEL, { redirectUris: ['https://hotel.example/new'] })
  expect((await agree()).json['code']).toBe('not-allowed')
})

test('redirect addresses are written in full and in one way', () => {
  for (const good of [
    'https://a.example/',
    'https://a.example/b/c',
    'http://localhost:3000/cb',
    'http://127.0.0.1:80808/'.replace('80808', '8080'),
  ]) {
    expect(isRedirectUri(good), good).toBe(true)
  }
  for (const bad of [
    ...[
      'http://a.example/',
      'https://a.example',
      'https://a.example/?',
      'https://a.example/#',
      'https://a.example/?x',
      'https://a.example/#x',
    ],
    ...[
      'https://u@a.example/',
      'https://A.example/',
      'https://a.example:443/',
      'https://a.example/a/../b',
      'ftp://a.example/',
      'javascript:1',
    ],
    ...[
      'https://a.example/;script-src',
      'https://a.example/,x',
      "https://a.example/'x",
      'https://a.example/a b',
      '/path',
      '',
      'https://*.example/',
    ],
  ]) {
    expect(isRedirectUri(bad), bad).toBe(false)
  }
})

test('the discovery document leads to the keys, and the keys are those of identities alone', async () => {
  const { json } = await world.plain('GET', ASSERTION_PATHS.configuration)
  expect(json).toMatchObject({
    issuer: ISSUER,
    authorization_endpoint: `${ISSUER}/authorize`,
    jwks_uri: `${ISSUER}/.well-known/jwks.json`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['ES256'],
  })
  const [identity, authorizers] = await Promise.all([
    world.plain('GET', BACKEND_PATHS.jwks),
    world.plain('GET', BACKEND_PATHS.authorizerJwks),
  ])
  const kids = [identity, authorizers].map((reply) => (reply.json as unknown as JSONWebKeySet).keys.map(({ kid }) => kid))
  expect(kids[0]).toHaveLength(1)
  expect(kids[1]).toHaveLength(1)
  expect(kids[0]).not.toEqual(kids[1])
})

test('an owner sees where they signed in; tokens, nonces and names stand in no log line', async () => {
  const { json } = await agree({}, ['name'])
  expect((await browser.call('GET', ASSERTION_PATHS.assertions)).json).toMatchObject({
    assertions: [{ clientId: HOTEL, serviceName: 'Hotel Lotus', given: ['name'] }],
  })
  const log = world.logged.join('\n')
  for (const secret of [String(json['idToken']), 'Golden Carp', decodeJwt(String(json['idToken']))['nonce'], customer.accountId]) {
    expect(log).not.toContain(secret)
  }
  world.advance(91 * 86_400_000)
  await world.backend.sweep()
  expect(await world.db.selectFrom('assertions').selectAll().execute()).toEqual([])
  expect(await world.db.selectFrom('assertion_nonces').selectAll().execute()).toEqual([])
})
