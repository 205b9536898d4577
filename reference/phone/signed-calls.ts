/** The phone's calls to the backend over HTTP, each signed with the phone's own key. */
import * as z from 'zod'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { signCall } from '#shared/crypto/http-signature.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { BackendFault, Clock } from './ports.ts'

/** One call to the backend, name look-up to last byte. */
const CALL_TIMEOUT_MS = 10_000
/** Longest answer read from the backend. */
const REPLY_BYTES_MAX = 65_536

export type PhoneBackendParts = {
  readonly clock: Clock
  /** Such as `https://wallet.example`, without a path. */
  readonly baseUrl: string
  readonly phoneId: string
  readonly signer: Signer
  /** Where the phone says it is. */
  readonly place?: { readonly latitudeE5: number; readonly longitudeE5: number }
  /** The phone's own network: false means nothing is sent. */
  readonly hasNetwork: () => boolean
  readonly fetch?: typeof fetch
}

/** Faults of a connection that was never made. Anything else may have happened after the backend had the call. */
const NOT_SENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])
/** Status codes after which the same call may do better. */
const TRY_AGAIN_STATUS: ReadonlySet<number> = new Set([408, 425, 429])
const failure = z.looseObject({ cause: z.looseObject({ code: z.string() }) })

export type SignedCall = (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => Promise<Result<unknown, BackendFault>>

/** Makes signed calls. Every failure is a value; an answer is what it said, not yet checked. */
export function createSignedCall(parts: PhoneBackendParts): SignedCall {
  return async (method, path, body) => {
    if (!parts.hasNetwork()) return err('not-sent')
    const url = `${parts.baseUrl}${path}`
    const bytes = body === undefined ? new Uint8Array(0) : new TextEncoder().encode(JSON.stringify(body))
    const key = { keyId: `phone:${parts.phoneId}`, signer: parts.signer }
    const signed = await signCall({ method, url, body: bytes }, key, parts.clock.nowMs() / 1000)
    try {
      const response = await (parts.fetch ?? fetch)(url, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...signed },
        ...(body === undefined ? {} : { body: bytes }),
        redirect: 'error',
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      })
      if (!response.ok) {
        await response.body?.cancel()
        return err(response.status >= 500 || TRY_AGAIN_STATUS.has(response.status) ? 'no-answer' : 'refused')
      }
      const text = await response.text()
      return text.length > REPLY_BYTES_MAX ? err('no-answer') : ok(JSON.parse(text))
    } catch (error) {
      const known = failure.safeParse(error)
      return err(known.success && NOT_SENT_CODES.has(known.data.cause.code) ? 'not-sent' : 'no-answer')
    }
  }
}

/** Several base64url texts as bytes, or undefined when one of them is none. */
export function bytesOfAll(texts: readonly string[]): readonly Uint8Array[] | undefined {
  const all = texts.map((text) => fromBase64Url(text))
  return all.every((bytes) => bytes !== undefined) ? all : undefined
}
