/**
 * What passes between the terminal and the radio process, checked on both sides: the radio process speaks with strangers, so the
 * terminal believes no size and no shape of what it says. Bytes travel as Uint8Array (structured clone).
 */
import * as z from 'zod'
import { ADVERT_BYTES } from '#shared/contracts/band-advert.ts'
import { DRIVER_WHYS, RADIO_DRIVERS, RADIO_TROUBLES } from '#shared/contracts/troubles.ts'
import { err, ok, type Result } from '#shared/result.ts'

/** Bands in one batch of sightings. The counter's list keeps 64; the rest are a crowd or an attack. */
export const SIGHTINGS_PER_BATCH_MAX = 128
/** The longest attribute value (Bluetooth Core 5.4, Vol 3 Part F 3.2.9). */
export const VALUE_MAX_BYTES = 512
export const DETAIL_MAX_CHARS = 200
const MANUFACTURER_DATA_BYTES = 2 + ADVERT_BYTES
const COUNT_MAX = Number.MAX_SAFE_INTEGER

const bytes = (max: number) => z.instanceof(Uint8Array).refine((value) => value.length >= 1 && value.length <= max)
const call = z.int().min(1).max(COUNT_MAX)
const count = z.int().min(0).max(COUNT_MAX)
const trouble = z.enum(RADIO_TROUBLES)
const detail = z.string().max(DETAIL_MAX_CHARS)
/** Hex of a Bluetooth address, or of the id that macOS gives instead of one. */
const address = z.string().regex(/^[0-9a-f]{12,32}$/u)

/** Why a call did not become a link, or stopped being one. */
export const CALL_ENDINGS = ['hung-up', 'not-there', 'timeout', 'not-a-band', 'malformed', 'link-lost', 'busy', 'radio-failed'] as const
export type CallEnding = (typeof CALL_ENDINGS)[number]

const toRadio = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('scan'), on: z.boolean() }),
  z.strictObject({ type: z.literal('scan-again') }),
  z.strictObject({ type: z.literal('connect'), call, address }),
  z.strictObject({ type: z.literal('write'), call, value: bytes(VALUE_MAX_BYTES) }),
  z.strictObject({ type: z.literal('hang-up'), call }),
])

const sighting = z.strictObject({
  address,
  rssi: z.int().min(-128).max(127),
  manufacturerData: z.instanceof(Uint8Array).refine((value) => value.length === MANUFACTURER_DATA_BYTES),
})

const fromRadio = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('beat'), addresses: count, rssBytes: count }),
  z.strictObject({ type: z.literal('driver'), driver: z.enum(RADIO_DRIVERS), why: z.enum(DRIVER_WHYS) }),
  z.strictObject({ type: z.literal('scanning') }),
  z.strictObject({ type: z.literal('failed'), trouble }),
  z.strictObject({ type: z.literal('sightings'), sightings: z.array(sighting).max(SIGHTINGS_PER_BATCH_MAX) }),
  z.strictObject({ type: z.literal('linked'), call, mtu: z.int().min(0).max(0xffff).nullable(), attRequests: count }),
  z.strictObject({ type: z.literal('written'), call, attRequests: count }),
  z.strictObject({ type: z.literal('notified'), call, value: bytes(VALUE_MAX_BYTES), attRequests: count }),
  z.strictObject({ type: z.literal('ended'), call, ending: z.enum(CALL_ENDINGS) }),
  /** The last thing it says. `detail` is for the log. */
  z.strictObject({ type: z.literal('fault'), trouble, detail }),
])

export type ToRadio = z.infer<typeof toRadio>
export type FromRadio = z.infer<typeof fromRadio>
export type RadioSighting = z.infer<typeof sighting>

/** `malformed` for anything a terminal does not say. */
export function parseToRadio(message: unknown): Result<ToRadio, 'malformed'> {
  const parsed = toRadio.safeParse(message)
  return parsed.success ? ok(parsed.data) : err('malformed')
}

/** `malformed` for anything a sound radio process does not say. */
export function parseFromRadio(message: unknown): Result<FromRadio, 'malformed'> {
  const parsed = fromRadio.safeParse(message)
  return parsed.success ? ok(parsed.data) : err('malformed')
}
