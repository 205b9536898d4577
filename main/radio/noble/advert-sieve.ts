/**
 * Lets the adverts of bands through to the Bluetooth library and keeps everything else from it. A hall of phones says thousands of
 * things a second; the library would parse each, and remember each address for ever (about 1 kB). Only on Linux, where we hold the
 * controller's socket; elsewhere the system's own scanner stands in its place.
 */
import { ADVERT_BYTES, COMPANY_ID } from '#shared/contracts/band-advert.ts'
import { PROTOCOL_VERSION } from '#shared/contracts/radio-messages.ts'
import { HCI_EVENT } from './hci-transport.ts'

/** Adverts are counted in turns of this length. */
export const TURN_MS = 100
/** Bands let through in one turn: as many as the counter's list holds. */
export const BANDS_PER_TURN_MAX = 64
/** When half a turn's places are taken, only bands at the counter (within about 4 m) get the rest. */
export const CROWDED_MIN_DBM = -70

const LE_META_EVENT = 0x3e
const ADVERTISING_REPORT = 0x02
const EXTENDED_ADVERTISING_REPORT = 0x0d
const MANUFACTURER_DATA_TYPE = 0xff
/** An advertising structure: its length, its type, the company, and the version our advert begins with. */
const BAND_MARK = Buffer.from([1 + 2 + ADVERT_BYTES, MANUFACTURER_DATA_TYPE, COMPANY_ID & 0xff, COMPANY_ID >> 8, PROTOCOL_VERSION])
const ADDRESS_BYTES = 6
/** Offsets in the packet of the first report's address. */
const ADDRESS_AT = 7
const EXTENDED_ADDRESS_AT = 8
const EXTENDED_RSSI_AT = 18

export class AdvertSieve {
  readonly #nowMs: () => number
  readonly #thisTurn = new Set<number>()
  #turnEndsMs = 0
  #heard = 0

  /** `nowMs`: a clock that never jumps back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Advertising events seen, of anyone. */
  get heard(): number {
    return this.#heard
  }

  /** True when this HCI packet should reach the library: no advert at all, or one of a band that has not been heard in this turn. */
  passes(packet: Buffer): boolean {
    if (packet[0] !== HCI_EVENT || packet[1] !== LE_META_EVENT) return true
    const isExtended = packet[3] === EXTENDED_ADVERTISING_REPORT
    if (packet[3] !== ADVERTISING_REPORT && !isExtended) return true
    this.#heard += 1
    // Scan responses carry no manufacturer data of ours, and the library reports a band without them.
    if (packet.indexOf(BAND_MARK) < 0) return false
    const at = isExtended ? EXTENDED_ADDRESS_AT : ADDRESS_AT
    if (packet.length < at + ADDRESS_BYTES) return false
    return this.#takePlace(packet.readUIntLE(at, ADDRESS_BYTES), rssiOf(packet, isExtended))
  }

  #takePlace(address: number, rssi: number): boolean {
    const nowMs = this.#nowMs()
    if (nowMs >= this.#turnEndsMs) {
      this.#turnEndsMs = nowMs + TURN_MS
      this.#thisTurn.clear()
    }
    if (this.#thisTurn.has(address) || this.#thisTurn.size >= BANDS_PER_TURN_MAX) return false
    if (this.#thisTurn.size >= BANDS_PER_TURN_MAX / 2 && rssi < CROWDED_MIN_DBM) return false
    this.#thisTurn.add(address)
    return true
  }
}

/** In a legacy report the strength is the last byte; in an extended one it has its place. */
function rssiOf(packet: Buffer, isExtended: boolean): number {
  if (!isExtended) return packet.readInt8(packet.length - 1)
  return packet.length > EXTENDED_RSSI_AT ? packet.readInt8(EXTENDED_RSSI_AT) : -128
}
