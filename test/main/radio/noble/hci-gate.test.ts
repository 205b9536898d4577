/** What the gate lets through to the Bluetooth library, packet by packet. */
import { EventEmitter } from 'node:events'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AdvertSieve, BANDS_PER_TURN_MAX, CROWDED_MIN_DBM, TURN_MS } from '#main/radio/noble/advert-sieve.ts'
import { AttScreen, LINK_REQUESTS_MAX } from '#main/radio/noble/att-screen.ts'
import { HciGate } from '#main/radio/noble/hci-gate.ts'
import { HciDeframer, type HciTransport } from '#main/radio/noble/hci-transport.ts'
import { ATT, CHARACTERISTIC, u16 } from '#shared/contracts/att.ts'
import { concat } from '#shared/contracts/bytes.ts'
import { bandAdvertData } from '#test/support/virtual-bluetooth/scripted-peer.ts'

class FakeTransport extends EventEmitter implements HciTransport {
  readonly written: Buffer[] = []
  bindRaw() {
    return 0
  }
  bindUser() {
    return 0
  }
  isDevUp() {
    return true
  }
  setFilter() {}
  start() {}
  stop() {}
  write(packet: Buffer) {
    this.written.push(packet)
  }
}

const HANDLE = 0x40

function gated(onData: (packet: Buffer) => void = () => {}) {
  const inner = new FakeTransport()
  const broken: string[] = []
  const gate = new HciGate(inner, { nowMs: () => 0, onBroken: (detail) => broken.push(detail) })
  gate.on('data', onData)
  inner.emit('data', Buffer.concat([Buffer.from([4, 0x3e, 19, 1, 0, HANDLE, 0, 0, 1]), Buffer.alloc(13)]))
  let bad = 0
  const link = gate.newest
  if (!link) throw new Error('no link')
  link.onBad = () => {
    bad += 1
  }
  return { inner, gate, link, broken, bad: () => bad }
}

function acl(pdu: Uint8Array, flags = 2, announced = pdu.length): Buffer {
  const head = Buffer.alloc(9)
  head[0] = 2
  head.writeUInt16LE(HANDLE | (flags << 12), 1)
  head.writeUInt16LE(4 + pdu.length, 3)
  head.writeUInt16LE(announced, 5)
  head.writeUInt16LE(4, 7)
  return Buffer.concat([head, pdu])
}

function continuation(part: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head[0] = 2
  head.writeUInt16LE(HANDLE | (1 << 12), 1)
  head.writeUInt16LE(part.length, 3)
  return Buffer.concat([head, part])
}

test('whatever a band sends, the gate neither throws nor lets a list through that does not advance', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2), fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }), (asking, pdus) => {
      const passed: Buffer[] = []
      const { inner, gate, broken } = gated((packet) => passed.push(packet))
      passed.length = 0
      for (const pdu of pdus) {
        const [opcode, type] = asking === 1 ? [ATT.readByGroupTypeRequest, 0x2800] : [ATT.readByTypeRequest, CHARACTERISTIC]
        gate.write(acl(concat(Uint8Array.of(opcode), u16(1), u16(0xffff), u16(type)), 0))
        inner.emit('data', acl(pdu))
      }
      for (const packet of passed) {
        const pdu = packet.subarray(9)
        if (pdu[0] === ATT.readByGroupTypeResponse || pdu[0] === ATT.readByTypeResponse) expect(pdu[1]).toBeGreaterThan(0)
        expect(pdu.length).toBeGreaterThan(0)
      }
      expect(broken).toEqual([])
    }),
  )
})

test('an answer in pieces arrives whole or not at all', () => {
  const passed: Buffer[] = []
  const { inner, gate, bad } = gated((packet) => passed.push(packet))
  passed.length = 0
  gate.write(acl(Uint8Array.of(ATT.exchangeMtuRequest, 0, 1), 0))
  const answer = Uint8Array.of(ATT.exchangeMtuResponse, 185, 0)
  inner.emit('data', acl(answer.subarray(0, 1), 2, 3))
  expect(passed).toHaveLength(0)
  inner.emit('data', continuation(answer.subarray(1)))
  expect(passed).toHaveLength(2)
  expect(bad()).toBe(0)
  // Announced as more than any band may send.
  inner.emit('data', acl(answer, 2, 60_000))
  expect(bad()).toBe(1)
  inner.emit('data', acl(Uint8Array.of(ATT.notification, 1, 0, 9)))
  expect(passed).toHaveLength(2)
})

