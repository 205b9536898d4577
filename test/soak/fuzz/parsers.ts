/** Every parser of the system that reads bytes or text from outside, each declared once. */
import type { Parser } from './parser.ts'
import { callParsers } from './parsers/calls.ts'
import { contractParsers } from './parsers/contracts.ts'
import { keptParsers } from './parsers/kept.ts'
import { lineParsers } from './parsers/line.ts'
import { phoneLinkParsers } from './parsers/phone-link.ts'
import { radioParsers } from './parsers/radio.ts'
import { statementParsers } from './parsers/statements.ts'
import { trustParsers } from './parsers/trust.ts'

let known: Promise<readonly Parser[]> | undefined

/** Made at the first call: some of their specimens are signed and sealed. */
export async function parsers(): Promise<readonly Parser[]> {
  known ??= all()
  return known
}

async function all(): Promise<readonly Parser[]> {
  return [
    ...radioParsers(),
    ...phoneLinkParsers(),
    ...lineParsers(),
    ...statementParsers(),
    ...(await trustParsers()),
    ...callParsers(),
    ...(await keptParsers()),
    ...(await contractParsers()),
  ]
}
