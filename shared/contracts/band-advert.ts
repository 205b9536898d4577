/** What a band says to everyone: 10 bytes of manufacturer data, nothing in them stable. */
import { concat } from './bytes.ts'
import { FLAGS_ALL, PROTOCOL_VERSION } from './radio-messages.ts'

/** Bluetooth SIG: 0xFFFF is for use before a company id has been assigned. */
export const COMPANY_ID = 0xffff
/** Carried in the scan response. The service is the last in the band's table. */
export const SERVICE_UUID = '7e1f0001-5c3a-4b0e-9d2b-62616e647469'
/** Band to terminal, notifications. First of the three, so that its descriptor directly follows it. */
export const RESPONSE_UUID = '7e1f0002-5c3a-4b0e-9d2b-62616e647469'
/** Read: the current OFFER, for a link that lost the pushed one. */
export const SESSION_UUID = '7e1f0003-5c3a-4b0e-9d2b-62616e647469'
/** Terminal to band, write command. Last, so that its value handle ends the service and discovery needs no further question. */
export const REQUEST_UUID = '7e1f0004-5c3a-4b0e-9d2b-62616e647469'

export const ADVERT_BYTES = 10
export const ROTATING_ID_BYTES = 8
/** One rotating id lives this long; the switch is jittered inside the slot. */
export const ID_SLOT_MS = 15 * 60_000

export type BandAdvert = { readonly flags: number; readonly rotatingId: Uint8Array }

/** Manufacturer data: company id (little-endian, as on the air), version, flags, rotating id. */
export function encodeAdvert(advert: BandAdvert): Uint8Array<ArrayBuffer> {
  return concat(Uint8Array.of(COMPANY_ID & 0xff, COMPANY_ID >> 8, PROTOCOL_VERSION, advert.flags & FLAGS_ALL), advert.rotatingId)
}

/** The advert in this manufacturer data, or undefined: junk in the air is ignored, not an error. Reserved flag bits must be zero. */
export function decodeAdvert(manufacturerData: Uint8Array): BandAdvert | undefined {
  const [low, high, version, flags] = manufacturerData
  if (manufacturerData.length !== 2 + ADVERT_BYTES || low !== (COMPANY_ID & 0xff) || high !== COMPANY_ID >> 8) return undefined
  if (version !== PROTOCOL_VERSION || flags === undefined || flags > FLAGS_ALL) return undefined
  return { flags, rotatingId: Uint8Array.from(manufacturerData.subarray(4)) }
}