test('what the library throws is reported, not thrown on', () => {
  const { inner, broken } = gated((packet) => {
    if (packet[0] === 2) throw new RangeError('out of range')
  })
  inner.emit('data', acl(Uint8Array.of(ATT.notification, 1, 0)))
  expect(broken).toEqual(['out of range'])
})

test('packets are counted until the controller has sent them', () => {
  const { inner, gate, link } = gated()
  gate.write(acl(Uint8Array.of(ATT.writeCommand, 6, 0, 1), 0))
  gate.write(acl(Uint8Array.of(ATT.writeCommand, 6, 0, 1), 0))
  expect(link.unsent).toBe(2)
  inner.emit('data', Buffer.from([4, 0x13, 5, 1, HANDLE, 0, 2, 0]))
  expect(link.unsent).toBe(0)
  expect(inner.written).toHaveLength(2)
})

test('a library that asks without end is stopped', () => {
  const screen = new AttScreen()
  const ask = () => screen.sent(concat(Uint8Array.of(ATT.readByTypeRequest), u16(1), u16(2), u16(CHARACTERISTIC)))
  for (let request = 0; request < LINK_REQUESTS_MAX; request += 1) expect(ask()).toBe(true)
  expect(ask()).toBe(false)
  expect(screen.requests).toBe(LINK_REQUESTS_MAX + 1)
})

function report(address: number, data: Uint8Array, rssi: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt32LE(address, 0)
  const body = Buffer.concat([Buffer.from([2, 1, 0, 1]), bytes, Buffer.from([data.length]), data, Buffer.from([rssi & 0xff])])
  return Buffer.concat([Buffer.from([4, 0x3e, body.length]), body])
}

const BAND = bandAdvertData(new Uint8Array(8).fill(5))

test('a band passes once in a turn, a stranger never, and other packets always', () => {
  let nowMs = 0
  const sieve = new AdvertSieve(() => nowMs)
  expect(sieve.passes(report(1, BAND, -50))).toBe(true)
  expect(sieve.passes(report(1, BAND, -50))).toBe(false)
  expect(sieve.passes(report(2, BAND, -50))).toBe(true)
  expect(sieve.passes(report(3, Buffer.from([2, 1, 6]), -50))).toBe(false)
  nowMs += TURN_MS
  expect(sieve.passes(report(1, BAND, -50))).toBe(true)
  expect(sieve.passes(Buffer.from([4, 0x0e, 4, 1, 3, 12, 0]))).toBe(true)
  expect(sieve.heard).toBe(5)
})

test('in a crowd the near ones keep their places, and nobody exceeds the turn', () => {
  const sieve = new AdvertSieve(() => 0)
  const far = Array.from({ length: 5_000 }, (_, index) => sieve.passes(report(index, BAND, CROWDED_MIN_DBM - 1))).filter(Boolean)
  expect(far).toHaveLength(BANDS_PER_TURN_MAX / 2)
  const near = Array.from({ length: 5_000 }, (_, index) => sieve.passes(report(10_000 + index, BAND, -40))).filter(Boolean)
  expect(near).toHaveLength(BANDS_PER_TURN_MAX / 2)
})

test('no report, however cut, makes the sieve throw', () => {
  fc.assert(
    fc.property(fc.nat({ max: 60 }), fc.uint8Array({ maxLength: 60 }), (length, junk) => {
      const sieve = new AdvertSieve(() => 0)
      const extended = Buffer.from([4, 0x3e, 40, 0x0d])
      expect(() => sieve.passes(report(1, BAND, -50).subarray(0, length))).not.toThrow()
      expect(() => sieve.passes(Buffer.concat([extended, Buffer.from(junk)]))).not.toThrow()
      expect(() => sieve.passes(Buffer.concat([extended, BAND.subarray(3)]))).not.toThrow()
    }),
  )
})

test('a byte stream gives the same packets however it is cut', () => {
  const packets = [report(1, BAND, -50), acl(Uint8Array.of(1, 2, 3)), Buffer.from([1, 3, 12, 0])]
  const stream = Buffer.concat(packets)
  fc.assert(
    fc.property(fc.array(fc.nat({ max: stream.length }), { maxLength: 8 }), (cuts) => {
      const deframer = new HciDeframer()
      const sorted = [0, ...cuts.toSorted((a, b) => a - b), stream.length]
      const found = sorted.slice(1).flatMap((end, index) => deframer.push(stream.subarray(sorted[index], end)) ?? [])
      expect(found.map((packet) => packet.toString('hex'))).toEqual(packets.map((packet) => packet.toString('hex')))
    }),
  )
  expect(new HciDeframer().push(Buffer.from([9, 1, 2]))).toBeUndefined()
})
