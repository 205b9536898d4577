import { expect, test } from 'vitest'
import { BANDS_IN_SIGHT_MAX, createSightings } from '#main/radio/sightings.ts'
import { FLAG_ARMED, FLAG_LOW_BATTERY, FLAG_PHONE_LINKED, FLAG_WORN } from '#shared/contracts/radio-messages.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

const READY = FLAG_WORN | FLAG_ARMED | FLAG_PHONE_LINKED
const ADVERT_EVERY_MS = 200

function counter() {
  const clock = new ManualClock()
  let made = 0
  const sightings = createSightings({
    clock,
    newId: () => {
      made += 1
      return `sighting-${made}`
    },
  })
  const hear = (address: string, rssi: number, flags = READY) =>
    sightings.hear({ address, rssi, advert: { flags, rotatingId: new Uint8Array(8) }, atMonotonicMs: clock.monotonicMs() })
  /** Every band is heard again and again, for so long. */
  const forMs = async (ms: number, bands: Readonly<Record<string, readonly [rssi: number, flags?: number]>>) => {
    for (let passed = 0; passed < ms; passed += ADVERT_EVERY_MS) {
      for (const [address, [rssi, flags]] of Object.entries(bands)) hear(address, rssi, flags)
      await clock.advance(ADVERT_EVERY_MS)
    }
  }
  const proposed = () =>
    sightings
      .list()
      .filter((band) => band.proposed)
      .map((band) => sightings.addressOf(band.id))
  const needKnocks = () =>
    sightings
      .list()
      .filter((band) => band.needsKnock)
      .map((band) => sightings.addressOf(band.id) ?? 'gone')
      .sort((a, b) => (a < b ? -1 : 1))
  const rivals = () => sightings.rivals().map((band) => sightings.addressOf(band.id))
  const letters = () => sightings.list().map((band) => band.letter)
  return { clock, sightings, hear, forMs, proposed, needKnocks, rivals, letters }
}

test('a band shows its flags, a letter and how near it is, and nothing of what it sent', () => {
  const { sightings, hear } = counter()
  hear('aa', -55, FLAG_WORN | FLAG_LOW_BATTERY)
  expect(sightings.list()).toEqual([
    {
      ...{ id: 'sighting-1', letter: 'A', nearness: 3, worn: true, armed: false, phoneLinked: false, lowBattery: true },
      ...{ proposed: false, needsKnock: false },
    },
  ])
  const [band] = sightings.list()
  expect(band && sightings.addressOf(band.id)).toBe('aa')
  expect(band && sightings.advertOf(band.id)?.flags).toBe(FLAG_WORN | FLAG_LOW_BATTERY)
})

test.each([
  [-127, 0],
  [-81, 0],
  [-80, 1],
  [-70, 2],
  [-60, 3],
  [-50, 4],
  [20, 4],
])('%s dBm is nearness %s', (rssi, nearness) => {
  const { sightings, hear } = counter()
  hear('aa', rssi)
  expect(sightings.list()[0]?.nearness).toBe(nearness)
})

test('a signal strength that is none is ignored', () => {
  const { sightings, hear } = counter()
  for (const rssi of [127, 21, -128, Number.NaN, Number.POSITIVE_INFINITY]) hear('aa', rssi)
  expect(sightings.list()).toEqual([])
})

test('a band unheard for three seconds is forgotten, with its id; heard again it is a new one', async () => {
  const { clock, sightings, hear } = counter()
  hear('aa', -50)
  const [band] = sightings.list()
  await clock.advance(3_000)
  expect(sightings.list()).toHaveLength(1)
  await clock.advance(1)
  expect(band && sightings.addressOf(band.id)).toBeUndefined()
  expect(band && sightings.advertOf(band.id)).toBeUndefined()
  expect(sightings.list()).toEqual([])
  hear('aa', -50)
  expect(sightings.list()[0]?.id).toBe('sighting-2')
})

test('letters stay with their band while it is in sight, whoever comes and goes', async () => {
  const { sightings, hear, forMs, letters } = counter()
  hear('aa', -40)
  hear('bb', -55)
  hear('cc', -65)
  expect(letters()).toEqual(['A', 'B', 'C'])
  await forMs(3_400, { bb: [-55], cc: [-65] })
  expect(letters()).toEqual(['B', 'C'])
  hear('dd', -75)
  expect(letters()).toEqual(['B', 'C', 'A'])
  expect(sightings.list()).toHaveLength(3)
})

test('after Z comes AA', () => {
  const { hear, letters } = counter()
  for (let index = 0; index < 28; index += 1) hear(`band-${index}`, -60)
  expect(letters().slice(24)).toEqual(['Y', 'Z', 'AA', 'AB'])
})

test('the band clearly nearest for a second is proposed', async () => {
  const { forMs, proposed } = counter()
  await forMs(1_000, { aa: [-45], bb: [-56] })
  expect(proposed()).toEqual([])
  await forMs(400, { aa: [-45], bb: [-56] })
  expect(proposed()).toEqual(['aa'])
})

test('a lead of less than 10 dB proposes nobody', async () => {
  const { forMs, proposed } = counter()
  await forMs(5_000, { aa: [-50], bb: [-59] })
  expect(proposed()).toEqual([])
})

