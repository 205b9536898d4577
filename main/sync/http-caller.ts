import { Readable } from 'node:stream'
import type * as z from 'zod'
import type { BackendRefusal, Clock } from '#main/ports.ts'
import { apiError } from '#shared/contracts/backend-api.ts'
import { signCall } from '#shared/crypto/http-signature.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import type { SeatId } from '#shared/domain/ids.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { DatedAnswer } from './connection.ts'

/** A call that has not been answered in full by then counts as unanswered, milliseconds. */
export const CALL_TIMEOUT_MS = 10_000
/** The largest answer read. A programme of 500 showtimes is under 1 MiB. */
export const REPLY_BYTES_MAX = 4 * 1024 * 1024

/** What a call is, in the words of the contract. */
export type Call<T> = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** From the root of the service, with parameters filled in. */
  readonly path: string
  readonly body?: unknown
  /** Parses the reply; left out when only the status counts. */
  readonly reply: z.ZodType<T> | undefined
}

export type CallerInput = {
  readonly baseUrl: URL
  readonly keyId: string
  readonly signer: Signer
  readonly clock: Clock
  /** Ends every call in flight. */
  readonly closing: AbortSignal
  readonly fetch: typeof globalThis.fetch
  /** Called with the date of every answer, whatever it says. */
  readonly onDated: (answer: DatedAnswer) => void
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

function unanswered(message: string): Result<never, BackendRefusal> {
  return err({ code: 'offline', message })
}

/** Makes signed calls. Every failure is a value; nothing a server answers throws. */
export function createCaller(input: CallerInput) {
  const send = async (call: Call<unknown>, body: Uint8Array<ArrayBuffer>): Promise<Response> => {
    const url = new URL(call.path, input.baseUrl)
    const sentMs = input.clock.nowMs()
    const signed = await signCall({ method: call.method, url: url.href, body }, input, sentMs / 1_000)
    const response = await input.fetch(url, {
      method: call.method,
      headers: { ...signed, accept: 'application/json', ...(body.length > 0 ? { 'content-type': 'application/json' } : {}) },
      // A signature covers this path only, so nothing is followed elsewhere.
      redirect: 'error',
      signal: AbortSignal.any([input.closing, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
      ...(body.length > 0 ? { body } : {}),
    })
    input.onDated({ sentMs, cameMs: input.clock.nowMs(), date: response.headers.get('date') })
    return response
  }

  return async <T>(call: Call<T>): Promise<Result<T, BackendRefusal>> => {
    const body = call.body === undefined ? new Uint8Array(0) : encoder.encode(JSON.stringify(call.body))
    try {
      const response = await sendTwice(async () => send(call, body))
      return await readReply(response, call)
    } catch (error) {
      return unanswered(describe(error))
    }
  }
}

/** Names in `cause.code` of a connection that broke, such as a kept-alive one the other side had closed. The server may have acted. */
const DEAD_CONNECTION = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** One more try on a fresh connection when a kept one turned out dead. Every call of this API may be repeated. */
async function sendTwice(send: () => Promise<Response>): Promise<Response> {
  try {
    return await send()
  } catch (error) {
    const code = codeOf(error)
    if (code !== undefined && DEAD_CONNECTION.has(code)) return send()
    throw error
  }
}

function codeOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined
}

/** For a log: which kind of failure, never what was sent. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown failure'
  return [error.name, codeOf(error) ?? error.message].join(': ')
}

async function readReply<T>(response: Response, call: Call<T>): Promise<Result<T, BackendRefusal>> {
  const text = await readText(response)
  if (response.status >= 500) return unanswered(`the backend failed with ${response.status}`)
  const content = parseJson(text)
  if (response.ok) {
    // The cast: a call without a schema promises nothing about its reply, so its T is void.
    if (!call.reply) return ok(undefined as T)
    const parsed = call.reply.safeParse(content)
    return parsed.success ? ok(parsed.data) : unanswered('the answer is not what the contract says')
  }
  const refusal = apiError.safeParse(content)
  if (!refusal.success) return unanswered(`an answer ${response.status} that is not the contract's`)
  const { code, message, seats } = refusal.data
  // The cast: the schema has checked each seat id; the brand is all it cannot give.
  return err({ code, message, ...(seats ? { seats: seats.map((seat) => seat as SeatId) } : {}) })
}

/** The whole text, or an exception when it is too long, cut or not UTF-8. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  const body: AsyncIterable<Uint8Array> = response.body ?? Readable.from([])
  for await (const chunk of body) {
    length += chunk.length
    if (length > REPLY_BYTES_MAX) throw new Error(`the answer is longer than ${REPLY_BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return decoder.decode(Buffer.concat(chunks))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
