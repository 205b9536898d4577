/** One execution of one parser: what it made of the input, and how long it took. */
import type { Outcome, Parser } from './parser.ts'

/** No input of any kind keeps a parser longer than this. */
export const EXECUTION_MAX_MS = 50
/** Another process may have had the core: what is slow is slow each time. */
const TRIES = 3

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
  if (!(outcome instanceof Promise)) return judgedTime(parser, input, outcome, performance.now() - startedMs)
  return outcome.catch(thrown).then(async (settled) => judgedTime(parser, input, settled, performance.now() - startedMs))
}

function thrown(error: unknown): Outcome {
  return { fault: `threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` }
}

function judgedTime(parser: Parser, input: Uint8Array, outcome: Outcome, ms: number): Execution | Promise<Execution> {
  return ms <= EXECUTION_MAX_MS || typeof outcome === 'object' ? { outcome, ms } : again(parser, input, ms)
}

async function again(parser: Parser, input: Uint8Array, firstMs: number): Promise<Execution> {
  let outcome: Outcome = 'refused'
  let ms = firstMs
  for (let tries = 1; tries < TRIES && ms > EXECUTION_MAX_MS; tries += 1) {
    const startedMs = performance.now()
    outcome = await parser.run(input)
    ms = Math.min(ms, performance.now() - startedMs)
  }
  return ms > EXECUTION_MAX_MS ? { outcome: { fault: `took ${ms.toFixed(0)} ms, at the best of ${TRIES}` }, ms } : { outcome, ms }
}
