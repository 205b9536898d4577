/** The wallet's page: the built files under one prefix, with a policy of their own. What is missing is said; nothing here touches the API. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../routes/call.ts'
import type { RelyingParty } from '../services/passkey-check.ts'

export const WALLET_PREFIX = '/wallet/'
/** The build names these files by a hash of their content, so they never change under one name. */
const HASHED = /[/\\]assets[/\\]/u
const YEAR_S = 31_536_000
const LOOPBACK_NUMBERS = new Set(['127.0.0.1', '[::1]'])

/** In practice the page reaches the practice world's spare band, at whatever port of this machine that has. */
const PRACTICE_LINKS = 'ws://127.0.0.1:*'
const policyWith = (links: string) => [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  `connect-src 'self'${links}`,
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
]
/** What the page may ask its browser for, and what it never asks for. */
const FEATURES = [
  ...['bluetooth', 'clipboard-write', 'geolocation', 'publickey-credentials-create', 'publickey-credentials-get'].map(
    (one) => `${one}=(self)`,
  ),
  ...[
    'accelerometer',
    'camera',
    'display-capture',
    'gyroscope',
    'hid',
    'magnetometer',
    'microphone',
    'midi',
    'payment',
    'serial',
    'usb',
  ].map((one) => `${one}=()`),
].join(', ')

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bandtill wallet</title>
<h1>The wallet has not been built</h1>
<p>Run <code>npm run build</code> where this backend was installed, then load this page again. The backend itself is running.</p>
<h1 lang="zh-CN">钱包页面尚未构建</h1>
<p lang="zh-CN">请在安装本后端的目录中运行 <code>npm run build</code>，然后重新加载本页。后端本身运行正常。</p>
</html>
`

export type WalletPage = { readonly folder: string; readonly isPractice: boolean }

/** Where this address has a name, when it was called by its number: browsers make passkeys for a name, never for a number. */
export function byName({ hostname, url }: FastifyRequest, party: RelyingParty): string | undefined {
  const isNumber = LOOPBACK_NUMBERS.has(hostname) && new URL(party.origin()).hostname === 'localhost'
  return isNumber ? `${party.origin()}${url}` : undefined
}

export async function installWalletPage(app: App, { folder, isPractice }: WalletPage, party: RelyingParty): Promise<void> {
  const policy = policyWith(isPractice ? ` ${PRACTICE_LINKS}` : '').join('; ')
  app.get('/wallet', { schema: { hide: true } }, async (_request, reply) => reply.redirect(WALLET_PREFIX))
  await app.register(
    async (page) => {
      page.addHook('onRequest', async (request, reply) => {
        reply.headers({ 'content-security-policy': policy, 'permissions-policy': FEATURES, 'referrer-policy': 'no-referrer' })
        const named = byName(request, party)
        return named === undefined ? undefined : reply.redirect(named)
      })
      page.setNotFoundHandler(async (_request, reply) => notFound(reply, folder))
      await page.register(fastifyStatic, {
        root: resolve(folder),
        decorateReply: false,
        schemaHide: true,
        suppressWarning: true,
        dotfiles: 'ignore',
        preCompressed: true,
        cacheControl: false,
        setHeaders: (reply, path) => {
          reply.header('cache-control', HASHED.test(path) ? `public, max-age=${YEAR_S}, immutable` : 'no-cache')
        },
      })
    },
    { prefix: WALLET_PREFIX },
  )
}

/** A build may be put in place while this process runs: whether there is one is looked up when it matters. */
function notFound(reply: FastifyReply, folder: string): FastifyReply {
  reply.header('cache-control', 'no-store')
  if (existsSync(join(folder, 'index.html'))) return reply.code(404).type('text/plain; charset=utf-8').send('Not found\n')
  return reply.code(503).type('text/html; charset=utf-8').send(NOT_BUILT)
}
