import { randomBytes } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocketServer } from 'ws'
import { createRouter } from '#main/api/router.ts'
import type { Till } from '#shared/contracts/till.ts'

const FILES = join(import.meta.dirname, '../../../dist/renderer')
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

export type DevHost = {
  readonly url: string
  readonly cutLine: () => void
  readonly mendLine: () => void
  readonly close: () => Promise<void>
}

function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Serves the built screens on loopback under the product's content security policy, with this till behind the real router. */
export async function startDevHost(till: Till, port = 0): Promise<DevHost> {
  let isCut = false
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname)
    if (path === '/' || path === '/index.html') {
      const nonce = randomBytes(16).toString('base64')
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy(nonce) })
      response.end(readFileSync(join(FILES, 'index.html'), 'utf8').replace('__CSP_NONCE__', nonce))
      return
    }
    const file = join(FILES, path)
    if (!file.startsWith(FILES) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'cache-control': 'max-age=3600' })
    createReadStream(file).pipe(response)
  })
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (isCut || request.url?.startsWith('/trpc') !== true) socket.destroy()
    else sockets.handleUpgrade(request, socket, head, (ws) => sockets.emit('connection', ws, request))
  })
  applyWSSHandler({ wss: sockets, router: createRouter(), createContext: () => ({ till }) })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${bound}/`,
    cutLine: () => {
      isCut = true
      for (const client of sockets.clients) client.terminate()
    },
    mendLine: () => {
      isCut = false
    },
    close: async () => {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
