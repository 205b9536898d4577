/**
 * `npm run verify -- FILE [--json] [--point BASE64URL]`
 * Exit 0: sound. 1: rows are named that are not as they should be. 2: the file cannot be read, or the command line cannot be understood.
 */
import { parseArgs } from 'node:util'
import { err, ok, type Result } from '#shared/result.ts'
import { openForReading } from './open-file.ts'
import type { Report } from './report.ts'
import { verifyDatabase } from './verify.ts'

const USAGE = 'usage: npm run verify -- FILE [--json] [--point BASE64URL]'
const EXIT = { sound: 0, rowsNamed: 1, cannotRead: 2 } as const

type Arguments = { readonly file: string; readonly json: boolean; readonly point: string | undefined }

function argumentsOf(args: readonly string[]): Result<Arguments, string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, point: { type: 'string' } },
    })
    const [file, ...more] = positionals
    if (file === undefined || more.length > 0) return err(USAGE)
    return ok({ file, json: values.json, point: values.point })
  } catch (error) {
    return err(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
}

function printReport(file: string, report: Report): void {
  console.log(`${file}: ${report.sound ? 'sound' : 'NOT SOUND'}`)
  if (report.head) console.log(`journal head: entry ${report.head.seq}, ${report.head.hash}`)
  console.table(Object.fromEntries(report.checks.map(({ name, rows, problems }) => [name, { rows, problems }])))
  for (const { table, row, text } of report.problems) console.log(`${table} ${row}: ${text}`)
  console.log('Not proven:')
  for (const text of report.notProven) console.log(`- ${text}`)
}

function main(): number {
  const parsed = argumentsOf(process.argv.slice(2))
  if (!parsed.ok) {
    console.error(parsed.error)
    return EXIT.cannotRead
  }
  const { file, json, point } = parsed.value
  const opened = openForReading(file)
  if (!opened.ok) {
    if (json) console.log(JSON.stringify({ file, sound: false, cannotRead: opened.error }))
    else console.error(`cannot read: ${opened.error}`)
    return EXIT.cannotRead
  }
  const report = verifyDatabase(opened.value, point)
  opened.value.close()
  if (json) console.log(JSON.stringify({ file, ...report }))
  else printReport(file, report)
  return report.sound ? EXIT.sound : EXIT.rowsNamed
}

process.exitCode = main()
