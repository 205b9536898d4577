/** What the process is told when it starts: flags and environment, parsed once. */
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { err, ok, type Result } from '#shared/result.ts'

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
const DAY_MS = 86_400_000
const OFFSET_MAX_MS = 3_650 * DAY_MS
export const TOKEN_LENGTH_MIN = 16

export const USAGE = `Usage: npm run backend -- [options]
  --data DIR                  where the database and the keys are kept (data/backend)
  --port N                    port to listen on, 0 for any free one (8790)
  --host ADDRESS              address to listen on (127.0.0.1)
  --https-terminated          something in front ends https: required for any address but loopback
  --operator-token-file FILE  holds the operator's token (also: environment BANDTILL_OPERATOR_TOKEN)
  --clock-offset-ms N         how far this process's clock is ahead of the machine's, for practice`

const options = z.strictObject({
  data: z.string().min(1).default('data/backend'),
  port: z.coerce.number().int().min(0).max(65_535).default(8_790),
  host: z.string().min(1).default('127.0.0.1'),
  'https-terminated': z.boolean().default(false),
  'operator-token-file': z.string().min(1).optional(),
  'clock-offset-ms': z.coerce.number().int().min(-OFFSET_MAX_MS).max(OFFSET_MAX_MS).default(0),
})
const environment = z.object({
  BANDTILL_OPERATOR_TOKEN: z.string().min(TOKEN_LENGTH_MIN).optional(),
  BANDTILL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  npm_lifecycle_event: z.string().optional(),
})

export type Options = {
  readonly dataDir: string
  readonly port: number
  readonly host: string
  readonly isHttpsTerminated: boolean
  readonly operatorTokenFile: string | undefined
  readonly operatorToken: string | undefined
  readonly clockOffsetMs: number
  readonly logLevel: string
  /** True under `npm run backend`: a person is reading, so one line says where the documentation is. */
  readonly isByHand: boolean
}

/** The options, or what is wrong with them in words. */
export function parseOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Result<Options, string> {
  let values: unknown
  try {
    const text = { type: 'string' } as const
    values = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        data: text,
        port: text,
        host: text,
        'https-terminated': { type: 'boolean' },
        'operator-token-file': text,
        'clock-offset-ms': text,
      },
    }).values
  } catch (error) {
    return err(error instanceof Error ? error.message : 'unreadable options')
  }
  const flags = options.safeParse({ ...(values as object) })
  if (!flags.success) return err(z.prettifyError(flags.error))
  const environs = environment.safeParse(env)
  if (!environs.success) return err(z.prettifyError(environs.error))
  const { host, 'https-terminated': isHttpsTerminated } = flags.data
  if (!LOOPBACK.has(host) && !isHttpsTerminated) {
    return err(`${host} is not a loopback address: calls need https there, so say --https-terminated when a proxy ends it`)
  }
  return ok({
    dataDir: flags.data.data,
    port: flags.data.port,
    host,
    isHttpsTerminated,
    operatorTokenFile: flags.data['operator-token-file'],
    operatorToken: environs.data.BANDTILL_OPERATOR_TOKEN,
    clockOffsetMs: flags.data['clock-offset-ms'],
    logLevel: environs.data.BANDTILL_LOG_LEVEL,
    isByHand: environs.data.npm_lifecycle_event === 'backend',
  })
}
