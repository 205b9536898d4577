/** Which driver the radio process is started with: what the settings say, at once and from then on, or what the start said. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTerminal } from '#main/hosting/assemble.ts'
import type { RunningTerminal } from '#main/hosting/running-terminal.ts'
import type { TerminalOptions } from '#main/hosting/terminal-options.ts'
import type { StartProcess } from '#main/ports.ts'
import { CounterWorld, demand, ENROLMENT_CODE, TERMINAL } from '#test/support/counter-world.ts'
import { signInManager } from '#test/support/staff.ts'
import { until } from '#test/support/until.ts'
import { memoryLog } from './support.ts'

const MANAGER = { name: 'Lin', pin: '2580' }

let world: CounterWorld
let running: RunningTerminal | undefined
/** The driver in the arguments of each process that was started. */
let drivers: string[]
const log = memoryLog()
beforeEach(async () => {
  world = await CounterWorld.build({ customers: [] })
  drivers = []
  log.lines.length = 0
})
afterEach(async () => {
  await running?.stop()
  running = undefined
  await world.close()
})

/** A radio process that scans, and names the driver it was told to use. */
const startProcess: StartProcess = (_entry, { args }) => {
  const driver = String(args[args.indexOf('--driver') + 1])
  drivers.push(driver)
  const exits = new Set<(detail: string) => void>()
  return {
    post: () => {},
    onMessage: (listener) => {
      const why = driver === 'auto' ? 'usual' : 'chosen'
      listener({ type: 'driver', driver: driver === 'auto' ? 'abandonware' : driver, why })
      setImmediate(() => listener({ type: 'scanning' }))
      return () => {}
    },
    onExit: (listener) => {
      exits.add(listener)
      return () => exits.delete(listener)
    },
    kill: () => {
      setImmediate(() => {
        for (const exit of exits) exit('SIGKILL')
      })
    },
  }
}

async function start(radio: TerminalOptions['radio']): Promise<RunningTerminal> {
  const options: TerminalOptions = {
    dataFolder: world.folder,
    backendUrl: world.backend.url,
    terminalId: TERMINAL,
    rootPoint: Uint8Array.from(world.backend.keys.rootPoint),
    radio,
    enrolmentCode: ENROLMENT_CODE,
    port: 0,
    clockOffsetMs: 0,
    printer: { kind: 'file' },
    open: false,
    ipv6: false,
    practice: radio.kind === 'practice',
  }
  running = demand(await startTerminal(options, log, startProcess))
  return running
}

async function signIn({ till }: RunningTerminal, pin: string): Promise<void> {
  const { session } = till.state()
  const [person] = session.state === 'locked' ? session.staff : []
  if (!person) throw new Error(`nobody can sign in (${session.state})`)
  demand(await till.signIn({ staffId: person.id, pin }))
}

const isScanning = ({ till }: RunningTerminal) => till.state().status.radio.state === 'scanning'

test('a driver chosen in the settings runs at once, in a new process, and again after a restart', async () => {
  const first = await start({ kind: 'bluetooth', driver: 'auto' })
  demand(await first.till.setUp(MANAGER))
  await until('the radio scans', () => isScanning(first))
  expect(drivers).toEqual(['auto'])
  expect(first.till.settings().radio).toMatchObject({ choice: 'auto', chosenBy: 'settings', driver: 'abandonware', why: 'usual' })

  expect(await first.till.changeSettings({ radio: 'stoprocent' })).toEqual({ ok: true })
  await until('another process runs', () => drivers.length === 2 && isScanning(first))
  expect(first.till.settings().radio).toMatchObject({ choice: 'stoprocent', chosenBy: 'settings', driver: 'stoprocent', why: 'chosen' })
  // The radio was asked to change; nothing has failed.
  expect(log.lines.filter(({ level }) => level !== 'info')).toEqual([])
  // The same choice again, and another setting: no reason for another process.
  expect(await first.till.changeSettings({ radio: 'stoprocent', lockAfterMinutes: 2 })).toEqual({ ok: true })
  await first.stop()
  expect(drivers).toEqual(['auto', 'stoprocent'])

  const second = await start({ kind: 'bluetooth', driver: 'auto' })
  await until('the radio scans', () => isScanning(second))
  expect(drivers).toEqual(['auto', 'stoprocent', 'stoprocent'])
})

test('a driver named at the start stands, whatever was chosen before, and the settings say so', async () => {
  const first = await start({ kind: 'bluetooth', driver: 'auto' })
  demand(await first.till.setUp(MANAGER))
  expect(await first.till.changeSettings({ radio: 'stoprocent' })).toEqual({ ok: true })
  await first.stop()
  drivers = []
  const second = await start({ kind: 'bluetooth', driver: 'abandonware' })
  await signIn(second, MANAGER.pin)
  expect(second.till.settings().radio).toMatchObject({ choice: 'abandonware', chosenBy: 'start' })
  expect(await second.till.changeSettings({ radio: 'auto' })).toEqual({
    ok: false,
    error: { code: 'setting-refused', subject: 'radio-choice' },
  })
  expect(drivers).toEqual(['abandonware'])
})

test('practice has its own radio and no driver to choose', async () => {
  const { till } = await start({ kind: 'practice', airSocket: world.airPath })
  expect(till.settings().radio).toMatchObject({ chosenBy: 'practice' })
  await signInManager(till)
  expect(await till.changeSettings({ radio: 'stoprocent' })).toEqual({
    ok: false,
    error: { code: 'setting-refused', subject: 'radio-choice' },
  })
  expect(drivers).toEqual([])
})
