/**
 * Things that look like a band and are not one. Whatever they answer ends their session, or the radio process; the attempt ends as it
 * should, and the next customer pays.
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ATT, ATT_ERRORS, attError, CHARACTERISTIC, PRIMARY_SERVICE, PROPERTY, u16, uuidBytes } from '#shared/contracts/att.ts'
import { REQUEST_UUID, RESPONSE_UUID, SERVICE_UUID } from '#shared/contracts/band-advert.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { until } from '#test/support/until.ts'
import { holdMtuTo } from '#test/support/virtual-bluetooth/air.ts'
import { type BluetoothCounter, bluetoothCounter, runToEnd, sellOne } from '#test/support/virtual-bluetooth/bluetooth-counter.ts'
import { bandAdvertData, type Script, ScriptedPeer } from '#test/support/virtual-bluetooth/scripted-peer.ts'

let counter: BluetoothCounter
beforeEach(async () => {
  counter = await bluetoothCounter()
})
afterEach(async () => counter.close())

type Answers = Partial<Record<'mtu' | 'services' | 'characteristics' | 'descriptor' | 'subscribe', Script>>

const SERVICE_END = 6
const HANDLES = { response: 3, descriptor: 4, request: 6 } as const

/** A band's answers, but for those a test replaces. */
function bandLike(answers: Answers): () => Script {
  return () => (pdu, say) => {
    const from = pdu.length >= 3 ? pdu.readUInt16LE(1) : 0
    switch (pdu[0]) {
      case ATT.exchangeMtuRequest:
        return answers.mtu?.(pdu, say) ?? [Uint8Array.of(ATT.exchangeMtuResponse, 185, 0)]
      case ATT.readByGroupTypeRequest:
        if (answers.services) return answers.services(pdu, say)
        if (from > 1) return [attError(pdu[0], from, ATT_ERRORS.attributeNotFound)]
        return [concat(Uint8Array.of(ATT.readByGroupTypeResponse, 20), u16(1), u16(SERVICE_END), uuidBytes(SERVICE_UUID))]
      case ATT.readByTypeRequest:
        if (pdu.readUInt16LE(5) === CHARACTERISTIC) return answers.characteristics?.(pdu, say) ?? [characteristics()]
        return answers.descriptor?.(pdu, say) ?? [concat(Uint8Array.of(ATT.readByTypeResponse, 4), u16(HANDLES.descriptor), u16(0))]
      case ATT.writeRequest:
        return answers.subscribe?.(pdu, say) ?? [Uint8Array.of(ATT.writeResponse)]
      default:
        return []
    }
  }
}

function characteristics(): Uint8Array {
  const one = (declaration: number, properties: number, value: number, uuid: string) =>
    concat(u16(declaration), Uint8Array.of(properties), u16(value), uuidBytes(uuid))
  return concat(
    Uint8Array.of(ATT.readByTypeResponse, 21),
    one(2, PROPERTY.notify, HANDLES.response, RESPONSE_UUID),
    one(5, PROPERTY.writeCommand, HANDLES.request, REQUEST_UUID),
  )
}

/** Charges the stranger, then the real customer who comes after. */
async function chargeStranger(
  script: () => Script,
): Promise<{ readonly ending: string; readonly next: string; readonly errors: string[] }> {
  const { world, air, faults } = counter
  const peer = new ScriptedPeer(air, script)
  await world.start()
  await world.ready()
  await world.popcorn()
  const ending = await runToEnd(world, await world.charge())
  const errors = faults.map((fault) => `${fault.at}: ${fault.error}`)
  peer.leave()
  air.dropLink()
  await counter.bringBand()
  const next = await sellOne(counter)
  expect(await world.disagreements()).toEqual([])
  return { ending, next, errors }
}

const HOSTILE: readonly (readonly [string, Answers, string])[] = [
  ['a service list whose items have length zero', { services: () => [Uint8Array.of(ATT.readByGroupTypeResponse, 0, 1, 2)] }, 'malformed'],
  ['an empty service list', { services: () => [Uint8Array.of(ATT.readByGroupTypeResponse)] }, 'malformed'],
  [
    'services whose handles never advance',
    { services: () => [concat(Uint8Array.of(ATT.readByGroupTypeResponse, 6), u16(1), u16(1), u16(PRIMARY_SERVICE))] },
    'malformed',
  ],
  [
    'an endless list of services',
    {
      services: (pdu) => {
        const from = pdu.readUInt16LE(1)
        return [concat(Uint8Array.of(ATT.readByGroupTypeResponse, 6), u16(from), u16(from), u16(0x1800))]
      },
    },
    'malformed',
  ],
  [
    'a characteristic list whose items have length zero',
    { characteristics: () => [Uint8Array.of(ATT.readByTypeResponse, 0)] },
    'malformed',
  ],
  [
    'characteristics whose handles never advance',
    { characteristics: () => [concat(Uint8Array.of(ATT.readByTypeResponse, 7), u16(1), Uint8Array.of(2), u16(1), u16(0x2a00))] },
    'malformed',
  ],
  [
    'an error where the subscription is written',
    { subscribe: (pdu) => [attError(pdu[0] ?? 0, 4, ATT_ERRORS.writeNotPermitted)] },
    'timeout',
  ],
  ['a notification of one byte', { subscribe: () => [Uint8Array.of(ATT.writeResponse), Uint8Array.of(ATT.notification)] }, 'malformed'],
  ['an empty answer', { mtu: () => [new Uint8Array(0)] }, 'malformed'],
  [
    'answers to questions nobody asked',
    { mtu: () => [Uint8Array.of(ATT.exchangeMtuResponse, 185, 0), Uint8Array.of(ATT.writeResponse)] },
    'malformed',
  ],
  ['a flood of questions of its own', { mtu: () => Array.from({ length: 50 }, () => Uint8Array.of(ATT.readRequest, 1, 0)) }, 'malformed'],
  ['a connection on which nothing is ever said', { mtu: () => [] }, 'timeout'],
  ['a service that is not ours', { services: (pdu) => [attError(pdu[0] ?? 0, 1, ATT_ERRORS.attributeNotFound)] }, 'not-a-band'],
]

