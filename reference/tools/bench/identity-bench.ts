/** The identity group: what the backend's authorizer costs for one payment, against the least that any authorizer must do for it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '#shared/assert.ts'
import { AuthorizerWorld } from './authorizer-world.ts'
import { BareAuthorizer } from './bare-authorizer.ts'
import { type Figures, percentile, rounded } from './statistics.ts'

/** Payments of one turn: each side takes its turn with the same submits, one side after the other. */
const SUBMITS_PER_ROUND = 100
/** Rounds that are not counted: code that runs for the first time is slow. */
const WARM_UP_ROUNDS = 5
const ROUNDS = 40
const MS_PER_S = 1_000

export async function benchIdentity(say: (line: string) => void, isQuick: boolean): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'bandtill-bench-identity-'))
  const world = await AuthorizerWorld.open(folder)
  try {
    const bare = await BareAuthorizer.open(join(folder, 'bare.sqlite'), world)
    try {
      return await compare(say, world, bare, isQuick ? { warmUp: 0, rounds: 1 } : { warmUp: WARM_UP_ROUNDS, rounds: ROUNDS })
    } finally {
      bare.close()
    }
  } finally {
    await world.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function compare(
  say: (line: string) => void,
  world: AuthorizerWorld,
  bare: BareAuthorizer,
  times: { readonly warmUp: number; readonly rounds: number },
): Promise<Figures> {
  say(
    `${times.rounds * SUBMITS_PER_ROUND} authorizations, and as often their two signature checks and one bare commit of ${bare.rowCount} rows`,
  )
  const ratios: number[] = []
  const ours: number[] = []
  for (let round = -times.warmUp; round < times.rounds; round += 1) {
    const submits = await world.submits(SUBMITS_PER_ROUND)
    const bareMs = await timed(async () => {
      for (const { checks } of submits) bare.authorize(checks)
    })
    const oursMs = await timed(async () => {
      for (const { phone, body } of submits) {
        const answer = await world.authorizer.submit(phone, body)
        assert(answer.ok && answer.value.kind === 'authorization', 'a good submit is authorized')
      }
    })
    if (round < 0) continue
    ratios.push(oursMs / bareMs)
    ours.push((oursMs / SUBMITS_PER_ROUND) * MS_PER_S)
  }
  say(`one authorization takes ${Math.round(percentile(ours, 0.5))} µs`)
  return { authorize_cost_ratio: rounded(percentile(ratios, 0.5)) }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}
