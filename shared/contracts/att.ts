/**
 * The part of the Attribute Protocol (Bluetooth Core 5.4, Vol 3 Part F) that a payment needs, as PDUs.
 * The practice link carries these very bytes, so that requests are counted on the wire and a radio library must reach the same count.
 */
import { err, ok, type Result } from '#shared/result.ts'
import { concat } from './bytes.ts'

export const ATT = {
  errorResponse: 0x01,
  exchangeMtuRequest: 0x02,
  exchangeMtuResponse: 0x03,
  findInformationRequest: 0x04,
  findInformationResponse: 0x05,
  readByTypeRequest: 0x08,
  readByTypeResponse: 0x09,
  readRequest: 0x0a,
  readResponse: 0x0b,
  readByGroupTypeRequest: 0x10,
  readByGroupTypeResponse: 0x11,
  writeRequest: 0x12,
  writeResponse: 0x13,
  notification: 0x1b,
  writeCommand: 0x52,
} as const

export const ATT_ERRORS = {
  invalidHandle: 0x01,
  readNotPermitted: 0x02,
  writeNotPermitted: 0x03,
  invalidPdu: 0x04,
  requestNotSupported: 0x06,
  attributeNotFound: 0x0a,
  invalidLength: 0x0d,
} as const

export const PRIMARY_SERVICE = 0x2800
export const CHARACTERISTIC = 0x2803
export const CLIENT_CONFIGURATION = 0x2902
/** Bits of a characteristic's properties. */
export const PROPERTY = { read: 0x02, writeCommand: 0x04, notify: 0x10 } as const

/** Opcodes that wait for an answer: one may be outstanding at a time, and each costs one or two connection intervals. */
const REQUESTS: ReadonlySet<number> = new Set([
  ATT.exchangeMtuRequest,
  ATT.findInformationRequest,
  ATT.readByTypeRequest,
  ATT.readRequest,
  ATT.readByGroupTypeRequest,
  ATT.writeRequest,
])

/** True for a PDU that counts as an ATT request. */
export function isAttRequest(pdu: Uint8Array): boolean {
  return REQUESTS.has(pdu[0] ?? 0)
}

export function u16(value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(value & 0xff, (value >> 8) & 0xff)
}

/** Little-endian 16-bit number at `offset`, or `malformed` when the PDU is too short. */
export function readU16(pdu: Uint8Array, offset: number): Result<number, 'malformed'> {
  const low = pdu[offset]
  const high = pdu[offset + 1]
  return low === undefined || high === undefined ? err('malformed') : ok(low | (high << 8))
}

/** A 128-bit UUID in the byte order of the air (little-endian). */
export function uuidBytes(uuid: string): Uint8Array<ArrayBuffer> {
  const digits = uuid.replaceAll('-', '')
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(digits.slice(30 - index * 2, 32 - index * 2), 16))
}

/** Inverse of `uuidBytes` for 16 bytes; a 2-byte UUID gives its 4 hex digits. */
export function uuidText(bytes: Uint8Array): string {
  const digits = [...bytes]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
  if (bytes.length !== 16) return digits
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-')
}

export function attError(requestOpcode: number, handle: number, code: number): Uint8Array<ArrayBuffer> {
  return concat(Uint8Array.of(ATT.errorResponse, requestOpcode), u16(handle), Uint8Array.of(code))
}
