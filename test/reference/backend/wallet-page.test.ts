import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { ask } from '#test/main/browser/support.ts'
import { BackendWorld } from '#test/support/backend-world.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-wallet-'))
  folders.push(folder)
  return folder
}

/** A folder as the build leaves it, with a secret beside it that no request may reach. */
function builtWallet(): string {
  const folder = newFolder()
  mkdirSync(join(folder, 'wallet/assets'), { recursive: true })
  writeFileSync(join(folder, 'keys.json'), 'secret')
  writeFileSync(join(folder, 'wallet/index.html'), '<title>Wallet</title>')
  writeFileSync(join(folder, 'wallet/worker.js'), '/* worker */')
  writeFileSync(join(folder, 'wallet/manifest.webmanifest'), '{}')
  writeFileSync(join(folder, 'wallet/assets/index-abc123.js'), 'plain')
  writeFileSync(join(folder, 'wallet/assets/index-abc123.js.br'), 'compressed')
  writeFileSync(join(folder, 'wallet/.hidden'), 'secret')
  return join(folder, 'wallet')
}

async function open(walletDir: string, isPractice = false) {
  const world = await BackendWorld.open({ walletDir, isPractice })
  onTestFinished(async () => world.close())
  return async (url: string, headers: Record<string, string> = {}) => world.backend.app.inject({ method: 'GET', url, headers })
}

test('the page is served with a strict policy of its own, and may use Bluetooth and passkeys', async () => {
  const get = await open(builtWallet())
  const page = await get('/wallet/')
  expect(page.statusCode).toBe(200)
  expect(page.body).toBe('<title>Wallet</title>')
  expect(page.headers['content-type']).toContain('text/html')
  expect(page.headers['cache-control']).toBe('no-cache')
  const policy = String(page.headers['content-security-policy'])
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  expect(policy).toContain("connect-src 'self';")
  expect(page.headers['permissions-policy']).toContain('bluetooth=(self)')
  expect(page.headers['permissions-policy']).toContain('camera=()')
  expect(page.headers['x-content-type-options']).toBe('nosniff')
})

test('in practice the page also reaches the practice world of this machine, and nothing else', async () => {
  const get = await open(builtWallet(), true)
  const { headers } = await get('/wallet/')
  expect(headers['content-security-policy']).toContain("connect-src 'self' ws://127.0.0.1:*;")
})

test('files under a hashed name are kept for ever and come compressed; everything else is asked for again', async () => {
  const get = await open(builtWallet())
  const plain = await get('/wallet/assets/index-abc123.js')
  expect([plain.body, plain.headers['cache-control']]).toEqual(['plain', 'public, max-age=31536000, immutable'])
  const compressed = await get('/wallet/assets/index-abc123.js', { 'accept-encoding': 'gzip, br' })
  expect([compressed.body, compressed.headers['content-encoding']]).toEqual(['compressed', 'br'])
  expect(compressed.headers['content-type']).toContain('javascript')
  expect(compressed.headers['vary']).toContain('accept-encoding')
  expect((await get('/wallet/worker.js')).headers['cache-control']).toBe('no-cache')
  expect((await get('/wallet/manifest.webmanifest')).headers['content-type']).toContain('manifest+json')
  expect((await get('/wallet')).headers['location']).toBe('/wallet/')
})

describe('nothing but the built files is to be had', () => {
  let world: BackendWorld
  let port: number
  beforeAll(async () => {
    world = await BackendWorld.open({ walletDir: builtWallet() })
    port = Number(new URL(await world.backend.app.listen({ port: 0, host: '127.0.0.1' })).port)
  })
  afterAll(async () => world.close())

  // By its name: by its number the page would send on whatever is asked for.
  const get = async (path: string) => ask(port, { path, headers: { host: `localhost:${port}` } })

  test('what was built is to be had in the same way', async () => {
    expect(await get('/wallet/worker.js')).toMatchObject({ status: 200, body: '/* worker */' })
  })

  // Over a socket: `inject` would take the dots out of the path.
  test.each([
    '/wallet/../keys.json',
    '/wallet/..%2fkeys.json',
    '/wallet/%2e%2e/keys.json',
    '/wallet/%2e%2e%2fkeys.json',
    '/wallet/..\\keys.json',
    '/wallet/..%5ckeys.json',
    '/wallet/assets/../../keys.json',
    '/wallet/.hidden',
    '/wallet/nothing',
  ])('%s', async (path) => {
    const reply = await get(path)
    expect(reply.status).toBeGreaterThanOrEqual(400)
    expect(reply.body).not.toContain('secret')
  })
})

test('a page that was not built says what to run, and is there as soon as it was', async () => {
  const folder = join(newFolder(), 'wallet')
  const get = await open(folder)
  const missing = await get('/wallet/')
  expect(missing.statusCode).toBe(503)
  expect(missing.body).toContain('npm run build')
  expect(missing.headers['content-type']).toContain('text/html')
  mkdirSync(folder)
  writeFileSync(join(folder, 'index.html'), 'built')
  expect((await get('/wallet/')).body).toBe('built')
})

test('by its number the page sends to its name, for which alone passkeys can be made', async () => {
  const get = await open(builtWallet())
  const reply = await get('/wallet/', { host: '127.0.0.1:8790' })
  expect([reply.statusCode, reply.headers['location']]).toEqual([302, 'http://localhost/wallet/'])
  expect((await get('/wallet/', { host: 'localhost:8790' })).statusCode).toBe(200)
})

test('the calls keep the policy they had', async () => {
  const get = await open(builtWallet())
  expect((await get('/health')).headers['permissions-policy']).toBeUndefined()
})