test('a band alone is proposed, once it has been heard for a second', async () => {
  const { forMs, hear, clock, proposed } = counter()
  hear('aa', -60)
  await clock.advance(2_000)
  expect(proposed()).toEqual([])
  await forMs(200, { aa: [-60] })
  expect(proposed()).toEqual(['aa'])
})

test.each([
  ['not worn', FLAG_ARMED | FLAG_PHONE_LINKED],
  ['not armed', FLAG_WORN | FLAG_PHONE_LINKED],
  ['without its phone', FLAG_WORN | FLAG_ARMED],
])('a band %s is never proposed', async (_what, flags) => {
  const { forMs, proposed } = counter()
  await forMs(3_000, { aa: [-30, flags] })
  expect(proposed()).toEqual([])
})

test('nobody is proposed in the place of a nearer customer whose band cannot pay yet', async () => {
  const { forMs, proposed } = counter()
  await forMs(3_000, { aa: [-40, FLAG_WORN], bb: [-60] })
  expect(proposed()).toEqual([])
})

test('a band that lies unworn on the counter keeps nobody from being proposed', async () => {
  const { forMs, proposed } = counter()
  await forMs(3_000, { aa: [-40, 0], bb: [-60] })
  expect(proposed()).toEqual(['bb'])
})

test('a new nearest band starts the second afresh', async () => {
  const { forMs, proposed } = counter()
  await forMs(2_000, { aa: [-60] })
  expect(proposed()).toEqual(['aa'])
  await forMs(400, { aa: [-60], bb: [-40] })
  expect(proposed()).toEqual([])
  await forMs(1_000, { aa: [-60], bb: [-40] })
  expect(proposed()).toEqual(['bb'])
})

test('one strong advert does not change who is nearest', async () => {
  const { forMs, hear, proposed } = counter()
  await forMs(3_000, { aa: [-50], bb: [-65] })
  hear('bb', -53)
  expect(proposed()).toEqual(['aa'])
})

test('of two bands about as near each needs a knock; ten decibels apart, only the farther one does', async () => {
  const { forMs, needKnocks, rivals } = counter()
  await forMs(3_000, { aa: [-50], bb: [-59] })
  expect(needKnocks()).toEqual(['aa', 'bb'])
  expect(rivals()).toEqual(['aa', 'bb'])
  await forMs(5_000, { aa: [-50], bb: [-61] })
  expect(needKnocks()).toEqual(['bb'])
  expect(rivals()).toEqual(['aa'])
})

test('the proposed band never needs a knock, nor does the only one that could pay', async () => {
  const { forMs, proposed, needKnocks } = counter()
  await forMs(3_000, { aa: [-60] })
  expect(needKnocks()).toEqual([])
  await forMs(3_000, { aa: [-60], bb: [-40] })
  expect(proposed()).toEqual(['bb'])
  expect(needKnocks()).toEqual(['aa'])
})

test.each([
  ['not worn', FLAG_ARMED | FLAG_PHONE_LINKED],
  ['not armed', FLAG_WORN | FLAG_PHONE_LINKED],
  ['without its phone', FLAG_WORN | FLAG_ARMED],
])('a band %s is nobody’s rival, and is charged without a knock: it says itself why it cannot pay', async (_what, flags) => {
  const { forMs, needKnocks, rivals } = counter()
  await forMs(3_000, { aa: [-40, flags], bb: [-45] })
  expect(needKnocks()).toEqual([])
  expect(rivals()).toEqual(['bb'])
})

test('nobody who could pay: nobody to ask for a knock', async () => {
  const { forMs, rivals } = counter()
  expect(rivals()).toEqual([])
  await forMs(1_000, { aa: [-40, FLAG_WORN] })
  expect(rivals()).toEqual([])
})

test('rivals are those within the lead of the strongest, strongest first', async () => {
  const { forMs, rivals, needKnocks } = counter()
  await forMs(3_000, { aa: [-56], bb: [-50], cc: [-59.5], dd: [-64] })
  expect(rivals()).toEqual(['bb', 'aa', 'cc'])
  expect(needKnocks()).toEqual(['aa', 'bb', 'cc', 'dd'])
})

test('a flood of strangers leaves a bounded list and the customer at the counter in it', async () => {
  const { forMs, hear, sightings } = counter()
  await forMs(1_000, { customer: [-45] })
  for (let index = 0; index < 100_000; index += 1) hear(`stranger-${index}`, -90 + (index % 30))
  const list = sightings.list()
  expect(list).toHaveLength(BANDS_IN_SIGHT_MAX)
  expect(list.map((band) => sightings.addressOf(band.id))).toContain('customer')
})

test('when the list is full, a band that has gone quiet makes room for a faint newcomer', async () => {
  const { clock, hear, sightings } = counter()
  for (let index = 0; index < BANDS_IN_SIGHT_MAX; index += 1) hear(`band-${index}`, -50)
  hear('newcomer', -90)
  expect(sightings.list().map((band) => sightings.addressOf(band.id))).not.toContain('newcomer')
  await clock.advance(1_001)
  hear('newcomer', -90)
  expect(sightings.list().map((band) => sightings.addressOf(band.id))).toContain('newcomer')
  expect(sightings.list()).toHaveLength(BANDS_IN_SIGHT_MAX)
})
