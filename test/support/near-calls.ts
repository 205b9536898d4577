/**
 * Calls to a backend of the same process without a socket in between, for whoever makes tens of thousands of them: the same requests,
 * the same answers, and the failures that `fetch` has when a wire breaks.
 */
import type { Backend } from '#reference/backend/app.ts'
import type { CallFate } from './counter-backend.ts'

export type NearBackend = {
  /** The app that listens now, or nothing when the backend is stopped. */
  readonly listening: () => { readonly app: Backend['app']; readonly stopped: AbortSignal } | undefined
  /** What becomes of a call, which is hereby noted. */
  readonly admit: (call: { readonly method: string; readonly path: string; readonly signatureInput: string }) => CallFate
}

/** A `fetch` that reaches this backend, whatever the address says. */
export function nearFetch(backend: NearBackend): typeof fetch {
  return async (input, init) => callNear(backend, new URL(input instanceof Request ? input.url : input), init ?? {})
}

/** Until `Symbol.dispose`, every call to this backend made with the global `fetch` takes the short way. */
export function takeCallsNear(backend: NearBackend & { readonly url: string }): Disposable {
  const far = globalThis.fetch
  const near = nearFetch(backend)
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    return url.origin === backend.url ? near(url, init) : far(input, init)
  }
  return {
    [Symbol.dispose]: () => {
      globalThis.fetch = far
    },
  }
}

async function callNear(backend: NearBackend, url: URL, init: RequestInit): Promise<Response> {
  const signal = init.signal ?? undefined
  signal?.throwIfAborted()
  const listening = backend.listening()
  if (!listening) throw broken('ECONNREFUSED')
  const { app, stopped } = listening
  const headers = Object.fromEntries(new Headers(init.headers))
  const [method, path] = [init.method ?? 'GET', `${url.pathname}${url.search}`]
  const fate = backend.admit({ method, path, signatureInput: headers['signature-input'] ?? '' })
  if (fate === 'refuse') throw broken('ECONNRESET')
  const { body } = init
  const payload = body instanceof Uint8Array ? Buffer.from(body) : typeof body === 'string' ? body : undefined
  const answering = app.inject({ method: method as 'GET', url: path, headers, ...(payload ? { payload } : {}) })
  const answer = await untilCut(answering, [signal, stopped])
  if (fate === 'lose-answer') throw broken('ECONNRESET')
  if (fate === 'fail-after') return new Response('{}', { status: 500, headers: { 'content-type': 'application/json' } })
  const given = Object.entries(answer.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as const]))
  const bytes = new Uint8Array(answer.rawPayload)
  if (fate === 'cut-answer' && bytes.length < 2) throw broken('ECONNRESET')
  const content = fate === 'cut-answer' ? cutShort(bytes) : bytes
  return new Response(answer.statusCode === 204 ? null : content, {
    status: answer.statusCode,
    headers: given.map(([name, value]) => [name, value]),
  })
}

/** The answer, unless the caller or the backend goes first. What the backend has begun it ends all the same. */
async function untilCut<T>(answering: Promise<T>, signals: readonly (AbortSignal | undefined)[]): Promise<T> {
  const cut = Promise.withResolvers<never>()
  const stops = signals.flatMap((signal, index) => {
    if (!signal) return []
    const onAbort = () => cut.reject(index === 0 ? signal.reason : broken('UND_ERR_SOCKET'))
    signal.addEventListener('abort', onAbort, { once: true })
    return [() => signal.removeEventListener('abort', onAbort)]
  })
  try {
    return await Promise.race([answering, cut.promise])
  } finally {
    for (const stop of stops) stop()
  }
}

function cutShort(bytes: Uint8Array<ArrayBuffer>): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes.slice(0, bytes.length / 2))
    },
    pull(controller) {
      controller.error(broken('UND_ERR_SOCKET'))
    },
  })
}

function broken(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
}
