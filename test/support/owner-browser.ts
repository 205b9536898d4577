/** An owner's browser on the backend's page: keeps its cookies, says where it is, and asks an authenticator for passkeys. */
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { addPasskey, OWNER_PATHS, passkeyOptions, signInOptions } from '#shared/contracts/owner-api.ts'
import type { BackendWorld, Customer, Method, Reply } from './backend-world.ts'
import { type Quirks, SoftwareAuthenticator } from './software-authenticator.ts'

type Answer = Reply & { readonly headers: Headers }
type Send = (method: Method, path: string, headers: Record<string, string>, body: string | undefined) => Promise<Answer>

/** Of a backend that does not listen: the page it believes to serve. */
const ORIGIN = 'http://localhost'

/** Calls an app in memory. `from`: the address they seem to come from. */
function inject(world: BackendWorld, from: string): Send {
  return async (method, url, headers, payload) => {
    const options = { method, url, headers, remoteAddress: from, ...(payload === undefined ? {} : { payload }) }
    const reply = await world.backend.app.inject(options)
    const received = new Headers()
    for (const [name, value] of Object.entries(reply.headers)) {
      for (const one of Array.isArray(value) ? value : [value]) received.append(name, String(one))
    }
    return { status: reply.statusCode, json: reply.json<Record<string, unknown>>(), headers: received }
  }
}

/** Calls a backend that listens. */
function overHttp(base: string): Send {
  return async (method, path, headers, body) => {
    const reply = await fetch(base + path, { method, headers, ...(body === undefined ? {} : { body }) })
    return { status: reply.status, json: (await reply.json()) as Record<string, unknown>, headers: reply.headers }
  }
}

export class OwnerBrowser {
  readonly authenticator: SoftwareAuthenticator
  readonly origin: string
  readonly #send: Send
  readonly #cookies: Map<string, string>
  /** As the backend set it last, attributes and all. */
  setCookie = ''

  private constructor(send: Send, origin: string, authenticator?: SoftwareAuthenticator, cookies: ReadonlyMap<string, string> = new Map()) {
    this.#cookies = new Map(cookies)
    this.#send = send
    this.origin = origin
    this.authenticator = authenticator ?? new SoftwareAuthenticator(() => origin)
  }

  static of(
    world: BackendWorld,
    options: {
      readonly authenticator?: SoftwareAuthenticator
      readonly cookies?: ReadonlyMap<string, string>
      readonly from?: string
      readonly origin?: string
    } = {},
  ): OwnerBrowser {
    return new OwnerBrowser(inject(world, options.from ?? '127.0.0.1'), options.origin ?? ORIGIN, options.authenticator, options.cookies)
  }

  static overHttp(port: number): OwnerBrowser {
    return new OwnerBrowser(overHttp(`http://127.0.0.1:${port}`), `http://localhost:${port}`)
  }

  get cookies(): ReadonlyMap<string, string> {
    return this.#cookies
  }

  /** As fetch() from our own page does it. `headers`: what another page's browser would say instead. */
  async call(method: Method, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await this.#send(
      method,
      path,
      {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(cookie === '' ? {} : { cookie }),
        ...(method === 'GET' ? {} : { origin: this.origin }),
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
      body === undefined ? undefined : JSON.stringify(body),
    )
    for (const line of reply.headers.getSetCookie()) {
      this.setCookie = line
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return reply
  }

  /** Makes a passkey: for whom a phone invited, or in this browser's session. */
  async register(ask: { invitation?: string; label?: string; quirks?: Quirks } = {}): Promise<Answer> {
    const invitation = ask.invitation === undefined ? {} : { invitation: ask.invitation }
    const options = await this.call('POST', OWNER_PATHS.passkeyOptions, invitation)
    if (options.status !== 200) return options
    const credential = this.authenticator.create(passkeyOptions.reply.parse(options.json), ask.quirks)
    return this.call('POST', OWNER_PATHS.passkeys, { ...invitation, label: ask.label ?? 'Laptop', credential })
  }

  async signIn(quirks?: Quirks): Promise<Answer> {
    const options = signInOptions.reply.parse((await this.call('POST', OWNER_PATHS.signInOptions)).json)
    return this.call('POST', OWNER_PATHS.signIn, { credential: this.authenticator.get(options, quirks) })
  }

  async recover(code: string): Promise<Answer> {
    return this.call('POST', OWNER_PATHS.recoverySignIn, { code })
  }
}

/** A ticket from the customer's phone. */
export async function invited(customer: Customer): Promise<string> {
  const reply = await customer.call('POST', OWNER_PATHS.invitations)
  const ticket = String(reply.json['ticket'])
  if (reply.status !== 200 || !fromBase64Url(ticket)) throw new Error(`no invitation: ${JSON.stringify(reply)}`)
  return ticket
}

/** `OWNER_PATHS` with its one parameter filled in. */
export function ownerPath(name: keyof typeof OWNER_PATHS, value: string): string {
  return OWNER_PATHS[name].replace(/\{\w+\}/, encodeURIComponent(value))
}

/** A customer's browser with their first passkey, signed in and fresh; with the recovery codes that came with it. */
export async function signedUp(
  world: BackendWorld,
  customer: Customer,
): Promise<{ readonly browser: OwnerBrowser; readonly codes: readonly string[]; readonly passkeyId: string }> {
  const browser = OwnerBrowser.of(world)
  const reply = await browser.register({ invitation: await invited(customer) })
  if (reply.status !== 200) throw new Error(`not registered: ${JSON.stringify(reply)}`)
  const { passkeyId, recoveryCodes = [] } = addPasskey.reply.parse(reply.json)
  return { browser, codes: recoveryCodes, passkeyId }
}
