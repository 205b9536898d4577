/** Rotating identity: the id in the advert and the address it is sent from change in the same event, at a moment only the band knows. */
import { assert } from '#shared/assert.ts'
import { encodeAdvert, ID_SLOT_MS, ROTATING_ID_BYTES } from '#shared/contracts/band-advert.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { ADDRESS_BYTES } from '#shared/contracts/practice-link.ts'

export const ID_KEY_BYTES = 32
/** The switch falls somewhere in the first minute of a slot: well inside the tolerance of certificates (5 minutes). */
export const SWITCH_JITTER_MS = 60_000

/** Separates what is derived from the id key. The id itself is HMAC over the bare slot number, as docs/protocol.md says. */
const ADDRESS_LABEL = new TextEncoder().encode('address')
const JITTER_LABEL = new TextEncoder().encode('switch')
const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const

export type Identity = { readonly slot: number; readonly rotatingId: Uint8Array; readonly address: Uint8Array }

export class RotatingIdentity {
  readonly #key: Promise<CryptoKey>
  #current: Identity | undefined
  /** When the switch into a slot happens, milliseconds since 1970, for the slot asked about last. */
  #switch: { readonly slot: number; readonly atMs: number } | undefined

  /** `idKey`: 32 secret bytes. */
  constructor(idKey: Uint8Array) {
    assert(idKey.length === ID_KEY_BYTES, 'an id key has 32 bytes')
    this.#key = crypto.subtle.importKey('raw', Uint8Array.from(idKey), HMAC, false, ['sign'])
  }

  /** The identity the band shows at this moment. */
  async at(nowMs: number): Promise<Identity> {
    const calendarSlot = Math.floor(nowMs / ID_SLOT_MS)
    if (this.#switch?.slot !== calendarSlot) {
      const jitter = await this.#derive(JITTER_LABEL, calendarSlot)
      const atMs = calendarSlot * ID_SLOT_MS + ((((jitter[0] ?? 0) << 8) | (jitter[1] ?? 0)) % SWITCH_JITTER_MS)
      this.#switch = { slot: calendarSlot, atMs }
    }
    const slot = nowMs >= this.#switch.atMs ? calendarSlot : calendarSlot - 1
    if (this.#current?.slot !== slot) this.#current = await this.#identity(slot)
    return this.#current
  }

  async #identity(slot: number): Promise<Identity> {
    const rotatingId = (await this.#derive(new Uint8Array(0), slot)).slice(0, ROTATING_ID_BYTES)
    const address = (await this.#derive(ADDRESS_LABEL, slot)).slice(0, ADDRESS_BYTES)
    // Bluetooth Core 5.4, Vol 6 Part B 1.3.2.2: the two top bits of a non-resolvable private address are 0.
    address[0] = (address[0] ?? 0) & 0x3f
    return { slot, rotatingId, address }
  }

  async #derive(label: Uint8Array, slot: number): Promise<Uint8Array<ArrayBuffer>> {
    const number = new Uint8Array(8)
    new DataView(number.buffer).setBigUint64(0, BigInt(slot))
    return new Uint8Array(await crypto.subtle.sign('HMAC', await this.#key, concat(label, number)))
  }
}

/** Manufacturer data for this moment. */
export function advertData(identity: Identity, flags: number): Uint8Array<ArrayBuffer> {
  return encodeAdvert({ flags, rotatingId: identity.rotatingId })
}
