/**
 * Identity assertions for web services: who asks is registered beforehand, what is given was agreed to just now, and what comes out is a
 * signed token for that one service, for five minutes, that no other service can tie to the same person.
 */
import type * as z from 'zod'
import {
  ASSERTION_LIFETIME_S,
  ASSERTIONS_PAGE_MAX,
  type AuthorizeRequest,
  authorizeRequest,
  type listAssertions,
  type makeAssertion,
  type putWebService,
  SCOPE_CLAIMS,
} from '#shared/contracts/assertions-api.ts'
import { claimBits, claimsOfBits } from '#shared/contracts/identity-messages.ts'
import { FRESH_MS } from '#shared/contracts/owner-api.ts'
import { text } from '#shared/contracts/structure.ts'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import {
  addAssertion,
  assertionsOf,
  findWebService,
  forgetAssertions,
  saveWebService,
  useAssertionNonce,
  type WebService,
} from '../repositories/assertions-repository.ts'
import { agreedEntries } from '../repositories/identity-repository.ts'
import type { OwnerSession } from '../repositories/owner-sessions-repository.ts'
import { findAccount, findMerchant } from '../repositories/registry-repository.ts'
import { digestOf } from '../secrets.ts'
import type { SigningKeys } from '../signing-keys.ts'
import { type Clock, instantOf, type NewId, secondsOf } from '../world.ts'
import { isRedirectUri } from './redirect-uri.ts'

const MS_PER_S = 1_000
/** Clocks of web services differ too: a nonce is not forgotten before every one of them has refused its token. */
const NONCE_KEPT_MS = 2 * ASSERTION_LIFETIME_S * MS_PER_S
const ASSERTIONS_KEPT_MS = 90 * 86_400_000
const SERVICE_NAME_MAX = 40
const shown = text(1, SERVICE_NAME_MAX)

/** A request of a registered service, to an address of its own, for claims it may ask for. */
export type AssertionAsked = { readonly service: WebService; readonly claims: readonly Claim[]; readonly request: AuthorizeRequest }

export type AssertionsParts = {
  readonly db: Database
  readonly clock: Clock
  readonly newId: NewId
  readonly keys: SigningKeys
  /** Who says so: where this backend's pages are, and its discovery document. */
  readonly issuer: () => string
}

export class Assertions {
  readonly #parts: AssertionsParts

  constructor(parts: AssertionsParts) {
    this.#parts = parts
  }

  async putService(clientId: string, { name, redirectUris, merchantId }: z.output<typeof putWebService.body>): Promise<Refusable<void>> {
    if (!shown.accepts(name)) return refuse('malformed', 'the name cannot be shown')
    if (!redirectUris.every(isRedirectUri)) return refuse('malformed', 'a redirect URI is https, in full, without query and fragment')
    return this.#parts.db.transaction().execute(async (tx) => {
      if (merchantId !== undefined && !(await findMerchant(tx, merchantId))) return refuse('unknown', 'no such merchant')
      await saveWebService(tx, { clientId, name, redirectUris: [...new Set(redirectUris)], merchantId })
      return ok()
    })
  }

  /** Reads what a browser brought from anywhere. What is not exactly as registered is answered here and never sent back. */
  async read(query: unknown): Promise<Refusable<AssertionAsked>> {
    const parsed = authorizeRequest.safeParse(query)
    return parsed.success ? this.check(this.#parts.db, parsed.data) : refuse('malformed', 'not a request for an id_token by form post')
  }

  async check(db: Database, request: AuthorizeRequest): Promise<Refusable<AssertionAsked>> {
    const service = await findWebService(db, request.client_id)
    if (!service) return refuse('unknown', 'no such web service')
    if (!service.redirectUris.includes(request.redirect_uri)) return refuse('not-allowed', 'not an address of this web service')
    const scopes = request.scope.split(' ')
    if (!scopes.includes('openid')) return refuse('malformed', 'the scope lacks openid')
    const claims = CLAIMS.filter((claim) =>
      scopes.some((scope) => scope in SCOPE_CLAIMS && SCOPE_CLAIMS[scope as keyof typeof SCOPE_CLAIMS] === claim),
    )
    if (claims.includes('member-number') && service.merchantId === undefined)
      return refuse('not-allowed', 'this web service has no members')
    return ok({ service, claims, request })
  }

  /** Of a session that is fresh. The nonce is used up in the transaction that reads the card. */
  async make(
    session: OwnerSession,
    { request, agreed }: z.output<typeof makeAssertion.body>,
  ): Promise<Refusable<z.input<typeof makeAssertion.reply>>> {
    const { db, clock, keys, issuer } = this.#parts
    const nowMs = clock.nowMs()
    const made = await db.transaction().execute(async (tx) => this.#given(tx, session, request, agreed, nowMs))
    if (!made.ok) return made
    const iat = secondsOf(nowMs)
    const { client_id: clientId, redirect_uri: redirectUri, nonce } = request
    const { name, memberNumber, id } = made.value
    const idToken = await keys.signer('identity', iat).jwt({
      iss: issuer(),
      aud: clientId,
      sub: keys.subjectOf(session.accountId, clientId),
      nonce,
      iat,
      exp: iat + ASSERTION_LIFETIME_S,
      auth_time: secondsOf(session.freshUntilMs - FRESH_MS),
      jti: id,
      ...(name === undefined ? {} : { name }),
      ...(memberNumber === undefined ? {} : { member_number: memberNumber }),
    })
    return ok({ idToken, redirectUri })
  }

  async list(accountId: string): Promise<z.input<typeof listAssertions.reply>> {
    const all = await assertionsOf(this.#parts.db, accountId, ASSERTIONS_PAGE_MAX)
    return { assertions: all.map((one) => ({ ...one, given: [...claimsOfBits(one.given)] })) }
  }

  async sweep(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    await this.#parts.db.transaction().execute(async (tx) => forgetAssertions(tx, nowMs, instantOf(nowMs - ASSERTIONS_KEPT_MS)))
  }

  async #given(
    tx: Tx,
    { accountId }: OwnerSession,
    request: AuthorizeRequest,
    agreed: readonly Claim[],
    nowMs: number,
  ): Promise<Refusable<{ readonly id: string; readonly name: string | undefined; readonly memberNumber: string | undefined }>> {
    const asked = await this.check(tx, request)
    if (!asked.ok) return asked
    const { service, claims } = asked.value
    if (!agreed.every((claim) => claims.includes(claim))) return refuse('malformed', 'nobody asked for all of that')
    if ((await findAccount(tx, accountId))?.frozen !== false) return refuse('not-allowed', 'a frozen account says nothing of its owner')
    if (!(await useAssertionNonce(tx, service.clientId, digestOf(request.nonce), nowMs + NONCE_KEPT_MS))) {
      return refuse('conflict', 'this nonce was used before')
    }
    const entries = await agreedEntries(tx, accountId, service.merchantId, agreed)
    const id = this.#parts.newId()
    const given = claimBits(CLAIMS.filter((claim) => entries[claim] !== undefined))
    await addAssertion(tx, { id, clientId: service.clientId, accountId, given, at: instantOf(nowMs) })
    return ok({ id, name: entries.name?.value, memberNumber: entries['member-number']?.value })
  }
}
