import { expect, test } from 'vitest'
import type { HelperProcess } from '#main/ports.ts'
import {
  HEAP_MB,
  ProcessKeeper,
  RESTART_FIRST_MS,
  RESTART_MAX_MS,
  SETTLED_MS,
  SILENT_MAX_MS,
  WATCH_MS,
} from '#main/radio/noble/process-keeper.ts'
import { ManualClock } from '#test/support/manual-clock.ts'

class FakeProcess implements HelperProcess {
  killed = false
  readonly #exit = new Set<(detail: string) => void>()
  post() {}
  onMessage() {
    return () => {}
  }
  onExit(listener: (detail: string) => void) {
    this.#exit.add(listener)
    return () => void this.#exit.delete(listener)
  }
  kill() {
    this.killed = true
    this.die('SIGKILL')
  }
  die(detail: string) {
    for (const listener of this.#exit) listener(detail)
  }
}

function world(options: { readonly unstartable?: () => boolean } = {}) {
  const clock = new ManualClock()
  const processes: FakeProcess[] = []
  const starts: number[] = []
  const lost: string[] = []
  const slept: number[] = []
  const keeper = new ProcessKeeper({
    clock,
    args: () => ['--driver', 'auto'],
    startProcess: (entry, input) => {
      expect([entry, input]).toEqual(['radio', { args: ['--driver', 'auto'], heapMb: HEAP_MB }])
      if (options.unstartable?.()) throw new Error('ENOMEM')
      const process = new FakeProcess()
      processes.push(process)
      starts.push(clock.monotonicMs())
      return process
    },
    onStart: () => {},
    onMessage: () => {},
    onLost: (detail) => lost.push(detail),
    onSlept: () => slept.push(clock.monotonicMs()),
  })
  return { clock, keeper, processes, starts, lost, slept }
}

test('the first restart comes at once, the next ones wait longer and longer, up to a limit', async () => {
  const { clock, keeper, processes, starts, lost } = world()
  keeper.start()
  const diedMs: number[] = []
  for (let death = 0; death < 8; death += 1) {
    diedMs.push(clock.monotonicMs())
    processes.at(-1)?.die('exit code 1')
    const before = starts.length
    while (starts.length === before) await clock.advance(50)
    keeper.heard()
  }
  const waits = starts.slice(1).map((at, index) => at - (diedMs[index] ?? 0))
  expect(waits[0]).toBe(0)
  expect(waits.slice(1, 4)).toEqual([RESTART_FIRST_MS, RESTART_FIRST_MS * 2, RESTART_FIRST_MS * 4])
  expect(waits.at(-1)).toBe(RESTART_MAX_MS)
  expect(lost).toHaveLength(8)
  keeper.stop()
})

test('a process that lived well is restarted at once again', async () => {
  const { clock, keeper, processes, starts } = world()
  keeper.start()
  for (let death = 0; death < 4; death += 1) {
    for (let livedMs = 0; livedMs < SETTLED_MS; livedMs += WATCH_MS) {
      keeper.heard()
      await clock.advance(WATCH_MS)
    }
    processes.at(-1)?.die('exit code 1')
    const before = starts.length
    await clock.advance(1)
    expect(starts.length).toBe(before + 1)
  }
  keeper.stop()
})

test('a silent process is killed and replaced; one that is heard is not', async () => {
  const { clock, keeper, processes, lost } = world()
  keeper.start()
  for (let passedMs = 0; passedMs < 10_000; passedMs += WATCH_MS) {
    keeper.heard()
    await clock.advance(WATCH_MS)
  }
  expect(processes).toHaveLength(1)
  await clock.advance(SILENT_MAX_MS + WATCH_MS * 2)
  expect(processes[0]?.killed).toBe(true)
  expect(processes).toHaveLength(2)
  expect(lost).toEqual(['the radio process hangs'])
  keeper.stop()
  expect(processes[1]?.killed).toBe(true)
})

test('a process that cannot be started is tried again, and stopped means stopped', async () => {
  let isOutOfMemory = true
  const { clock, keeper, processes, lost } = world({ unstartable: () => isOutOfMemory })
  keeper.start()
  await clock.advance(1_000)
  expect(lost[0]).toContain('ENOMEM')
  isOutOfMemory = false
  await clock.advance(RESTART_MAX_MS)
  expect(processes).toHaveLength(1)
  keeper.stop()
  processes[0]?.die('late')
  await clock.advance(60_000)
  expect(processes).toHaveLength(1)
  expect(clock.waiting).toBe(0)
})

test('after a sleep nobody is blamed for the silence', async () => {
  const { clock, keeper, processes, slept } = world()
  let offsetMs = 0
  const monotonicMs = clock.monotonicMs.bind(clock)
  clock.monotonicMs = () => monotonicMs() + offsetMs
  keeper.start()
  await clock.advance(WATCH_MS)
  keeper.heard()
  offsetMs = 3_600_000
  await clock.advance(WATCH_MS)
  expect(slept).toHaveLength(1)
  expect(processes).toHaveLength(1)
  expect(processes[0]?.killed).toBe(false)
  keeper.stop()
})
