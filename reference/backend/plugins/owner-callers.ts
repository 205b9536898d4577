/** Calls from the owner's page: that they come from our own page, and which session their cookie names. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { OWNER_SESSION_LIFETIME_MS } from '#shared/contracts/owner-api.ts'
import type { OwnerSession } from '../repositories/owner-sessions-repository.ts'
import { RefusedCall } from '../routes/call.ts'
import type { OwnerSessions } from '../services/owner-sessions.ts'
import type { RelyingParty } from '../services/passkey-check.ts'

const COOKIE = 'bandtill-owner'
const MS_PER_S = 1_000
const READING = new Set(['GET', 'HEAD'])
/** A token of 32 bytes in base64url. */
const TOKEN = /^[\w-]{43}$/u

/** With https the browser itself insists on Secure, this host and this path (RFC 6265bis §4.1.3.2). On loopback there is no https. */
function cookieName(party: RelyingParty): string {
  return isHttps(party) ? `__Host-${COOKIE}` : COOKIE
}

function isHttps(party: RelyingParty): boolean {
  return party.origin().startsWith('https:')
}

/** Gives the browser its session, or takes it away when there is no token. */
export function setSessionCookie(reply: FastifyReply, party: RelyingParty, token: string | undefined): void {
  const maxAgeS = token === undefined ? 0 : OWNER_SESSION_LIFETIME_MS / MS_PER_S
  const secure = isHttps(party) ? '; Secure' : ''
  reply.header('set-cookie', `${cookieName(party)}=${token ?? ''}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`)
}

/**
 * Refuses what another site's page could have sent: browsers name the sending page in Origin with every call that changes something, and
 * in Sec-Fetch-Site with every call at all. The cookie's SameSite is the second wall.
 */
export function checkSameOrigin(request: FastifyRequest, party: RelyingParty): void {
  const site = request.headers['sec-fetch-site']
  const isReading = READING.has(request.method)
  // `none`: typed into the address bar.
  const isOurs = site === undefined || site === 'same-origin' || (site === 'none' && isReading)
  if (!isOurs || (!isReading && request.headers.origin !== party.origin())) {
    throw new RefusedCall({ code: 'not-allowed', message: 'only our own page may call this' })
  }
}

/** The session this call's cookie names, if there is one and it has not ended. */
export async function sessionOf(request: FastifyRequest, party: RelyingParty, sessions: OwnerSessions): Promise<OwnerSession | undefined> {
  const token = cookieIn(request.headers.cookie ?? '', cookieName(party))
  return token !== undefined && TOKEN.test(token) ? sessions.find(token) : undefined
}

function cookieIn(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const [key, value] = pair.split('=')
    if (key?.trim() === name) return value?.trim()
  }
  return undefined
}
