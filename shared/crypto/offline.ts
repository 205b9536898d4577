/**
 * What makes a payment without a network good: the backend's slot, the band's word that this request alone has it, and the phone's yes. Phone,
 * terminal and backend all check it here, each against its own knowledge of the request afterwards.
 */
import { equalBytes } from '#shared/contracts/bytes.ts'
import { FLAG_ARMED, FLAG_WORN, ID_BYTES, SUITE_LABEL } from '#shared/contracts/radio-messages.ts'
import {
  type OfflineAuthorization,
  offlineAuthorization,
  type Slot,
  type SlotProof,
  slotProof,
  slot as slotStatement,
} from '#shared/contracts/slot-messages.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { KeySet, TrustError } from './key-set.ts'
import { importVerifyKey, sha256 } from './keys.ts'
import { openSign1, peekSign1 } from './sign1.ts'

/** The three statements as they were received. */
export type OfflineEvidence = {
  /** The phone's. */
  readonly authorization: Uint8Array
  /** The backend's. */
  readonly slot: Uint8Array
  /** The band's. */
  readonly slotProof: Uint8Array
}
export type OpenedOffline = { readonly authorization: OfflineAuthorization; readonly slot: Slot; readonly proof: SlotProof }
export type OfflineFault = TrustError | 'other-slot' | 'other-request' | 'other-currency' | 'over-cap' | 'not-armed' | 'other-knocks'

/** The id of an offline authorization: the first 16 bytes of SHA-256 over a label, the slot as signed and the digest of the statement. */
export async function offlineAuthorizationId(slot: Uint8Array, statementDigest: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const label = new TextEncoder().encode(`${SUITE_LABEL} offline`)
  return (await sha256(label, await sha256(slot), statementDigest)).slice(0, ID_BYTES)
}

/**
 * Opens the evidence of an offline payment: three signatures, each by the key the slot names, and everything the three must agree on. Whether
 * it is about the request at hand, and in time, is for the caller to say. The allowance key must have been valid when the slot began.
 */
export async function openOffline(evidence: OfflineEvidence, keys: KeySet): Promise<Result<OpenedOffline, OfflineFault>> {
  const peeked = peekSign1(slotStatement, evidence.slot)
  if (!peeked.ok) return peeked
  const slot = await keys.open('allowance', slotStatement, evidence.slot, peeked.value.value.from)
  if (!slot.ok) return slot
  const [bandKey, phoneKey] = await Promise.all([importVerifyKey(slot.value.bandPoint), importVerifyKey(slot.value.phonePoint)])
  if (!bandKey.ok || !phoneKey.ok) return err('bad-point')
  const proof = await openSign1(slotProof, evidence.slotProof, bandKey.value)
  if (!proof.ok) return proof
  const authorization = await openSign1(offlineAuthorization, evidence.authorization, phoneKey.value)
  if (!authorization.ok) return authorization
  const opened = { authorization: authorization.value, slot: slot.value, proof: proof.value }
  const id = await offlineAuthorizationId(evidence.slot, authorization.value.statementDigest)
  const fault = equalBytes(id, authorization.value.authorizationId) ? faultOf(opened) : 'other-slot'
  return fault ? err(fault) : ok(opened)
}

function faultOf({ authorization, slot, proof }: OpenedOffline): OfflineFault | undefined {
  if (proof.counter !== slot.counter) return 'other-slot'
  if (!equalBytes(proof.requestDigest, authorization.requestDigest)) return 'other-request'
  if (authorization.currency !== slot.currency) return 'other-currency'
  if (authorization.amount > slot.cap) return 'over-cap'
  if ((proof.flags & FLAG_WORN) === 0 || (proof.flags & FLAG_ARMED) === 0) return 'not-armed'
  return authorization.knocks > 0 && proof.knocks !== authorization.knocks ? 'other-knocks' : undefined
}
