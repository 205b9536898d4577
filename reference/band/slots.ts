/**
 * The slot counter: what lets a phone without a network say yes. A value of it is signed for one request only, on disk before it is spoken,
 * whatever the phone remembers or has been restored to.
 */
import { equalBytes } from '#shared/contracts/bytes.ts'
import {
  SLOT_REFUSALS,
  type SlotRefusal,
  slotAskMessage,
  slotLease,
  slotLeaseMessage,
  slotOpenMessage,
  slotProof,
  slotProofMessage,
  slotRefusedMessage,
} from '#shared/contracts/slot-messages.ts'
import { generatePrivateJwk, type Signer, signerOf } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { BandStore, Clock, SlotRecord } from './ports.ts'

/** A phone that was handed a request asks for its slot within the life of that request. */
export const RELAYED_KEPT_MS = 90_000
/** Requests a phone may have in work at once. */
export const RELAYED_MAX = 4

/** What the band felt when it passed a request on. */
export type Relayed = {
  readonly requestDigest: Uint8Array
  readonly bandNonce: Uint8Array
  readonly flags: number
  readonly knocks: number
}
export type SlotsParts = {
  readonly clock: Clock
  readonly store: Pick<BandStore, 'saveSlots'>
  /** What the store kept. */
  readonly record: SlotRecord | undefined
  readonly bandId: Uint8Array
  /** Of this pairing. */
  readonly signer: Signer
  readonly epoch: number
  /** Why nothing can be signed just now, or undefined. */
  readonly obstacle: () => 'not-worn' | 'not-armed' | 'phone-not-linked' | undefined
}
type Said = { readonly kind: 'slot-lease' | 'slot-proof' | 'slot-refused'; readonly body: Uint8Array<ArrayBuffer> }

export class Slots {
  readonly #parts: SlotsParts
  #record: SlotRecord | undefined
  #relayed: readonly (Relayed & { readonly atMs: number })[] = []

  constructor(parts: SlotsParts) {
    this.#parts = parts
    // What an earlier pairing left behind is nobody's: its phone may be another.
    this.#record = parts.record?.epoch === parts.epoch ? parts.record : undefined
  }

  /** A request has been passed on to the phone: for a while it may be paid with a slot. A probe never is. */
  relayed(request: Relayed): void {
    const nowMs = this.#parts.clock.monotonicMs()
    const kept = this.#relayed.filter(({ atMs }) => nowMs - atMs < RELAYED_KEPT_MS)
    this.#relayed = [...kept, { ...request, atMs: nowMs }].slice(-RELAYED_MAX)
  }

  /** Makes a key for a new allowance. The one before it is gone from then on, and with it whatever was not spent. */
  async open(body: Uint8Array): Promise<Said> {
    const asked = slotOpenMessage.decode(body)
    if (!asked.ok) return this.#refused('not-available')
    const { store, epoch, bandId, signer } = this.#parts
    const key = await generatePrivateJwk()
    const record: SlotRecord = { epoch, key, next: this.#next, serial: (this.#record?.serial ?? 0) + 1 }
    if (!(await store.saveSlots(record)).ok) return this.#refused('not-available')
    this.#record = record
    const { point } = await signerOf(key)
    const said = { bandId, epoch, point, phonePoint: asked.value.phonePoint, next: record.next, serial: record.serial }
    return { kind: 'slot-lease', body: slotLeaseMessage.encode({ lease: await sign1(slotLease, said, signer, { withKid: false }) }) }
  }

  /**
   * Signs one value of the counter for a request this band has just passed on. The same value for the same request is signed again, because
   * the first word may have been lost; for another request never. Values that are skipped can be used no more.
   */
  async prove(body: Uint8Array): Promise<Said> {
    const asked = slotAskMessage.decode(body)
    if (!asked.ok) return this.#refused('not-available')
    const proof = await this.#prove(asked.value.requestDigest, asked.value.counter)
    return proof.ok ? { kind: 'slot-proof', body: slotProofMessage.encode({ proof: proof.value }) } : this.#refused(proof.error)
  }

  async #prove(requestDigest: Uint8Array, counter: number): Promise<Result<Uint8Array<ArrayBuffer>, SlotRefusal>> {
    const nowMs = this.#parts.clock.monotonicMs()
    const request = this.#relayed.find((each) => nowMs - each.atMs < RELAYED_KEPT_MS && equalBytes(each.requestDigest, requestDigest))
    const record = this.#record
    if (!request || !record) return err('not-available')
    const obstacle = this.#parts.obstacle()
    if (obstacle) return err(obstacle === 'phone-not-linked' ? 'not-available' : obstacle)
    const isRepeat = counter === record.next - 1 && record.lastDigest !== undefined && equalBytes(record.lastDigest, requestDigest)
    if (counter < record.next && !isRepeat) return err('counter-used')
    if (!isRepeat) {
      const used: SlotRecord = { ...record, next: counter + 1, lastDigest: requestDigest }
      if (!(await this.#parts.store.saveSlots(used)).ok) return err('not-available')
      this.#record = used
      // The band may have come off while the counter was written.
      if (this.#parts.obstacle()) return err('not-worn')
    }
    const { bandNonce, flags, knocks } = request
    return ok(await sign1(slotProof, { requestDigest, bandNonce, counter, flags, knocks }, await signerOf(record.key), { withKid: false }))
  }

  get #next(): number {
    return this.#record?.next ?? 0
  }

  #refused(code: SlotRefusal): Said {
    return { kind: 'slot-refused', body: slotRefusedMessage.encode({ code: SLOT_REFUSALS[code], next: this.#next }) }
  }
}
