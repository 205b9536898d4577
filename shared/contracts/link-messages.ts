/**
 * What band and phone say to each other besides a terminal's requests: who they are, how they are bound, armed and parted. Each is
 * declared once; docs/protocol.md is this file in words. Points are compressed P-256 (33 bytes), times whole seconds since 1970 UTC.
 */

import { equalBytes } from './bytes.ts'
import {
  DIGEST_BYTES,
  FLAGS_ALL,
  ID_BYTES,
  MAC_BYTES,
  NONCE_BYTES,
  OFFER_ID_BYTES,
  POINT_BYTES,
  SIGN1_MAX,
  U32_MAX,
} from './radio-messages.ts'
import { blob, bytes, int, signedStructure, structure, uint, type ValueOfStructure } from './structure.ts'

/** Messages of the link itself name no exchange. */
export const NO_EXCHANGE = new Uint8Array(OFFER_ID_BYTES)

/** The band asks whoever connects to show that it is the phone it is bound to. */
export const linkNonce = structure({ nonce: bytes(1, NONCE_BYTES) })
/** MAC with the link key over the nonce. */
export const linkProof = structure({ mac: bytes(1, MAC_BYTES) })

/** Phone to a band that is bound to nobody: the phone's key, and a one-time key for the agreement. */
export const pairAsk = structure({
  phonePoint: bytes(1, POINT_BYTES),
  agreementPoint: bytes(2, POINT_BYTES),
  phoneNonce: bytes(3, NONCE_BYTES),
})

/** Signed by the key the band left the factory with: the key it has made for this pairing, and its half of the agreement. */
export const pairOffer = signedStructure('bt1e', {
  bandId: bytes(1, ID_BYTES),
  /** One more than the last epoch this band was bound in. */
  epoch: int(2, 1, U32_MAX),
  point: bytes(3, POINT_BYTES),
  agreementPoint: bytes(4, POINT_BYTES),
  bandNonce: bytes(5, NONCE_BYTES),
  /** SHA-256 of the PAIR-ASK as received: who asked, and with which keys. */
  askDigest: bytes(6, DIGEST_BYTES),
  phonePoint: bytes(7, POINT_BYTES),
})
export type PairOffer = ValueOfStructure<typeof pairOffer>
export const pairOfferMessage = structure({ offer: blob(1, SIGN1_MAX) })

/** Signed by the backend's release key (kid in the header): this band, in this epoch, belongs to this phone and no other. */
export const binding = signedStructure('bt1g', {
  bandId: bytes(1, ID_BYTES),
  epoch: int(2, 1, U32_MAX),
  point: bytes(3, POINT_BYTES),
  phonePoint: bytes(4, POINT_BYTES),
  at: uint(5, U32_MAX),
})
export type Binding = ValueOfStructure<typeof binding>
/** True when a binding says exactly what this band has offered to this phone. */
export function isBindingOf(said: Binding, offered: Omit<Binding, 'at'>): boolean {
  return (
    equalBytes(said.bandId, offered.bandId) &&
    said.epoch === offered.epoch &&
    equalBytes(said.point, offered.point) &&
    equalBytes(said.phonePoint, offered.phonePoint)
  )
}
/** Phone to band: the binding, the root's word for the key that signed it, and a MAC with the key agreed on. Then the band waits for the knock. */
export const pairBind = structure({ binding: blob(1, SIGN1_MAX), key: blob(2, SIGN1_MAX), mac: bytes(3, MAC_BYTES) })

/** Signed by the band's new key: the knock was right, and the binding is on the band's disk. */
export const bound = signedStructure('bt1h', {
  bandId: bytes(1, ID_BYTES),
  epoch: int(2, 1, U32_MAX),
  phonePoint: bytes(3, POINT_BYTES),
  bindingDigest: bytes(4, DIGEST_BYTES),
})
export const boundMessage = structure({ bound: blob(1, SIGN1_MAX) })

/** After the phone's own unlock. The nonce is the band's, of this connection, and good for one arming. */
export const armAsk = structure({ lifetimeMinutes: int(1, 1, 1_440) })
export const armNonce = structure({ nonce: bytes(1, NONCE_BYTES) })
export const arm = structure({ lifetimeMinutes: int(1, 1, 1_440), mac: bytes(2, MAC_BYTES) })

/** Signed by the backend's release key: the owner lets this band go, out of this epoch. */
export const release = signedStructure('bt1l', { bandId: bytes(1, ID_BYTES), epoch: int(2, 1, U32_MAX), at: uint(3, U32_MAX) })
export const releaseMessage = structure({ release: blob(1, SIGN1_MAX), key: blob(2, SIGN1_MAX) })

/** One answer for everything a band will not do: whoever has found one learns nothing from it. */
export const linkRefused = structure({ code: int(1, 1, 3) })
export const LINK_REFUSALS = { 'not-available': 1, 'knock-missing': 2, 'not-worn': 3 } as const
export type LinkRefusal = keyof typeof LINK_REFUSALS

/** The band did it, in this epoch: it is armed, or it has let go. */
export const linkDone = structure({ epoch: int(1, 1, U32_MAX) })

/** Band to its own phone: the offers left before are gone, new ones are wanted for this id slot. */
export const offersWanted = structure({ slot: uint(1, U32_MAX) })
/** Band to its own phone, when they meet and whenever it changes: the flags of an advert, and how full the battery is. */
export const bandStatus = structure({ flags: uint(1, FLAGS_ALL), batteryPercent: uint(2, 100) })
export type BandStatus = ValueOfStructure<typeof bandStatus>
