/** Bonds: a band, three phones and two tills in random lives with kills, power cuts and full disks; a model says what must never be. */
import { tmpdir } from 'node:os'
import { withFolder } from '#test/support/disk.ts'
import { Seeded } from '#test/support/seeded.ts'
import type { EpisodeInput, EpisodeResult } from '../episode.ts'
import { BondLives } from './lives.ts'

const STEPS = 300

export async function runEpisode({ seed, stop }: EpisodeInput, steps = STEPS): Promise<EpisodeResult> {
  return withFolder(async (folder) => {
    const lives = await BondLives.open(folder, new Seeded(seed))
    try {
      for (let step = 0; step < steps && !stop.aborted && lives.wrong.length === 0; step += 1) await lives.step()
    } finally {
      await lives.close()
    }
    return { reached: lives.reached, wrong: lives.wrong }
  }, tmpdir())
}
