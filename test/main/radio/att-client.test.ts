import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { AttClient, type AttError, DISCOVERY_ROUNDS_MAX, PEER_REQUESTS_MAX } from '#main/radio/att-client.ts'
import { GattServer } from '#reference/band/gatt-server.ts'
import { ATT, ATT_ERRORS, attError, u16, uuidBytes } from '#shared/contracts/att.ts'
import { RESPONSE_UUID, SERVICE_UUID } from '#shared/contracts/band-advert.ts'
import { concat, toHex } from '#shared/contracts/bytes.ts'
import { ManualClock, settled } from '#test/support/manual-clock.ts'
import { Seeded } from '#test/support/seeded.ts'

type Server = (pdu: Uint8Array) => readonly Uint8Array[]

/** The seven requests of a payment, as noble's own code sends them to our attribute table at MTU 185 (checked below where it is installed). */
const SEVEN_REQUESTS = [
  '020001', // exchange MTU, 256
  '100100ffff0028', // primary services from 0x0001
  '100700ffff0028',
  '100f00ffff0028', // ends with "attribute not found"
  '0807000e000328', // characteristics of our service
  '0808000a000229', // client configuration descriptor of `response`
  '120a000100', // notifications on
]

function open(server: Server) {
  const clock = new ManualClock()
  const sent: string[] = []
  const ended: AttError[] = []
  const notifications: string[] = []
  const client: AttClient = new AttClient({
    clock,
    send: (pdu) => {
      sent.push(toHex(pdu))
      queueMicrotask(() => {
        for (const answer of server(pdu)) client.receive(answer)
      })
    },
    onNotification: (handle, value) => notifications.push(`${handle}:${toHex(value)}`),
    onEnd: (error) => ended.push(error),
  })
  return { clock, sent, ended, notifications, client }
}

function honest(mtu: number): Server {
  const server = new GattServer(mtu, () => new Uint8Array(0))
  return (pdu) => {
    const { answer } = server.receive(pdu)
    return answer ? [answer] : []
  }
}

async function prepare(client: AttClient) {
  const mtu = await client.exchangeMtu()
  if (!mtu.ok) return mtu
  const handles = await client.discover()
  return handles.ok ? client.subscribe(handles.value.response) : handles
}

/** An honest server, except where the test says otherwise. */
function twisted(twist: (pdu: Uint8Array) => readonly Uint8Array[] | undefined): Server {
  const server = honest(185)
  return (pdu) => {
    const own = server(pdu)
    return twist(pdu) ?? own
  }
}

const opcodeIs = (opcode: number, answer: (pdu: Uint8Array) => readonly Uint8Array[]) =>
  twisted((pdu) => (pdu[0] === opcode ? answer(pdu) : undefined))

test('from connect to subscribed takes seven requests, the very bytes noble sends', async () => {
  const { client, sent } = open(honest(185))
  expect(await prepare(client)).toMatchObject({ ok: true })
  expect(sent).toEqual(SEVEN_REQUESTS)
  expect(client.requests()).toBe(7)
})

test("noble's own client sends the same requests to the same table", async () => {
  const Gatt = nobleGatt()
  // noble is an optional dependency: where it could not be installed, the recorded bytes above stand for it.
  const sent = Gatt ? await sentByNoble(Gatt) : SEVEN_REQUESTS
  expect(sent).toEqual(SEVEN_REQUESTS)
})

interface NobleGatt extends EventEmitter {
  exchangeMtu(): void
  discoverServices(uuids: string[]): void
  discoverCharacteristics(service: string, uuids: string[]): void
  notify(service: string, characteristic: string, on: boolean): void
}
type NobleGattClass = new (address: string, stream: EventEmitter) => NobleGatt

function nobleGatt(): NobleGattClass | undefined {
  try {
    return createRequire(import.meta.url)('@abandonware/noble/lib/hci-socket/gatt.js') as NobleGattClass
  } catch {
    return undefined
  }
}

async function sentByNoble(Gatt: NobleGattClass): Promise<readonly string[]> {
  const server = honest(185)
  const sent: string[] = []
  const write = (channel: number, pdu: Uint8Array) => {
    sent.push(toHex(pdu))
    queueMicrotask(() => {
      for (const answer of server(pdu)) stream.emit('data', channel, Buffer.from(answer))
    })
  }
  const stream = Object.assign(new EventEmitter(), { write })
  const gatt = new Gatt('band', stream)
  const plain = (uuid: string) => uuid.replaceAll('-', '')
  const step = async (event: string, start: () => void) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gatt.once(event, () => resolve())
    start()
    await promise
  }
  await step('mtu', () => gatt.exchangeMtu())
  await step('servicesDiscover', () => gatt.discoverServices([plain(SERVICE_UUID)]))
  await step('characteristicsDiscover', () => gatt.discoverCharacteristics(plain(SERVICE_UUID), []))
  await step('notify', () => gatt.notify(plain(SERVICE_UUID), plain(RESPONSE_UUID), true))
  return sent
}

