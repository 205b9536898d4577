/**
 * A band's life at the backend: registered by its maker, bound to one phone, released by its owner. The rules are in docs/protocol.md;
 * signed statements travel as base64url.
 */
import * as z from 'zod'
import { base64url, machineId, point } from './backend-api.ts'

const signed = base64url(700)

/** Operator: a band leaves the factory with a key of its own. */
export const putBand = { body: z.strictObject({ factoryPoint: point }) }

/** Phone: what a band has offered, signed by its factory key. The answer binds it, once the band has seen the knock and said so. */
export const beginPairing = {
  body: z.strictObject({ offer: signed }),
  reply: z.strictObject({ binding: signed, keySet: z.array(signed).max(64) }),
}
/** Phone: the band's own word, signed by its new key, that it is bound. From here on its proofs are good. */
export const confirmPairing = {
  body: z.strictObject({ bound: signed }),
  reply: z.strictObject({ bandId: machineId, epoch: z.int().min(1) }),
}
/** Phone of the account: the release its owner has ordered, to carry to the band. `unknown` while there is none. */
export const getRelease = { reply: z.strictObject({ release: signed, keySet: z.array(signed).max(64) }) }

/** Owner: the bands of the account. `released` until the band itself has let go and is bound again. */
export const ownBands = {
  reply: z.strictObject({
    bands: z
      .array(
        z.strictObject({ bandId: machineId, epoch: z.int().min(1), phoneId: machineId, state: z.enum(['bound', 'blocked', 'released']) }),
      )
      .max(100),
  }),
}
/** Owner, just now signed in with a passkey: lets a band go. Its proofs are refused from this moment on. */
export const releaseBand = { reply: z.strictObject({ bandId: machineId, state: z.literal('released') }) }

export const BAND_PATHS = {
  band: '/v1/registry/bands/{bandId}',
  pairings: '/v1/bands/pairings',
  confirmation: '/v1/bands/{bandId}/confirmation',
  release: '/v1/bands/{bandId}/release',
  ownBands: '/v1/owner/bands',
  ownRelease: '/v1/owner/bands/{bandId}/release',
} as const
