/** The screens' own address in the desktop window: app://bandtill/, served from the bundle and from nowhere else. */
import type { CustomScheme, Protocol } from 'electron'
import type { RendererFiles } from '../hosting/renderer-files.ts'

const APP_SCHEME = 'app'
const APP_HOST = 'bandtill'
/** The origin of the screens, as Chromium writes it. */
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`
export const APP_ADDRESS = `${APP_ORIGIN}/`

/** To be registered before the app is ready. Standard and secure, so that it has an origin; it bypasses no policy. */
export const APP_SCHEMES: readonly CustomScheme[] = [
  { scheme: APP_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
]

/** Serves the screens. */
export function serveApp(protocol: Pick<Protocol, 'handle'>, files: RendererFiles): void {
  protocol.handle(APP_SCHEME, async (request) => answerApp(request, files))
}

async function answerApp(request: Request, files: RendererFiles): Promise<Response> {
  const { host, pathname } = new URL(request.url)
  if (host !== APP_HOST) return new Response('Not found\n', { status: 404 })
  if (request.method !== 'GET' && request.method !== 'HEAD') return new Response('Method not allowed\n', { status: 405 })
  const { status, headers, body } = await files.answer(pathname, {})
  return new Response(request.method === 'HEAD' ? null : body, { status, headers })
}
