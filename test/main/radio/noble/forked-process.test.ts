/** The real radio process, forked as the browser host forks it, over HCI to a virtual controller behind a local socket. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ForkedProcess, startForkedProcess } from '#main/hosting/start-process.ts'
import type { Clock, Radio, StartProcess } from '#main/ports.ts'
import type { DriverChoice } from '#main/radio/noble/noble-adapter.ts'
import { createNobleRadio, type RadioFault } from '#main/radio/noble-radio.ts'
import { CounterWorld } from '#test/support/counter-world.ts'
import { until } from '#test/support/until.ts'
import { holdMtuTo, VirtualAir } from '#test/support/virtual-bluetooth/air.ts'
import { BandPeripheral } from '#test/support/virtual-bluetooth/band-peripheral.ts'
import { HciServer } from '#test/support/virtual-bluetooth/hci-server.ts'
import { bandAdvertData, ScriptedPeer } from '#test/support/virtual-bluetooth/scripted-peer.ts'

let folder: string
let air: VirtualAir
let hci: HciServer
const children: ForkedProcess[] = []
const faults: RadioFault[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bandtill-hci-'))
  air = new VirtualAir()
  air.onAtt = holdMtuTo(185)
  hci = await HciServer.listen(join(folder, 'hci'), air, 'aa00000000aa')
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill()
  faults.length = 0
  await hci.close()
  air.close()
  rmSync(folder, { recursive: true })
})

const startProcess: StartProcess = (entry, input) => {
  const child = startForkedProcess(entry, input)
  children.push(child)
  return child
}

function radioOver(clock: Clock, socket = join(folder, 'hci'), driver: DriverChoice = 'auto'): Radio {
  return createNobleRadio({ startProcess, clock, driver, hciSocket: socket, onFault: (fault) => faults.push(fault) })
}

const systemClock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs: number, callback: () => void) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}

test.each(['abandonware', 'stoprocent'] as const)(
  'a sale through the forked process with @%s/noble, and another after it was killed',
  async (choice) => {
    const world = await CounterWorld.build()
    const band = await BandPeripheral.start(air, world.customer().band)
    try {
      world.hooks.radio = () => radioOver(world.clock, join(folder, 'hci'), choice)
      await world.start()
      await world.ready()
      expect(world.state.status.radio.driver).toBe(choice)
      await world.popcorn()
      const first = await world.charge()
      expect(await world.settled(first)).toBe('paid')
      const row = world.store.get('SELECT att_requests, request_segments FROM attempts WHERE request_id = ?', first)
      expect(row).toEqual({ att_requests: 7, request_segments: 3 })
      expect(air.attRequests).toBe(7)
      await until('the link is down', () => band.controller.advert() !== undefined)
      children.at(-1)?.kill()
      await until('it is gone', () => world.state.status.radio.state === 'failed')
      await until('another scans', () => hci.connections === 2 && world.state.status.radio.state === 'scanning')
      await world.popcorn()
      expect(await world.settled(await world.charge())).toBe('paid')
    } finally {
      await world.close()
      band.stop()
    }
  },
)

test('a process that hangs is killed and another one hears the band', async () => {
  const peer = new ScriptedPeer(air, () => () => [])
  peer.data = bandAdvertData(new Uint8Array(8).fill(7))
  let heard = 0
  const radio = radioOver(systemClock)
  radio.onSighting(() => {
    heard += 1
  })
  radio.start()
  await until('a band is heard', () => heard > 0)
  // Stopped, not ended: the operating system still shows it, and it says nothing.
  const pid = children[0]?.pid
  if (pid === undefined) throw new Error('no process')
  process.kill(pid, 'SIGSTOP')
  await until('another process is started', () => children.length > 1)
  heard = 0
  await until('a band is heard again', () => heard > 0)
  expect(faults.map((fault) => fault.error)).toContain('the radio process hangs')
  await radio.stop()
})

test('where there is no controller the radio says so, and goes on trying', async () => {
  const radio = radioOver(systemClock, join(folder, 'nothing'))
  radio.start()
  await until('it has failed', () => radio.state().state === 'failed')
  expect(radio.state().trouble).toBeDefined()
  expect(await radio.connect('c0ffee00baad')).toEqual({ ok: false, error: 'radio-failed' })
  await radio.stop()
})
