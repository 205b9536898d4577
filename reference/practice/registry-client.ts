/** The operator's calls to the backend's registry, as the practice world makes them to set itself up. */
import type * as z from 'zod'
import {
  apiError,
  BACKEND_PATHS,
  getKeySet,
  type patchAccount,
  type putAccount,
  type putMerchant,
  type putPhone,
  type putProgramme,
  type putSite,
  type putTerminal,
} from '#shared/contracts/backend-api.ts'
import { BAND_PATHS, type putBand } from '#shared/contracts/bands-api.ts'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { IDENTITY_PATHS, type putCardName, type putMemberNumber } from '#shared/contracts/identity-api.ts'
import { invitePhone } from '#shared/contracts/owner-api.ts'
import { err, ok, type Result } from '#shared/result.ts'

export const REGISTRY_TIMEOUT_MS = 10_000
export type RegistryRefusal = { readonly code: string; readonly message: string }
export type Done = Promise<Result<void, RegistryRefusal>>

type Body<T extends { readonly body: z.ZodType }> = z.input<T['body']>

export class RegistryClient {
  readonly #baseUrl: string
  readonly #token: string

  constructor(baseUrl: string, operatorToken: string) {
    this.#baseUrl = baseUrl
    this.#token = operatorToken
  }

  /** The root key of this backend's world. */
  async rootPoint(): Promise<Result<Uint8Array, RegistryRefusal>> {
    const reply = await this.#call('GET', BACKEND_PATHS.keySet)
    if (!reply.ok) return reply
    const parsed = getKeySet.reply.safeParse(reply.value)
    const point = parsed.success ? fromBase64Url(parsed.data.rootPoint) : undefined
    return point ? ok(point) : err({ code: 'malformed', message: 'the key set is not readable' })
  }

  async merchant(merchantId: string, body: Body<typeof putMerchant>): Done {
    return this.#put(BACKEND_PATHS.merchant, { merchantId }, body)
  }

  async site(siteId: string, body: Body<typeof putSite>): Done {
    return this.#put(BACKEND_PATHS.site, { siteId }, body)
  }

  async terminal(terminalId: string, body: Body<typeof putTerminal>): Done {
    return this.#put(BACKEND_PATHS.terminal, { terminalId }, body)
  }

  async account(accountId: string, body: Body<typeof putAccount>): Done {
    return this.#put(BACKEND_PATHS.account, { accountId }, body)
  }

  async freeze(accountId: string, body: Body<typeof patchAccount>): Done {
    return this.#done('PATCH', pathOf(BACKEND_PATHS.account, { accountId }), body)
  }

  async cardName(accountId: string, body: Body<typeof putCardName>): Done {
    return this.#put(IDENTITY_PATHS.name, { accountId }, body)
  }

  async memberNumber(accountId: string, merchantId: string, body: Body<typeof putMemberNumber>): Done {
    return this.#put(IDENTITY_PATHS.memberNumber, { accountId, merchantId }, body)
  }

  /** A one-time code with which a new phone joins this account. */
  async invitePhone(accountId: string): Promise<Result<string, RegistryRefusal>> {
    const reply = await this.#call('POST', pathOf(BACKEND_PATHS.phoneInvitation, { accountId }))
    if (!reply.ok) return reply
    const parsed = invitePhone.reply.safeParse(reply.value)
    return parsed.success ? ok(parsed.data.code) : err({ code: 'malformed', message: 'the invitation is not readable' })
  }

  async phone(phoneId: string, body: Body<typeof putPhone>): Done {
    return this.#put(BACKEND_PATHS.phone, { phoneId }, body)
  }

  async band(bandId: string, body: Body<typeof putBand>): Done {
    return this.#put(BAND_PATHS.band, { bandId }, body)
  }

  async programme(siteId: string, body: Body<typeof putProgramme>): Done {
    return this.#put(BACKEND_PATHS.siteProgramme, { siteId }, body)
  }

  async #put(path: string, ids: Readonly<Record<string, string>>, body: unknown): Done {
    return this.#done('PUT', pathOf(path, ids), body)
  }

  async #done(method: string, path: string, body: unknown): Done {
    const reply = await this.#call(method, path, body)
    return reply.ok ? ok() : reply
  }

  async #call(method: string, path: string, body?: unknown): Promise<Result<unknown, RegistryRefusal>> {
    try {
      const response = await fetch(`${this.#baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(REGISTRY_TIMEOUT_MS),
      })
      const content: unknown = await response.json()
      if (response.ok) return ok(content)
      const refusal = apiError.safeParse(content)
      return err(refusal.success ? refusal.data : { code: 'unavailable', message: `status ${response.status}` })
    } catch (error) {
      return err({ code: 'unavailable', message: error instanceof Error ? error.message : 'no answer' })
    }
  }
}

function pathOf(path: string, ids: Readonly<Record<string, string>>): string {
  return Object.entries(ids).reduce((filled, [name, id]) => filled.replace(`{${name}}`, encodeURIComponent(id)), path)
}
