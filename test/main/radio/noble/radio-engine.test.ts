/** The radio process's own timers and limits, over a library that does whatever a test wants, and most of all nothing. */
import { expect, test } from 'vitest'
import type { AdapterState, BluetoothDriver, DriverLink, HeardAdvert } from '#main/radio/noble/driver.ts'
import { type FromRadio, SIGHTINGS_PER_BATCH_MAX } from '#main/radio/noble/messages.ts'
import {
  ADAPTER_WAIT_MS,
  BATCH_MS,
  CONNECT_TIMEOUT_MS,
  LET_GO_TIMEOUT_MS,
  LINGER_MS,
  PREPARE_TIMEOUT_MS,
  RadioEngine,
  SILENCE_MAX_MS,
  SILENCES_MAX,
} from '#main/radio/noble/radio-engine.ts'
import { COMPANY_ID, encodeAdvert } from '#shared/contracts/band-advert.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

const ADDRESS = 'c0ffee00baad'
const never = async () => new Promise<never>(() => {})
const BAND = encodeAdvert({ flags: 1, rotatingId: new Uint8Array(8).fill(3) })

class FakeLink implements DriverLink {
  disconnects = 0
  waiting = 0
  preparing: () => Promise<number | null> = async () => 185
  end: (why: 'link-lost' | 'malformed') => void = () => {}
  notify: (value: Uint8Array) => void = () => {}
  prepare = async () => this.preparing()
  write = async () => {}
  onNotification = (listener: (value: Uint8Array) => void) => {
    this.notify = listener
  }
  onEnd = (listener: (why: 'link-lost' | 'malformed') => void) => {
    this.end = listener
  }
  attRequests = () => 7
  unsent = () => this.waiting
  disconnect = () => {
    this.disconnects += 1
  }
}

function engine(connecting: () => Promise<DriverLink> = never) {
  const clock = new ManualClock()
  const said: FromRadio[] = []
  const gaveUp: string[] = []
  const scans: string[] = []
  const state = { heard: 0, knows: true, cancelled: 0 }
  let tellAdapter: (adapter: AdapterState) => void = () => {}
  let tellAdvert: (advert: HeardAdvert) => void = () => {}
  const driver: BluetoothDriver = {
    name: 'abandonware',
    why: 'usual',
    start: () => tellAdapter('poweredOn'),
    onAdapter: (listener) => {
      tellAdapter = listener
      return () => {}
    },
    onAdvert: (listener) => {
      tellAdvert = listener
      return () => {}
    },
    onBroken: () => () => {},
    startScan: () => scans.push('on'),
    stopScan: () => scans.push('off'),
    knows: () => state.knows,
    connect: connecting,
    cancelConnect: () => {
      state.cancelled += 1
    },
    addressesKept: () => 5,
    advertsHeard: () => state.heard,
    stop: () => {},
  }
  const made = new RadioEngine({ driver, clock, post: (m) => said.push(m), rssBytes: () => 1, giveUp: (detail) => gaveUp.push(detail) })
  made.start()
  made.handle({ type: 'scan', on: true })
  const ended = () => said.flatMap((m) => (m.type === 'ended' ? [m.ending] : []))
  return {
    clock,
    made,
    said,
    gaveUp,
    scans,
    state,
    ended,
    adapter: (to: AdapterState) => tellAdapter(to),
    advert: (heard: HeardAdvert) => tellAdvert(heard),
  }
}

test('only adverts of bands leave the process, and a flood of them is a few bounded messages', async () => {
  const { clock, said, advert } = engine()
  const foreign = Uint8Array.from(BAND)
  foreign[0] = (COMPANY_ID & 0xff) ^ 1
  for (const manufacturerData of [foreign, BAND.subarray(1), new Uint8Array(0), new Uint8Array(300)])
    advert({ address: ADDRESS, rssi: -40, manufacturerData })
  advert({ address: ADDRESS, rssi: Number.NaN, manufacturerData: BAND })
  await clock.advance(1_000)
  const batches = () => said.flatMap((m) => (m.type === 'sightings' ? [m.sightings] : []))
  expect(batches()).toEqual([])
  for (let round = 0; round < 10; round += 1) {
    for (let index = 0; index < 1_000; index += 1) {
      const address = index.toString(16).padStart(12, '0')
      advert({ address, rssi: index === 999 ? -30 : -90, manufacturerData: BAND })
    }
    await clock.advance(BATCH_MS)
  }
  expect(batches().length).toBeLessThanOrEqual(10)
  for (const batch of batches()) {
    expect(batch).toHaveLength(SIGHTINGS_PER_BATCH_MAX)
    expect(batch.some((sighting) => sighting.rssi === -30)).toBe(true)
  }
})

