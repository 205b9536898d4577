import { afterEach, expect, test } from 'vitest'
import type { Sighting } from '#main/ports.ts'
import { createPracticeRadio, type LinkFault } from '#main/radio/practice-radio.ts'
import { RECONNECT_MAX_MS, reconnectDelayMs } from '#main/radio/practice-socket.ts'
import { GattServer } from '#reference/band/gatt-server.ts'
import { ATT } from '#shared/contracts/att.ts'
import { encodeAdvert } from '#shared/contracts/band-advert.ts'
import { fromHex } from '#shared/contracts/bytes.ts'
import { toFrames } from '#shared/contracts/frames.ts'
import type { FromAir } from '#shared/contracts/practice-link.ts'
import { err, ok } from '#shared/result.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { ScriptedAir, type ScriptedBand } from '#test/support/scripted-air.ts'
import { until } from '#test/support/until.ts'

const ADDRESS = 'c0ffee000001'
const OFFER = { kind: 'offer', body: Uint8Array.from({ length: 300 }, (_, index) => index & 0xff) } as const
const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A band of the reference attribute table that pushes an OFFER when it is subscribed to, even before it answers the subscription. */
function band(): ScriptedBand {
  const server = new GattServer(185, () => new Uint8Array(0))
  return (pdu) => {
    const { answer, event } = server.receive(pdu)
    const pushed = event?.type === 'subscribed' ? toFrames(OFFER, 1, 182).map((frame) => server.notification(frame)) : []
    return answer ? [...pushed, answer] : pushed
  }
}

async function open(place: Readonly<Record<string, () => ScriptedBand>> = { [ADDRESS]: band }) {
  const air = new ScriptedAir()
  const port = await air.listen()
  for (const [address, script] of Object.entries(place)) air.place(address, script)
  const clock = new ManualClock()
  const faults: LinkFault[] = []
  const radio = createPracticeRadio({ where: { port, host: '127.0.0.1' }, clock, random: () => 0, onFault: (fault) => faults.push(fault) })
  closers.push(
    async () => radio.stop(),
    async () => air.stop(),
  )
  radio.start()
  await until('scanning', () => radio.state().state === 'scanning' && air.heard.length === 1)
  return { air, port, clock, radio, faults }
}

function addressBytes(address: string): Uint8Array {
  return fromHex(address) ?? new Uint8Array(0)
}

function sighting(rssi: number, manufacturerData: Uint8Array): FromAir {
  return { type: 'sighting', address: addressBytes(ADDRESS), rssi, manufacturerData }
}

test('bands are heard; junk in the air is not', async () => {
  const { air, radio } = await open()
  const heard: Sighting[] = []
  radio.onSighting((one) => heard.push(one))
  air.say(sighting(-60, Uint8Array.of(0xff, 0xff, 1, 7)))
  air.say(sighting(-60, Uint8Array.from([...encodeAdvert({ flags: 7, rotatingId: new Uint8Array(8) })].with(2, 2))))
  air.say(sighting(-48, encodeAdvert({ flags: 7, rotatingId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) })))
  await until('one sighting', () => heard.length > 0)
  expect(heard).toEqual([
    { address: ADDRESS, rssi: -48, advert: { flags: 7, rotatingId: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }, atMonotonicMs: 0 },
  ])
})

test('a link takes seven requests, its first message is the OFFER, and what is sent arrives', async () => {
  const { air, radio } = await open()
  const link = await radio.connect(ADDRESS)
  if (!link.ok) throw new Error(link.error)
  expect(await link.value.receive(1_000)).toEqual(ok(OFFER))
  expect(link.value.attRequests()).toBe(7)
  const before = air.heard.length
  await link.value.send({ kind: 'request', body: new Uint8Array(500) })
  expect(link.value.lastSent()).toEqual({ segments: 3, bytes: 500 })
  await until('three write commands', () => air.heard.length === before + 3)
  expect(air.heard.slice(before).every((message) => message.type === 'att' && message.pdu[0] === ATT.writeCommand)).toBe(true)
  await link.value.close()
  await until('a disconnect', () => air.heard.at(-1)?.type === 'disconnect')
})

test('one connection at a time; the next one may come when it is closed', async () => {
  const { radio } = await open()
  const first = await radio.connect(ADDRESS)
  expect(await radio.connect(ADDRESS)).toEqual(err('busy'))
  if (first.ok) await first.value.close()
  expect((await radio.connect(ADDRESS)).ok).toBe(true)
})

test('a band that does not answer is gone after five seconds, and a late connection is closed', async () => {
  const { air, radio, clock, faults } = await open()
  const connecting = radio.connect('c0ffee000002')
  await until('connect asked', () => air.heard.at(-1)?.type === 'connect')
  expect(await radio.connect(ADDRESS)).toEqual(err('busy'))
  await clock.advance(5_000)
  expect(await connecting).toEqual(err('band-gone'))
  expect(faults).toEqual([{ at: 'connect', error: 'no-answer' }])
  air.say({ type: 'connected', address: addressBytes('c0ffee000002'), link: 77 })
  await until('late connection closed', () => air.heard.some((message) => message.type === 'disconnect' && message.link === 77))
})

