/** What the process is told when it starts: flags and environment, parsed once. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { isTimeZone } from '#shared/calendar-day.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Terms } from './services/interest-rule.ts'

/** Beside the sources, wherever this process was started from. */
const WALLET_DIR = join(import.meta.dirname, '..', '..', 'dist', 'wallet')
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
const DAY_MS = 86_400_000
const OFFSET_MAX_MS = 3_650 * DAY_MS
export const TOKEN_LENGTH_MIN = 16
/** Half of it again every year: more is a slip of the pen. */
const INTEREST_BPS_MAX = 5_000

export const USAGE = `Usage: npm run backend -- [options]
  --data DIR                  where the database and the keys are kept (data/backend)
  --port N                    port to listen on, 0 for any free one (8790)
  --host ADDRESS              address to listen on (127.0.0.1)
  --https-terminated          something in front ends https: required for any address but loopback
  --operator-token-file FILE  holds the operator's token (also: environment BANDTILL_OPERATOR_TOKEN)
  --owner-origin ORIGIN       where owners open their page (http://localhost:PORT), https outside this machine
  --owner-rp-id DOMAIN        the domain their passkeys are for (the host of the origin)
  --wallet DIR                the built files of the wallet's page (dist/wallet, made by npm run build)
  --practice                  the wallet's page may reach a practice world on this machine
  --clock-offset-ms N         how far this process's clock is ahead of the machine's, for practice

Environment:
  BANDTILL_INTEREST_BPS        what wallets earn, hundredths of a percent a year, from today on; 0 for nothing (150)
  BANDTILL_INTEREST_TIME_ZONE  whose midnight ends a day (Asia/Shanghai)`

const options = z.strictObject({
  data: z.string().min(1).default('data/backend'),
  port: z.coerce.number().int().min(0).max(65_535).default(8_790),
  host: z.string().min(1).default('127.0.0.1'),
  'https-terminated': z.boolean().default(false),
  'operator-token-file': z.string().min(1).optional(),
  'owner-origin': z.url({ protocol: /^https?$/u }).optional(),
  'owner-rp-id': z.string().min(1).max(253).optional(),
  wallet: z.string().min(1).default(WALLET_DIR),
  practice: z.boolean().default(false),
  'clock-offset-ms': z.coerce.number().int().min(-OFFSET_MAX_MS).max(OFFSET_MAX_MS).default(0),
})
const environment = z.object({
  BANDTILL_OPERATOR_TOKEN: z.string().min(TOKEN_LENGTH_MIN).optional(),
  BANDTILL_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  BANDTILL_INTEREST_BPS: z.coerce.number().int().min(0).max(INTEREST_BPS_MAX).default(150),
  BANDTILL_INTEREST_TIME_ZONE: z.string().max(64).refine(isTimeZone, 'no such time zone').default('Asia/Shanghai'),
  npm_lifecycle_event: z.string().optional(),
})

export type Options = {
  readonly dataDir: string
  readonly port: number
  readonly host: string
  readonly isHttpsTerminated: boolean
  readonly operatorTokenFile: string | undefined
  readonly operatorToken: string | undefined
  /** The page that owners' passkeys are for; undefined: this backend's own, on this machine. */
  readonly ownerPage: { readonly rpId: string; readonly origin: string } | undefined
  /** Where the wallet's page was built to. */
  readonly walletDir: string
  /** Whether the wallet's page may reach a practice world on this machine. */
  readonly isPractice: boolean
  readonly clockOffsetMs: number
  readonly logLevel: string
  readonly interest: Terms
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
        'owner-origin': text,
        'owner-rp-id': text,
        wallet: text,
        practice: { type: 'boolean' },
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
  const { host, 'https-terminated': isHttpsTerminated, practice: isPractice } = flags.data
  if (isPractice && (isHttpsTerminated || !LOOPBACK.has(host))) return err('--practice is for this machine only')
  if (!LOOPBACK.has(host) && !isHttpsTerminated) {
    return err(`${host} is not a loopback address: calls need https there, so say --https-terminated when a proxy ends it`)
  }
  const ownerPage = ownerPageOf(flags.data['owner-origin'], flags.data['owner-rp-id'])
  if (!ownerPage.ok) return ownerPage
  return ok({
    dataDir: flags.data.data,
    port: flags.data.port,
    host,
    isHttpsTerminated,
    operatorTokenFile: flags.data['operator-token-file'],
    operatorToken: environs.data.BANDTILL_OPERATOR_TOKEN,
    ownerPage: ownerPage.value,
    walletDir: flags.data.wallet,
    isPractice,
    clockOffsetMs: flags.data['clock-offset-ms'],
    logLevel: environs.data.BANDTILL_LOG_LEVEL,
    interest: { basisPoints: environs.data.BANDTILL_INTEREST_BPS, timeZone: environs.data.BANDTILL_INTEREST_TIME_ZONE },
    isByHand: environs.data.npm_lifecycle_event === 'backend',
  })
}

/** Passkeys are for the origin's own domain or one above it (WebAuthn level 3, §5.1.3), and outside this machine only over https. */
function ownerPageOf(address: string | undefined, domain: string | undefined): Result<Options['ownerPage'], string> {
  if (address === undefined) return domain === undefined ? ok(undefined) : err('--owner-rp-id goes with --owner-origin')
  const { origin, hostname, protocol } = new URL(address)
  if (protocol !== 'https:' && hostname !== 'localhost') return err(`${origin} is not on this machine: owners' pages need https there`)
  const rpId = domain ?? hostname
  if (hostname !== rpId && !hostname.endsWith(`.${rpId}`)) return err(`${rpId} is neither ${hostname} nor a domain above it`)
  return ok({ rpId, origin })
}