test('a band with MTU 23 is discovered too, in more questions', async () => {
  const { client } = open(honest(23))
  expect(await client.exchangeMtu()).toEqual({ ok: true, value: 23 })
  expect(await client.discover()).toEqual({ ok: true, value: { response: { start: 8, value: 9, end: 10 }, session: 12, request: 14 } })
})

test('whatever MTU is reported, or none, the questions go on', async () => {
  for (const mtu of [0, 5, 23, 65_535]) {
    const { client } = open(opcodeIs(ATT.exchangeMtuRequest, () => [concat(Uint8Array.of(ATT.exchangeMtuResponse), u16(mtu))]))
    expect(await client.exchangeMtu()).toEqual({ ok: true, value: mtu })
    expect((await client.discover()).ok).toBe(true)
  }
  const { client } = open(opcodeIs(ATT.exchangeMtuRequest, () => [attError(ATT.exchangeMtuRequest, 0, ATT_ERRORS.requestNotSupported)]))
  expect(await client.exchangeMtu()).toEqual({ ok: true, value: null })
})

const ours = concat(u16(7), u16(14), uuidBytes(SERVICE_UUID))
const group = (size: number, ...items: Uint8Array[]) => concat(Uint8Array.of(ATT.readByGroupTypeResponse, size), ...items)
const listed = (size: number, ...items: Uint8Array[]) => concat(Uint8Array.of(ATT.readByTypeResponse, size), ...items)

const HOSTILE: readonly [string, AttError, Server][] = [
  ['an MTU answer without an MTU', 'malformed', opcodeIs(ATT.exchangeMtuRequest, () => [Uint8Array.of(ATT.exchangeMtuResponse)])],
  ['a group of zero-length items', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [group(0, ours)])],
  ['an empty group', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [group(20)])],
  ['a group without even a size', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [Uint8Array.of(ATT.readByGroupTypeResponse)])],
  ['half an item', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [group(20, ours.subarray(0, 19))])],
  ['an item and a half', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [group(20, ours, ours.subarray(0, 10))])],
  ['a size no group has', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [group(8, new Uint8Array(8))])],
  ['services that do not advance', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [group(20, ours)])],
  ['a service that ends before it starts', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [group(6, u16(9), u16(4), u16(1))])],
  [
    'services without end',
    'too-many-rounds',
    opcodeIs(ATT.readByGroupTypeRequest, (pdu) => [group(6, pdu.subarray(1, 3), pdu.subarray(1, 3), u16(0x1800))]),
  ],
  ['no service of ours', 'not-a-band', opcodeIs(ATT.readByGroupTypeRequest, () => [group(6, u16(1), u16(0xffff), u16(0x1800))])],
  [
    'two services of ours',
    'not-a-band',
    opcodeIs(ATT.readByGroupTypeRequest, () => [
      group(20, concat(u16(1), u16(6), uuidBytes(SERVICE_UUID)), concat(u16(7), u16(0xffff), uuidBytes(SERVICE_UUID))),
    ]),
  ],
  [
    'an error instead of a list',
    'refused',
    opcodeIs(ATT.readByGroupTypeRequest, (pdu) => [attError(pdu[0] ?? 0, 1, ATT_ERRORS.readNotPermitted)]),
  ],
  ['an error cut short', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, (pdu) => [Uint8Array.of(ATT.errorResponse, pdu[0] ?? 0)])],
  ['an error about another question', 'unsolicited', opcodeIs(ATT.readByGroupTypeRequest, () => [attError(ATT.writeRequest, 1, 1)])],
  ['the answer to another question', 'unsolicited', opcodeIs(ATT.readByGroupTypeRequest, () => [Uint8Array.of(ATT.writeResponse)])],
  ['two answers to one question', 'unsolicited', opcodeIs(ATT.exchangeMtuRequest, () => [mtuAnswer(185), mtuAnswer(185)])],
  ['an empty PDU', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [new Uint8Array(0)])],
  ['a PDU beyond the MTU', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [new Uint8Array(257).fill(1)])],
  ['a notification of one byte', 'malformed', opcodeIs(ATT.readByGroupTypeRequest, () => [Uint8Array.of(ATT.notification)])],
  ['silence', 'timeout', opcodeIs(ATT.readByGroupTypeRequest, () => [])],
  ['characteristics of nothing', 'malformed', opcodeIs(ATT.readByTypeRequest, () => [listed(21)])],
  [
    'a characteristic outside its service',
    'malformed',
    opcodeIs(ATT.readByTypeRequest, () => [listed(7, u16(8), Uint8Array.of(2), u16(99), u16(1))]),
  ],
  [
    'a value before its declaration',
    'malformed',
    opcodeIs(ATT.readByTypeRequest, () => [listed(7, u16(9), Uint8Array.of(2), u16(8), u16(1))]),
  ],
  [
    'no characteristics at all',
    'not-a-band',
    opcodeIs(ATT.readByTypeRequest, (pdu) => [attError(pdu[0] ?? 0, 7, ATT_ERRORS.attributeNotFound)]),
  ],
  ['a write that is refused', 'refused', opcodeIs(ATT.writeRequest, () => [attError(ATT.writeRequest, 10, ATT_ERRORS.writeNotPermitted)])],
  [
    'a descriptor outside its characteristic',
    'malformed',
    twisted((pdu) => (toHex(pdu).endsWith('0229') ? [listed(4, u16(40), u16(0))] : undefined)),
  ],
  [
    'a response characteristic without a descriptor',
    'not-a-band',
    twisted((pdu) => (toHex(pdu).endsWith('0229') ? [attError(ATT.readByTypeRequest, 8, ATT_ERRORS.attributeNotFound)] : undefined)),
  ],
]

