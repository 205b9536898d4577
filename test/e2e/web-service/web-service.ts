/**
 * A web service that signs people in by their wallet: plain Node and a stock JWT library, nothing of ours. What docs/identity.md tells a web
 * service to do is what this file does.
 */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'

const CALLBACK = '/signed-in'
const BODY_MAX_BYTES = 16_384

type Configuration = { readonly issuer: string; readonly authorization_endpoint: string; readonly jwks_uri: string }

export class WebService {
  /** Who was signed in, newest last; and why somebody was not. */
  readonly signedIn: JWTPayload[] = []
  readonly refused: string[] = []
  /** Every line a web server would log. */
  readonly log: string[] = []
  readonly #clientId: string
  readonly #now: () => Date
  readonly #server: Server
  /** The nonce that belongs to each state handed out, until it comes back. */
  readonly #waiting = new Map<string, string>()
  #configuration: Configuration | undefined
  #jwks: ReturnType<typeof createRemoteJWKSet> | undefined

  constructor(clientId: string, now: () => Date = () => new Date()) {
    this.#clientId = clientId
    this.#now = now
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    })
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get origin(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening')
    return `http://127.0.0.1:${address.port}`
  }

  get callback(): string {
    return `${this.origin}${CALLBACK}`
  }

  /** Finds out where the issuer's pages and keys are. */
  async discover(issuer: string): Promise<void> {
    const reply = await fetch(`${issuer}/.well-known/openid-configuration`)
    const configuration = (await reply.json()) as Configuration
    if (configuration.issuer !== issuer) throw new Error('another issuer')
    this.#configuration = configuration
    this.#jwks = createRemoteJWKSet(new URL(configuration.jwks_uri))
  }

  /** The address that begins a sign-in. */
  begin(): string {
    if (!this.#configuration) throw new Error('discover first')
    const [state, nonce] = [randomBytes(16).toString('base64url'), randomBytes(16).toString('base64url')]
    this.#waiting.set(state, nonce)
    const query = new URLSearchParams({
      ...{ client_id: this.#clientId, redirect_uri: this.callback, response_type: 'id_token', response_mode: 'form_post' },
      ...{ scope: 'openid profile member_number', nonce, state },
    })
    return `${this.#configuration.authorization_endpoint}?${query}`
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.log.push(`${request.method} ${request.url}`)
    if (request.method === 'GET' && request.url === '/sign-in') {
      response.writeHead(303, { location: this.begin() }).end()
    } else if (request.method === 'POST' && request.url === CALLBACK) {
      const said = await this.#signIn(await text(request))
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(said)
    } else {
      response.writeHead(404).end()
    }
  }

  async #signIn(body: string): Promise<string> {
    const form = new URLSearchParams(body.slice(0, BODY_MAX_BYTES))
    const state = form.get('state') ?? ''
    const nonce = this.#waiting.get(state)
    this.#waiting.delete(state)
    try {
      if (nonce === undefined) throw new Error('nobody began this')
      if (form.get('error') !== null) throw new Error(form.get('error') ?? '')
      if (!this.#jwks || !this.#configuration) throw new Error('discover first')
      const options = {
        issuer: this.#configuration.issuer,
        audience: this.#clientId,
        algorithms: ['ES256'],
        requiredClaims: ['sub', 'nonce', 'iat', 'exp'],
        currentDate: this.#now(),
      }
      const { payload } = await jwtVerify(form.get('id_token') ?? '', this.#jwks, options)
      if (payload['nonce'] !== nonce) throw new Error('another nonce')
      this.signedIn.push(payload)
      return `Welcome, ${typeof payload['name'] === 'string' ? payload['name'] : 'guest'}`
    } catch (error) {
      this.refused.push(error instanceof Error ? error.message : String(error))
      return 'Not signed in'
    }
  }
}
