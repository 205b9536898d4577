import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createBackendClient } from '#main/sync/backend-client.ts'
import { PROBE_IDLE_MS, PROBE_MAX_MS } from '#main/sync/connection.ts'
import { REPLY_BYTES_MAX } from '#main/sync/http-caller.ts'
import type { HttpBackendClient } from '#main/sync/ports.ts'
import { verifyCall } from '#shared/crypto/http-signature.ts'
import { importVerifyKey } from '#shared/crypto/keys.ts'
import type { HoldId, RequestId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { testSigner } from '../../support/test-keys.ts'
import { until } from '../../support/until.ts'
import { newId, valueOf } from '../ledger/sample-sales.ts'

type Heard = { readonly method: string; readonly path: string; readonly body: string; readonly keyId: string }

const signer = await testSigner('terminal aurora-1')
let server: Server
let url: string
let clock: ManualClock
let client: HttpBackendClient
let heard: Heard[]
/** What the server does with a call, once it is read and its signature checked. */
let answer: (response: ServerResponse, call: Heard) => void

beforeEach(async () => {
  heard = []
  clock = new ManualClock()
  server = createServer((request, response) => void serve(request, response))
  url = await listen(server)
  client = newClient(url)
})
afterEach(() => {
  client.close()
  server.closeAllConnections()
  server.close()
})

async function listen(on: Server): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<void>()
  on.listen(0, '127.0.0.1', resolve)
  await promise
  // The cast: a TCP server that listens has this kind of address.
  return `http://127.0.0.1:${(on.address() as AddressInfo).port}`
}

function newClient(at: string): HttpBackendClient {
  return valueOf(createBackendClient({ url: at, terminalId: 'aurora-1', signer, clock, random: () => 0.5 }))
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array))
  const body = Buffer.concat(chunks)
  const { method = '', url: path = '', headers } = request
  const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join() : value]))
  const call = { method, url: `${url}${path}`, body, headers: single }
  const verified = await verifyCall(call, async () => valueOf(await importVerifyKey(signer.point)), clock.nowMs() / 1_000)
  heard.push({ method, path, body: body.toString(), keyId: verified.ok ? verified.value.keyId : verified.error })
  answer(response, heard.at(-1) ?? { method, path, body: '', keyId: '' })
}

function json(content: unknown, status = 200) {
  return (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof content === 'string' ? content : JSON.stringify(content))
  }
}

const HOLD = newId() as HoldId
const REQUEST = newId() as RequestId
const EXPIRES = '2030-01-02T12:08:00.000Z'

test('each call is signed, goes where the contract says, and gives back what the contract says', async () => {
  answer = json({ holdId: HOLD, seats: ['F7'], expiresAt: EXPIRES })
  expect(await client.putHold({ holdId: HOLD, showtimeId: 'show/1?x' as ShowtimeId, seats: ['F7' as SeatId] })).toEqual({
    ok: true,
    value: { expiresAt: EXPIRES },
  })
  answer = json({ showtimeId: 's', seats: { F7: 'held' }, own: ['F7'] })
  expect(await client.seats('show/1?x' as ShowtimeId)).toEqual({ ok: true, value: { seats: { F7: 'held' }, own: ['F7'] } })
  answer = json({ holdId: HOLD, state: 'pinned' })
  expect(await client.pinHold(HOLD, REQUEST)).toMatchObject({ ok: true })
  answer = json({ holdId: HOLD, expiresAt: EXPIRES })
  expect(await client.unpinHold(HOLD, REQUEST)).toEqual({ ok: true, value: { expiresAt: EXPIRES } })
  answer = (response) => response.writeHead(204).end()
  expect(await client.deleteHold(HOLD)).toMatchObject({ ok: true })
  answer = json({ requestId: REQUEST, state: 'held', signed: 'AQID' })
  expect(await client.attempt(REQUEST)).toEqual({ ok: true, value: { state: 'held', signed: Uint8Array.from([1, 2, 3]) } })
  answer = json({ results: [{ id: HOLD, outcome: 'applied' }] })
  expect(await client.postOutbox([{ id: HOLD, kind: 'head', body: '{}' }])).toEqual({ ok: true, value: [{ id: HOLD, outcome: 'applied' }] })
  expect(heard.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `PUT /v1/holds/${HOLD}`,
    'GET /v1/showtimes/show%2F1%3Fx/seats',
    `POST /v1/holds/${HOLD}/pin`,
    `DELETE /v1/holds/${HOLD}/pin`,
    `DELETE /v1/holds/${HOLD}`,
    `GET /v1/attempts/${REQUEST}`,
    'POST /v1/outbox',
  ])
  expect(new Set(heard.map(({ keyId }) => keyId))).toEqual(new Set(['terminal:aurora-1']))
})

