import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import type { AppRouter } from '#main/api/router.ts'
import { BATCH_CALLS_MAX, MESSAGE_BYTES_MAX } from '#main/hosting/rpc-socket.ts'
import type { TillState } from '#shared/contracts/till.ts'
import { createFakeTill } from '../../renderer/support/fake-till.ts'
import { until } from '../../support/until.ts'
import { watchedTill } from '../hosting/support.ts'
import { closeCode, enter, type Host, nextMessage, openedSocket, openSocket, startHost } from './support.ts'

function connectedClient(host: Host, cookie: string) {
  class SocketWithCookie extends WebSocket {
    constructor(address: string | URL) {
      super(address, { headers: { origin: `http://${host.host}`, cookie } })
    }
  }
  const client = createWSClient({ url: `ws://${host.host}/trpc`, WebSocket: SocketWithCookie as unknown as typeof globalThis.WebSocket })
  onTestFinished(async () => client.close())
  return createTRPCClient<AppRouter>({ links: [wsLink({ client })] })
}

test('the screens call the till, are refused in values, and are told each change', async () => {
  const till = createFakeTill()
  const host = await startHost({ till })
  const api = connectedClient(host, await enter(host))
  const states: TillState[] = []
  const watching = api.watch.subscribe(undefined, { onData: (state) => void states.push(state) })
  await until('the first state', () => states.length > 0)
  const [product] = (await api.programme.query()).products
  expect(await api.setProduct.mutate({ productId: product?.id ?? '', quantity: 2 })).toEqual({ ok: true })
  await until('the product in the cart', () => states.at(-1)?.cart.lines.length === 1)
  expect(await api.setProduct.mutate({ productId: 'no-such-thing', quantity: 1 })).toMatchObject({ ok: false })
  watching.unsubscribe()
})

test.each([
  ['no cookie', {}, '', 401],
  ['a forged cookie', { cookie: 'bandtill=1' }, '', 401],
  ['no origin', { origin: '' }, 'own', 403],
  ['another origin', { origin: 'http://evil.example' }, 'own', 403],
  ['an origin that only begins like ours', { origin: 'http://127.0.0.1' }, 'own', 403],
  ['the null origin', { origin: 'null' }, 'own', 403],
  ['another host', { host: 'evil.example' }, 'own', 421],
] as const)('a socket with %s is refused', async (_name, headers, cookie, status) => {
  const host = await startHost()
  const own = await enter(host)
  expect(await openSocket(host, cookie === 'own' ? own : '', headers)).toBe(status)
  expect(typeof (await openSocket(host, own))).toBe('object')
})

test('a socket at another path is refused', async () => {
  const host = await startHost()
  const cookie = await enter(host)
  for (const path of ['/', '/trpc/', '/trpc/x', '/TRPC', '/enter/x']) expect(await openSocket(host, cookie, {}, path)).toBe(404)
})

test('a message that is too large ends the socket, not the terminal', async () => {
  const host = await startHost()
  const cookie = await enter(host)
  for (const bytes of [MESSAGE_BYTES_MAX + 1, 10 * 1024 * 1024]) {
    const socket = await openedSocket(host, cookie)
    const closed = closeCode(socket)
    const argument = 'x'.repeat(bytes)
    socket.send(JSON.stringify({ id: 1, method: 'mutation', params: { path: 'setProduct', input: { productId: argument, quantity: 1 } } }))
    expect([1009, 1006]).toContain(await closed)
  }
  const api = connectedClient(host, cookie)
  expect(await api.language.query()).toBe('zh-CN')
})

const call = (path: string, input?: unknown, method = 'query') => JSON.stringify({ id: 1, method, params: { path, input } })

