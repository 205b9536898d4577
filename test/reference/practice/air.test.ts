import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Air, RSSI_HEARD_MIN, rssiAt } from '#reference/practice/air.ts'
import { practiceClock, seededRandom } from '#reference/practice/practice-clock.ts'
import { decodeAdvert } from '#shared/contracts/band-advert.ts'
import { decodeFromAir, encodeToAir, type FromAir, practiceDeframer, type ToAir } from '#shared/contracts/practice-link.ts'
import { phoneWorld } from '#test/reference/phone/support/phone-world.ts'
import { until } from '#test/support/until.ts'

/** A terminal's end of the practice link, raw. */
class RawTerminal {
  readonly heard: FromAir[] = []
  closed = false
  readonly #socket: Socket

  constructor(path: string) {
    const deframer = practiceDeframer()
    this.#socket = connect(path)
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      this.closed = true
    })
    this.#socket.on('data', (chunk: Buffer) => {
      const payloads = deframer.push(chunk)
      for (const payload of payloads.ok ? payloads.value : []) {
        const message = decodeFromAir(payload)
        if (message.ok) this.heard.push(message.value)
      }
    })
  }

  say(message: ToAir): void {
    this.#socket.write(encodeToAir(message))
  }

  raw(...bytes: readonly number[]): void {
    this.#socket.write(Uint8Array.from(bytes))
  }

  of<T extends FromAir['type']>(type: T): readonly Extract<FromAir, { type: T }>[] {
    return this.heard.filter((message): message is Extract<FromAir, { type: T }> => message.type === type)
  }

  async sighting() {
    this.say({ type: 'scan', on: true })
    await until('a band is heard', () => this.of('sighting').length > 0)
    const [first] = this.of('sighting')
    if (!first) throw new Error('nothing was heard')
    return first
  }

  end(): void {
    this.#socket.destroy()
  }
}

let folder = ''
let air: Air
let path = ''
let distance = 1
let world: Awaited<ReturnType<typeof phoneWorld>>
const terminals: RawTerminal[] = []

function terminal(): RawTerminal {
  const made = new RawTerminal(path)
  terminals.push(made)
  return made
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bandtill-air-'))
  path = process.platform === 'win32' ? `\\\\.\\pipe\\${folder.replaceAll(/[^a-z0-9]/gi, '-')}` : join(folder, 'air.sock')
  distance = 1
  world = await phoneWorld()
  const bands = [{ id: 'one', band: world.band, distanceM: () => distance }]
  const listening = await Air.listen(path, { clock: practiceClock(0), bands, random: seededRandom(1), intervalMs: 0 })
  if (!listening.ok) throw new Error(listening.error)
  air = listening.value
})
afterEach(async () => {
  for (const made of terminals.splice(0)) made.end()
  await air.close()
  await rm(folder, { recursive: true, force: true })
})

test('signal falls by 20 dB for ten times the distance, and the noise stays within 1.5 dB', () => {
  expect([rssiAt(1, 0.5), rssiAt(10, 0.5), rssiAt(0.1, 0.5)]).toEqual([-57, -77, -37])
  expect(rssiAt(1, 0)).toBeGreaterThanOrEqual(-59)
  expect(rssiAt(1, 0.999)).toBeLessThanOrEqual(-55)
  expect(rssiAt(0, 0.5)).toBeLessThanOrEqual(20)
  expect(rssiAt(1_000_000, 0.5)).toBeGreaterThanOrEqual(-127)
})

test('who scans hears the band, who stops does not', async () => {
  const scanning = terminal()
  const quiet = terminal()
  const sighting = await scanning.sighting()
  expect(decodeAdvert(sighting.manufacturerData)?.flags).toBe(7)
  expect(quiet.heard).toEqual([])
  await until('it is heard again', () => scanning.of('sighting').length >= 2)
})

test('a band out of range is neither heard nor reached', async () => {
  const near = terminal()
  const { address } = await near.sighting()
  distance = 10_000
  expect(rssiAt(distance, 0.5)).toBeLessThan(RSSI_HEARD_MIN)
  near.say({ type: 'connect', address })
  await until('the connection fails', () => near.of('connect-failed').length === 1)
})

test('connecting to nobody fails, one band takes one connection, and it is free again afterwards', async () => {
  const first = terminal()
  const second = terminal()
  const { address } = await first.sighting()
  first.say({ type: 'connect', address: new Uint8Array(6) })
  await until('nobody is there', () => first.of('connect-failed').length === 1)
  first.say({ type: 'connect', address })
  await until('connected', () => first.of('connected').length === 1)
  second.say({ type: 'connect', address })
  await until('busy', () => second.of('connect-failed').length === 1)
  first.say({ type: 'disconnect', link: first.of('connected')[0]?.link ?? 0 })
  await until('disconnected', () => first.of('disconnected').length === 1)
  second.say({ type: 'connect', address })
  await until('free', () => second.of('connected').length === 1)
  expect(first.of('connected')).toHaveLength(1)
})

test('ATT answers come back, requests are counted, and the link of a terminal that goes away is ended', async () => {
  const first = terminal()
  const { address } = await first.sighting()
  first.say({ type: 'connect', address })
  await until('connected', () => first.of('connected').length === 1)
  const link = first.of('connected')[0]?.link ?? 0
  first.say({ type: 'att', link, pdu: Uint8Array.of(0x02, 0x00, 0x01) })
  await until('the band answers', () => first.of('att').length === 1)
  expect([...(first.of('att')[0]?.pdu ?? [])]).toEqual([0x03, 185, 0])
  expect(air.attRequests).toBe(1)
  first.say({ type: 'att', link: 200, pdu: Uint8Array.of(0x02, 0x00, 0x01) })
  first.end()
  const second = terminal()
  const again = await second.sighting()
  second.say({ type: 'connect', address: again.address })
  await until('the band is free', () => second.of('connected').length === 1)
})

test('a link dropped by the world is reported once', async () => {
  const first = terminal()
  const { address } = await first.sighting()
  first.say({ type: 'connect', address })
  await until('connected', () => first.of('connected').length === 1)
  air.dropLinksOf('someone else')
  air.dropLinksOf('one')
  await until('dropped', () => first.of('disconnected').length === 1)
  expect(first.of('disconnected')[0]?.link).toBe(first.of('connected')[0]?.link)
})

test.for([
  ['a length of zero', [0, 0]],
  ['a length beyond the limit', [0xff, 0xff]],
  ['an unknown message', [0, 2, 99, 1]],
  ['a connect with a short address', [0, 3, 2, 1, 1]],
  ['an ATT message without a PDU', [0, 2, 4, 1]],
] as const)('%s closes that terminal only', async ([, bytes]) => {
  const honest = terminal()
  await honest.sighting()
  const hostile = terminal()
  hostile.raw(...bytes)
  await until('the hostile one is cut off', () => hostile.closed)
  const before = honest.of('sighting').length
  await until('the honest one still hears', () => honest.of('sighting').length > before)
  expect([honest.closed, hostile.heard]).toEqual([false, []])
})

test('a path in use is refused', async () => {
  const other = await Air.listen(path, { clock: practiceClock(0), bands: [], random: () => 0, intervalMs: 0 })
  expect(other).toEqual({ ok: false, error: 'cannot-listen' })
})
