/** What a request must be before anything else looks at it. A page of another site, or a name that points here, gets no further. */
import type { IncomingMessage } from 'node:http'

const HTTP_PORT = 80
const COOKIE_HEADER_LENGTH_MAX = 4_096

/** The names under which the screens may be asked for: exact, so that a name re-pointed at this machine is refused. */
export function hostsFor(port: number, ipv6: boolean): ReadonlySet<string> {
  const names = ['127.0.0.1', 'localhost', ...(ipv6 ? ['[::1]'] : [])]
  return new Set(names.flatMap((name) => (port === HTTP_PORT ? [name, `${name}:${port}`] : [`${name}:${port}`])))
}

/** The one Host header of a request, when it is one of ours. */
export function hostOf(request: IncomingMessage, hosts: ReadonlySet<string>): string | undefined {
  const given = request.headersDistinct['host'] ?? []
  const [host] = given
  return given.length === 1 && host !== undefined && hosts.has(host) ? host : undefined
}

/** Whether the request says it comes from a page of ours. Required of whatever may change something. */
export function isOwnOrigin(request: IncomingMessage, host: string): boolean {
  const given = request.headersDistinct['origin'] ?? []
  return given.length === 1 && given[0] === `http://${host}`
}

/** Whether a browser says that a page of another origin wants this as a part of itself. Opening an address is no part of a page. */
export function isForeignPart(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site']
  return (site === 'cross-site' || site === 'same-site') && request.headers['sec-fetch-mode'] !== 'navigate'
}

/** Whether the browser came here from another site. The session cookie is not sent then, though there may be one. */
export function cameFromElsewhere(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site']
  return site === 'cross-site' && request.headers['sec-fetch-mode'] === 'navigate'
}

/** Whether the request announces a body. Nothing here reads one. */
export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) !== 0
}

/** Whether the browser only prepares a page that nobody has opened yet. */
export function isPrefetch(request: IncomingMessage): boolean {
  const purpose = request.headers['sec-purpose'] ?? request.headers['purpose'] ?? ''
  return String(purpose).includes('prefetch')
}

/** The path of the request's target as it was sent, without its query. Undefined for a target that is not a path. */
export function pathOf(request: IncomingMessage): string | undefined {
  const target = request.url ?? ''
  return target.startsWith('/') ? target.split('?', 1)[0] : undefined
}

/** The cookies do not know ports: two terminals on one machine each need a name of their own. */
export function cookieName(port: number): string {
  return `bandtill_${port}`
}

/** The value of one cookie, or undefined. A cookie that is given twice counts as none. */
export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const header = request.headers.cookie ?? ''
  if (header.length > COOKIE_HEADER_LENGTH_MAX) return undefined
  const values = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
  return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined
}