const HOSTILE: readonly (readonly [string, string])[] = [
  ['no JSON', '{'],
  ['JSON that is no call', '"x"'],
  ['null', 'null'],
  ['an unknown method', JSON.stringify({ id: 1, method: 'eval', params: { path: 'language' } })],
  ['an unknown call', call('openDrawer')],
  ['a name of the prototype', call('__proto__')],
  ['another name of the prototype', call('constructor')],
  ['a path into the prototype', call('constructor.prototype.toString')],
  ['no id', JSON.stringify({ method: 'query', params: { path: 'language' } })],
  [
    'prototype keys in the input',
    '{"id":1,"method":"mutation","params":{"path":"setProduct","input":{"__proto__":{"quantity":1},"productId":"x"}}}',
  ],
  ['an amount of the caller', call('takeCash', { tenderedMinor: -1 }, 'mutation')],
  ['an amount that is no whole number', call('takeCash', { tenderedMinor: 0.5 }, 'mutation')],
  ['more than was asked for', call('chargeBand', { sightingId: 'a', amount: 1 }, 'mutation')],
  [
    'too many calls at once',
    JSON.stringify(Array.from({ length: BATCH_CALLS_MAX + 1 }, (_, id) => ({ id, method: 'query', params: { path: 'language' } }))),
  ],
  ['nesting without end', '['.repeat(30_000)],
]

test.each(HOSTILE)('%s is answered with an error that shows nothing of the inside', async (_name, text) => {
  const host = await startHost()
  const socket = await openedSocket(host, await enter(host))
  const reply = nextMessage(socket)
  socket.send(text)
  const answer = await reply
  expect(answer).toContain('"error"')
  expect(answer).not.toMatch(/stack|node_modules|\.ts|at |ZodError|prototype/)
  const next = nextMessage(socket)
  socket.send(JSON.stringify({ id: 2, method: 'query', params: { path: 'language' } }))
  expect(await next).toContain('zh-CN')
})

test('a binary message is refused and the terminal goes on', async () => {
  const host = await startHost()
  const socket = await openedSocket(host, await enter(host))
  const reply = nextMessage(socket)
  socket.send(Buffer.from(call('language')), { binary: true })
  expect(await reply).toContain('"error"')
})

test('a bug in the till reaches the log with the name of the call and without its input, and never the page', async () => {
  const till = Object.assign(createFakeTill(), { setProduct: async () => Promise.reject(new Error('broken at /secret/place.ts')) })
  const host = await startHost({ till })
  const socket = await openedSocket(host, await enter(host))
  const reply = nextMessage(socket)
  socket.send(call('setProduct', { productId: 'input-of-the-page', quantity: 1 }, 'mutation'))
  const answer = await reply
  expect(answer).toContain('The terminal could not do that.')
  expect(answer).not.toContain('secret')
  expect(host.log.lines.find((line) => line.level === 'error')?.fields['call']).toBe('setProduct')
  expect(JSON.stringify(host.log.lines)).not.toContain('input-of-the-page')
})

test('there are no more sockets than the limit, and room again when one is gone', async () => {
  const host = await startHost({ limits: { socketsMax: 3 } })
  const cookie = await enter(host)
  const sockets = [await openedSocket(host, cookie), await openedSocket(host, cookie), await openedSocket(host, cookie)]
  expect(await openSocket(host, cookie)).toBe(503)
  sockets[0]?.close()
  let isIn = false
  const deadlineMs = performance.now() + 20_000
  while (!isIn && performance.now() < deadlineMs) isIn = typeof (await openSocket(host, cookie)) === 'object'
  expect(isIn).toBe(true)
})

test('a socket that gives no sign of life is ended; one that answers pings stays', async () => {
  const host = await startHost({ limits: { pingIntervalMs: 50 } })
  const cookie = await enter(host)
  const live = await openedSocket(host, cookie)
  const dead = new WebSocket(`ws://${host.host}/trpc`, { headers: { origin: `http://${host.host}`, cookie }, autoPong: false })
  onTestFinished(() => dead.terminate())
  let pings = 0
  live.on('ping', () => {
    pings += 1
  })
  await closeCode(dead)
  await until('the live one was asked five times', () => pings >= 5)
  expect(live.readyState).toBe(WebSocket.OPEN)
})

test('closing the server ends its sockets and watchers at once', async () => {
  const { till, watchers } = watchedTill()
  const host = await startHost({ till })
  const socket = await openedSocket(host, await enter(host))
  const first = nextMessage(socket)
  socket.send(JSON.stringify({ id: 1, method: 'subscription', params: { path: 'watch' } }))
  await first
  await until('it watches', () => watchers() === 1)
  const closed = closeCode(socket)
  await host.server.close()
  expect([1001, 1006]).toContain(await closed)
  await until('nobody watches', () => watchers() === 0)
})
