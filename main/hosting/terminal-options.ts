/** What a terminal is told when it starts: arguments, or environment variables of the same names. Parsed once, here. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { err, ok, type Result } from '#shared/result.ts'

const PORT_MAX = 65_535
const POINT_BYTES = 33
/** Ten years either way: beyond any training or test. */
const CLOCK_OFFSET_MS_MAX = 315_360_000_000
const PRINTER_TCP = /^tcp:\/\/(?<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,45}\]):(?<port>[0-9]{1,5})$/

const ENVIRONMENT_PREFIX = 'BANDTILL_'
/** The training world's radio, or Bluetooth: `auto` leaves the driver to the settings, the others force one. */
const RADIOS = ['practice', 'auto', 'abandonware', 'stoprocent'] as const

/** Each option's help line is also what the start says when the option is wrong. */
const OPTIONS = {
  data: { type: 'string', help: 'DIR: the folder of this terminal: its records, its key, its log' },
  backend: { type: 'string', help: 'URL: where the backend answers; https, or http on this machine' },
  terminal: { type: 'string', help: 'ID: the name this terminal is registered under' },
  'root-point': { type: 'string', help: 'KEY: the root key, 33 bytes in base64url, as the backend prints it' },
  radio: { type: 'string', help: 'practice, auto, abandonware or stoprocent: which radio to use; auto is what the settings say' },
  air: { type: 'string', help: 'SOCKET: where the practice air listens' },
  'hci-socket': { type: 'string', help: 'SOCKET: a virtual Bluetooth controller instead of the one of this machine' },
  'practice-desk': { type: 'string', help: 'SOCKET: where the practice world shows itself and is steered' },
  'practice-printer': { type: 'string', help: 'SOCKET: where the practice printer takes its bytes' },
  'enrolment-code': { type: 'string', help: 'CODE: the one-time code of the first start' },
  port: { type: 'string', help: '0-65535: the port of the screens, 0 for any free one' },
  'clock-offset-ms': { type: 'string', help: 'MS: added to the clock, for training and tests' },
  printer: { type: 'string', help: 'file or tcp://HOST:PORT: where receipts are printed' },
  screens: { type: 'string', help: 'DIR: the folder of the built screens' },
  open: { type: 'boolean', help: 'open the screens in the default browser; --no-open only prints their address' },
  ipv6: { type: 'boolean', help: 'listen on ::1 as well as on 127.0.0.1' },
  practice: { type: 'boolean', help: 'the practice world: nothing is real' },
} as const

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max)
const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]'])

function isBackendAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, pathname, search, hash } = new URL(text)
  if (username || password || search || hash || pathname !== '/') return false
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK_HOSTS.has(hostname))
}

