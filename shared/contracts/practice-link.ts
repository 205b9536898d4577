/**
 * The practice link: what a Bluetooth controller would do, over a local socket, between the terminal's radio and the practice air.
 * Each message is a 2-byte big-endian length, one type byte and a body. ATT PDUs inside are exactly those of a real link.
 */
import { err, ok, type Result } from '#shared/result.ts'
import { LengthPrefixed, lengthPrefixed } from './length-prefixed.ts'

export const PRACTICE_FRAME_MAX_BYTES = 1_024
export const ADDRESS_BYTES = 6

export type ToAir =
  | { readonly type: 'scan'; readonly on: boolean }
  | { readonly type: 'connect'; readonly address: Uint8Array }
  | { readonly type: 'disconnect'; readonly link: number }
  | { readonly type: 'att'; readonly link: number; readonly pdu: Uint8Array }

export type FromAir =
  | {
      readonly type: 'sighting'
      readonly address: Uint8Array
      /** dBm, -127 to 20. */
      readonly rssi: number
      readonly manufacturerData: Uint8Array
    }
  | { readonly type: 'connected'; readonly address: Uint8Array; readonly link: number }
  | { readonly type: 'connect-failed'; readonly address: Uint8Array }
  | { readonly type: 'disconnected'; readonly link: number }
  | { readonly type: 'att'; readonly link: number; readonly pdu: Uint8Array }

const TYPE = {
  scan: 1,
  connect: 2,
  disconnect: 3,
  att: 4,
  sighting: 16,
  connected: 17,
  'connect-failed': 18,
  disconnected: 19,
  'att-from': 20,
} as const

export function encodeToAir(message: ToAir): Uint8Array<ArrayBuffer> {
  switch (message.type) {
    case 'scan':
      return lengthPrefixed(TYPE.scan, Uint8Array.of(message.on ? 1 : 0))
    case 'connect':
      return lengthPrefixed(TYPE.connect, message.address)
    case 'disconnect':
      return lengthPrefixed(TYPE.disconnect, Uint8Array.of(message.link))
    case 'att':
      return lengthPrefixed(TYPE.att, Uint8Array.of(message.link), message.pdu)
  }
}

export function encodeFromAir(message: FromAir): Uint8Array<ArrayBuffer> {
  switch (message.type) {
    case 'sighting':
      return lengthPrefixed(TYPE.sighting, message.address, Uint8Array.of(message.rssi & 0xff), message.manufacturerData)
    case 'connected':
      return lengthPrefixed(TYPE.connected, message.address, Uint8Array.of(message.link))
    case 'connect-failed':
      return lengthPrefixed(TYPE['connect-failed'], message.address)
    case 'disconnected':
      return lengthPrefixed(TYPE.disconnected, Uint8Array.of(message.link))
    case 'att':
      return lengthPrefixed(TYPE['att-from'], Uint8Array.of(message.link), message.pdu)
  }
}

/** The message in one payload: `malformed` unless the type is known and the length is that of the type. */
export function decodeToAir(payload: Uint8Array): Result<ToAir, 'malformed'> {
  const body = Uint8Array.from(payload.subarray(1))
  const only = body.length === 1 ? body[0] : undefined
  switch (payload[0]) {
    case TYPE.scan:
      return only === 0 || only === 1 ? ok({ type: 'scan', on: only === 1 }) : err('malformed')
    case TYPE.connect:
      return body.length === ADDRESS_BYTES ? ok({ type: 'connect', address: body }) : err('malformed')
    case TYPE.disconnect:
      return only === undefined ? err('malformed') : ok({ type: 'disconnect', link: only })
    case TYPE.att:
      return attOf(body)
    default:
      return err('malformed')
  }
}

/** The message in one payload: `malformed` unless the type is known and the length is that of the type. */
export function decodeFromAir(payload: Uint8Array): Result<FromAir, 'malformed'> {
  const body = Uint8Array.from(payload.subarray(1))
  const address = body.subarray(0, ADDRESS_BYTES)
  const afterAddress = body[ADDRESS_BYTES]
  const only = body.length === 1 ? body[0] : undefined
  switch (payload[0]) {
    case TYPE.sighting:
      if (afterAddress === undefined) return err('malformed')
      return ok({ type: 'sighting', address, rssi: (afterAddress << 24) >> 24, manufacturerData: body.subarray(ADDRESS_BYTES + 1) })
    case TYPE.connected:
      if (afterAddress === undefined || body.length !== ADDRESS_BYTES + 1) return err('malformed')
      return ok({ type: 'connected', address, link: afterAddress })
    case TYPE['connect-failed']:
      return body.length === ADDRESS_BYTES ? ok({ type: 'connect-failed', address }) : err('malformed')
    case TYPE.disconnected:
      return only === undefined ? err('malformed') : ok({ type: 'disconnected', link: only })
    case TYPE['att-from']:
      return attOf(body)
    default:
      return err('malformed')
  }
}

function attOf(
  body: Uint8Array<ArrayBuffer>,
): Result<{ readonly type: 'att'; readonly link: number; readonly pdu: Uint8Array<ArrayBuffer> }, 'malformed'> {
  const [link] = body
  return link === undefined || body.length < 2 ? err('malformed') : ok({ type: 'att', link, pdu: body.subarray(1) })
}

/** Splits what comes over the practice link into payloads. */
export function practiceDeframer(): LengthPrefixed {
  return new LengthPrefixed(PRACTICE_FRAME_MAX_BYTES)
}
