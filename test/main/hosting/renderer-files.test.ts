import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openRendererFiles } from '#main/hosting/renderer-files.ts'
import { makeBundle, SCRIPT, temporaryFolder } from './support.ts'

const ORIGIN = { socketOrigin: 'ws://127.0.0.1:4000' }
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8')

async function opened() {
  const { root, bundle } = await makeBundle()
  await symlink(join(root, 'secret.json'), join(bundle, 'link.json'))
  await symlink(root, join(bundle, 'up'))
  const files = await openRendererFiles(bundle)
  if (!files.ok) throw new Error(files.error)
  return { root, bundle, files: files.value }
}

test('a folder without the built screens is refused', async () => {
  const empty = await temporaryFolder()
  expect(await openRendererFiles(empty)).toEqual({ ok: false, error: 'not-built' })
  expect(await openRendererFiles(join(empty, 'missing'))).toEqual({ ok: false, error: 'not-built' })
})

test('the page carries one fresh nonce in its markup and in its policy, and the policy admits nothing else', async () => {
  const { files } = await opened()
  const pages = [await files.answer('/', ORIGIN), await files.answer('/index.html', ORIGIN), await files.answer('/', {})]
  const nonces = pages.map((page) => /content="([^"]+)"/.exec(text(page.body))?.[1] ?? '')
  expect(new Set(nonces).size).toBe(3)
  for (const [index, page] of pages.entries()) {
    expect(page.status).toBe(200)
    expect(text(page.body)).not.toContain('__CSP_NONCE__')
    expect(text(page.body).split(nonces[index] ?? '').length).toBe(3)
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(page.headers['permissions-policy']).toContain('usb=()')
    const connect = index === 2 ? "'self'" : "'self' ws://127.0.0.1:4000"
    expect(page.headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonces[index]}'; img-src 'self' data:; font-src 'self'; ` +
        `connect-src ${connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    )
  }
})

test('hashed files may be kept, others are asked for anew', async () => {
  const { files } = await opened()
  const script = await files.answer('/assets/index-abc.js', ORIGIN)
  expect(text(script.body)).toBe(SCRIPT)
  expect(script.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'private, max-age=31536000, immutable',
  })
  expect((await files.answer('/icon.svg', ORIGIN)).headers).toMatchObject({ 'content-type': 'image/svg+xml', 'cache-control': 'no-cache' })
})

const REFUSED = [
  '/../secret.json',
  '/..%2fsecret.json',
  '/%2e%2e/secret.json',
  '/%2e%2e%2fsecret.json',
  '/%252e%252e%252fsecret.json',
  '/..\\secret.json',
  '/..%5csecret.json',
  '/assets/../../secret.json',
  '/assets/..%2f..%2fsecret.json',
  '/./index.html',
  '//index.html',
  '//etc/passwd',
  '/index.html/',
  '/index.html%00',
  '/index.html%00.js',
  '/assets',
  '/assets/',
  '/assets/index-abc.js.map',
  '/.env',
  '/link.json',
  '/up/secret.json',
  '/up',
  '/INDEX.HTML',
  '/index.html.',
  '/index.html::$DATA',
  '/C:/windows/win.ini',
  '/__proto__',
  '/constructor',
  '/%c0%ae%c0%ae/secret.json',
  '/%',
  '/%zz',
  'index.html',
  '',
  'file:///etc/passwd',
  `/${'a'.repeat(100_000)}`,
]

test.each(REFUSED)('nothing is served for %j', async (path) => {
  const { files } = await opened()
  const answer = await files.answer(path, ORIGIN)
  expect([400, 404]).toContain(answer.status)
  expect(text(answer.body)).toMatch(/^(Not found|Bad request)\n$/)
  expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
})

test('no path at all leads to a file that was not listed', async () => {
  const { files } = await opened()
  const piece = fc.constantFrom(
    '..',
    '.',
    '%2e',
    '%2f',
    '/',
    '\\',
    '%5c',
    'secret.json',
    'assets',
    'index.html',
    '%00',
    '~',
    'up',
    'link.json',
    '?',
    '#',
    '',
  )
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.array(piece, { maxLength: 8 }).map((parts) => `/${parts.join('')}`),
        fc.string(),
      ),
      async (path) => {
        const answer = await files.answer(path, ORIGIN)
        expect(text(answer.body)).not.toContain('outside')
        expect(text(answer.body)).not.toContain('SECRET')
      },
    ),
    { numRuns: 500 },
  )
})

test('a file that has become a link or a folder, or is gone, is no longer served', async () => {
  const { root, bundle, files } = await opened()
  const script = join(bundle, 'assets', 'index-abc.js')
  await rm(script)
  expect((await files.answer('/assets/index-abc.js', ORIGIN)).status).toBe(404)
  await symlink(join(root, 'secret.json'), script)
  expect((await files.answer('/assets/index-abc.js', ORIGIN)).status).toBe(404)
  await rm(script)
  await mkdir(script)
  expect((await files.answer('/assets/index-abc.js', ORIGIN)).status).toBe(404)
  await rm(script, { recursive: true })
  await writeFile(script, SCRIPT)
  expect((await files.answer('/assets/index-abc.js', ORIGIN)).status).toBe(200)
})
