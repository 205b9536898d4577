import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { withFolder } from '#test/support/disk.ts'
import { type Step, WalletPlay } from '#test/support/wallet-play.ts'
import { WalletWorld } from '#test/support/wallet-world.ts'
import { runEpisode } from '../../soak/wallet/episode.ts'

const percent = fc.integer({ min: 1, max: 130 })
const which = fc.nat(9)
const who = fc.nat(2)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pay' as const), who, amount: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('capture' as const), which, percent }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reverse' as const), which }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('void' as const), which, percent: fc.constantFrom(100, 100, 99, 101) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('freeze' as const), who, frozen: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sweep' as const), hours: fc.integer({ min: 1, max: 300 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), basisPoints: fc.constantFrom(0, 150, 4_000) }) },
)

// I7: whatever happens and wherever it is cut off, every posting sums to zero, no wallet is below zero, balances are what their entries
// add up to, and each wallet has what an independent reckoning says.
test('random payments, captures, reversals, voids, freezes, days and power cuts: the books are those of the model', async () => {
  const cut = fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined, freq: 4 })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, cut), { minLength: 10, maxLength: 40 }), async (steps) => {
      await withFolder(async (folder) => {
        const world = await WalletWorld.open(folder, { basisPoints: 150, timeZone: 'Asia/Shanghai' })
        const play = new WalletPlay(world, 150)
        try {
          const begin: Step[] = [{ kind: 'sweep', hours: 0 }, ...[0, 1_500, 900_000].map((balance) => ({ kind: 'open' as const, balance }))]
          for (const each of begin) expect(await play.play(each)).toEqual([])
          for (const [each, cutBefore] of steps) expect(await play.play(each, cutBefore)).toEqual([])
          expect(await play.audit(() => 7)).toEqual([])
        } finally {
          await world.close()
        }
      })
    }),
    { numRuns: 12 },
  )
})

test('an episode of the soak moves money in every way, pays interest, and lives through power cuts', async () => {
  const { reached, wrong } = await runEpisode({ seed: 1, stop: new AbortController().signal }, 150)
  expect(wrong).toEqual([])
  expect(reached['operations']).toBeGreaterThan(150)
  for (const what of ['approved', 'power cuts', 'days of interest']) expect(reached[what], what).toBeGreaterThan(0)
})
