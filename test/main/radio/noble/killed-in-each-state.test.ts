/** The radio process killed in each state of a sale; the adapter pulled out, Bluetooth switched off, the machine asleep. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ATT } from '#shared/contracts/att.ts'
import { until } from '#test/support/until.ts'
import { holdMtuTo } from '#test/support/virtual-bluetooth/air.ts'
import { type BluetoothCounter, bluetoothCounter, quiet, runToEnd, sellOne } from '#test/support/virtual-bluetooth/bluetooth-counter.ts'

let counter: BluetoothCounter
beforeEach(async () => {
  counter = await bluetoothCounter()
  await counter.bringBand()
  await counter.world.start()
  await counter.world.ready()
})
afterEach(async () => counter.close())

test('killed while idle: scanning again by itself, and the sale works', async () => {
  const { radio, world } = counter
  radio.kill()
  await until('it is seen', () => world.state.status.radio.state === 'failed')
  await until('another one scans', () => radio.starts === 2 && world.state.status.radio.state === 'scanning')
  expect(await sellOne(counter)).toBe('paid')
})

test('killed while idle, and charged before the next process has heard the band: it is looked for', async () => {
  const { radio, world } = counter
  await world.popcorn()
  radio.kill()
  await until('another one scans', () => radio.starts === 2 && world.state.status.radio.state === 'scanning')
  expect(await runToEnd(world, await world.charge())).toBe('paid')
})

const KILLED_AT: readonly (readonly [string, (pdu: Buffer) => boolean, readonly string[]])[] = [
  ['connecting', (pdu) => pdu[0] === ATT.exchangeMtuRequest, ['not-asked']],
  ['discovering', (pdu) => pdu[0] === ATT.readByTypeRequest, ['not-asked']],
  ['subscribing', (pdu) => pdu[0] === ATT.writeRequest, ['not-asked']],
  ['the first segment of the request leaves', (pdu) => pdu[0] === ATT.writeCommand && pdu[5] === 0, ['paid', 'reversed', 'refused']],
  ['the last segment of the request leaves', (pdu) => pdu[0] === ATT.writeCommand && pdu[5] === 2, ['paid', 'reversed', 'refused']],
]

test.each(KILLED_AT)('killed when %s: the attempt ends, and the next sale works', async (_when, isMoment, endings) => {
  const { air, radio, world } = counter
  const hold = holdMtuTo(185)
  let killed = false
  air.onAtt = (direction, pdu) => {
    if (!killed && direction === 'to-band' && isMoment(pdu)) {
      killed = true
      radio.kill()
    }
    return hold(direction, pdu)
  }
  await world.popcorn()
  const ending = await runToEnd(world, await world.charge())
  expect(killed).toBe(true)
  expect(endings).toContain(ending)
  expect(await sellOne(counter)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('killed while the customer is waited for: in doubt, settled, and the next sale works', async () => {
  const { air, radio, world } = counter
  const hold = holdMtuTo(185)
  let written = 0
  let killed = false
  air.onAtt = (direction, pdu) => {
    if (direction === 'to-band' && pdu[0] === ATT.writeCommand) written += 1
    if (!killed && direction === 'to-terminal' && written >= 3) {
      killed = true
      radio.kill()
    }
    return hold(direction, pdu)
  }
  await world.popcorn()
  const ending = await runToEnd(world, await world.charge())
  expect(killed).toBe(true)
  expect(['paid', 'reversed']).toContain(ending)
  expect(await sellOne(counter)).toBe('paid')
  expect(await world.disagreements()).toEqual([])
})

test('Bluetooth switched off is said by its code, and switched on it scans again by itself', async () => {
  const { radio, world } = counter
  radio.controller?.switchOff()
  await until('it is said', () => world.state.status.radio.state === 'failed')
  expect(counter.radioState().trouble).toBe('switched-off')
  await world.popcorn()
  const [band] = world.state.bands
  const charged = band && (await world.till.chargeBand({ sightingId: band.id }))
  if (charged?.ok) expect(await runToEnd(world, charged.value.requestId)).toBe('not-asked')
  radio.controller?.switchOn()
  await until('it scans', () => world.state.status.radio.state === 'scanning')
  expect(await sellOne(counter)).toBe('paid')
})

test('an adapter that does not come back is asked for by new processes until it does', async () => {
  const { radio, world } = counter
  radio.controller?.switchOff()
  await until('it is said', () => world.state.status.radio.state === 'failed')
  for (let step = 0; step < 30 && radio.starts < 2; step += 1) {
    world.clock.advance(400)
    await quiet(10)
  }
  await until('a new process has found it', () => world.state.status.radio.state === 'scanning')
  expect(radio.starts).toBe(2)
  expect(await sellOne(counter)).toBe('paid')
})

test('after the machine slept, the same process scans anew and the sale works', async () => {
  const { radio, world } = counter
  const commands: number[] = []
  const { controller } = radio
  if (!controller) throw new Error('no controller')
  const write = controller.write.bind(controller)
  controller.write = (packet) => {
    if (packet[0] === 1) commands.push(packet.readUInt16LE(1))
    write(packet)
  }
  world.clock.advance(600_000)
  // LE Set Scan Enable: once to stop, once more by the library before it starts, once to start.
  await until('it has begun again', () => commands.filter((command) => command === 0x200c).length >= 3)
  expect(radio.starts).toBe(1)
  expect(await sellOne(counter)).toBe('paid')
})

test('a process that has grown is replaced while nobody pays, at once and again as often as it takes', async () => {
  const { radio, world } = counter
  radio.rssBytes = 300_000_000
  await until('the next one', () => radio.starts >= 2)
  radio.rssBytes = 50_000_000
  await until('it scans', () => world.state.status.radio.state === 'scanning')
  expect(await sellOne(counter)).toBe('paid')
})
