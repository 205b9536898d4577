/** `npm run band` and `npm run phone`: one of them as a process of its own, until it is told to end. */
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { selfTest } from '#shared/crypto/self-test.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { type Accept, LineServer } from './line-server.ts'
import { MovableClock } from './movable-clock.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2

const options = z.strictObject({
  data: z.string().min(1),
  host: z.string().min(1).default('127.0.0.1'),
  port: z.coerce.number().int().min(0).max(65_535),
})
type Options = z.output<typeof options>
export type Host = { readonly accept: Accept; close(): Promise<void> }
type Kind = { readonly name: 'band' | 'phone'; readonly port: number; open(folder: string, clock: MovableClock): Promise<Host> }

function usageOf({ name, port }: Kind): string {
  return `Usage: npm run ${name} -- [options]
  --data DIR      what it must not forget is kept here (data/${name})
  --port N        port of its conformance line, 0 for any free one (${port})
  --host ADDRESS  address to listen on (127.0.0.1): whoever reaches it has the hands of its owner`
}

function optionsOf(kind: Kind, args: readonly string[]): Result<Options, string> {
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({ args: [...args], options: { data: text, host: text, port: text } })
    const parsed = options.safeParse({ data: `data/${kind.name}`, port: String(kind.port), ...values })
    return parsed.success ? ok(parsed.data) : err(z.prettifyError(parsed.error))
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  }
}

/** Says its address on a line of stdout, and ends at SIGTERM or SIGINT. */
export async function runHost(kind: Kind): Promise<void> {
  const given = optionsOf(kind, process.argv.slice(2))
  if (!given.ok) {
    process.stderr.write(`${given.error}\n${usageOf(kind)}\n`)
    process.exitCode = EXIT_USAGE
    return
  }
  const known = await selfTest()
  if (!known.ok) return fail(`this machine's cryptography gives wrong answers: ${known.error}`)
  mkdirSync(given.value.data, { recursive: true, mode: 0o700 })
  const host = await kind.open(given.value.data, new MovableClock())
  const line = await LineServer.listen(given.value, host.accept)
  if (!line.ok) {
    await host.close()
    return fail(`cannot listen on ${given.value.host}, port ${given.value.port}`)
  }
  let isStopping = false
  const stop = () => {
    if (isStopping) return
    isStopping = true
    void line.value
      .close()
      .then(async () => host.close())
      .then(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.stdout.write(`${line.value.address}\n`)
}

function fail(why: string): void {
  process.stderr.write(`${why}\n`)
  process.exitCode = EXIT_FAILED
}