test.each(HOSTILE)('%s ends the session; the next sale works', async (_name, answers, error) => {
  const { ending, next, errors } = await chargeStranger(bandLike(answers))
  expect(ending).toBe('not-asked')
  expect(next).toBe('paid')
  expect(errors.join()).toContain(error)
})

test('a band that notifies one byte a second is not waited for; the next sale works', async () => {
  const { world } = counter
  const { ending, next } = await chargeStranger(
    bandLike({
      subscribe: (_pdu, say) => {
        const drip = () => {
          say(concat(Uint8Array.of(ATT.notification), u16(HANDLES.response), Uint8Array.of(1, 0, 0, 9, 7)))
          world.clock.after(1_000, drip)
        }
        drip()
        return [Uint8Array.of(ATT.writeResponse)]
      },
    }),
  )
  expect(ending).toBe('not-asked')
  expect(next).toBe('paid')
})

test('adverts of garbage are not heard, and disturb nobody', async () => {
  const { air, world } = counter
  const junk = [
    Buffer.alloc(0),
    Buffer.from([0]),
    Buffer.from([255, 255]),
    Buffer.from([13, 255, 255, 255, 1]),
    Buffer.alloc(31, 255),
    bandAdvertData(new Uint8Array(8)).subarray(0, 12),
    // Reserved flag bits, another version, another company.
    bandAdvertData(new Uint8Array(8), 0x01).fill(0xff, 8, 9),
    bandAdvertData(new Uint8Array(8)).fill(2, 7, 8),
    bandAdvertData(new Uint8Array(8)).fill(0x4c, 5, 6),
  ]
  const peers = junk.map((data, index) => {
    const peer = new ScriptedPeer(air, () => () => [], `bad0000000${String(index).padStart(2, '0')}`)
    peer.data = data
    return peer
  })
  await counter.bringBand()
  await world.start()
  await world.ready()
  await until('adverts have come', () => world.state.status.radio.state === 'scanning' && world.state.bands.length > 0)
  expect(world.state.bands).toHaveLength(1)
  expect(await sellOne(counter)).toBe('paid')
  expect(peers.every((peer) => peer.connections === 0)).toBe(true)
})

test('in a flood of 1,200 false bands the nearest is heard, the list stays bounded, and the sale works', async () => {
  const { air, world } = counter
  const band = await counter.bringBand()
  band.controller.rssi = -35
  for (let index = 0; index < 1_200; index += 1) {
    const address = index.toString(16).padStart(12, 'e')
    const peer = new ScriptedPeer(air, () => () => [], address)
    peer.data = bandAdvertData(Buffer.from(address.padStart(16, '0'), 'hex'))
    peer.rssi = -80 - (index % 15)
  }
  await world.start()
  await world.ready()
  await until('the customer is heard', () => world.state.bands.some((seen) => seen.nearness === 4))
  expect(world.state.bands.length).toBeLessThanOrEqual(64)
  const nearest = world.state.bands.find((seen) => seen.nearness === 4)
  if (!nearest) throw new Error('the nearest left')
  await world.popcorn()
  const charged = await world.till.chargeBand({ sightingId: nearest.id })
  if (!charged.ok) throw new Error(charged.error.code)
  expect(await runToEnd(world, charged.value.requestId)).toBe('paid')
})

const AFTER_THE_REQUEST: readonly (readonly [string, Buffer])[] = [
  ['a notification of one byte', Buffer.from([ATT.notification])],
  ['an answer without a question', Buffer.from([ATT.writeResponse])],
  ['nothing, and the link is cut', Buffer.alloc(0)],
]

test.each(AFTER_THE_REQUEST)('after the request: %s; the attempt is settled, and the next sale works', async (_name, pdu) => {
  const { air, world } = counter
  const hold = holdMtuTo(185)
  await counter.bringBand()
  await world.start()
  await world.ready()
  let written = 0
  air.onAtt = (direction, passing) => {
    if (direction === 'to-band' && passing[0] === ATT.writeCommand) written += 1
    if (direction === 'to-terminal' && written === 3 && passing[0] === ATT.notification) {
      written = 4
      if (pdu.length > 0) return pdu
      air.dropLink()
      return undefined
    }
    return hold(direction, passing)
  }
  await world.popcorn()
  const ending = await runToEnd(world, await world.charge())
  expect(written).toBeGreaterThanOrEqual(4)
  expect(['paid', 'reversed']).toContain(ending)
  expect(await sellOne(counter)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})
