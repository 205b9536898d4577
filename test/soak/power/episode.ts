/** Power cuts: a day is recorded write by write, then every write of it is cut, torn and garbled in every way the disk allows. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withFolder } from '#test/support/disk.ts'
import type { EpisodeInput, EpisodeResult } from '../episode.ts'
import { checkCuts } from './check-cuts.ts'
import { recordDay } from './day.ts'

const SALES = 8

export async function runEpisode({ seed, stop }: EpisodeInput): Promise<EpisodeResult> {
  const { steps, wrong } = await recordDay(seed, SALES)
  const pause = async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    setImmediate(resolve)
    await promise
    return !stop.aborted
  }
  const checked = await withFolder(async (folder) => checkCuts({ steps, folder: join(folder, 'cut'), seed, pause }), tmpdir())
  return { reached: { 'power cuts': checked.points, writes: steps.length }, wrong: [...wrong, ...checked.wrong] }
}
