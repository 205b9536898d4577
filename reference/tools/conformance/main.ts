/**
 * `npm run conformance -- band|phone --target tcp:HOST:PORT [--only RULE …] [--json]`
 * Exit 0: every rule that could be tried was kept. 1: rules are named that were not. 2: nothing could be tried out, or the command line cannot be
 * understood. How a band or phone of any maker offers itself is in docs/conformance.md.
 */
import { parseArgs } from 'node:util'
import { err, ok, type Result } from '#shared/result.ts'
import { linesOf } from './report.ts'
import { Unreachable } from './rule.ts'
import { BAND_RULES, PHONE_RULES, type RunOptions, runConformance } from './run.ts'

const USAGE = 'usage: npm run conformance -- band|phone --target tcp:HOST:PORT [--only RULE …] [--json]'
const EXIT = { kept: 0, broken: 1, nothingTried: 2 } as const

type Arguments = Pick<RunOptions, 'part' | 'target'> & { readonly only: readonly string[] | undefined; readonly json: boolean }

function argumentsOf(args: readonly string[]): Result<Arguments, string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { target: { type: 'string' }, only: { type: 'string', multiple: true }, json: { type: 'boolean', default: false } },
    })
    const [part, ...more] = positionals
    if ((part !== 'band' && part !== 'phone') || more.length > 0 || values.target === undefined) return err(USAGE)
    const known: readonly string[] = (part === 'band' ? BAND_RULES : PHONE_RULES).map(({ id }) => id)
    const unknown = values.only?.filter((id) => !known.includes(id)) ?? []
    if (unknown.length > 0) return err(`no rule is called ${unknown.join(', ')}. The rules: ${known.join(' ')}`)
    return ok({ part, target: values.target, only: values.only, json: values.json })
  } catch (error) {
    return err(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
}

async function main(): Promise<number> {
  const given = argumentsOf(process.argv.slice(2))
  if (!given.ok) {
    console.error(given.error)
    return EXIT.nothingTried
  }
  const { part, target, only, json } = given.value
  try {
    const report = await runConformance({ part, target, ...(only ? { only } : {}) })
    if (json) console.log(JSON.stringify(report))
    else for (const line of linesOf(report)) console.log(line)
    return report.failed === 0 && report.passed > 0 ? EXIT.kept : report.failed > 0 ? EXIT.broken : EXIT.nothingTried
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    if (json) console.log(JSON.stringify({ target, part, unreachable: error.message }))
    else console.error(`nothing could be tried out: ${error.message}`)
    return EXIT.nothingTried
  }
}

process.exitCode = await main()
