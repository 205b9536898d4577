/** The radio process without a process: the same engine and the same library over a virtual controller, killed like the real one. */
import type { Clock, HelperProcess, StartProcess } from '#main/ports.ts'
import { createDriver, type DriverChoice } from '#main/radio/noble/noble-adapter.ts'
import { RadioEngine } from '#main/radio/noble/radio-engine.ts'
import type { VirtualAir } from './air.ts'
import { VirtualController } from './controller.ts'

export const TERMINAL_ADDRESS = 'aa00000000aa'

export type InProcessRadio = {
  readonly startProcess: StartProcess
  /** How often a process was started. */
  starts: number
  controller: VirtualController | undefined
  /** Kills the running one, as the system would. */
  kill: () => void
  /** From the next start on. */
  rssBytes: number
}

/** Each start makes a new controller in the air, a new library and a new engine. */
export function inProcessRadio(air: VirtualAir, clock: Clock, choice: DriverChoice = 'stoprocent'): InProcessRadio {
  const radio: InProcessRadio = {
    starts: 0,
    controller: undefined,
    kill: () => {},
    rssBytes: 50_000_000,
    startProcess: () => {
      radio.starts += 1
      return start()
    },
  }
  function start(): HelperProcess {
    const controller = new VirtualController(air, TERMINAL_ADDRESS)
    radio.controller = controller
    const messageListeners = new Set<(message: unknown) => void>()
    const exitListeners = new Set<(detail: string) => void>()
    let alive = true
    const end = (detail: string) => {
      if (!alive) return
      alive = false
      engine.stop()
      controller.detach()
      setImmediate(() => {
        for (const listener of exitListeners) listener(detail)
      })
    }
    const driver = createDriver({ choice, platform: 'linux', transport: controller, nowMs: () => clock.monotonicMs() })
    if (!driver.ok) throw new Error(driver.error.detail)
    const engine = new RadioEngine({
      driver: driver.value,
      clock,
      rssBytes: () => radio.rssBytes,
      giveUp: () => setImmediate(() => end('exit code 1')),
      post: (message) => {
        const copy = structuredClone(message)
        setImmediate(() => {
          for (const listener of messageListeners) listener(copy)
        })
      },
    })
    radio.kill = () => end('SIGKILL')
    setImmediate(() => {
      if (alive) engine.start()
    })
    return {
      post: (message) => {
        const copy: unknown = structuredClone(message)
        setImmediate(() => {
          if (alive) engine.handle(copy)
        })
      },
      onMessage: (listener) => {
        messageListeners.add(listener)
        return () => void messageListeners.delete(listener)
      },
      onExit: (listener) => {
        exitListeners.add(listener)
        return () => void exitListeners.delete(listener)
      },
      kill: () => end('SIGKILL'),
    }
  }
  return radio
}
