/** Reads what a witness saw: from a file of its own, or from a backend that is asked as its operator. */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import type * as z from 'zod'
import { getWitness, type SeenHead, WITNESS_FILE_HEADS_MAX, WITNESS_PATHS, witnessFile } from '#shared/contracts/witness.ts'
import { err, ok, type Result } from '#shared/result.ts'

/** A file of the most heads there may be. */
const FILE_BYTES_MAX = 512 * 1024 ** 2
/** One page of heads is about 120 kB. */
const PAGE_BYTES_MAX = 4 * 1024 ** 2
/** A backend that has not answered in full by then does not answer, milliseconds. */
const CALL_TIMEOUT_MS = 10_000
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])
/** Where the operator's token is taken from, as the backend takes it: a command line is seen by everybody on the machine. */
export const TOKEN_VARIABLE = 'BANDTILL_OPERATOR_TOKEN'

/** `heads`: those of one terminal. An `epoch` in them can be relied on. */
export type Witness = { readonly name: string; readonly heads: readonly SeenHead[] }
type Reading = { readonly terminalId: string; readonly token: string | undefined; readonly fetch?: typeof fetch }

/** The error says in words why it cannot be read. */
export async function readWitness(name: string, reading: Reading): Promise<Result<Witness, string>> {
  const heads = /^https?:\/\//i.test(name) ? await fromBackend(name, reading) : fromFile(name, reading.terminalId)
  return heads.ok ? ok({ name, heads: heads.value }) : err(`the witness ${name}: ${heads.error}`)
}

function fromFile(name: string, terminalId: string): Result<readonly SeenHead[], string> {
  try {
    // npm runs scripts in the repository; the name is meant from where npm was called.
    const file = resolve(process.env['INIT_CWD'] ?? process.cwd(), name)
    const status = statSync(file, { throwIfNoEntry: false })
    if (!status?.isFile()) return err('there is no such file')
    if (status.size > FILE_BYTES_MAX) return err('the file is too long')
    const read = parsed(witnessFile, readFileSync(file, 'utf8'))
    if (!read) return err('it is no witness file')
    return ok(read.heads.filter((head) => head.terminalId === terminalId))
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  }
}

/** `name` is the address of a backend, or of its witness call for a terminal. */
async function fromBackend(name: string, reading: Reading): Promise<Result<readonly SeenHead[], string>> {
  if (!URL.canParse(name)) return err('it is no address')
  const url = new URL(name)
  if (url.protocol !== 'https:' && !LOOPBACK.has(url.hostname))
    return err('the operator’s token goes over https only, or stays on this machine')
  if (reading.token === undefined) return err(`it is asked with the operator’s token, and ${TOKEN_VARIABLE} is not set`)
  if (url.pathname === '/') url.pathname = WITNESS_PATHS.terminal.replace('{terminalId}', reading.terminalId)
  const heads: SeenHead[] = []
  const cursors = new Set<string>()
  while (heads.length <= WITNESS_FILE_HEADS_MAX) {
    const page = await pageOf(url, reading.token, reading.fetch ?? fetch)
    if (!page.ok) return page
    // What the backend saw in a request says nothing of its epoch: the backend has noted the one it knew of.
    heads.push(
      ...page.value.heads.map(({ source, epoch, ...head }) => (source === 'request' || epoch === undefined ? head : { ...head, epoch })),
    )
    const { next } = page.value
    if (next === undefined) return ok(heads)
    if (cursors.has(next)) return err('its pages go in a circle')
    cursors.add(next)
    url.searchParams.set('after', next)
  }
  return err('it has more to say than can be looked at')
}

type Page = z.output<typeof getWitness.reply>

async function pageOf(url: URL, token: string, call: typeof fetch): Promise<Result<Page, string>> {
  try {
    const response = await call(url, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      // The token is for this address and no other.
      redirect: 'error',
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    })
    if (!response.ok) {
      await response.body?.cancel()
      return err(`it answers ${response.status}`)
    }
    const text = await textOf(response)
    const page = text === undefined ? undefined : parsed(getWitness.reply, text)
    return page ? ok(page) : err('its answer is not what the contract says')
  } catch (error) {
    return err(`it does not answer (${reasonOf(error)})`)
  }
}

/** Undefined when it is longer than an answer may be. */
async function textOf(response: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  const body: AsyncIterable<Uint8Array> = response.body ?? Readable.from([])
  for await (const chunk of body) {
    length += chunk.length
    if (length > PAGE_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    const read = schema.safeParse(JSON.parse(text))
    return read.success ? read.data : undefined
  } catch {
    return undefined
  }
}
