/** The command line of the soak. */
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { err, ok, type Result } from '#shared/result.ts'
import { GROUPS, type Group } from './groups.ts'

const MINUTES = 10
const MINUTES_MAX = 10_000
const SEED_MAX = 0xffff_ffff

const schema = z.object({
  minutes: z.coerce.number().positive().max(MINUTES_MAX).default(MINUTES),
  seed: z.coerce.number().int().min(0).max(SEED_MAX).optional(),
  only: z.enum(GROUPS.map(({ name }) => name) as [string, ...string[]]).optional(),
  episode: z.coerce.number().int().min(0).optional(),
})

export type SoakOptions = {
  readonly minutes: number
  readonly seed: number
  readonly groups: readonly Group[]
  readonly episode: number | undefined
}

export const USAGE = `npm run soak -- [--minutes N] [--seed S] [--only ${GROUPS.map(({ name }) => name).join('|')}] [--episode N]`

/** `freshSeed` is taken when none is given. An episode alone needs its group. */
export function readOptions(args: readonly string[], freshSeed: number): Result<SoakOptions, string> {
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({ args: [...args], options: { minutes: text, seed: text, only: text, episode: text } })
    const parsed = schema.safeParse(values)
    if (!parsed.success) return err(z.prettifyError(parsed.error))
    const { minutes, seed = freshSeed, only, episode } = parsed.data
    if (episode !== undefined && only === undefined) return err('--episode needs --only: each group has its own episodes')
    return ok({ minutes, seed, episode, groups: GROUPS.filter(({ name }) => only === undefined || name === only) })
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  }
}
