/**
 * Paying without a network: money set aside beforehand, cut into slots. Each slot is worth at most its cap and is tied to one value of a
 * counter that only the band moves, so that a phone restored from a copy can spend none a second time. docs/protocol.md has it in words.
 */
import {
  AMOUNT_MAX,
  DIGEST_BYTES,
  FLAGS_ALL,
  ID_BYTES,
  KNOCKS_MAX,
  NAME_MAX,
  NONCE_BYTES,
  POINT_BYTES,
  SIGN1_MAX,
  SLUG_MAX,
  U32_MAX,
} from './radio-messages.ts'
import { blob, bytes, int, signedStructure, structure, text, uint, type ValueOfStructure } from './structure.ts'

/** Slots of one allowance at most. */
export const SLOTS_MAX = 8

/** Phone to band, once it has proven itself: a new allowance is wanted, for this key of the phone's. */
export const slotOpenMessage = structure({ phonePoint: bytes(1, POINT_BYTES) })

/**
 * Signed by the band's key of this pairing: a key made for one allowance, and the first value of the slot counter it will sign. Whatever an
 * earlier allowance had at this value or above was never spent and never will be: the band has no key for it any more.
 */
export const slotLease = signedStructure('bt1v', {
  bandId: bytes(1, ID_BYTES),
  epoch: int(2, 1, U32_MAX),
  point: bytes(3, POINT_BYTES),
  phonePoint: bytes(4, POINT_BYTES),
  next: uint(5, U32_MAX),
  /** Counts the leases of this pairing: an older one, kept back by somebody, frees nothing that a newer one has given out. */
  serial: uint(6, U32_MAX),
})
export type SlotLease = ValueOfStructure<typeof slotLease>
export const slotLeaseMessage = structure({ lease: blob(1, SIGN1_MAX) })

/** Signed by the backend's allowance key (kid in the header): money that is set aside for whoever is paid with this slot. */
export const slot = signedStructure('bt1c', {
  allowanceId: bytes(1, ID_BYTES),
  counter: uint(2, U32_MAX),
  /** Minor units: what one payment with this slot may be at most. */
  cap: int(3, 1, AMOUNT_MAX),
  currency: text(4, 3),
  /** The keys of band and phone that were made for this allowance: they say nothing of either. */
  bandPoint: bytes(5, POINT_BYTES),
  phonePoint: bytes(6, POINT_BYTES),
  displayName: text(7, NAME_MAX),
  from: uint(8, U32_MAX),
  /** Until when it may be spent. */
  until: uint(9, U32_MAX),
  /** Until when the backend pays whoever was paid with it. */
  settleBy: uint(10, U32_MAX),
})
export type Slot = ValueOfStructure<typeof slot>

/** Phone to band: it has no network, and asks for the band's word on a request that the band has just passed on. */
export const slotAskMessage = structure({ requestDigest: bytes(1, DIGEST_BYTES), counter: uint(2, U32_MAX) })

/**
 * Signed by the band's key of this allowance: this value of the counter belongs to this request and to no other, and what the band felt
 * when it passed the request on.
 */
export const slotProof = signedStructure('bt1u', {
  requestDigest: bytes(1, DIGEST_BYTES),
  bandNonce: bytes(2, NONCE_BYTES),
  counter: uint(3, U32_MAX),
  flags: uint(4, FLAGS_ALL),
  knocks: uint(5, 15),
})
export type SlotProof = ValueOfStructure<typeof slotProof>
export const slotProofMessage = structure({ proof: blob(1, SIGN1_MAX) })

/** Why a band does not say it. `counter-used`: this value stands behind another request; `next` is the first that is free. */
export const SLOT_REFUSALS = { 'not-available': 1, 'not-worn': 2, 'not-armed': 3, 'counter-used': 4 } as const
export type SlotRefusal = keyof typeof SLOT_REFUSALS
export const slotRefusedMessage = structure({ code: int(1, 1, 4), next: uint(2, U32_MAX) })

/** Signed by the phone's key of the allowance: yes, paid with this slot. It stands with the slot and the band's word, never alone. */
export const offlineAuthorization = signedStructure('bt1j', {
  /** Follows from slot and statement (`offlineAuthorizationId`): nobody chooses it. */
  authorizationId: bytes(1, ID_BYTES),
  requestId: bytes(2, ID_BYTES),
  statementDigest: bytes(3, DIGEST_BYTES),
  requestDigest: bytes(4, DIGEST_BYTES),
  amount: int(5, 1, AMOUNT_MAX),
  currency: text(6, 3),
  merchantId: text(7, SLUG_MAX),
  terminalId: text(8, SLUG_MAX),
  approvedAt: uint(9, U32_MAX),
  /** The count the statement required. */
  knocks: uint(10, KNOCKS_MAX),
})
export type OfflineAuthorization = ValueOfStructure<typeof offlineAuthorization>
