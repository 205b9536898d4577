/**
 * One-time offers: a sealing key for a single request, signed by a pseudonymous key that lives for one id slot. Private keys stay in
 * memory: an offer lost with a restart costs the band a refill, nothing else.
 */
import { ID_SLOT_MS } from '#shared/contracts/band-advert.ts'
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import { OFFER_ID_BYTES, phoneCertificate, phoneOffer, refillMessage } from '#shared/contracts/radio-messages.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import { newSigner, randomBytes, type Signer } from '#shared/crypto/keys.ts'
import { generateSealingKey } from '#shared/crypto/sealing.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { BackendFault, PhoneBackend } from './ports.ts'

/** Certificates fetched at once: two hours of slots. */
export const CERTIFICATE_BATCH = 8
/** With money set aside, certificates are kept for as long as it may be spent: a day of slots and one, for a phone that finds no network. */
export const CERTIFICATES_AHEAD = 97
const CERTIFICATE_BATCH_MAX = 32
/** An offer outlives its slot by this: the band switches up to a minute late, and a request may be under way. */
export const OFFER_GRACE_S = 150
/** Private keys of offers kept at once; the oldest go first. */
export const OFFER_KEYS_MAX = 64

export type OfferKey = { readonly offer: Uint8Array; readonly privateKey: CryptoKey; readonly signer: Signer; readonly expiresS: number }
type SlotKey = { readonly signer: Signer; readonly certificate: Uint8Array }

export class OfferBook {
  readonly #backend: PhoneBackend
  readonly #rootPoint: Uint8Array
  readonly #offers = new Map<string, OfferKey>()
  #slots: ReadonlyMap<number, SlotKey> = new Map()
  #keySet: KeySet | undefined

  constructor(backend: PhoneBackend, rootPoint: Uint8Array) {
    this.#backend = backend
    this.#rootPoint = rootPoint
  }

  /** The keys the root vouches for, once the backend has sent them. */
  get keySet(): KeySet | undefined {
    return this.#keySet
  }

  /** Makes sure there is a certificate for this slot, fetching a batch when there is none. */
  async certify(slot: number): Promise<Result<void, BackendFault>> {
    return this.#slots.has(slot) ? ok() : this.#fetch(slot, CERTIFICATE_BATCH)
  }

  /** Fetches some of the certificates that are missing for the day from this slot on, while the backend can be reached. */
  async stock(slot: number): Promise<void> {
    const end = slot + CERTIFICATES_AHEAD
    let next = slot
    while (next < end && this.#slots.has(next)) next += 1
    if (next < end) await this.#fetch(next, Math.min(CERTIFICATE_BATCH_MAX, end - next))
  }

  async #fetch(slot: number, count: number): Promise<Result<void, BackendFault>> {
    const wanted = Array.from({ length: count }, (_, index) => slot + index)
    const signers = await Promise.all(wanted.map(async () => newSigner()))
    const reply = await this.#backend.certify(signers.map((signer, index) => ({ point: signer.point, slot: slot + index })))
    if (!reply.ok) return reply
    const keySet = await KeySet.open(this.#rootPoint, reply.value.keySet)
    if (!keySet.ok || reply.value.certificates.length !== signers.length) return err('refused')
    const slots = new Map([...this.#slots].filter(([kept]) => kept >= slot - CERTIFICATES_AHEAD))
    for (const [index, certificate] of reply.value.certificates.entries()) {
      const signer = signers[index]
      const atS = ((slot + index) * ID_SLOT_MS) / 1000
      const opened = await keySet.value.open('phone-ca', phoneCertificate, certificate, atS)
      if (!signer || !opened.ok || !equalBytes(opened.value.point, signer.point)) return err('refused')
      slots.set(slot + index, { signer, certificate })
    }
    this.#keySet = keySet.value
    this.#slots = slots
    return ok()
  }

  /** A new offer for this slot as the REFILL body to leave on the band, or undefined without a certificate for it. */
  async make(slot: number): Promise<{ readonly offerId: Uint8Array; readonly body: Uint8Array<ArrayBuffer> } | undefined> {
    const slotKey = this.#slots.get(slot)
    if (!slotKey) return undefined
    const offerId = randomBytes(OFFER_ID_BYTES)
    const { privateKey, point } = await generateSealingKey()
    const expiresS = ((slot + 1) * ID_SLOT_MS) / 1000 + OFFER_GRACE_S
    const offer = await sign1(phoneOffer, { offerId, sealingPoint: point, expires: expiresS }, slotKey.signer, { withKid: false })
    for (const oldest of this.#offers.keys()) {
      if (this.#offers.size < OFFER_KEYS_MAX) break
      this.#offers.delete(oldest)
    }
    this.#offers.set(toHex(offerId), { offer, privateKey, signer: slotKey.signer, expiresS })
    return { offerId, body: refillMessage.encode({ offerId, offer, certificate: slotKey.certificate }) }
  }

  /** Uses an offer up: its key opens one request and no other. Undefined when it is unknown, used or long expired. */
  take(offerId: Uint8Array, nowS: number): OfferKey | undefined {
    for (const [id, key] of this.#offers) if (key.expiresS <= nowS) this.#offers.delete(id)
    const taken = this.#offers.get(toHex(offerId))
    this.#offers.delete(toHex(offerId))
    return taken
  }
}
