import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { startBrowserServer } from '#main/browser/server.ts'
import { createRpcHandler } from '#main/hosting/rpc-socket.ts'
import { createFakeTill } from '../../renderer/support/fake-till.ts'
import { memoryLog } from '../hosting/support.ts'
import { ask, cookieIn, enter, entryPath, exchange, NO_STORE, openConnection, parseReply, startHost } from './support.ts'

test('the address lets one browser in, once, with a cookie that scripts and other sites cannot use', async () => {
  const host = await startHost()
  const address = host.server.newAddress()
  expect(address).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${host.port}/enter/[A-Za-z0-9_-]{43}$`))
  const path = entryPath(address)
  const entered = await ask(host.port, { path })
  expect(entered.status).toBe(303)
  expect(entered.headers.get('location')).toEqual(['/'])
  expect(entered.headers.get('cache-control')).toEqual(['no-store'])
  expect(entered.headers.get('set-cookie')?.[0]).toMatch(
    new RegExp(`^bandtill_${host.port}=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict; Path=/$`),
  )
  const cookie = cookieIn(entered)
  expect((await ask(host.port, { headers: { cookie } })).status).toBe(200)
  // The session is made: the address is spent for everybody else, and leads its own browser back to the screens.
  const again = await ask(host.port, { path })
  expect(again.status).toBe(401)
  expect(again.headers.has('set-cookie')).toBe(false)
  const back = await ask(host.port, { path, headers: { cookie } })
  expect(back.status).toBe(303)
  expect(back.headers.has('set-cookie')).toBe(false)
})

test('looking at the address does not spend it: a monitor, a preview, a HEAD, a prefetch; of all who looked only the first to return is in', async () => {
  const host = await startHost()
  const path = entryPath(host.server.newAddress())
  expect((await ask(host.port, { path, method: 'HEAD' })).headers.has('set-cookie')).toBe(false)
  expect((await ask(host.port, { path, headers: { 'sec-purpose': 'prefetch;prerender' } })).headers.has('set-cookie')).toBe(false)
  const offered: string[] = []
  for (let looks = 0; looks < 10; looks += 1) offered.push(cookieIn(await ask(host.port, { path })))
  const [first = '', ...others] = offered.reverse()
  expect((await ask(host.port, { headers: { cookie: first } })).status).toBe(200)
  for (const cookie of others) expect((await ask(host.port, { headers: { cookie } })).status).toBe(401)
})

test('a second browser needs a new address, and does not end the first', async () => {
  const host = await startHost()
  const first = await enter(host)
  const second = await enter(host)
  expect(second).not.toBe(first)
  expect((await ask(host.port, { headers: { cookie: first } })).status).toBe(200)
  expect((await ask(host.port, { headers: { cookie: second } })).status).toBe(200)
})

test('without a session there is one page, in both languages, that says how to get in', async () => {
  const host = await startHost()
  const cookieOfOther = cookieIn(await ask(host.port, { path: entryPath((await startHost()).server.newAddress()) }))
  const name = `bandtill_${host.port}`
  const cookies = [
    '',
    `${name}=`,
    `${name}=${'A'.repeat(43)}`,
    `${name}=__proto__`,
    cookieOfOther,
    `${name}=a; ${name}=b`,
    `x${'y'.repeat(5_000)}=1`,
  ]
  for (const path of [
    '/',
    '/index.html',
    '/assets/index-abc.js',
    '/nothing',
    '/trpc',
    '/enter/',
    '/enter/wrong',
    `/enter/${'A'.repeat(43)}`,
  ]) {
    for (const cookie of cookies) {
      const reply = await ask(host.port, { path, headers: { cookie } })
      expect(reply.status).toBe(401)
      expect(reply.body).toContain('npm start')
      expect(reply.body).toContain('一次性地址')
      expect(reply.headers.has('set-cookie')).toBe(false)
      expect(reply.headers.get('content-security-policy')?.[0]).toContain("default-src 'none'")
    }
  }
})

test('a browser that comes from another site is asked to come again by itself, once', async () => {
  const host = await startHost()
  const navigate = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  const first = await ask(host.port, { headers: { ...navigate, 'sec-fetch-site': 'cross-site' } })
  expect(first.body).toContain('http-equiv="refresh"')
  const second = await ask(host.port, { headers: { ...navigate, 'sec-fetch-site': 'same-origin' } })
  expect(second.body).not.toContain('http-equiv="refresh"')
})

test('only the exact names of this server are answered', async () => {
  const host = await startHost()
  const cookie = await enter(host)
  const { port } = host
  expect((await ask(port, { headers: { cookie, host: `localhost:${port}` } })).status).toBe(200)
  const names = [
    'evil.example',
    `evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `127.0.0.1:${port}.evil.example`,
    '127.0.0.1',
    'localhost',
    `127.0.0.1:${port + 1}`,
    `127.1:${port}`,
    `2130706433:${port}`,
    `0.0.0.0:${port}`,
    `[::1]:${port}`,
    `LOCALHOST:${port}`,
    `localhost.:${port}`,
    `user@127.0.0.1:${port}`,
    '',
  ]
  for (const name of names) {
    const reply = await ask(port, { headers: { cookie, host: name } })
    expect([name, reply.status]).toEqual([name, 421])
    expect(reply.headers.has('set-cookie')).toBe(false)
  }
  expect((await ask(port, { headers: { cookie, host: null } })).status).toBe(400)
  const twice = `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`
  expect([400, 421]).toContain(parseReply(await exchange(port, twice)).status)
  const absolute = await ask(port, { path: 'http://evil.example/', headers: { cookie } })
  expect(absolute.status).toBe(400)
})

