/** A bond's calls to the backend: a binding for what a band offers, its word that it is bound, the owner's release. */
import { BAND_PATHS, beginPairing, confirmPairing, getRelease } from '#shared/contracts/bands-api.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { err, ok } from '#shared/result.ts'
import type { BondBackend } from './ports.ts'
import { bytesOfAll, createSignedCall, type PhoneBackendParts } from './signed-calls.ts'

export function createBondBackend(parts: PhoneBackendParts): BondBackend {
  const call = createSignedCall(parts)
  return {
    async begin(offer) {
      const reply = await call('POST', BAND_PATHS.pairings, { offer: toBase64Url(offer) })
      if (!reply.ok) return reply
      const parsed = beginPairing.reply.safeParse(reply.value)
      const binding = parsed.success ? fromBase64Url(parsed.data.binding) : undefined
      const keySet = parsed.success ? bytesOfAll(parsed.data.keySet) : undefined
      return binding && keySet ? ok({ binding, keySet }) : err('no-answer')
    },
    async confirm(bandId, bound) {
      const reply = await call('POST', pathOf(BAND_PATHS.confirmation, bandId), { bound: toBase64Url(bound) })
      if (!reply.ok) return reply
      return confirmPairing.reply.safeParse(reply.value).success ? ok() : err('no-answer')
    },
    async release(bandId) {
      const reply = await call('GET', pathOf(BAND_PATHS.release, bandId))
      if (!reply.ok) return reply
      const parsed = getRelease.reply.safeParse(reply.value)
      const release = parsed.success ? fromBase64Url(parsed.data.release) : undefined
      const keySet = parsed.success ? bytesOfAll(parsed.data.keySet) : undefined
      return release && keySet ? ok({ release, keySet }) : err('no-answer')
    },
  }
}

function pathOf(path: string, bandId: string): string {
  return path.replace('{bandId}', bandId)
}
