/** Fuzzing: every parser in turns, each with as many seeded inputs as the others. The count of the group is that of the parser with the fewest. */
import { setImmediate } from 'node:timers/promises'
import { toHex } from '#shared/contracts/bytes.ts'
import { Seeded } from '#test/support/seeded.ts'
import { type EpisodeInput, type EpisodeResult, episodeSeed } from '../episode.ts'
import { execute } from './execute.ts'
import type { Parser } from './parser.ts'
import { parsers } from './parsers.ts'

/** Executions of each parser in one episode. */
const EXECUTIONS = 4_000
/** And in one turn, after which the next parser has its own: whoever wants the soak to end is heard in between. */
const TURN = 200
/** Inputs named of one parser: more of them say the same. */
const FAULTS_MAX = 3
const HEX_SHOWN_MAX = 4_000

export type Measure = { readonly executions?: number; readonly of?: readonly Parser[] }

export async function runEpisode({ seed, stop }: EpisodeInput, { executions = EXECUTIONS, of }: Measure = {}): Promise<EpisodeResult> {
  const runs = (of ?? (await parsers())).map((parser, index) => new Run(parser, episodeSeed(seed, index)))
  using _ = withoutStacks()
  for (let done = 0; done < executions && !stop.aborted; done += TURN) {
    for (const run of runs) {
      await run.turn(Math.min(TURN, executions - done))
      if (stop.aborted) break
    }
    await setImmediate()
  }
  const counts = runs.map((run) => run.executions)
  return {
    reached: {
      executions: Math.min(...counts),
      'in all': counts.reduce((sum, count) => sum + count, 0),
      ...Object.fromEntries(runs.map((run) => [`of ${run.parser.name}`, run.executions])),
    },
    wrong: runs.flatMap((run) => run.wrong),
  }
}

/** One parser, its generator, and what it came to. */
class Run {
  readonly parser: Parser
  readonly wrong: string[] = []
  executions = 0
  readonly #seeded: Seeded

  constructor(parser: Parser, seed: number) {
    this.parser = parser
    this.#seeded = new Seeded(seed)
  }

  async turn(count: number): Promise<void> {
    for (let index = 0; index < count && this.wrong.length < FAULTS_MAX; index += 1) {
      const input = this.parser.make(this.#seeded)
      const executed = execute(this.parser, input)
      const { outcome } = executed instanceof Promise ? await executed : executed
      this.executions += 1
      if (typeof outcome === 'object')
        this.wrong.push(`${this.parser.name}: ${outcome.fault}\n  input ${toHex(input).slice(0, HEX_SHOWN_MAX)}`)
    }
  }
}

/** Most inputs end in an exception of some library, which is caught where it belongs; gathering its stack would take the longest of all. */
function withoutStacks(): Disposable {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  return {
    [Symbol.dispose]() {
      Error.stackTraceLimit = before
    },
  }
}
