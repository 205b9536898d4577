/**
 * The wallet's service worker: keeps the page's own files, so that the wallet opens without network and says so itself. What the backend
 * answers is never kept: a balance of yesterday would be believed.
 */
declare const self: ServiceWorkerGlobalScope

const SHELL = 'wallet-shell-1'
/** A network that has not answered the page by then counts as none. */
const NETWORK_TIMEOUT_MS = 4_000
const HASHED_FOLDER = 'assets/'
const NAMED_FILES = ['manifest.webmanifest', 'icon.svg', 'icon-192.png']

const scope = () => new URL(self.registration.scope)

self.addEventListener('install', (event) => {
  event.waitUntil(keepShell().then(async () => self.skipWaiting()))
})
self.addEventListener('activate', (event) => {
  event.waitUntil(dropOthers().then(async () => self.clients.claim()))
})
self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== scope().origin || !url.pathname.startsWith(scope().pathname)) return
  if (request.mode === 'navigate') event.respondWith(page(request))
  else if (url.pathname.startsWith(`${scope().pathname}${HASHED_FOLDER}`)) event.respondWith(hashed(request))
  else if (NAMED_FILES.includes(url.pathname.slice(scope().pathname.length))) event.respondWith(named(request))
})

/** The page and everything it names. Pieces that are loaded later are kept when they are. */
async function keepShell(): Promise<void> {
  const shell = await caches.open(SHELL)
  const reply = await fetch(scope(), { cache: 'no-cache' })
  if (!reply.ok) throw new Error(`the page is not to be had: ${reply.status}`)
  const names = [...(await reply.clone().text()).matchAll(/\.\/(?<name>assets\/[\w.-]+)/gu)].map((match) => match.groups?.['name'] ?? '')
  await shell.put(scope(), reply)
  await shell.addAll([...names, ...NAMED_FILES].map((name) => new URL(name, scope()).href))
}

async function dropOthers(): Promise<void> {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name !== SHELL).map(async (name) => caches.delete(name)))
}

/** Newest first; the kept one where there is no network. */
async function page(request: Request): Promise<Response> {
  const shell = await caches.open(SHELL)
  try {
    const reply = await fetch(request, { signal: AbortSignal.timeout(NETWORK_TIMEOUT_MS) })
    if (reply.ok) await shell.put(scope(), reply.clone())
    return reply
  } catch (error) {
    const kept = await shell.match(scope())
    if (kept) return kept
    throw error
  }
}

/** A file under a hashed name never changes: what is kept is as good as the original. */
async function hashed(request: Request): Promise<Response> {
  const shell = await caches.open(SHELL)
  const kept = await shell.match(request)
  if (kept) return kept
  const reply = await fetch(request)
  if (reply.ok) await shell.put(request, reply.clone())
  return reply
}

async function named(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch (error) {
    const kept = await (await caches.open(SHELL)).match(request)
    if (kept) return kept
    throw error
  }
}