function mtuAnswer(mtu: number): Uint8Array {
  return concat(Uint8Array.of(ATT.exchangeMtuResponse), u16(mtu))
}

test.each(HOSTILE)('a band that sends %s ends its own link: %s', async (_what, error, server) => {
  const { client, ended, clock } = open(server)
  const prepared = prepare(client)
  for (let round = 0; round < DISCOVERY_ROUNDS_MAX; round += 1) await settled()
  await clock.advance(10_000)
  expect(await prepared).toEqual({ ok: false, error })
  expect(ended).toEqual([error])
  expect(clock.waiting).toBe(0)
  expect(await client.exchangeMtu()).toEqual({ ok: false, error })
})

test('an answer that nobody waits for ends the link', () => {
  const { client, ended } = open(() => [])
  client.receive(Uint8Array.of(ATT.writeResponse))
  expect(ended).toEqual(['unsolicited'])
})

test('the band may ask in its turn: an MTU is told, everything else is not supported, commands are ignored', () => {
  const { client, sent } = open(() => [])
  client.receive(Uint8Array.of(ATT.exchangeMtuRequest, 23, 0))
  client.receive(Uint8Array.of(ATT.readRequest, 1, 0))
  client.receive(Uint8Array.of(ATT.writeCommand, 1, 0, 9))
  client.receive(Uint8Array.of(0x1d, 1, 0, 9))
  expect(sent).toEqual(['030001', '010a000006', '1e'])
  expect(client.requests()).toBe(0)
})

test('a band that asks without end is a flood', () => {
  const { client, ended, sent } = open(() => [])
  for (let count = 0; count < 1_000; count += 1) client.receive(Uint8Array.of(ATT.readRequest, 1, 0))
  expect(ended).toEqual(['flood'])
  expect(sent).toHaveLength(PEER_REQUESTS_MAX)
})

test('notifications arrive at any time, also between a question and its answer', async () => {
  const { client, notifications } = open(
    opcodeIs(ATT.exchangeMtuRequest, () => [Uint8Array.of(ATT.notification, 9, 0, 1, 2), mtuAnswer(185)]),
  )
  expect(await client.exchangeMtu()).toEqual({ ok: true, value: 185 })
  expect(notifications).toEqual(['9:0102'])
})

test('a link that ends while a question is open answers it by name, once', async () => {
  const { client, ended } = open(() => [])
  const asked = client.exchangeMtu()
  client.end('link-lost')
  client.end('timeout')
  expect(await asked).toEqual({ ok: false, error: 'link-lost' })
  expect(client.write(14, Uint8Array.of(1))).toEqual({ ok: false, error: 'link-lost' })
  expect(ended).toEqual(['link-lost'])
})

test('a band that alters its answers at random ends its link by name, or is served; nothing throws or hangs', async () => {
  const outcomes = new Map<string, number>()
  for (let seed = 1; seed <= 3_000; seed += 1) {
    const random = new Seeded(seed)
    const server = honest(random.pick([23, 64, 185, 256]))
    const answered = (pdu: Uint8Array) => server(pdu).flatMap((own) => alter(random, own))
    const { client, clock } = open(answered)
    const prepared = prepare(client)
    for (let turn = 0; turn < 4; turn += 1) await clock.advance(10_000)
    const result = await prepared
    const outcome = result.ok ? 'served' : result.error
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    expect(client.requests(), `seed ${seed}`).toBeLessThanOrEqual(2 * DISCOVERY_ROUNDS_MAX + 3)
  }
  expect([...outcomes.keys()].sort()).toEqual(['malformed', 'not-a-band', 'refused', 'served', 'timeout', 'unsolicited'])
})

/** Mostly the honest answer; sometimes an altered one, nothing, the answer twice, or an error. */
function alter(random: Seeded, answer: Uint8Array): readonly Uint8Array[] {
  switch (random.below(24)) {
    case 0:
      return []
    case 1:
      return [answer, answer]
    case 2:
      return [attError((answer[0] ?? 1) - 1, 1, random.below(20))]
    case 3:
    case 4:
      return [random.mutate(answer)]
    default:
      return [answer]
  }
}
