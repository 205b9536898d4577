/** The terminal's process is killed with SIGKILL at every step it persists, in the transaction and just behind it. The soak goes on with it. */
import { afterEach, expect, test } from 'vitest'
import { Seeded } from '#test/support/seeded.ts'
import { KillRun } from './kill-run.ts'

const SEED = 30
/** At the least. There are two for each step, and steps become more. */
const KILLS = 30
const MOMENTS = ['uncommitted', 'committed'] as const

let run: KillRun | undefined
afterEach(async () => {
  await run?.close()
  run = undefined
})

async function demandSound(plan: Parameters<KillRun['live']>[0]): Promise<readonly string[]> {
  const life = await run?.live(plan)
  expect(life?.wrong, `seed ${SEED}, ${JSON.stringify(plan)}`).toEqual([])
  // One that missed its step was killed when its day was done, and has shown nothing of that step.
  if (plan !== 'live') expect(life, JSON.stringify(plan)).toMatchObject({ wasKilled: true, atStep: true })
  return [...new Set(life?.steps)]
}

test('30 kills and more, at every persisted step: nothing acknowledged is lost, nobody pays twice', async () => {
  const seeded = new Seeded(SEED)
  run = await KillRun.open(seeded)
  const first = await demandSound('live')
  const steps = await demandSound('live')
  const plans = steps.flatMap((step) => MOMENTS.map((when) => ({ step, when })))
  expect(plans.length, steps.join('\n')).toBeGreaterThanOrEqual(KILLS)
  for (const at of plans) await demandSound({ at })
  await demandSound('live')

  // What only a terminal's first life writes: its journal's beginning, its people, the first programme.
  const firstOnly = first.filter((step) => !steps.includes(step))
  expect(firstOnly).not.toEqual([])
  for (const [index, step] of firstOnly.entries()) {
    await run.close()
    run = await KillRun.open(seeded)
    await demandSound({ at: { step, when: MOMENTS[index % MOMENTS.length] ?? 'committed' } })
    await demandSound('live')
  }
})
