import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { servePhone } from '#reference/band/phone-link.ts'
import { ATT, ATT_ERRORS, CHARACTERISTIC, PRIMARY_SERVICE, u16, uuidText } from '#shared/contracts/att.ts'
import { concat, toHex } from '#shared/contracts/bytes.ts'
import { NO_EXCHANGE } from '#shared/contracts/link-messages.ts'
import {
  FRAME_BYTES_UUID,
  FROM_BAND_UUID,
  LINK_FRAME_BYTES_MAX,
  LINK_FRAME_BYTES_MIN,
  PHONE_SERVICE_UUID,
  RelayChannel,
  type Relayed,
  TO_BAND_UUID,
} from '#shared/contracts/phone-link.ts'
import { BondWorld, type TestBand } from '#test/support/bond-world.ts'
import { until } from '#test/support/until.ts'

const NOTIFY_HANDLE = 9
const SUBSCRIPTION_HANDLE = 10
const FRAME_BYTES_HANDLE = 12
const WRITE_HANDLE = 14

/** A phone that speaks ATT to the band's address for phones, and nothing above frames. */
class AttPhone {
  readonly heard: Uint8Array[] = []
  isCut = false
  readonly #connection: ReturnType<typeof servePhone>
  onNotified: (value: Uint8Array<ArrayBuffer>) => void = () => {}

  constructor(world: BondWorld, { wristband }: TestBand) {
    this.#connection = servePhone({
      clock: world.clock,
      connectPhone: (side) => wristband.connectPhone(side),
      link: {
        send: (pdu) => {
          this.heard.push(pdu)
          if (pdu[0] === ATT.notification) queueMicrotask(() => this.onNotified(Uint8Array.from(pdu.subarray(3))))
        },
        disconnect: () => {
          this.isCut = true
          this.#connection.closed()
        },
      },
    })
  }

  ask(...parts: readonly Uint8Array[]): Uint8Array {
    const before = this.heard.length
    this.#connection.receive(concat(...parts))
    return this.heard[before] ?? new Uint8Array(0)
  }

  subscribe(mtu: number): Uint8Array {
    this.ask(Uint8Array.of(ATT.exchangeMtuRequest), u16(mtu))
    return this.ask(Uint8Array.of(ATT.writeRequest), u16(SUBSCRIPTION_HANDLE), u16(1))
  }

  write(frame: Uint8Array): void {
    this.ask(Uint8Array.of(ATT.writeCommand), u16(WRITE_HANDLE), frame)
  }

  leave(): void {
    this.#connection.closed()
  }
}

async function openWorld(): Promise<BondWorld> {
  const world = await BondWorld.open()
  onTestFinished(async () => world.close())
  return world
}

test('a phone finds the service for phones, and not the one for terminals', async () => {
  const world = await openWorld()
  const phone = new AttPhone(world, await world.band())
  const service = phone.ask(Uint8Array.of(ATT.readByGroupTypeRequest), u16(7), u16(0xffff), u16(PRIMARY_SERVICE))
  expect(uuidText(service.subarray(6))).toBe(PHONE_SERVICE_UUID)
  const uuids = [8, 11, 13].map((handle) =>
    uuidText(phone.ask(Uint8Array.of(ATT.readByTypeRequest), u16(handle), u16(handle), u16(CHARACTERISTIC)).subarray(7)),
  )
  expect(uuids).toEqual([FROM_BAND_UUID, FRAME_BYTES_UUID, TO_BAND_UUID])
  expect(phone.ask(Uint8Array.of(ATT.readRequest), u16(NOTIFY_HANDLE))[4]).toBe(ATT_ERRORS.readNotPermitted)
})

test.for([
  [517, 182],
  [100, 97],
  [40, 37],
])('at MTU %i the band says that a frame has %i bytes', async ([mtu = 0, frameBytes = 0]) => {
  const world = await openWorld()
  const phone = new AttPhone(world, await world.band())
  phone.subscribe(mtu)
  expect(toHex(phone.ask(Uint8Array.of(ATT.readRequest), u16(FRAME_BYTES_HANDLE)))).toBe(`0b${toHex(u16(frameBytes))}`)
  expect(phone.isCut).toBe(false)
})