test('a page of another origin gets nothing, also not the screens as a part of itself', async () => {
  const host = await startHost()
  const cookie = await enter(host)
  for (const site of ['cross-site', 'same-site']) {
    for (const mode of ['no-cors', 'cors', 'websocket']) {
      const reply = await ask(host.port, { path: '/icon.svg', headers: { cookie, 'sec-fetch-site': site, 'sec-fetch-mode': mode } })
      expect(reply.status).toBe(403)
      expect(reply.headers.has('access-control-allow-origin')).toBe(false)
    }
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
    for (const origin of [null, 'null', 'http://evil.example', `http://localhost:${host.port}`, `https://${host.host}`]) {
      const reply = await ask(host.port, { method, headers: { cookie, origin } })
      expect([method, origin, reply.status]).toEqual([method, origin, 403])
      expect(reply.headers.has('access-control-allow-origin')).toBe(false)
    }
    expect((await ask(host.port, { method, headers: { cookie, origin: `http://${host.host}` } })).status).toBe(405)
  }
})

test('with a session the screens come with their policy; nothing outside the bundle does', async () => {
  const host = await startHost()
  const cookie = await enter(host)
  const page = await ask(host.port, { headers: { cookie } })
  expect(page.headers.get('content-security-policy')?.[0]).toContain(`connect-src 'self' ws://${host.host};`)
  expect(page.body).toContain('<div id="root">')
  expect((await ask(host.port, { path: '/assets/index-abc.js?v=1', headers: { cookie } })).status).toBe(200)
  expect((await ask(host.port, { method: 'HEAD', headers: { cookie } })).body).toBe('')
  expect((await ask(host.port, { path: '/trpc', headers: { cookie } })).status).toBe(426)
  for (const path of [
    '/../secret.json',
    '/..%2fsecret.json',
    '/%2e%2e/secret.json',
    '/..\\secret.json',
    '/index.html%00',
    '/.env',
    '/%',
    `/${'a'.repeat(4_000)}`,
  ]) {
    const reply = await ask(host.port, { path, headers: { cookie } })
    expect([400, 404]).toContain(reply.status)
    expect(reply.body).toMatch(/^(Not found|Bad request)\n$/)
  }
})

