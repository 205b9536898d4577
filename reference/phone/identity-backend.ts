/** The identity card's one call to the backend. */
import type * as z from 'zod'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { IDENTITY_PATHS, identify } from '#shared/contracts/identity-api.ts'
import { err, ok } from '#shared/result.ts'
import type { IdentityBackend } from './identity.ts'
import { createSignedCall, type PhoneBackendParts } from './signed-calls.ts'

export function createIdentityBackend(parts: PhoneBackendParts): IdentityBackend {
  const call = createSignedCall(parts)
  return {
    async identify({ statement, certificate, requestDigest, proof, agreed }) {
      const body: z.input<typeof identify.body> = {
        statement: toBase64Url(statement),
        certificate: toBase64Url(certificate),
        requestDigest: toBase64Url(requestDigest),
        proof: toBase64Url(proof),
        agreed: [...agreed],
        ...(parts.place ? { place: parts.place } : {}),
      }
      const reply = await call('POST', IDENTITY_PATHS.identify, body)
      if (!reply.ok) return reply
      const parsed = identify.reply.safeParse(reply.value)
      const signed = parsed.success ? fromBase64Url(parsed.data.signed) : undefined
      return parsed.success && signed ? ok({ kind: parsed.data.kind, signed, hint: parsed.data.hint }) : err('no-answer')
    },
  }
}