test('a connection that never comes about ends in time, and twice in a row ends the process', async () => {
  const { clock, made, gaveUp, state, ended } = engine()
  made.handle({ type: 'connect', call: 1, address: ADDRESS })
  made.handle({ type: 'connect', call: 2, address: ADDRESS })
  expect(ended()).toEqual(['busy'])
  await clock.advance(CONNECT_TIMEOUT_MS)
  expect(ended()).toEqual(['busy', 'not-there'])
  expect(state.cancelled).toBe(1)
  expect(gaveUp).toEqual([])
  made.handle({ type: 'connect', call: 3, address: ADDRESS })
  await clock.advance(CONNECT_TIMEOUT_MS)
  expect(gaveUp).toEqual(['connections do not come about any more'])
})

test('a band that was never heard here is waited for, and only so long', async () => {
  const link = new FakeLink()
  const { clock, made, state, ended, advert, said } = engine(async () => link)
  state.knows = false
  made.handle({ type: 'connect', call: 1, address: ADDRESS })
  await clock.advance(CONNECT_TIMEOUT_MS)
  expect(ended()).toEqual(['not-there'])
  made.handle({ type: 'connect', call: 2, address: ADDRESS })
  advert({ address: ADDRESS, rssi: -40, manufacturerData: BAND })
  await clock.advance(1)
  expect(said).toContainEqual({ type: 'linked', call: 2, mtu: 185, attRequests: 7 })
})

test('discovery that never ends is hung up; a library that does not let go ends the process', async () => {
  const link = new FakeLink()
  link.preparing = never
  const { clock, made, gaveUp, ended } = engine(async () => link)
  made.handle({ type: 'connect', call: 1, address: ADDRESS })
  await clock.advance(PREPARE_TIMEOUT_MS)
  expect(link.disconnects).toBe(1)
  expect(ended()).toEqual([])
  await clock.advance(LET_GO_TIMEOUT_MS)
  expect(gaveUp).toEqual(['a connection could not be ended'])
})

test('notifications before the subscription is confirmed are kept, in order, and hanging up waits for what was written', async () => {
  const link = new FakeLink()
  const { promise, resolve } = Promise.withResolvers<number>()
  link.preparing = async () => promise
  const { clock, made, said, ended } = engine(async () => link)
  made.handle({ type: 'connect', call: 1, address: ADDRESS })
  await clock.advance(1)
  link.notify(Uint8Array.of(1))
  link.notify(Uint8Array.of(2))
  expect(said.some((m) => m.type === 'notified')).toBe(false)
  resolve(70_000)
  await clock.advance(1)
  const spoken = said.filter((m) => m.type === 'linked' || m.type === 'notified')
  expect(spoken).toEqual([
    { type: 'linked', call: 1, mtu: null, attRequests: 7 },
    { type: 'notified', call: 1, value: Uint8Array.of(1), attRequests: 7 },
    { type: 'notified', call: 1, value: Uint8Array.of(2), attRequests: 7 },
  ])
  link.waiting = 2
  made.handle({ type: 'hang-up', call: 1 })
  await clock.advance(LINGER_MS / 2)
  expect(link.disconnects).toBe(0)
  link.waiting = 0
  await clock.advance(LINGER_MS / 4)
  expect(link.disconnects).toBe(1)
  link.end('link-lost')
  expect(ended()).toEqual(['hung-up'])
})

test('silence after something was heard begins the scan again, and at last ends the process; a room that was always quiet does not', async () => {
  const quiet = engine()
  await quiet.clock.advance(SILENCE_MAX_MS * (SILENCES_MAX + 3))
  expect(quiet.scans.filter((step) => step === 'on').length).toBeGreaterThan(3)
  expect(quiet.gaveUp).toEqual([])
  const deaf = engine()
  deaf.state.heard = 10
  await deaf.clock.advance(SILENCE_MAX_MS * (SILENCES_MAX + 3))
  expect(deaf.gaveUp).toEqual(['nothing is heard any more'])
})

test('an adapter that goes is said by its code, ends the call, and is asked for again by another process', async () => {
  const link = new FakeLink()
  const { clock, made, said, gaveUp, ended, adapter, scans } = engine(async () => link)
  made.handle({ type: 'connect', call: 1, address: ADDRESS })
  await clock.advance(1)
  adapter('poweredOff')
  expect(ended()).toEqual(['radio-failed'])
  expect(said.at(-1)).toEqual({ type: 'failed', trouble: 'switched-off' })
  adapter('poweredOn')
  expect(scans.at(-1)).toBe('on')
  await clock.advance(ADAPTER_WAIT_MS)
  expect(gaveUp).toEqual([])
  adapter('unauthorized')
  await clock.advance(ADAPTER_WAIT_MS)
  expect(gaveUp).toEqual(['adapter unauthorized'])
  expect(said.at(-1)).toMatchObject({ type: 'fault', trouble: 'not-allowed' })
})
