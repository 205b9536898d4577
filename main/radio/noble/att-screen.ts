/**
 * Reads along on one connection's ATT, both ways, before the Bluetooth library sees what the other side answers. Known answers drive
 * either fork of noble into an endless loop or out of memory (an item length of 0, handles that do not advance), or make it throw
 * (an empty list, a notification of one byte). Such an answer ends the connection here instead.
 */
import { ATT, CHARACTERISTIC, isAttRequest, readU16 } from '#shared/contracts/att.ts'
import { characteristicsOf, descriptorOf, type HandleRange, servicesOf } from '../att-answers.ts'
import { PEER_REQUESTS_MAX } from '../att-client.ts'

/** Requests one link may take: 7 for a band at MTU 185, some 40 for a device with many services at MTU 23. */
export const LINK_REQUESTS_MAX = 64
const INDICATION = 0x1d
const NOTIFICATION_HEADER_BYTES = 3
const ERROR_BYTES = 5
const MTU_RESPONSE_BYTES = 3

export class AttScreen {
  #asked: Uint8Array | undefined
  #requests = 0
  #peerRequests = 0

  /** ATT requests that have gone out. */
  get requests(): number {
    return this.#requests
  }

  /** One PDU of ours. False when there have been more than any band needs. */
  sent(pdu: Uint8Array): boolean {
    if (!isAttRequest(pdu)) return true
    this.#requests += 1
    this.#asked = Uint8Array.from(pdu)
    return this.#requests <= LINK_REQUESTS_MAX
  }

  /** One PDU of the other side. False when it breaks the rules: the library must not see it, and the link must end. */
  received(pdu: Uint8Array): boolean {
    const [opcode] = pdu
    if (opcode === undefined) return false
    if (opcode === ATT.notification || opcode === INDICATION) return pdu.length >= NOTIFICATION_HEADER_BYTES
    if (opcode % 2 === 0) {
      this.#peerRequests += 1
      return this.#peerRequests <= PEER_REQUESTS_MAX
    }
    const asked = this.#asked
    this.#asked = undefined
    return asked !== undefined && isAnswerTo(asked, opcode, pdu)
  }
}

function isAnswerTo(asked: Uint8Array, opcode: number, pdu: Uint8Array): boolean {
  if (opcode === ATT.errorResponse) return pdu.length === ERROR_BYTES && pdu[1] === asked[0]
  if (opcode - 1 !== asked[0]) return false
  switch (opcode) {
    case ATT.exchangeMtuResponse:
      return pdu.length === MTU_RESPONSE_BYTES
    case ATT.readByGroupTypeResponse:
      return servicesOf(pdu, rangeOf(asked).start).ok
    case ATT.readByTypeResponse:
      return typeOf(asked) === CHARACTERISTIC ? characteristicsOf(pdu, rangeOf(asked)).ok : descriptorOf(pdu, rangeOf(asked)).ok
    case ATT.writeResponse:
      return pdu.length === 1
    default:
      // We make no other requests.
      return false
  }
}

function rangeOf(asked: Uint8Array): HandleRange {
  return { start: u16At(asked, 1), end: u16At(asked, 3) }
}

function typeOf(asked: Uint8Array): number {
  return u16At(asked, 5)
}

function u16At(pdu: Uint8Array, offset: number): number {
  const value = readU16(pdu, offset)
  return value.ok ? value.value : 0
}
