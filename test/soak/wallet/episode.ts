/** Wallets: money moves in every way it can, days pass and earn, the power goes before any statement; a model says what must be there. */
import { tmpdir } from 'node:os'
import { withFolder } from '#test/support/disk.ts'
import { Seeded } from '#test/support/seeded.ts'
import { type Step, WalletPlay } from '#test/support/wallet-play.ts'
import { WalletWorld } from '#test/support/wallet-world.ts'
import type { EpisodeInput, EpisodeResult } from '../episode.ts'

const STEPS = 4_000
const CUSTOMERS = 6
const BALANCE_MAX = 200_000
const PAYMENT_MAX = 3_000
/** One step in so many is cut somewhere, before one of its first so many statements. */
const CUT_ONE_IN = 12
const STATEMENTS_MAX = 25
/** One audit in so many steps, beside the one at the end. */
const AUDIT_ONE_IN = 1_000
const RATES = [0, 1, 150, 150, 275, 999]
const HOURS_MAX = 60
const PAGE_MAX = 100

const KINDS = [
  ...Array.from({ length: 8 }, () => 'pay' as const),
  ...Array.from({ length: 6 }, () => 'capture' as const),
  ...Array.from({ length: 3 }, () => 'reverse' as const),
  ...Array.from({ length: 2 }, () => 'void' as const),
  'freeze' as const,
  'sweep' as const,
]
/** A process is begun anew once in so many steps. */
const RESTART_ONE_IN = 150

export async function runEpisode({ seed, stop }: EpisodeInput, steps = STEPS): Promise<EpisodeResult> {
  const seeded = new Seeded(seed)
  return withFolder(async (folder) => {
    const basisPoints = seeded.pick(RATES)
    const world = await WalletWorld.open(folder, { basisPoints, timeZone: 'Asia/Shanghai' })
    const play = new WalletPlay(world, basisPoints)
    const wrong: string[] = []
    try {
      wrong.push(...(await play.play({ kind: 'restart', basisPoints })))
      for (let customer = 0; customer < CUSTOMERS; customer += 1) {
        wrong.push(...(await play.play({ kind: 'open', balance: seeded.below(BALANCE_MAX) })))
      }
      for (let step = 0; step < steps && !stop.aborted && wrong.length === 0; step += 1) {
        const cutBefore = seeded.below(CUT_ONE_IN) === 0 ? 1 + seeded.below(STATEMENTS_MAX) : undefined
        wrong.push(...(await play.play(stepFrom(seeded), cutBefore)))
        if (seeded.below(AUDIT_ONE_IN) === 0) wrong.push(...(await play.audit(() => 1 + seeded.below(PAGE_MAX))))
        await breathe()
      }
      if (wrong.length === 0) wrong.push(...(await play.audit(() => 1 + seeded.below(PAGE_MAX))))
    } finally {
      await world.close()
    }
    return { reached: play.reached, wrong }
  }, tmpdir())
}

function stepFrom(seeded: Seeded): Step {
  if (seeded.below(RESTART_ONE_IN) === 0) return { kind: 'restart', basisPoints: seeded.pick(RATES) }
  const [which, percent] = [seeded.below(12), 1 + seeded.below(120)]
  const kind = seeded.pick(KINDS)
  switch (kind) {
    case 'pay':
      return { kind, who: seeded.below(CUSTOMERS), amount: 1 + seeded.below(PAYMENT_MAX) }
    case 'capture':
      return { kind, which, percent }
    case 'reverse':
      return { kind, which }
    case 'void':
      return { kind, which, percent: seeded.pick([100, 100, percent]) }
    case 'freeze':
      return { kind, who: seeded.below(CUSTOMERS), frozen: seeded.below(3) === 0 }
    case 'sweep':
      return { kind, hours: seeded.below(HOURS_MAX) }
  }
}

/** Lets the order to stop be heard. */
async function breathe(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  return promise
}
