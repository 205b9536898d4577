/** Who is calling: one hook proves it before anything of the call is looked at. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { assert, unreachable } from '#shared/assert.ts'
import { enrolTerminal } from '#shared/contracts/backend-api.ts'
import { enrolPhone } from '#shared/contracts/owner-api.ts'
import { SIGNATURE_AGE_MAX_S, SIGNATURE_CLOCK_SKEW_S, type VerifiedCall, verifyCall } from '#shared/crypto/http-signature.ts'
import type { VerifyKey } from '#shared/crypto/keys.ts'
import type { Database } from '../database/tables.ts'
import { useCallNonce } from '../repositories/nonce-repository.ts'
import type { OwnerSession } from '../repositories/owner-sessions-repository.ts'
import { findPhone, findTerminal, type Phone } from '../repositories/registry-repository.ts'
import { type App, type Caller, type Identity, RefusedCall } from '../routes/call.ts'
import type { OwnerAccess } from '../services/owner-access.ts'
import type { VerifyKeys } from '../services/verify-keys.ts'
import type { Clock } from '../world.ts'
import { checkSameOrigin, sessionOf } from './owner-callers.ts'

const MS_PER_S = 1_000
/** A nonce is kept for as long as any signature that carries it could still be accepted. */
const NONCE_LIFETIME_MS = (SIGNATURE_AGE_MAX_S + 2 * SIGNATURE_CLOCK_SKEW_S) * MS_PER_S
const BEARER = 'Bearer '
const ID_LENGTH_MAX = 32

type CallerParts = {
  readonly db: Database
  readonly clock: Clock
  readonly verifyKeys: VerifyKeys
  readonly operatorToken: string
  readonly owner: OwnerAccess
}

export function installCallers(app: App, parts: CallerParts): void {
  const tokenDigest = digestOf(parts.operatorToken)
  app.decorateRequest('identity', undefined)
  app.addHook('preValidation', async (request, reply) => {
    const { caller } = request.routeOptions.config
    assert(caller, 'every route says who may call it')
    // What an owner sees is for their eyes, not for a cache on the way or on the disk.
    if (caller === 'owner' || caller === 'visitor') reply.header('cache-control', 'no-store')
    request.identity = await identify(request, caller, parts, tokenDigest)
  })
}

