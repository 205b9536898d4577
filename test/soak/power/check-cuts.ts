/** Opens what a power cut left, with the terminal's own store, and says what is wrong with it. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openStore } from '#main/store/open-store.ts'
import { Seeded } from '#test/support/seeded.ts'
import { cutsOf, type Left } from './cuts.ts'
import { recordsOf, type Step } from './recording-store.ts'

export type Checked = { readonly points: number; readonly wrong: readonly string[] }

/** Named failures of one recording: more of them say nothing new. */
const WRONG_MAX = 10

/**
 * Tries every cut of every step in `folder`: the store opens, the database is sound, and it holds exactly what was acknowledged, with or
 * without the step that was under way, which it took up whole or not at all. `pause` is awaited between steps, and ends it with `false`.
 */
export async function checkCuts(input: {
  readonly steps: readonly Step[]
  readonly folder: string
  readonly seed: number
  readonly pause?: () => Promise<boolean>
}): Promise<Checked> {
  const { steps, folder, seed, pause = async () => true } = input
  const seeded = new Seeded(seed)
  const wrong: string[] = []
  let points = 0
  for (const [number, step] of steps.entries()) {
    for (const left of cutsOf(step, seeded)) {
      const fault = faultOf(left, step, folder)
      points += 1
      if (fault !== undefined && wrong.length < WRONG_MAX) wrong.push(`step ${number} (${step.kind}), ${left.how}: ${fault}`)
    }
    if (!(await pause())) break
  }
  return { points, wrong }
}

function faultOf(left: Left, step: Step, folder: string): string | undefined {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'terminal.sqlite')
  writeFileSync(file, left.db)
  writeFileSync(`${file}-wal`, left.wal)
  if (left.shm) writeFileSync(`${file}-shm`, left.shm)
  try {
    return faultIn(file, left, step)
  } catch (error) {
    return `thrown: ${String(error)}`
  }
}

function faultIn(file: string, left: Left, step: Step): string | undefined {
  const opened = openStore({ file })
  if (!opened.ok) return `not opened: ${opened.error.code} ${opened.error.detail}`
  const store = opened.value
  try {
    const sound = store.get('PRAGMA integrity_check')?.['integrity_check']
    if (sound !== 'ok') return `integrity_check: ${String(sound)}`
    const records = recordsOf(store)
    if (records === step.recordsAfter) return undefined
    if (records !== step.recordsBefore) return 'the records are neither those before the write nor those after it'
    return left.how === 'whole' ? 'a flushed write is lost' : undefined
  } finally {
    store.close()
  }
}
