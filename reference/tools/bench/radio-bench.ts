/** The radio group: what the radio process costs in a crowd against noble alone, and how soon it is back after it was killed. */
import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ForkedProcess, startForkedProcess } from '#main/hosting/start-process.ts'
import { systemClock } from '#main/hosting/system-clock.ts'
import { createNobleRadio } from '#main/radio/noble-radio.ts'
import { assert } from '#shared/assert.ts'
import { HciCrowd } from './hci-crowd.ts'
import { type Figures, percentile, rounded } from './statistics.ts'

const ADVERTS_PER_SECOND = 10_000
const ADVERTISERS = 1_000
/** Turns of each side, one after the other. */
const ROUNDS = 3
/** Until the code is compiled and every advertiser has been heard. */
const WARM_UP_MS = 2_000
const MEASURED_MS = 5_000
const KILLS = 5
/** Linux counts a process's time in hundredths of a second (USER_HZ). */
const TICK_MS = 10
const UTIME_FIELD = 11
const BACK_MAX_MS = 20_000

type Say = (line: string) => void
type Measured = { readonly cpuMs: number; readonly driver: string; readonly sightings: number }

export async function benchRadio(say: Say): Promise<Figures> {
  assert(process.platform === 'linux', 'the radio group reads the processes’ time from /proc')
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-bench-radio-'))
  try {
    const hall = await cpuRatio(say, join(folder, 'hall'), 1)
    say(`in a crowd of strangers, one in a hundred a band: ${rounded(hall)} of noble alone`)
    const flood = await cpuRatio(say, join(folder, 'flood'), 100)
    say(`in a flood of nothing but bands: ${rounded(flood)} of noble alone`)
    const back = await backToScanning(say, join(folder, 'back'))
    return { cpu_ratio: rounded(Math.max(hall, flood)), back_to_scanning_ms: rounded(percentile(back, 0.5)) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function cpuRatio(say: Say, path: string, bandsPercent: number): Promise<number> {
  const crowd = await HciCrowd.listen({ path, perSecond: ADVERTS_PER_SECOND, addresses: ADVERTISERS, bandsPercent })
  let ours = 0
  let alone = 0
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const measured = await measureOurs(path)
      assert(measured.sightings > 0, 'the radio process heard the bands')
      const baseline = await measureAlone(path, measured.driver)
      say(`round ${round}: the radio process ${measured.cpuMs} ms, ${measured.driver} alone ${baseline} ms of ${MEASURED_MS} ms`)
      ours += measured.cpuMs
      alone += baseline
    }
  } finally {
    await crowd.close()
  }
  return ours / alone
}

async function measureOurs(path: string): Promise<Measured> {
  let child: ForkedProcess | undefined
  let sightings = 0
  const radio = createNobleRadio({
    startProcess: (entry, input) => {
      child = startForkedProcess(entry, input)
      return child
    },
    clock: systemClock(0),
    driver: 'auto',
    hciSocket: path,
  })
  radio.onSighting(() => {
    sightings += 1
  })
  radio.start()
  const cpuMs = await cpuOf(() => child?.pid)
  const { driver = 'none' } = radio.state()
  await radio.stop()
  return { cpuMs, driver, sightings }
}

async function measureAlone(path: string, driver: string): Promise<number> {
  const child = fork(fileURLToPath(new URL('./noble-alone.ts', import.meta.url)), [driver, path], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  try {
    return await cpuOf(() => child.pid)
  } finally {
    child.kill('SIGKILL')
  }
}

/** Processor time this process spends in the measured span, milliseconds. */
async function cpuOf(pid: () => number | undefined): Promise<number> {
  await pause(WARM_UP_MS)
  const before = cpuMsOf(pid())
  await pause(MEASURED_MS)
  return cpuMsOf(pid()) - before
}

function cpuMsOf(pid: number | undefined): number {
  assert(pid !== undefined, 'the process runs')
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name before the fields may hold spaces; it ends with the last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[UTIME_FIELD]) + Number(fields[UTIME_FIELD + 1])) * TICK_MS
}

/** Milliseconds from SIGKILL to the first sighting of the next process, each time with a radio of its own. */
async function backToScanning(say: Say, path: string): Promise<number[]> {
  const crowd = await HciCrowd.listen({ path, perSecond: 50, addresses: 5, bandsPercent: 100 })
  const times: number[] = []
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      let child: ForkedProcess | undefined
      let onSighting = () => {}
      const radio = createNobleRadio({
        startProcess: (entry, input) => {
          child = startForkedProcess(entry, input)
          return child
        },
        clock: systemClock(0),
        driver: 'auto',
        hciSocket: path,
      })
      radio.onSighting(() => onSighting())
      const heard = async () => {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        const timer = setTimeout(() => reject(new Error('no band was heard')), BACK_MAX_MS)
        onSighting = () => {
          clearTimeout(timer)
          resolve()
        }
        return promise
      }
      try {
        const first = heard()
        radio.start()
        await first
        const killed = child
        const killedAtMs = performance.now()
        killed?.kill()
        // What the dead process had still posted does not count: only the next one's process does.
        while (child === killed) await pause(1)
        await heard()
        times.push(performance.now() - killedAtMs)
      } finally {
        await radio.stop()
      }
    }
  } finally {
    await crowd.close()
  }
  say(`back to scanning after a kill: ${times.map((ms) => Math.round(ms)).join(', ')} ms`)
  return times
}

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setTimeout(resolve, ms)
  return promise
}
