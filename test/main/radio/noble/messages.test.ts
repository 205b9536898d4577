import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseFromRadio, parseToRadio, SIGHTINGS_PER_BATCH_MAX, VALUE_MAX_BYTES } from '#main/radio/noble/messages.ts'

const SIGHTING = { address: 'c0ffee00baad', rssi: -50, manufacturerData: new Uint8Array(12) }

test('what the radio process may say, and what it may not', () => {
  expect(parseFromRadio({ type: 'sightings', sightings: [SIGHTING] }).ok).toBe(true)
  expect(parseFromRadio({ type: 'notified', call: 1, value: new Uint8Array(1), attRequests: 7 }).ok).toBe(true)
  const refused: readonly unknown[] = [
    { type: 'sightings', sightings: Array.from({ length: SIGHTINGS_PER_BATCH_MAX + 1 }, () => SIGHTING) },
    { type: 'sightings', sightings: [{ ...SIGHTING, manufacturerData: new Uint8Array(13) }] },
    { type: 'sightings', sightings: [{ ...SIGHTING, address: '../../etc' }] },
    { type: 'sightings', sightings: [{ ...SIGHTING, rssi: Number.NaN }] },
    { type: 'sightings', sightings: [{ ...SIGHTING, name: 'more' }] },
    { type: 'notified', call: 1, value: new Uint8Array(VALUE_MAX_BYTES + 1), attRequests: 7 },
    { type: 'notified', call: 1, value: [1, 2, 3], attRequests: 7 },
    { type: 'linked', call: 1, mtu: 65_536, attRequests: 7 },
    { type: 'linked', call: 0, mtu: 23, attRequests: 7 },
    { type: 'failed', trouble: 'tired' },
    { type: 'fault', trouble: 'stuck', detail: 'x'.repeat(201) },
    { type: 'beat', addresses: -1, rssBytes: 1 },
    null,
    'beat',
  ]
  for (const message of refused) expect(parseFromRadio(message), JSON.stringify(message)).toEqual({ ok: false, error: 'malformed' })
})

test('nothing a broken process says can throw', () => {
  fc.assert(
    fc.property(fc.anything(), (message) => {
      expect(parseFromRadio(message).ok).toBe(false)
      expect(parseToRadio(message).ok).toBe(false)
    }),
  )
})
