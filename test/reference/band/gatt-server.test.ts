import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GattServer } from '#reference/band/gatt-server.ts'
import { ATTRIBUTES } from '#reference/band/gatt-table.ts'
import { ATT, PRIMARY_SERVICE, u16, uuidText } from '#shared/contracts/att.ts'
import { REQUEST_UUID, RESPONSE_UUID, SERVICE_UUID, SESSION_UUID } from '#shared/contracts/band-advert.ts'
import { concat, toHex } from '#shared/contracts/bytes.ts'

function server(mtu = 185): GattServer {
  return new GattServer(mtu, () => new Uint8Array(300).fill(7))
}
function hex(gatt: GattServer, ...parts: readonly (Uint8Array | number)[]): string {
  const pdu = concat(...parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part)))
  return toHex(gatt.receive(pdu).answer ?? new Uint8Array())
}

test('the payment service is last, and the written characteristic ends it', () => {
  const last = ATTRIBUTES.at(-1)
  const services = ATTRIBUTES.filter((attribute) => attribute.groupEnd !== undefined)
  expect(services.at(-1)?.groupEnd).toBe(last?.handle)
  expect(uuidText(last?.type ?? new Uint8Array())).toBe(REQUEST_UUID)
  expect(ATTRIBUTES.map(({ handle }) => handle)).toEqual(Array.from({ length: 14 }, (_, index) => index + 1))
  const uuids = ATTRIBUTES.filter(({ type }) => type.length === 16).map(({ type }) => uuidText(type))
  expect(uuids).toEqual([RESPONSE_UUID, SESSION_UUID, REQUEST_UUID])
})

test('discovery: two short services in one answer, the long one in the next, then the end', () => {
  const gatt = server()
  const ask = (from: number) => hex(gatt, ATT.readByGroupTypeRequest, u16(from), u16(0xffff), u16(PRIMARY_SERVICE))
  expect(ask(1)).toBe('1106010005000018060006000118')
  expect(ask(7)).toMatch(/^111407000e00/)
  expect(uuidText(Buffer.from(ask(7).slice(12), 'hex'))).toBe(SERVICE_UUID)
  expect(ask(15)).toBe('01100f000a')
})

test.for([
  ['a group type that is no service', [ATT.readByGroupTypeRequest, u16(1), u16(5), u16(0x2803)], '0110010010'],
  ['handle 0', [ATT.readByGroupTypeRequest, u16(0), u16(5), u16(PRIMARY_SERVICE)], '0110000001'],
  ['a range that ends before it starts', [ATT.readByTypeRequest, u16(9), u16(3), u16(0x2803)], '0108090001'],
  ['find information beyond the table', [ATT.findInformationRequest, u16(15), u16(20)], '01040f000a'],
  ['find information, cut short', [ATT.findInformationRequest, u16(15)], '0104000004'],
  ['reading a handle there is not', [ATT.readRequest, u16(99)], '010a630001'],
  ['reading the notified value', [ATT.readRequest, u16(9)], '010a090002'],
  ['reading by type what cannot be read', [ATT.readByTypeRequest, u16(1), u16(14), ATTRIBUTES[8]?.type ?? new Uint8Array()], '0108090002'],
  ['writing a read-only value', [ATT.writeRequest, u16(3), u16(1)], '0112030003'],
  ['writing to a handle there is not', [ATT.writeRequest, u16(99), u16(1)], '0112630001'],
  ['a subscription of one byte', [ATT.writeRequest, u16(10), Uint8Array.of(1)], '01120a000d'],
  ['indications', [ATT.writeRequest, u16(10), u16(2)], '01120a00fd'],
  ['an unknown request', [0x18, Uint8Array.of(1)], '0118000006'],
  ['a read beyond the end', [0x0c, u16(12), u16(301)], '010c0c0007'],
  ['an MTU request cut short', [ATT.exchangeMtuRequest, Uint8Array.of(1)], '0102000004'],
] as const)('%s is answered by its error', ([, parts, answer]) => {
  expect(hex(server(), ...parts)).toBe(answer)
})

test('the client configuration can be found both ways, and reads back what was written', () => {
  const gatt = server()
  expect(hex(gatt, ATT.readByTypeRequest, u16(9), u16(10), u16(0x2902))).toBe('09040a000000')
  expect(hex(gatt, ATT.findInformationRequest, u16(10), u16(10))).toBe('05010a000229')
  expect(hex(gatt, ATT.writeRequest, u16(10), u16(1))).toBe('13')
  expect(gatt.subscribed).toBe(true)
  expect(hex(gatt, ATT.readRequest, u16(10))).toBe('0b0100')
})

test.for([
  [23, 256, 23],
  [104, 256, 104],
  [185, 256, 185],
  [247, 256, 247],
  [517, 256, 256],
  [517, 517, 517],
  [185, 0, 23],
  [185, 5, 23],
  [185, 65_535, 185],
  [0, 256, 23],
  [Number.NaN, 256, 23],
  [9_999, 65_535, 517],
] as const)('server MTU %i, client %i: %i on the link', ([serverMtu, asked, agreed]) => {
  const gatt = server(serverMtu)
  expect(gatt.mtu).toBe(23)
  gatt.receive(concat(Uint8Array.of(ATT.exchangeMtuRequest), u16(asked)))
  expect(gatt.mtu).toBe(agreed)
  // A second exchange is refused and changes nothing.
  expect(hex(gatt, ATT.exchangeMtuRequest, u16(100))).toBe('0102000006')
  expect(gatt.mtu).toBe(agreed)
})

test('a long value is read in parts', () => {
  const gatt = server()
  expect(gatt.receive(concat(Uint8Array.of(ATT.readRequest), u16(12))).answer?.length).toBe(23)
  expect(gatt.receive(concat(Uint8Array.of(0x0c), u16(12), u16(290))).answer?.length).toBe(11)
})

test('whatever arrives, the answer fits the MTU, and nothing throws', () => {
  fc.assert(
    fc.property(fc.integer({ min: 23, max: 517 }), fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }), (mtu, pdus) => {
      const gatt = server(mtu)
      for (const pdu of pdus) {
        const { answer } = gatt.receive(pdu)
        expect(answer?.length ?? 0).toBeLessThanOrEqual(Math.max(23, gatt.mtu))
        if ((pdu[0] ?? 0) & 0x40) expect(answer).toBeUndefined()
      }
    }),
    { numRuns: 500 },
  )
})

test('every two-byte start of a PDU is survived', () => {
  const wrong: number[] = []
  for (let opcode = 0; opcode < 256; opcode += 1) {
    for (let length = 0; length < 8; length += 1) {
      const gatt = server()
      const pdu = Uint8Array.from([opcode, ...new Uint8Array(length).fill(1)])
      const { answer } = gatt.receive(pdu)
      if (answer?.[0] === ATT.errorResponse && answer[1] !== opcode) wrong.push(opcode)
    }
  }
  expect(wrong).toEqual([])
})