test('the calls of a recovery: what is ours comes back page by page, and what is garbled is no answer', async () => {
  const hash = 'a'.repeat(64)
  answer = json({ epoch: 2, head: { seq: 9, hash }, series: { A: 4, B: 1 } })
  expect(await client.standing()).toEqual({ ok: true, value: { epoch: 2, head: { seq: 9, hash }, series: { A: 4, B: 1 } } })
  answer = json({ epoch: 1, series: {} })
  expect(await client.standing()).toEqual({ ok: true, value: { epoch: 1, series: {} } })
  answer = json({ receipts: [{ cursor: 7, body: '{}' }], more: true })
  expect(await client.ownReceipts(3)).toEqual({ ok: true, value: { receipts: [{ cursor: 7, body: '{}' }], more: true } })
  const holds = [{ holdId: HOLD, showtimeId: 'show-1', seats: ['F7'] }]
  answer = json({ authorizations: [{ cursor: 1, requestId: REQUEST, signed: 'AQID', holds }], more: false })
  expect(await client.ownAuthorizations(0)).toEqual({
    ok: true,
    value: { authorizations: [{ cursor: 1, requestId: REQUEST, signed: Uint8Array.from([1, 2, 3]), holds }], more: false },
  })
  expect(heard.map(({ path, keyId }) => `${path} ${keyId}`)).toEqual([
    ...['/v1/recovery/standing', '/v1/recovery/standing'].map((path) => `${path} terminal:aurora-1`),
    '/v1/recovery/receipts?after=3 terminal:aurora-1',
    '/v1/recovery/authorizations?after=0 terminal:aurora-1',
  ])
  for (const garbled of [{}, { authorizations: [{ cursor: 0, requestId: REQUEST, signed: 'AQID', holds }], more: false }]) {
    answer = json(garbled)
    expect(await client.ownAuthorizations(0)).toMatchObject({ ok: false, error: { code: 'offline' } })
  }
  answer = json({ authorizations: [{ cursor: 1, requestId: REQUEST, signed: 'A', holds }], more: false })
  expect(await client.ownAuthorizations(0)).toMatchObject({ ok: false, error: { code: 'offline' } })
  answer = json({ epoch: 0, series: {} })
  expect(await client.standing()).toMatchObject({ ok: false, error: { code: 'offline' } })
})

test('the backend’s own refusals come through, with the seats they are about', async () => {
  answer = json({ code: 'seat-taken', message: 'F7 is taken', seats: ['F7'] }, 409)
  const refused = await client.putHold({ holdId: HOLD, showtimeId: 's' as ShowtimeId, seats: ['F7' as SeatId] })
  expect(refused).toEqual({ ok: false, error: { code: 'seat-taken', message: 'F7 is taken', seats: ['F7'] } })
  expect(client.connection.state().state).toBe('online')
})

const UNUSABLE: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'a failure of its own': json({ code: 'internal', message: 'x' }, 500),
  'out of storage': json({ code: 'unavailable', message: 'x' }, 503),
  'not JSON': json('<html>hello</html>'),
  'JSON of another shape': json({ requestId: REQUEST, state: 'maybe' }),
  'a field too many': json({ requestId: REQUEST, state: 'held', more: 1 }),
  'text that is no base64url': json({ requestId: REQUEST, state: 'held', signed: 'A' }),
  'a refusal nobody agreed on': json({ code: 'go-away', message: 'x' }, 403),
  'not UTF-8': (response) => response.writeHead(200).end(Buffer.from([0x22, 0xff, 0x22])),
  'a redirection': (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
  'a cut answer': (response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('{"requestId"', () => response.destroy())
  },
  'no answer at all': (response) => response.destroy(),
  'more than is read': (response) => {
    response.writeHead(200)
    response.end(Buffer.alloc(REPLY_BYTES_MAX + 1, 0x20))
  },
}

test.for(Object.keys(UNUSABLE))('%s is the same as no answer: offline, never an exception', async (kind) => {
  answer = (response) => UNUSABLE[kind]?.(response)
  expect(await client.attempt(REQUEST)).toMatchObject({ ok: false, error: { code: 'offline' } })
  expect(client.connection.state().state).toBe('offline')
})

test('nobody listening is offline, and closing ends a call that hangs', async () => {
  const silent = newClient('http://127.0.0.1:1')
  expect(await silent.programme()).toMatchObject({ ok: false, error: { code: 'offline' } })
  silent.close()
  let isHanging = false
  answer = () => {
    isHanging = true
  }
  const hanging = client.programme()
  await until('the call has arrived', () => isHanging)
  client.close()
  expect(await hanging).toMatchObject({ ok: false, error: { code: 'offline' } })
  expect(await client.programme()).toMatchObject({ ok: false, error: { code: 'offline' } })
})

