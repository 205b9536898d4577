/** The terminal's process is killed with SIGKILL at every step it persists, in the transaction and just behind it. The soak goes on with it. */
import { afterEach, expect, test } from 'vitest'
import { Seeded } from '#test/support/seeded.ts'
import { KillRun } from './kill-run.ts'

const SEED = 30
const KILLS = 30
const MOMENT_MAX_MS = 400

let run: KillRun | undefined
afterEach(async () => run?.close())

test('30 kills across every persisted step: nothing acknowledged is lost, nobody pays twice', async () => {
  const seeded = new Seeded(SEED)
  run = await KillRun.open(seeded)
  const untouched = await run.live('live')
  expect(untouched.wrong).toEqual([])
  const steps = [...new Set(untouched.steps)]
  // A day writes attempts, receipts, reversals, acknowledgements, print jobs, carts: fewer kinds would be another day.
  expect(steps.length, steps.join('\n')).toBeGreaterThan(10)
  let kills = 0
  for (const [index, step] of steps.entries()) {
    const when = index % 2 === 0 ? 'uncommitted' : 'committed'
    const life = await run.live({ at: { step, when } })
    expect(life.wrong, `seed ${SEED}, ${when}: ${step}`).toEqual([])
    expect(life.wasKilled).toBe(true)
    kills += 1
  }
  for (; kills < KILLS; kills += 1) {
    const afterMs = seeded.below(MOMENT_MAX_MS)
    expect((await run.live({ afterMs })).wrong, `seed ${SEED}, after ${afterMs} ms`).toEqual([])
  }
  expect((await run.live('live')).wrong, `seed ${SEED}`).toEqual([])
})
