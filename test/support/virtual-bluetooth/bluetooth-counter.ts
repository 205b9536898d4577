/** A CounterWorld whose terminal pays over noble, and whose customer's band stands in the virtual air behind an independent stack. */
import type { Radio } from '#main/ports.ts'
import type { DriverChoice } from '#main/radio/noble/noble-adapter.ts'
import { createNobleRadio, type RadioFault } from '#main/radio/noble-radio.ts'
import type { RadioStanding } from '#shared/contracts/till.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { CounterWorld } from '../counter-world.ts'
import { until } from '../until.ts'
import { holdMtuTo, VirtualAir } from './air.ts'
import { BandPeripheral } from './band-peripheral.ts'
import { type InProcessRadio, inProcessRadio } from './in-process.ts'

export const HABITUAL_MTU = 185
const FINAL = new Set(['paid', 'not-asked', 'refused', 'declined', 'reversed'])
/** Nothing happened for so long, real time: the clock is moved on. A step of a sale takes a few milliseconds on a busy machine. */
const QUIET_MS = 25
const STEP_MS = 400
/** In doubt, only the clock brings things forward. */
const DOUBT_STEP_MS = 2_500
const STEPS_MAX = 300
/** Together well over the three seconds after which a silent band is forgotten; each below what looks like a machine that slept. */
const FORGET_ROUNDS = 7
const FORGET_STEP_MS = 700
/** Real time for timers that have become due to fire, and for what they post to arrive. */
const ROUND_MS = 10

export type BluetoothCounter = {
  readonly world: CounterWorld
  readonly air: VirtualAir
  readonly radio: InProcessRadio
  readonly faults: RadioFault[]
  /** What the terminal's radio says of itself. */
  radioState(): RadioStanding
  /** Brings what the bands say up to the clock: after a jump their ids and addresses may have changed. */
  refreshBands(): Promise<void>
  /** The customer's band comes into the air. */
  bringBand(): Promise<BandPeripheral>
  close(): Promise<void>
}

/** Not started: a test may change the air first. */
export async function bluetoothCounter(choice: DriverChoice = 'stoprocent', mtu = HABITUAL_MTU): Promise<BluetoothCounter> {
  const world = await CounterWorld.build({ serverMtu: mtu })
  const air = new VirtualAir()
  air.onAtt = holdMtuTo(mtu)
  const radio = inProcessRadio(air, world.clock, choice)
  const faults: RadioFault[] = []
  const bands: BandPeripheral[] = []
  let made: Radio | undefined
  world.hooks.radio = () => {
    made = createNobleRadio({
      startProcess: radio.startProcess,
      clock: world.clock,
      driver: choice,
      onFault: (fault) => faults.push(fault),
    })
    return made
  }
  return {
    world,
    air,
    radio,
    faults,
    radioState: () => made?.state() ?? { state: 'starting' },
    refreshBands: async () => {
      for (const band of bands) await band.refresh()
    },
    bringBand: async () => {
      const band = await BandPeripheral.start(air, world.customer().band)
      bands.push(band)
      return band
    },
    close: async () => {
      await world.close()
      for (const band of bands) band.stop()
      air.close()
    },
  }
}

/** Runs the attempt to its end, moving the clock on whenever nothing else happens. */
export async function runToEnd(world: CounterWorld, requestId: RequestId): Promise<string> {
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const stepAtMs = performance.now() + QUIET_MS
    while (performance.now() < stepAtMs) {
      if (FINAL.has(world.attemptState(requestId))) return world.attemptState(requestId)
      await new Promise(setImmediate)
    }
    world.clock.advance(world.attemptState(requestId) === 'in-doubt' ? DOUBT_STEP_MS : STEP_MS)
  }
  throw new Error(`attempt ${requestId} is still ${world.attemptState(requestId)}`)
}

/** Lets everything run that can, for so long in real time. */
export async function quiet(ms: number): Promise<void> {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs) await new Promise(setImmediate)
}

/** Waits for the customer's band alone, and sells popcorn to it. */
export async function sellOne(counter: BluetoothCounter): Promise<string> {
  const { world } = counter
  await until('the radio scans', () => world.state.status.radio.state === 'scanning')
  await counter.refreshBands()
  // What was still on its way about those who have left comes in, and then they are forgotten.
  for (let round = 0; round < FORGET_ROUNDS; round += 1) {
    world.clock.advance(FORGET_STEP_MS)
    await quiet(ROUND_MS)
  }
  await until('one band in sight', () => world.state.bands.length === 1)
  if (world.state.cart.state === 'open' && world.state.cart.lines.length === 0) await world.popcorn()
  return runToEnd(world, await world.charge())
}