test('a backend that was restarted is reached again at the first call', async () => {
  answer = json({ requestId: REQUEST, state: 'unknown' })
  expect(await client.attempt(REQUEST)).toMatchObject({ ok: true })
  server.closeAllConnections()
  expect(await client.attempt(REQUEST)).toMatchObject({ ok: true })
})

test('the state follows what is heard: unknown, online, offline, and probes find the way back', async () => {
  const states: string[] = []
  client.connection.onChange((state) => states.push(state))
  expect(client.connection.state()).toEqual({ state: 'unknown' })
  answer = json({ status: 'ok' })
  client.connection.start()
  await until('online', () => client.connection.state().state === 'online')
  expect(client.connection.state().lastContactAt).toBe('2030-01-02T12:00:00.000Z')
  expect(heard.map(({ path }) => path)).toEqual(['/health'])

  answer = json({ status: 'no' }, 503)
  await clock.advance(PROBE_IDLE_MS)
  await until('offline', () => client.connection.state().state === 'offline')
  answer = json({ status: 'ok' })
  await clock.advance(PROBE_MAX_MS)
  await until('online again', () => client.connection.state().state === 'online')
  expect(states).toEqual(['online', 'offline', 'online'])
  client.close()
  expect(clock.waiting).toBe(0)
})

test('how far this clock is off is learned from every answer, refusals too; the time an answer takes counts for nothing', async () => {
  const dated = (skewMs: number, tookMs = 0) => {
    answer = (response) => {
      void clock.advance(tookMs).then(() => {
        response.setHeader('date', new Date(clock.nowMs() - tookMs - skewMs).toUTCString())
        json({ code: 'bad-signature', message: 'stale' }, 401)(response)
      })
    }
  }
  expect(client.connection.skewMs()).toBeUndefined()
  for (const [skewMs, tookMs] of [
    [0, 0],
    [0, 60_000],
    [-500, 0],
  ] as const) {
    dated(skewMs, tookMs)
    await client.attempt(REQUEST)
    expect(client.connection.skewMs()).toBe(0)
  }
  for (const skewMs of [86_400_000, -86_400_000, 180_000]) {
    dated(skewMs)
    await client.attempt(REQUEST)
    expect(Math.abs((client.connection.skewMs() ?? 0) - skewMs)).toBeLessThanOrEqual(1_000)
  }
  // An answer without a date, or with one that is none, teaches nothing.
  const before = client.connection.skewMs()
  answer = (response) => {
    response.setHeader('date', 'yesterday')
    json({ code: 'unknown', message: '' }, 404)(response)
  }
  await client.attempt(REQUEST)
  expect(client.connection.skewMs()).toBe(before)
})

test('an address that is not a service’s root, or plain http to another machine, is refused', () => {
  const codeFor = (at: string) => {
    const made = createBackendClient({ url: at, terminalId: 'aurora-1', signer, clock, random: () => 0 })
    return made.ok ? 'made' : made.error
  }
  expect(['https://pay.example', 'http://localhost:8080', 'http://[::1]:80', 'http://127.0.0.1:1/'].map(codeFor)).toEqual([
    'made',
    'made',
    'made',
    'made',
  ])
  expect(['http://pay.example', 'http://127.0.0.1.example', 'http://10.0.0.1'].map(codeFor)).toEqual([
    'insecure-url',
    'insecure-url',
    'insecure-url',
  ])
  expect(['', 'nonsense', 'ftp://x', 'https://x/path', 'https://me@x', 'file:///etc/passwd'].map(codeFor)).toEqual(
    Array.from({ length: 6 }, () => 'bad-url'),
  )
})

test('a backend that answers and refuses this till is no help: said so, asked by signed calls, and back when it takes them', async () => {
  answer = json({ status: 'ok' })
  client.connection.start()
  await until('online', () => client.connection.state().state === 'online')
  answer = json({ code: 'bad-signature', message: 'refused' }, 401)
  expect(await client.programme()).toMatchObject({ ok: false, error: { code: 'bad-signature' } })
  expect(client.connection.state()).toMatchObject({ state: 'offline', isRefusing: true })
  heard.length = 0
  await clock.advance(PROBE_MAX_MS)
  await until('it was asked', () => heard.length > 0)
  expect(heard[0]).toMatchObject({ path: '/v1/recovery/standing', keyId: 'terminal:aurora-1' })
  expect(client.connection.state()).toMatchObject({ isRefusing: true })
  answer = json({ epoch: 1, series: {} })
  await clock.advance(PROBE_MAX_MS)
  await until('online again', () => client.connection.state().state === 'online')
  expect(client.connection.state()).not.toHaveProperty('isRefusing')
})
