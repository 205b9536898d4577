/**
 * The band's attribute tables: one that terminals see, one that phones see, who connect to another address. GAP and GATT first, the one
 * service last, and in it the written characteristic last: discovery then takes three requests for services and one for characteristics,
 * because the last value handle is the service's end handle.
 */
import { ATT_ERRORS, CHARACTERISTIC, CLIENT_CONFIGURATION, PRIMARY_SERVICE, PROPERTY, u16, uuidBytes } from '#shared/contracts/att.ts'
import { REQUEST_UUID, RESPONSE_UUID, SERVICE_UUID, SESSION_UUID } from '#shared/contracts/band-advert.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { FRAME_BYTES_UUID, FROM_BAND_UUID, PHONE_SERVICE_UUID, TO_BAND_UUID } from '#shared/contracts/phone-link.ts'

export type Attribute = {
  readonly handle: number
  /** 2 or 16 bytes, in the byte order of the air. */
  readonly type: Uint8Array
  readonly value: Uint8Array | 'session' | 'subscription' | 'none'
  /** Last handle of the group, for a service declaration. */
  readonly groupEnd?: number
}

const GAP_SERVICE = 0x1800
const GATT_SERVICE = 0x1801
const DEVICE_NAME = 0x2a00
const APPEARANCE = 0x2a01
/** Bluetooth assigned numbers: generic watch. Nothing in the table tells one band from another. */
const APPEARANCE_WATCH = 0x00c0
const NAME = new TextEncoder().encode('Band')

export const RESPONSE_HANDLE = 9
export const SUBSCRIPTION_HANDLE = 10
export const SESSION_HANDLE = 12
export const REQUEST_HANDLE = 14

function characteristic(handle: number, properties: number, uuid: Uint8Array): Attribute {
  return { handle, type: u16(CHARACTERISTIC), value: concat(Uint8Array.of(properties), u16(handle + 1), uuid) }
}

/** Of one service, in the order of its handles. `read` is the characteristic whose value the session gives. */
type ServiceUuids = { readonly service: string; readonly notify: string; readonly read: string; readonly write: string }

function tableOf(uuids: ServiceUuids): readonly Attribute[] {
  return [
    { handle: 1, type: u16(PRIMARY_SERVICE), value: u16(GAP_SERVICE), groupEnd: 5 },
    characteristic(2, PROPERTY.read, u16(DEVICE_NAME)),
    { handle: 3, type: u16(DEVICE_NAME), value: NAME },
    characteristic(4, PROPERTY.read, u16(APPEARANCE)),
    { handle: 5, type: u16(APPEARANCE), value: u16(APPEARANCE_WATCH) },
    { handle: 6, type: u16(PRIMARY_SERVICE), value: u16(GATT_SERVICE), groupEnd: 6 },
    { handle: 7, type: u16(PRIMARY_SERVICE), value: uuidBytes(uuids.service), groupEnd: REQUEST_HANDLE },
    characteristic(8, PROPERTY.notify, uuidBytes(uuids.notify)),
    { handle: RESPONSE_HANDLE, type: uuidBytes(uuids.notify), value: 'none' },
    { handle: SUBSCRIPTION_HANDLE, type: u16(CLIENT_CONFIGURATION), value: 'subscription' },
    characteristic(11, PROPERTY.read, uuidBytes(uuids.read)),
    { handle: SESSION_HANDLE, type: uuidBytes(uuids.read), value: 'session' },
    characteristic(13, PROPERTY.writeCommand, uuidBytes(uuids.write)),
    { handle: REQUEST_HANDLE, type: uuidBytes(uuids.write), value: 'none' },
  ]
}

/** What a terminal finds. */
export const ATTRIBUTES = tableOf({ service: SERVICE_UUID, notify: RESPONSE_UUID, read: SESSION_UUID, write: REQUEST_UUID })
/** What a phone finds. */
export const PHONE_ATTRIBUTES = tableOf({
  service: PHONE_SERVICE_UUID,
  notify: FROM_BAND_UUID,
  read: FRAME_BYTES_UUID,
  write: TO_BAND_UUID,
})

/** Further error codes of Bluetooth Core 5.4, Vol 3 Part F 3.4.1.1, which only a server needs. */
export const SERVER_ERRORS = { ...ATT_ERRORS, invalidOffset: 0x07, unsupportedGroupType: 0x10, improperConfiguration: 0xfd } as const