async function identify(request: FastifyRequest, caller: Caller, parts: CallerParts, tokenDigest: Buffer): Promise<Identity | undefined> {
  switch (caller) {
    case 'anyone':
      return undefined
    case 'operator':
      checkToken(request.headers.authorization, tokenDigest)
      return { kind: 'operator' }
    case 'enrolling':
      return enrolling(request, parts)
    case 'terminal':
      return signedByTerminal(request, parts)
    case 'phone':
      return signedByPhone(request, parts)
    case 'enrolling-phone':
      return enrollingPhone(request, parts)
    case 'owner':
      return signedIn(request, parts)
    case 'visitor': {
      const session = await visiting(request, parts)
      return session && { kind: 'owner', session }
    }
    default:
      return unreachable(caller)
  }
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Digests are compared, in constant time, so that neither length nor content of the token leaks by timing. */
function checkToken(header: string | undefined, tokenDigest: Buffer): void {
  if (!header?.startsWith(BEARER)) throw new RefusedCall({ code: 'unsigned', message: 'the operator token is missing' })
  if (!timingSafeEqual(digestOf(header.slice(BEARER.length)), tokenDigest)) {
    throw new RefusedCall({ code: 'not-allowed', message: 'not the operator token' })
  }
}

async function signedByTerminal(request: FastifyRequest, parts: CallerParts): Promise<Identity> {
  let terminalId: string | undefined
  await verified(request, parts, async (keyId) => {
    terminalId = idIn(keyId, 'terminal')
    const terminal = terminalId === undefined ? undefined : await findTerminal(parts.db, terminalId)
    return terminal?.point && terminal.state === 'active' ? parts.verifyKeys.of(terminal.point) : undefined
  })
  assert(terminalId !== undefined, 'a verified call names its key')
  return { kind: 'terminal', terminalId }
}

async function signedByPhone(request: FastifyRequest, parts: CallerParts): Promise<Identity> {
  let phone: Phone | undefined
  await verified(request, parts, async (keyId) => {
    const phoneId = idIn(keyId, 'phone')
    phone = phoneId === undefined ? undefined : await findPhone(parts.db, phoneId)
    return phone?.retiredAt === null ? parts.verifyKeys.of(phone.point) : undefined
  })
  assert(phone, 'a verified call names its key')
  return { kind: 'phone', phone }
}

/** The key is not known yet: the call proves that its sender has the key it wants certified. */
async function enrolling(request: FastifyRequest, parts: CallerParts): Promise<Identity> {
  const body = enrolTerminal.body.safeParse(request.body)
  if (!body.success) throw new RefusedCall({ code: 'malformed', message: 'not an enrolment' })
  const { terminalId, point } = body.data
  await verified(request, parts, async (keyId) => (idIn(keyId, 'terminal') === terminalId ? parts.verifyKeys.of(point) : undefined))
  return { kind: 'terminal', terminalId }
}

/** As `enrolling`, of a phone. It becomes one of ours only through what it asks for. */
async function enrollingPhone(request: FastifyRequest, parts: CallerParts): Promise<undefined> {
  const body = enrolPhone.body.safeParse(request.body)
  if (!body.success) throw new RefusedCall({ code: 'malformed', message: 'not an enrolment' })
  const { phoneId, point } = body.data
  await verified(request, parts, async (keyId) => (idIn(keyId, 'phone') === phoneId ? parts.verifyKeys.of(point) : undefined))
}

async function visiting(request: FastifyRequest, { owner }: CallerParts): Promise<OwnerSession | undefined> {
  checkSameOrigin(request, owner.party)
  return sessionOf(request, owner.party, owner.sessions)
}

async function signedIn(request: FastifyRequest, parts: CallerParts): Promise<Identity> {
  const session = await visiting(request, parts)
  if (!session) throw new RefusedCall({ code: 'unsigned', message: 'nobody is signed in' })
  if (request.routeOptions.config.fresh === true && !parts.owner.sessions.isFresh(session)) {
    throw new RefusedCall({ code: 'not-fresh', message: 'show a passkey first' })
  }
  return { kind: 'owner', session }
}

function idIn(keyId: string, kind: 'terminal' | 'phone'): string | undefined {
  const id = keyId.startsWith(`${kind}:`) ? keyId.slice(kind.length + 1) : ''
  return id.length > 0 && id.length <= ID_LENGTH_MAX ? id : undefined
}

async function verified(
  request: FastifyRequest,
  { db, clock }: CallerParts,
  findKey: (keyId: string) => Promise<VerifyKey | undefined>,
): Promise<VerifiedCall> {
  const nowMs = clock.nowMs()
  const result = await verifyCall(
    {
      method: request.method,
      // Scheme and host are not signed: a proxy may have changed them.
      url: `http://backend.invalid${request.raw.url ?? '/'}`,
      body: request.receivedBody,
      headers: {
        signature: single(request.headers['signature']),
        'signature-input': single(request.headers['signature-input']),
        'content-digest': single(request.headers['content-digest']),
      },
    },
    findKey,
    nowMs / MS_PER_S,
  )
  if (!result.ok) {
    const code = result.error === 'unsigned' ? 'unsigned' : 'bad-signature'
    throw new RefusedCall({ code, message: `signature refused: ${result.error}` })
  }
  const { keyId, nonce } = result.value
  if (!(await useCallNonce(db, keyId, nonce, nowMs + NONCE_LIFETIME_MS))) {
    throw new RefusedCall({ code: 'bad-signature', message: 'signature refused: seen before' })
  }
  return result.value
}

function single(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined
}