test('a link too small for the longest message is ended before it can break in the middle of a payment', async () => {
  const world = await openWorld()
  const phone = new AttPhone(world, await world.band())
  phone.subscribe(39)
  expect(phone.isCut).toBe(true)
})

test('two are paired over ATT, the band tells its own phone how it is, and a stranger hears nothing of it', async () => {
  const world = await openWorld()
  const band = await world.band()
  const owner = await world.phone()
  const relays: Relayed[] = []
  const connect = () => {
    const phone = new AttPhone(world, band)
    const channel = new RelayChannel({
      monotonicMs: () => world.clock.monotonicMs(),
      frameBytes: 182,
      write: (frame) => phone.write(frame),
    })
    owner.onSay = (relay) => channel.send(relay)
    phone.onNotified = (frame) => {
      const received = channel.receive(frame)
      if (!received.ok) throw new Error(received.error)
      if (!received.value) return
      relays.push(received.value)
      owner.bond.receive(received.value)
    }
    phone.subscribe(517)
    return phone
  }
  const first = connect()
  const paired = await owner.bond.pair((knocks) => band.wristband.state.knocked(knocks))
  expect(paired).toMatchObject({ ok: true, value: { state: 'confirmed' } })
  band.wristband.state.setWorn(true)
  band.wristband.state.setBattery(14)
  expect(await owner.bond.arm()).toEqual({ ok: true, value: undefined })
  expect(relays.map(({ message }) => message.kind)).toEqual(
    expect.arrayContaining(['pair-offer', 'bound', 'offers-wanted', 'band-status', 'arm-nonce', 'armed']),
  )
  expect(toHex(relays.findLast(({ message }) => message.kind === 'band-status')?.message.body ?? new Uint8Array())).toBe('a2010f020e')
  first.leave()
  expect(band.wristband.state.phoneLinked).toBe(false)

  const stranger = new AttPhone(world, band)
  const told: Uint8Array[] = []
  stranger.onNotified = (frame) => told.push(frame)
  stranger.subscribe(517)
  band.wristband.state.setBattery(13)
  await Promise.resolve()
  expect(told.map(([kind]) => kind)).toEqual([18])

  const again = connect()
  await until('the band knows its phone', () => band.wristband.state.phoneLinked)
  again.leave()
})

test('a frame that is none ends the connection, and what follows is not looked at', async () => {
  const world = await openWorld()
  const band = await world.band()
  const phone = new AttPhone(world, band)
  phone.subscribe(517)
  phone.write(Uint8Array.of(99, 0, 0, 1, 1))
  expect(phone.isCut).toBe(true)
  const other = new AttPhone(world, band)
  other.subscribe(517)
  // The exchange id alone is no message.
  other.write(Uint8Array.of(19, 0, 0, 1, ...NO_EXCHANGE))
  expect(other.isCut).toBe(true)
})

test('any message of any length crosses at any frame size, in order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: LINK_FRAME_BYTES_MIN, max: LINK_FRAME_BYTES_MAX }),
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 4_096 }), { minLength: 1, maxLength: 4 }),
      (frameBytes, bodies) => {
        const frames: Uint8Array[] = []
        const monotonicMs = () => 0
        const sender = new RelayChannel({ monotonicMs, frameBytes, write: (frame) => frames.push(frame) })
        const receiver = new RelayChannel({ monotonicMs, frameBytes, write: () => undefined })
        const sent = bodies.map((body, index) => ({
          offerId: new Uint8Array(8).fill(index),
          message: { kind: 'forward' as const, body: Uint8Array.from(body) },
        }))
        for (const relay of sent) sender.send(relay)
        const whole = frames.flatMap((frame) => {
          const received = receiver.receive(frame)
          return received.ok && received.value ? [received.value] : []
        })
        expect(frames.every(({ length }) => length <= frameBytes)).toBe(true)
        expect(whole).toEqual(sent)
      },
    ),
    { numRuns: 60 },
  )
})
