/**
 * `npm run verify -- FILE [--witness FILE|URL …] [--json] [--point BASE64URL]`
 * Exit 0: sound. 1: rows are named that are not as they should be. 2: the file or a witness cannot be read, or the command line cannot be
 * understood. A backend is a witness by its address, asked with the operator's token (BANDTILL_OPERATOR_TOKEN).
 */
import { parseArgs } from 'node:util'
import type Database from 'better-sqlite3'
import { err, ok, type Result } from '#shared/result.ts'
import type { WitnessSummary } from './check-witnesses.ts'
import { openForReading } from './open-file.ts'
import { readWitness, TOKEN_VARIABLE, type Witness } from './read-witness.ts'
import type { Report } from './report.ts'
import { terminalOf, verifyDatabase } from './verify.ts'

const USAGE = 'usage: npm run verify -- FILE [--witness FILE|URL …] [--json] [--point BASE64URL]'
const EXIT = { sound: 0, rowsNamed: 1, cannotRead: 2 } as const

type Arguments = {
  readonly file: string
  readonly json: boolean
  readonly point: string | undefined
  readonly witnesses: readonly string[]
}

function argumentsOf(args: readonly string[]): Result<Arguments, string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        point: { type: 'string' },
        witness: { type: 'string', multiple: true, default: [] },
      },
    })
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) return err(USAGE)
    return ok({ file, json: values.json, point: values.point, witnesses: values.witness })
  } catch (error) {
    return err(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
}

function printReport(file: string, report: Report): void {
  console.log(`${file}: ${report.sound ? 'sound' : 'NOT SOUND'}`)
  if (report.head) console.log(`journal head: entry ${report.head.seq}, ${report.head.hash}`)
  console.table(Object.fromEntries(report.checks.map(({ name, rows, problems }) => [name, { rows, problems }])))
  for (const witness of report.witnesses) console.log(saidBy(witness))
  for (const { table, row, text } of report.problems) console.log(`${table} ${row}: ${text}`)
  console.log('Not proven:')
  for (const text of report.notProven) console.log(`- ${text}`)
}

function saidBy({ name, heads, agree, lost, disagree, newest }: WitnessSummary): string {
  if (heads === 0) return `witness ${name}: has seen nothing of this terminal, and proves nothing`
  const parts = [`${agree} agree`, `${disagree} disagree`, ...(lost > 0 ? [`${lost} of a part lost before a restore`] : [])]
  const proves = newest ? `entries 1 to ${newest.seq} were as they are here at ${newest.at}` : 'nothing of this file'
  return `witness ${name}: ${heads} heads, ${parts.join(', ')}; proves: ${proves}`
}

async function readAll(names: readonly string[], database: Database.Database): Promise<Result<readonly Witness[], string>> {
  if (names.length === 0) return ok([])
  const terminalId = terminalOf(database)
  if (terminalId === undefined) return err('the first entry names no terminal that a witness could have seen')
  const witnesses: Witness[] = []
  for (const name of names) {
    const witness = await readWitness(name, { terminalId, token: process.env[TOKEN_VARIABLE] })
    if (!witness.ok) return witness
    witnesses.push(witness.value)
  }
  return ok(witnesses)
}

async function main(): Promise<number> {
  const parsed = argumentsOf(process.argv.slice(2))
  if (!parsed.ok) {
    console.error(parsed.error)
    return EXIT.cannotRead
  }
  const { file, json, point, witnesses: names } = parsed.value
  const cannotRead = (error: string) => {
    if (json) console.log(JSON.stringify({ file, sound: false, cannotRead: error }))
    else console.error(`cannot read: ${error}`)
    return EXIT.cannotRead
  }
  const opened = openForReading(file)
  if (!opened.ok) return cannotRead(opened.error)
  const witnesses = await readAll(names, opened.value)
  if (!witnesses.ok) return cannotRead(witnesses.error)
  const report = verifyDatabase(opened.value, point, witnesses.value)
  opened.value.close()
  if (json) console.log(JSON.stringify({ file, ...report }))
  else printReport(file, report)
  return report.sound ? EXIT.sound : EXIT.rowsNamed
}

process.exitCode = await main()
