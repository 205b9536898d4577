/** What every route shares: who may call, how a refusal leaves, how a path of the contract is written for Fastify. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { apiError, putHold, terminalProfile } from '#shared/contracts/backend-api.ts'
import type { Refusable, Refusal } from '../refusal.ts'
import type { OwnerSession } from '../repositories/owner-sessions-repository.ts'
import type { Phone } from '../repositories/registry-repository.ts'

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

/**
 * Who calls. `enrolling`, `enrolling-phone`: a terminal or phone that proves the key it brings in the body. `owner`: our own page with the
 * cookie of an owner session. `visitor`: our own page, signed in or not.
 */
export type Caller = 'anyone' | 'terminal' | 'phone' | 'operator' | 'enrolling' | 'enrolling-phone' | 'owner' | 'visitor'
export type Identity =
  | { readonly kind: 'terminal'; readonly terminalId: string }
  | { readonly kind: 'phone'; readonly phone: Phone }
  | { readonly kind: 'operator' }
  | { readonly kind: 'owner'; readonly session: OwnerSession }

declare module 'fastify' {
  interface FastifyContextConfig {
    caller?: Caller
    /** Only for a session that showed a passkey just now. */
    fresh?: boolean
  }
  interface FastifyRequest {
    /** The body as received, for its digest. */
    receivedBody: Uint8Array
    identity: Identity | undefined
  }
}

/** An expected refusal on its way out; the error handler turns it into the contract's answer. */
export class RefusedCall extends Error {
  override readonly name = 'RefusedCall'
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal.message)
    this.refusal = refusal
  }
}

/** The value, or the refusal as the answer of this call. */
export function accepted<T>(result: Refusable<T>): T {
  if (!result.ok) throw new RefusedCall(result.error)
  return result.value
}

/** `/v1/holds/{holdId}` as Fastify writes it. */
export function urlOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1')
}

/** Error answers every route may give. */
export const REFUSALS = { '4xx': apiError, '5xx': apiError } as const

export const machineId = putHold.reply.shape.holdId
export const slug = terminalProfile.shape.terminalId
export const showtimeId = putHold.body.shape.showtimeId

export function terminalOf(request: { readonly identity: Identity | undefined }): string {
  const { identity } = request
  if (identity?.kind !== 'terminal') throw new RefusedCall({ code: 'not-allowed', message: 'only a terminal may do this' })
  return identity.terminalId
}

export function phoneOf(request: { readonly identity: Identity | undefined }): Phone {
  const { identity } = request
  if (identity?.kind !== 'phone') throw new RefusedCall({ code: 'not-allowed', message: 'only a phone may do this' })
  return identity.phone
}

export function ownerOf(request: { readonly identity: Identity | undefined }): OwnerSession {
  const session = sessionIn(request)
  if (!session) throw new RefusedCall({ code: 'unsigned', message: 'nobody is signed in' })
  return session
}

/** The owner session of a visitor, if they have one. */
export function sessionIn({ identity }: { readonly identity: Identity | undefined }): OwnerSession | undefined {
  return identity?.kind === 'owner' ? identity.session : undefined
}