test('a request with a body is refused unread, and too long a header too', async () => {
  const host = await startHost()
  const cookie = await enter(host)
  expect((await ask(host.port, { headers: { cookie, 'content-length': '10485760' }, body: 'x'.repeat(1_000) })).status).toBe(413)
  expect((await ask(host.port, { headers: { cookie, 'x-long': 'x'.repeat(20_000) } })).status).toBe(431)
  expect((await ask(host.port, { path: `/${'x'.repeat(20_000)}`, headers: { cookie } })).status).toBe(431)
})

test('bytes that are no HTTP get a short refusal and never a trace', async () => {
  const host = await startHost()
  const texts = [
    '\x00\x01\x02\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: ${host.host}\r\nContent-Length: x\r\n\r\n`,
    '\x16\x03\x01\x02\x00',
  ]
  for (const text of texts) {
    const reply = await exchange(host.port, text)
    expect(reply).toMatch(/^HTTP\/1\.1 (400|401|505)/)
    expect(reply).not.toMatch(/node:|at .*\.ts|Error:/)
  }
  expect((await ask(host.port)).status).toBe(401)
})

test('a connection that never finishes its headers is ended, and others are served meanwhile', async () => {
  const host = await startHost({ limits: { headersTimeoutMs: 200, requestTimeoutMs: 400, checkIntervalMs: 50 } })
  const slow = await openConnection(host.port)
  const silent = await openConnection(host.port)
  const ended = [slow, silent].map(async (socket) => new Promise((resolve) => void socket.on('close', resolve)))
  slow.write(`GET / HTTP/1.1\r\nHost: ${host.host}\r\n`)
  slow.resume()
  silent.resume()
  expect((await ask(host.port)).status).toBe(401)
  await Promise.all(ended)
})

test('200 connections leave room for the next request once they are gone, and cannot be more than the limit at once', async () => {
  const host = await startHost({ limits: { connectionsMax: 50 } })
  const cookie = await enter(host)
  const all = await Promise.all(Array.from({ length: 200 }, async () => openConnection(host.port)))
  for (const socket of all) socket.destroy()
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await ask(host.port, { headers: { cookie } })).status))
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0)
  expect((await ask(host.port, { headers: { cookie } })).status).toBe(200)
})

test('a port that is taken is a refusal that names it', async () => {
  const { port } = await startHost()
  const log = memoryLog()
  const rpc = createRpcHandler({ till: createFakeTill(), log })
  const files = { answer: async () => ({ status: 404 as const, headers: {}, body: new Uint8Array() }) }
  expect(await startBrowserServer({ files, rpc, sessionStore: NO_STORE, port, ipv6: false })).toEqual({
    ok: false,
    error: { code: 'port-in-use', detail: String(port) },
  })
})

test('only the loopback interface is listened on', async () => {
  const { port } = await startHost()
  // Where another address of the machine has the port free, nothing of ours is there.
  const elsewhere = createServer()
  const bound = await new Promise<boolean>((resolve) => {
    elsewhere.once('error', () => resolve(false))
    elsewhere.listen(port, '127.0.0.2', () => resolve(true))
  })
  elsewhere.close()
  expect(bound).toBe(true)
})

test('a bug while answering costs one answer and shows nothing', async () => {
  const rpc = createRpcHandler({ till: createFakeTill(), log: memoryLog() })
  const files = { answer: async () => Promise.reject(new Error('at secret.ts:1')) }
  const server = await startBrowserServer({ files, rpc, sessionStore: NO_STORE, port: 0, ipv6: false })
  if (!server.ok) throw new Error(server.error.code)
  const cookie = cookieIn(await ask(server.value.port, { path: entryPath(server.value.newAddress()) }))
  const reply = await ask(server.value.port, { headers: { cookie } })
  expect([reply.status, reply.body]).toEqual([500, 'The terminal could not do that.\n'])
  expect((await ask(server.value.port)).status).toBe(401)
  await server.value.close()
})
