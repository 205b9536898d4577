/** What the wallet's engine asks of the backend: certificates for its offers, authorizations, and the account's limits. */
import type * as z from 'zod'
import { BACKEND_PATHS, certifyPhone, submit } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { getWalletLimits, WALLET_LIMITS_PATHS } from '#shared/contracts/wallet-limits-api.ts'
import { err, ok } from '#shared/result.ts'
import type { PhoneBackend } from './ports.ts'
import { bytesOfAll, createSignedCall, type PhoneBackendParts } from './signed-calls.ts'

export function createBackendClient(parts: PhoneBackendParts): PhoneBackend {
  const call = createSignedCall(parts)
  return {
    async certify(keys) {
      const body: z.input<typeof certifyPhone.body> = { keys: keys.map(({ point, slot }) => ({ point: toBase64Url(point), slot })) }
      const reply = await call('POST', BACKEND_PATHS.certifyPhone, body)
      if (!reply.ok) return reply
      const parsed = certifyPhone.reply.safeParse(reply.value)
      if (!parsed.success) return err('no-answer')
      const certificates = bytesOfAll(parsed.data.certificates)
      const keySet = bytesOfAll(parsed.data.keySet)
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
      const reply = await call('POST', BACKEND_PATHS.submit, body)
      if (!reply.ok) return reply
      const parsed = submit.reply.safeParse(reply.value)
      const signed = parsed.success ? fromBase64Url(parsed.data.signed) : undefined
      return parsed.success && signed ? ok({ kind: parsed.data.kind, signed, hint: parsed.data.hint }) : err('no-answer')
    },
    async limits(merchantId) {
      const query = merchantId === undefined ? '' : `?merchantId=${encodeURIComponent(merchantId)}`
      const reply = await call('GET', `${WALLET_LIMITS_PATHS.limits}${query}`)
      if (!reply.ok) return reply
      const parsed = getWalletLimits.reply.safeParse(reply.value)
      return parsed.success ? ok(parsed.data) : err('no-answer')
    },
  }
}
