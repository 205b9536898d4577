/** The phone's calls to the backend over HTTP, signed with the phone's own key. */
import * as z from 'zod'
import { BACKEND_PATHS, certifyPhone, submit } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { signCall } from '#shared/crypto/http-signature.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { BackendFault, Clock, PhoneBackend } from './ports.ts'

/** One call to the backend, name look-up to last byte. */
export const CALL_TIMEOUT_MS = 10_000
/** Longest answer read from the backend. */
export const REPLY_BYTES_MAX = 65_536

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

export function createBackendClient(parts: PhoneBackendParts): PhoneBackend {
  const post = async (path: string, body: unknown): Promise<Result<unknown, BackendFault>> => {
    if (!parts.hasNetwork()) return err('not-sent')
    const url = `${parts.baseUrl}${path}`
    const bytes = new TextEncoder().encode(JSON.stringify(body))
    const key = { keyId: `phone:${parts.phoneId}`, signer: parts.signer }
    const signed = await signCall({ method: 'POST', url, body: bytes }, key, parts.clock.nowMs() / 1000)
    try {
      const response = await (parts.fetch ?? fetch)(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signed },
        body: bytes,
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
  return {
    async certify(keys) {
      const body: z.input<typeof certifyPhone.body> = { keys: keys.map(({ point, slot }) => ({ point: toBase64Url(point), slot })) }
      const reply = await post(BACKEND_PATHS.certifyPhone, body)
      if (!reply.ok) return reply
      const parsed = certifyPhone.reply.safeParse(reply.value)
      if (!parsed.success) return err('no-answer')
      const certificates = bytesOf(parsed.data.certificates)
      const keySet = bytesOf(parsed.data.keySet)
      return certificates && keySet ? ok({ certificates, keySet }) : err('no-answer')
    },
    async submit({ statement, certificate, requestDigest, proof, act }) {
      const body: z.input<typeof submit.body> = {
        statement: toBase64Url(statement),
        certificate: toBase64Url(certificate),
        requestDigest: toBase64Url(requestDigest),
        proof: toBase64Url(proof),
        act,
        ...(parts.place ? { place: parts.place } : {}),
      }
      const reply = await post(BACKEND_PATHS.submit, body)
      if (!reply.ok) return reply
      const parsed = submit.reply.safeParse(reply.value)
      const signed = parsed.success ? fromBase64Url(parsed.data.signed) : undefined
      return parsed.success && signed ? ok({ kind: parsed.data.kind, signed, hint: parsed.data.hint }) : err('no-answer')
    },
  }
}

function bytesOf(texts: readonly string[]): readonly Uint8Array[] | undefined {
  const all = texts.map((text) => fromBase64Url(text))
  return all.every((bytes) => bytes !== undefined) ? all : undefined
}
