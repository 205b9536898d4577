/** The slot counter of the band in the harness's hands: it answers SLOT-OPEN and SLOT-ASK by itself, as honestly as a rule lets it. */
import { toHex } from '#shared/contracts/bytes.ts'
import { NO_EXCHANGE } from '#shared/contracts/link-messages.ts'
import type { BandProof, MessageKind } from '#shared/contracts/radio-messages.ts'
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
import { newSigner, type Signer } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import type { LineEnd } from './line.ts'

/** It listens for as long as the line is there. */
const LISTEN_MS = 60_000

type Parts = { readonly bandId: Uint8Array; readonly epoch: number; readonly signer: Signer }
type Said = { readonly kind: MessageKind; readonly body: Uint8Array<ArrayBuffer> }

export class BandSlots {
  readonly #parts: Parts
  /** Whether SLOT-OPEN gets a lease. Without, a phone has to pay through its network. */
  isLeasing = false
  /** Leases given out in this run. */
  leases = 0
  /** Every SLOT-ASK, in order. */
  readonly asked: { readonly digest: string; readonly counter: number }[] = []
  /** The first value that is free. */
  next = 0
  /** Changes what is said before it is signed. */
  spoilLease: (lease: SlotLease) => SlotLease = (lease) => lease
  spoilProof: (proof: SlotProof) => SlotProof = (proof) => proof
  /** Signs leases and proofs in place of the right key. */
  otherSigner: Signer | undefined
  #key: Signer | undefined
  #relayed = new Map<string, Omit<SlotProof, 'counter'>>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A request has been passed on with this proof. */
  passedOn({ requestDigest, bandNonce, flags, knocks }: BandProof): void {
    this.#relayed.set(toHex(requestDigest), { requestDigest, bandNonce, flags, knocks })
  }

  /** Answers on this line until it is closed. */
  async serve(line: LineEnd): Promise<void> {
    while (!line.isClosed) {
      const message = await line.take(
        (frame) =>
          frame.type === 'relay' && (frame.message.kind === 'slot-open' || frame.message.kind === 'slot-ask') ? frame.message : undefined,
        LISTEN_MS,
      )
      if (!message) continue
      const said = message.kind === 'slot-open' ? await this.#open(message.body) : await this.#prove(message.body)
      line.send({ type: 'relay', exchange: NO_EXCHANGE, message: said })
    }
  }

  async #open(body: Uint8Array): Promise<Said> {
    const asked = slotOpenMessage.decode(body)
    if (!asked.ok || !this.isLeasing) return this.#refused('not-available')
    this.#key = await newSigner()
    this.leases += 1
    const { bandId, epoch, signer } = this.#parts
    const { phonePoint } = asked.value
    const lease = this.spoilLease({ bandId, epoch, point: this.#key.point, phonePoint, next: this.next, serial: this.leases })
    const signed = await sign1(slotLease, lease, this.otherSigner ?? signer, { withKid: false })
    return { kind: 'slot-lease', body: slotLeaseMessage.encode({ lease: signed }) }
  }

  async #prove(body: Uint8Array): Promise<Said> {
    const asked = slotAskMessage.decode(body)
    const relayed = asked.ok && this.#relayed.get(toHex(asked.value.requestDigest))
    if (!asked.ok || !relayed || !this.#key) return this.#refused('not-available')
    const { counter } = asked.value
    this.asked.push({ digest: toHex(relayed.requestDigest), counter })
    if (counter < this.next) return this.#refused('counter-used')
    this.next = counter + 1
    const proof = await sign1(slotProof, this.spoilProof({ ...relayed, counter }), this.otherSigner ?? this.#key, { withKid: false })
    return { kind: 'slot-proof', body: slotProofMessage.encode({ proof }) }
  }

  #refused(code: SlotRefusal): Said {
    return { kind: 'slot-refused', body: slotRefusedMessage.encode({ code: SLOT_REFUSALS[code], next: this.next }) }
  }
}
