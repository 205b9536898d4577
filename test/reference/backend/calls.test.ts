/** Who may call, and what a bad call is told. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as z from 'zod'
import { ALLOWANCE_PATHS } from '#shared/contracts/allowance-api.ts'
import { ASSERTION_PATHS } from '#shared/contracts/assertions-api.ts'
import { BACKEND_PATHS } from '#shared/contracts/backend-api.ts'
import { BAND_PATHS } from '#shared/contracts/bands-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { IDENTITY_PATHS } from '#shared/contracts/identity-api.ts'
import { OWNER_PATHS } from '#shared/contracts/owner-api.ts'
import { OWNER_WALLET_PATHS, WALLET_PATHS } from '#shared/contracts/wallet-api.ts'
import { WALLET_LIMITS_PATHS } from '#shared/contracts/wallet-limits-api.ts'
import { WITNESS_PATHS } from '#shared/contracts/witness.ts'
import { signCall } from '#shared/crypto/http-signature.ts'
import { newSigner } from '#shared/crypto/keys.ts'
import { BackendWorld, newId, OPERATOR_TOKEN, pathOf, type Terminal } from '../../support/backend-world.ts'

const someText: unknown = expect.any(String)
const someKid: unknown = expect.stringMatching(/^[\w-]{11}$/)
let world: BackendWorld
let terminal: Terminal

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
})
afterEach(async () => world.close())

async function signedHeaders(body: string, path: string, atMs = world.nowMs(), method = 'PUT') {
  const call = { method, url: `http://backend.invalid${path}`, body: new TextEncoder().encode(body) }
  return { ...(await signCall(call, { keyId: `terminal:${terminal.id}`, signer: terminal.signer }, atMs / 1_000)) }
}

const hold = JSON.stringify({ showtimeId: 'show-1', seats: ['A1'] })

test('a signed call is accepted once; the very same call again is not', async () => {
  await world.addProgramme('aurora')
  const path = pathOf('hold', newId())
  const headers = await signedHeaders(hold, path)
  expect(await world.plain('PUT', path, { text: hold, headers })).toMatchObject({ status: 200 })
  const replayed = await world.plain('PUT', path, { text: hold, headers })
  expect(replayed).toMatchObject({ status: 401, json: { code: 'bad-signature' } })
})

test('an altered body, path, method or query, a stale or future call, and a foreign key are refused', async () => {
  await world.addProgramme('aurora')
  const path = pathOf('hold', newId())
  const headers = await signedHeaders(hold, path)
  const rogue = await newSigner()
  const call = { method: 'PUT', url: `http://backend.invalid${path}`, body: new TextEncoder().encode(hold) }
  const byRogue = { ...(await signCall(call, { keyId: `terminal:${terminal.id}`, signer: rogue }, world.nowMs() / 1_000)) }
  const byNobody = { ...(await signCall(call, { keyId: 'terminal:nobody', signer: rogue }, world.nowMs() / 1_000)) }
  const asPhone = { ...(await signCall(call, { keyId: `phone:${newId()}`, signer: terminal.signer }, world.nowMs() / 1_000)) }
  const refused = [
    world.plain('PUT', path, { text: hold.replace('A1', 'A2'), headers }),
    world.plain('PUT', pathOf('hold', newId()), { text: hold, headers }),
    world.plain('POST', pathOf('pin', newId()), { body: { requestId: newId() }, headers }),
    world.plain('PUT', `${path}?x=1`, { text: hold, headers }),
    world.plain('PUT', path, { text: hold, headers: byRogue }),
    world.plain('PUT', path, { text: hold, headers: byNobody }),
    world.plain('PUT', path, { text: hold, headers: asPhone }),
    world.plain('PUT', path, { text: hold, headers: await signedHeaders(hold, path, world.nowMs() - 421_000) }),
    world.plain('PUT', path, { text: hold, headers: await signedHeaders(hold, path, world.nowMs() + 301_000) }),
  ]
  for (const reply of await Promise.all(refused)) expect(reply).toMatchObject({ status: 401, json: { code: 'bad-signature' } })
  const { signature: _signature, ...unsigned } = headers
  expect(await world.plain('PUT', path, { text: hold, headers: unsigned })).toMatchObject({ status: 401, json: { code: 'unsigned' } })
  expect(await world.plain('PUT', path, { text: hold, headers })).toMatchObject({ status: 200 })
})

test('nonces are forgotten when no signature that carries one can be accepted any more', async () => {
  await terminal.call('GET', BACKEND_PATHS.programme)
  world.advance(721_000)
  await world.backend.sweep()
  expect(await world.db.selectFrom('call_nonces').selectAll().execute()).toHaveLength(0)
})

test('operator calls need the token', async () => {
  const body = { name: { en: 'Lotus', 'zh-CN': '莲花' } }
  const path = pathOf('merchant', 'lotus')
  expect(await world.plain('PUT', path, { body })).toMatchObject({ status: 401, json: { code: 'unsigned' } })
  const wrong = { authorization: `Bearer ${OPERATOR_TOKEN}x` }
  expect(await world.plain('PUT', path, { body, headers: wrong })).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
  expect(await terminal.call('PUT', path, body)).toMatchObject({ status: 401 })
  expect(await world.operator('PUT', path, body)).toMatchObject({ status: 200, json: { ok: true } })
})

test('a terminal cannot submit and a phone cannot hold seats', async () => {
  const customer = await world.addCustomer()
  expect((await terminal.call('POST', BACKEND_PATHS.submit, {})).status).toBe(401)
  expect((await customer.call('PUT', pathOf('hold', newId()), JSON.parse(hold))).status).toBe(401)
})

test('bad bodies and unknown calls are told so in the shape of the contract', async () => {
  const broken = await world.plain('PUT', pathOf('merchant', 'lotus'), {
    text: '{"name":',
    headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
  })
  expect(broken).toMatchObject({ status: 400, json: { code: 'malformed' } })
  expect(await world.operator('PUT', pathOf('merchant', 'Not A Slug'), {})).toMatchObject({ status: 400, json: { code: 'malformed' } })
  expect(await world.operator('GET', '/v1/nothing')).toMatchObject({ status: 404, json: { code: 'unknown' } })
  const long = { text: JSON.stringify({ name: 'x'.repeat(300_000) }) }
  expect(await world.plain('PUT', pathOf('merchant', 'lotus'), long)).toMatchObject({ status: 429, json: { code: 'too-many' } })
  const xml = await world.plain('POST', BACKEND_PATHS.submit, { text: '<a/>', headers: { 'content-type': 'text/xml' } })
  expect(xml).toMatchObject({ status: 400, json: { code: 'malformed' } })
})

test('a fault of ours is hidden from the caller and told to the log', async () => {
  await world.db.schema.dropTable('programmes').execute()
  const reply = await terminal.call('GET', BACKEND_PATHS.programme)
  expect(reply).toEqual({ status: 500, json: { code: 'internal', message: 'something is wrong on our side' } })
  expect(world.logged.some((line) => line.includes('programmes'))).toBe(true)
})

test('while stopping, new calls are told to come back later', async () => {
  world.backend.beginStop()
  expect(await world.plain('GET', BACKEND_PATHS.health)).toMatchObject({ status: 200 })
  expect(await world.plain('GET', BACKEND_PATHS.ready)).toMatchObject({ status: 503, json: { code: 'unavailable' } })
  expect(await terminal.call('GET', BACKEND_PATHS.programme)).toMatchObject({ status: 503, json: { code: 'unavailable' } })
})

test('enrolment codes cannot be guessed at speed', async () => {
  const statuses: number[] = []
  for (let attempt = 0; attempt < 31; attempt += 1) {
    statuses.push((await world.plain('POST', BACKEND_PATHS.enrolTerminal, { body: {} })).status)
  }
  expect(statuses.at(0)).toBe(400)
  expect(statuses.at(-1)).toBe(429)
})

test('published keys are the authorizer keys and nothing private', async () => {
  const jwks = await world.plain('GET', BACKEND_PATHS.authorizerJwks)
  const [key] = world.keys.keySet.points('authorizer')
  expect(jwks.json['keys']).toEqual([
    {
      kty: 'EC',
      crv: 'P-256',
      alg: 'ES256',
      use: 'sig',
      kid: someKid,
      x: someText,
      y: someText,
    },
  ])
  expect(key).toHaveLength(33)
  const set = await world.plain('GET', BACKEND_PATHS.keySet)
  expect(set.json).toEqual({ keySet: world.keys.statements.map(toBase64Url), rootPoint: toBase64Url(world.keys.rootPoint) })
})

test('every route is described, refusals included, with a schema for its answers', async () => {
  const shape = z.looseObject({
    paths: z.record(
      z.string(),
      z.record(
        z.string(),
        z.looseObject({
          summary: z.string(),
          responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: z.looseObject({}) })) })),
        }),
      ),
    ),
  })
  const { paths } = shape.parse((await world.plain('GET', '/docs/json')).json)
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, call]) => ({ path, method, call })),
  )
  const { docs: _docs, ...called } = BACKEND_PATHS
  const declared = [
    called,
    ALLOWANCE_PATHS,
    BAND_PATHS,
    IDENTITY_PATHS,
    ASSERTION_PATHS,
    OWNER_PATHS,
    WALLET_PATHS,
    OWNER_WALLET_PATHS,
    WALLET_LIMITS_PATHS,
    WITNESS_PATHS,
  ].flatMap((group) => Object.values<string>(group))
  expect(new Set(described.map(({ path }) => path))).toEqual(new Set(declared))
  for (const { path, method, call } of described)
    expect(Object.keys(call.responses).sort(), `${method} ${path}`).toEqual(['200', '4XX', '5XX'])
  expect(described).toHaveLength(84)
})

test('metrics count calls and answers, and name nobody', async () => {
  const customer = await world.addCustomer()
  await world.submit({ terminal, customer })
  const { text } = (await world.plain('GET', BACKEND_PATHS.metrics)).json
  expect(text).toContain('bandtill_answers_total{kind="authorization",reason="none"} 1')
  expect(text).toContain('route="/v1/authorizations"')
  expect(text).not.toContain(customer.phoneId)
})

test('neither keys nor tokens nor codes reach the log', async () => {
  const customer = await world.addCustomer()
  await world.submit({ terminal, customer })
  await world.plain('PUT', pathOf('merchant', 'x'), { body: {}, headers: { authorization: `Bearer ${OPERATOR_TOKEN}` } })
  const log = world.logged.join('')
  expect(log.length).toBeGreaterThan(100)
  for (const secret of [OPERATOR_TOKEN, 'code-of-', '"d":', customer.accountId]) expect(log).not.toContain(secret)
})
