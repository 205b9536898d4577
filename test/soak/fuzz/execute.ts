/** One execution of one parser: what it made of the input, and how long it took. */
import type { Outcome, Parser } from './parser.ts'

/** No input of any kind keeps a parser longer than this. */
export const EXECUTION_MAX_MS = 50
/** What took longer is tried again so often: what is slow is slow each time. */
const TRIES = 3
/** Parsers wait for nothing. One that has not ended by then, each time, is as good as hanging, whoever had the core meanwhile. */
const HANG_MS = 2_000

/** `ms`: by the clock; of an input that is tried again, see `again`. */
export type Execution = { readonly outcome: Outcome; readonly ms: number }

/** Sync parsers are run without waiting, so that millions of executions do not each cost a turn of the event loop. */
export function execute(parser: Parser, input: Uint8Array): Execution | Promise<Execution> {
  const startedMs = performance.now()
  let outcome: Outcome | Promise<Outcome>
  try {
    outcome = parser.run(input)
  } catch (error) {
    outcome = thrown(error)
  }
  if (!(outcome instanceof Promise)) return timed(parser, input, outcome, performance.now() - startedMs)
  return outcome.catch(thrown).then(async (settled) => timed(parser, input, settled, performance.now() - startedMs))
}

function thrown(error: unknown): Outcome {
  return { fault: `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` }
}

function timed(parser: Parser, input: Uint8Array, outcome: Outcome, ms: number): Execution | Promise<Execution> {
  return ms <= EXECUTION_MAX_MS || typeof outcome === 'object' ? { outcome, ms } : again(parser, input, outcome)
}

/** Another process may have had the core: now it is the processor time of this one that counts, and the clock only for what hangs. */
async function again(parser: Parser, input: Uint8Array, outcome: Outcome): Promise<Execution> {
  let ms = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && ms > EXECUTION_MAX_MS; tries += 1) {
    const [startedMs, before] = [performance.now(), process.cpuUsage()]
    await parser.run(input)
    const { user, system } = process.cpuUsage(before)
    const passedMs = performance.now() - startedMs
    ms = Math.min(ms, passedMs > HANG_MS ? passedMs : Math.min(passedMs, (user + system) / 1_000))
  }
  return ms > EXECUTION_MAX_MS ? { outcome: { fault: `took ${ms.toFixed(0)} ms, at the best of ${TRIES}` }, ms } : { outcome, ms }
}