const printer = z.string().transform((text, context): PrinterChoice => {
  if (text === 'file') return { kind: 'file' }
  const { host, port } = PRINTER_TCP.exec(text)?.groups ?? {}
  if (host !== undefined && Number(port) >= 1 && Number(port) <= PORT_MAX) {
    return { kind: 'tcp', host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  }
  context.addIssue({ code: 'custom', message: 'not a printer' })
  return z.NEVER
})

const optionsSchema = z.strictObject({
  data: z
    .string()
    .min(1)
    .transform((folder) => resolve(folder)),
  backend: z
    .string()
    .refine(isBackendAddress)
    .transform((text) => new URL(text).href.replace(/\/$/, '')),
  terminal: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  'root-point': z.string().transform((text, context) => {
    const bytes = fromBase64Url(text)
    if (bytes?.length === POINT_BYTES) return bytes
    context.addIssue({ code: 'custom', message: 'not a point' })
    return z.NEVER
  }),
  radio: z.enum(RADIOS).default('practice'),
  air: z.string().min(1).max(4_096).optional(),
  'hci-socket': z.string().min(1).max(4_096).optional(),
  'practice-desk': z.string().min(1).max(4_096).optional(),
  'practice-printer': z.string().min(1).max(4_096).optional(),
  'enrolment-code': z.string().min(1).max(128).optional(),
  port: whole(0, PORT_MAX).default(0),
  'clock-offset-ms': whole(-CLOCK_OFFSET_MS_MAX, CLOCK_OFFSET_MS_MAX).default(0),
  printer: printer.prefault('file'),
  screens: z
    .string()
    .min(1)
    .transform((folder) => resolve(folder))
    .optional(),
  open: z.boolean().default(false),
  ipv6: z.boolean().default(false),
  practice: z.boolean().default(true),
})

export type PrinterChoice = { readonly kind: 'file' } | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** Practice has its air, live has its Bluetooth: never both. */
export type RadioChoice =
  | { readonly kind: 'practice'; readonly airSocket: string }
  | { readonly kind: 'bluetooth'; readonly driver: Exclude<(typeof RADIOS)[number], 'practice'>; readonly hciSocket?: string }

export type TerminalOptions = {
  /** An absolute path. */
  readonly dataFolder: string
  readonly backendUrl: string
  readonly terminalId: string
  /** 33 bytes. */
  readonly rootPoint: Uint8Array<ArrayBuffer>
  readonly radio: RadioChoice
  readonly practiceDeskSocket?: string
  readonly practicePrinterSocket?: string
  readonly enrolmentCode?: string
  /** 0: any free port. */
  readonly port: number
  readonly clockOffsetMs: number
  readonly printer: PrinterChoice
  /** An absolute path; the built screens beside the program when not given. */
  readonly screensFolder?: string
  readonly open: boolean
  readonly ipv6: boolean
  readonly practice: boolean
}

/** `usage`: one line for each thing that is missing or wrong, each saying what belongs there. */
export type OptionsRefusal = { readonly code: 'usage'; readonly lines: readonly string[] }

/** Reads arguments first, then the environment (`--root-point` is `BANDTILL_ROOT_POINT`), then defaults. */
export function parseTerminalOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Result<TerminalOptions, OptionsRefusal> {
  const given = readArguments(args)
  if (!given.ok) return given
  const all = { ...fromEnvironment(environment), ...given.value }
  const parsed = optionsSchema.safeParse(all)
  if (!parsed.success) {
    const wrong = new Set(parsed.error.issues.map((issue) => String(issue.path[0])))
    if (all['air'] === undefined && (all['radio'] ?? 'practice') === 'practice') wrong.add('air')
    return usage([...wrong].map((name) => `--${name} is missing or wrong. It takes ${helpOf(name)}.`))
  }
  const { data, enrolment, ...rest } = { ...parsed.data, enrolment: parsed.data['enrolment-code'] }
  const radio = radioChoice(rest)
  if (!radio.ok) return radio
  return ok({
    dataFolder: data,
    backendUrl: rest.backend,
    terminalId: rest.terminal,
    rootPoint: rest['root-point'],
    radio: radio.value,
    ...(rest['practice-desk'] === undefined ? {} : { practiceDeskSocket: rest['practice-desk'] }),
    ...(rest['practice-printer'] === undefined ? {} : { practicePrinterSocket: rest['practice-printer'] }),
    ...(enrolment === undefined ? {} : { enrolmentCode: enrolment }),
    port: rest.port,
    clockOffsetMs: rest['clock-offset-ms'],
    printer: rest.printer,
    ...(rest.screens === undefined ? {} : { screensFolder: rest.screens }),
    open: rest.open,
    ipv6: rest.ipv6,
    practice: rest.practice,
  })
}

type RadioOptions = Pick<z.infer<typeof optionsSchema>, 'radio' | 'air' | 'hci-socket' | 'practice' | 'practice-desk' | 'practice-printer'>

function radioChoice(given: RadioOptions): Result<RadioChoice, OptionsRefusal> {
  const { radio, air, 'hci-socket': hciSocket, practice } = given
  const mixed = (what: string) => usage([`${what}: practice and live are never mixed.`])
  if (radio === 'practice') {
    if (!practice) return mixed('--no-practice was given with the practice radio')
    if (hciSocket !== undefined) return mixed('--hci-socket was given with the practice radio')
    return air === undefined ? usage([`--air is missing or wrong. It takes ${helpOf('air')}.`]) : ok({ kind: 'practice', airSocket: air })
  }
  if (practice) return mixed(`--radio ${radio} was given without --no-practice`)
  for (const name of ['air', 'practice-desk', 'practice-printer'] as const) {
    if (given[name] !== undefined) return mixed(`--${name} was given with --no-practice`)
  }
  return ok({ kind: 'bluetooth', driver: radio, ...(hciSocket === undefined ? {} : { hciSocket }) })
}

function usage(lines: readonly string[]): Result<never, OptionsRefusal> {
  return err({ code: 'usage', lines })
}

function helpOf(name: string): string {
  const known: Readonly<Record<string, { readonly help: string } | undefined>> = OPTIONS
  return known[name]?.help ?? 'nothing'
}

function readArguments(args: readonly string[]): Result<Record<string, unknown>, OptionsRefusal> {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true, allowNegative: true, allowPositionals: false })
    return ok({ ...values })
  } catch (cause) {
    // Node's own message names the argument; it may hold no more than what was typed.
    return usage([cause instanceof Error ? cause.message : 'the arguments cannot be read'])
  }
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [name, { type }] of Object.entries(OPTIONS)) {
    const text = environment[environmentName(name)]
    if (text === undefined || text === '') continue
    if (type === 'string') found[name] = text
    else found[name] = text === '1' || text === 'true' ? true : text === '0' || text === 'false' ? false : text
  }
  return found
}

/** The environment variable that stands for an option. */
function environmentName(name: string): string {
  return ENVIRONMENT_PREFIX + name.toUpperCase().replaceAll('-', '_')
}