test('a connection that fails, and an address that is none', async () => {
  const { air, radio } = await open()
  const connecting = radio.connect('c0ffee000002')
  await until('connect asked', () => air.heard.at(-1)?.type === 'connect')
  air.say({ type: 'connect-failed', address: addressBytes('c0ffee000009') })
  air.say({ type: 'connect-failed', address: addressBytes('c0ffee000002') })
  expect(await connecting).toEqual(err('band-gone'))
  expect(await radio.connect('not an address')).toEqual(err('band-gone'))
  expect((await radio.connect(ADDRESS)).ok).toBe(true)
})

test('a connection that is made and lost at once is not waited for', async () => {
  const { air, radio } = await open()
  const connecting = radio.connect('c0ffee000002')
  await until('connect asked', () => air.heard.at(-1)?.type === 'connect')
  air.say({ type: 'connected', address: addressBytes('c0ffee000002'), link: 9 })
  air.say({ type: 'disconnected', link: 9 })
  expect(await connecting).toEqual(err('band-gone'))
})

test('a hostile band is disconnected, and the radio goes on', async () => {
  const { air, radio, faults } = await open({ [ADDRESS]: band, c0ffee000003: () => () => [Uint8Array.of(ATT.writeResponse)] })
  expect(await radio.connect('c0ffee000003')).toEqual(err('band-gone'))
  expect(faults).toEqual([{ at: 'prepare', error: 'unsolicited' }])
  await until('disconnected', () => air.heard.some((message) => message.type === 'disconnect'))
  expect((await radio.connect(ADDRESS)).ok).toBe(true)
})

test('a band that falls silent in discovery is given up', async () => {
  const { air, radio, clock } = await open({ c0ffee000004: () => () => [] })
  const connecting = radio.connect('c0ffee000004')
  await until('first question', () => air.heard.at(-1)?.type === 'att')
  await clock.advance(2_000)
  expect(await connecting).toEqual(err('band-gone'))
})

test('a band that leaves ends its link; words for an old link are not heard on the new one', async () => {
  const { air, radio } = await open()
  const first = await radio.connect(ADDRESS)
  const oldLink = air.lastLink
  if (!first.ok) throw new Error(first.error)
  await first.value.receive(1_000)
  const waiting = first.value.receive(1_000)
  air.say({ type: 'disconnected', link: oldLink })
  expect(await waiting).toEqual(err('link-lost'))
  const second = await radio.connect(ADDRESS)
  if (!second.ok) throw new Error(second.error)
  air.say({ type: 'att', link: oldLink, pdu: Uint8Array.of(ATT.writeResponse) })
  expect(await second.value.receive(1_000)).toEqual(ok(OFFER))
  expect((await second.value.send({ kind: 'cancel', body: Uint8Array.of(1) })).ok).toBe(true)
})

test('when the world dies the link ends, the state says so, and the radio comes back by itself', async () => {
  const { air, port, radio, clock } = await open()
  const link = await radio.connect(ADDRESS)
  if (!link.ok) throw new Error(link.error)
  await link.value.receive(1_000)
  const waiting = link.value.receive(1_000)
  const states: string[] = []
  radio.onState(() => states.push(radio.state().state))
  await air.stop()
  expect(await waiting).toEqual(err('link-lost'))
  await until('failed', () => radio.state().state === 'failed')
  expect(await radio.connect(ADDRESS)).toEqual(err('radio-failed'))
  await clock.advance(100)
  const again = new ScriptedAir()
  closers.push(async () => again.stop())
  await again.listen(port)
  for (let tries = 0; tries < 50 && radio.state().state !== 'scanning'; tries += 1) await clock.advance(RECONNECT_MAX_MS / 2)
  await until('scanning again', () => radio.state().state === 'scanning' && again.heard.at(0)?.type === 'scan')
  expect(states.at(0)).toBe('failed')
  expect(states.at(-1)).toBe('scanning')
})

test('a world that sends what no world sends is left and tried again', async () => {
  const { air, radio, clock, faults } = await open()
  air.sayRaw(Uint8Array.of(0, 0))
  await until('failed', () => radio.state().state === 'failed')
  expect(radio.state()).toEqual({ state: 'failed', driver: 'practice', why: 'usual', trouble: 'practice-gone' })
  expect(faults).toContainEqual({ at: 'air', error: 'the air sent what no air sends' })
  await clock.advance(RECONNECT_MAX_MS)
  await until('scanning again', () => radio.state().state === 'scanning' && air.connections === 2)
})

test('a radio that is stopped stays stopped', async () => {
  const { air, radio, clock } = await open()
  const connecting = radio.connect('c0ffee000002')
  await radio.stop()
  expect(await connecting).toEqual(err('radio-failed'))
  await clock.advance(60_000)
  expect(air.connections).toBe(1)
  expect(radio.state()).toEqual({ state: 'starting', driver: 'practice', why: 'usual' })
})

test('waits double to the longest, each drawn from its upper half', () => {
  const waits = (random: number) => Array.from({ length: 8 }, (_, tries) => reconnectDelayMs(tries, () => random))
  expect(waits(0)).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000])
  expect(waits(1)).toEqual([100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000])
  expect(reconnectDelayMs(100_000, () => 1)).toBe(RECONNECT_MAX_MS)
})
