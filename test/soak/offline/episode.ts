/** Basements: two tills, one band, and a phone that loses its network, its memory and its owner's patience. */
import { CounterWorld } from '#test/support/counter-world.ts'
import { Seeded } from '#test/support/seeded.ts'
import { until } from '#test/support/until.ts'
import type { EpisodeInput, EpisodeResult } from '../episode.ts'
import { BasementDays } from './days.ts'

const STEPS = 70

export async function runEpisode({ seed, stop }: EpisodeInput, steps = STEPS): Promise<EpisodeResult> {
  const world = await CounterWorld.open()
  const other = await world.beside()
  try {
    await other.start()
    await other.ready()
    await until('money is set aside', () => world.customer().allowance !== undefined)
    const days = new BasementDays([world, other], new Seeded(seed))
    let done = 0
    for (; done < steps && !stop.aborted; done += 1) await days.step()
    await days.settle()
    return { reached: { steps: done, ...days.reached }, wrong: days.wrong }
  } finally {
    await other.close()
    await world.close()
  }
}
