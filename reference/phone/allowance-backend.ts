/** An allowance's calls to the backend: slots for what the band has leased, and payments that were made without it. */
import { ALLOWANCE_PATHS, getAllowance, openAllowance, reportOffline } from '#shared/contracts/allowance-api.ts'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { err, ok } from '#shared/result.ts'
import type { AllowanceBackend } from './ports.ts'
import { bytesOfAll, createSignedCall, type PhoneBackendParts } from './signed-calls.ts'

export function createAllowanceBackend(parts: PhoneBackendParts): AllowanceBackend {
  const call = createSignedCall(parts)
  return {
    async open(lease) {
      const reply = await call('POST', ALLOWANCE_PATHS.allowances, { lease: toBase64Url(lease) })
      if (!reply.ok) return reply
      const parsed = openAllowance.reply.safeParse(reply.value)
      const slots = parsed.success ? bytesOfAll(parsed.data.slots) : undefined
      return slots ? ok(slots) : err('no-answer')
    },
    async isOpen(allowanceId) {
      const reply = await call('GET', ALLOWANCE_PATHS.allowance.replace('{allowanceId}', allowanceId))
      if (!reply.ok) return reply
      const parsed = getAllowance.reply.safeParse(reply.value)
      return parsed.success ? ok(parsed.data.state === 'open') : err('no-answer')
    },
    async report({ statement, authorization, slot, slotProof }) {
      const reply = await call('POST', ALLOWANCE_PATHS.spent, {
        statement: toBase64Url(statement),
        authorization: toBase64Url(authorization),
        slot: toBase64Url(slot),
        slotProof: toBase64Url(slotProof),
      })
      if (!reply.ok) return reply
      return reportOffline.reply.safeParse(reply.value).success ? ok() : err('no-answer')
    },
  }
}
