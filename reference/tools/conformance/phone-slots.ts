/** What a phone in the harness's hands asks of a band's slot counter (docs/protocol.md §8.5). */
import { equalBytes } from '#shared/contracts/bytes.ts'
import {
  SLOT_REFUSALS,
  type SlotLease,
  type SlotProof,
  type SlotRefusal,
  slotAskMessage,
  slotLease,
  slotLeaseMessage,
  slotOpenMessage,
  slotProof,
  slotProofMessage,
  slotRefusedMessage,
} from '#shared/contracts/slot-messages.ts'
import { importVerifyKey, newSigner } from '#shared/crypto/keys.ts'
import { openSign1 } from '#shared/crypto/sign1.ts'
import type { Bonded, PhoneSide } from './phone-side.ts'
import { must } from './rule.ts'

const ANSWERS = ['slot-lease', 'slot-proof', 'slot-refused'] as const

export function sayOpen(phone: PhoneSide, phonePoint: Uint8Array): void {
  phone.say('slot-open', slotOpenMessage.encode({ phonePoint }))
}

export function sayAsk(phone: PhoneSide, requestDigest: Uint8Array, counter: number): void {
  phone.say('slot-ask', slotAskMessage.encode({ requestDigest, counter }))
}

/** Whatever the band says about slots; undefined when it says nothing in time. */
export async function slotWord(phone: PhoneSide, withinMs?: number): ReturnType<PhoneSide['next']> {
  return phone.next(ANSWERS, withinMs)
}

/** SLOT-OPEN, and the lease: signed by the band's key of this pairing, for the key that was said. */
export async function leaseOf(phone: PhoneSide, bonded: Bonded): Promise<SlotLease> {
  const { point } = await newSigner()
  sayOpen(phone, point)
  const word = await slotWord(phone)
  must(word?.kind === 'slot-lease', `SLOT-OPEN of its own phone is answered with ${word?.kind ?? 'nothing'}`)
  const message = slotLeaseMessage.decode(word.body)
  const key = await importVerifyKey(bonded.offer.point)
  must(message.ok && key.ok, 'SLOT-LEASE is not as its table says')
  const lease = await openSign1(slotLease, message.value.lease, key.value)
  must(lease.ok, 'the lease is not signed by the key of this pairing')
  must(equalBytes(lease.value.phonePoint, point), 'the lease is for another key than SLOT-OPEN named')
  return lease.value
}

/** SLOT-ASK, and the proof: signed by the key of this lease, for this counter and digest. */
export async function proofOf(phone: PhoneSide, lease: SlotLease, requestDigest: Uint8Array, counter: number): Promise<SlotProof> {
  sayAsk(phone, requestDigest, counter)
  const word = await slotWord(phone)
  must(word?.kind === 'slot-proof', `SLOT-ASK for a request just passed on is answered with ${word?.kind ?? 'nothing'}`)
  const message = slotProofMessage.decode(word.body)
  const key = await importVerifyKey(lease.point)
  must(message.ok && key.ok, 'SLOT-PROOF is not as its table says')
  const proof = await openSign1(slotProof, message.value.proof, key.value)
  must(proof.ok, 'the proof of a slot is not signed by the key of the lease')
  must(equalBytes(proof.value.requestDigest, requestDigest), 'the proof of a slot is over another request')
  must(proof.value.counter === counter, `the proof of a slot has the counter ${proof.value.counter}, asked for was ${counter}`)
  return proof.value
}

/** SLOT-ASK, refused with this code; gives the first value that the band calls free. */
export async function expectSlotRefused(phone: PhoneSide, requestDigest: Uint8Array, counter: number, code: SlotRefusal): Promise<number> {
  sayAsk(phone, requestDigest, counter)
  const word = await slotWord(phone)
  must(word?.kind === 'slot-refused', `SLOT-ASK is answered with ${word?.kind ?? 'nothing'} where \`${code}\` is due`)
  const refused = slotRefusedMessage.decode(word.body)
  must(refused.ok, 'SLOT-REFUSED is not as its table says')
  must(refused.value.code === SLOT_REFUSALS[code], `SLOT-ASK is refused, but not with \`${code}\``)
  return refused.value.next
}
