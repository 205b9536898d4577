/** A backend in the harness's hands: it answers a phone's calls as a rule has it answer, and keeps every call it was made. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ALLOWANCE_PATHS } from '#shared/contracts/allowance-api.ts'
import { BACKEND_PATHS, certifyPhone, submit } from '#shared/contracts/backend-api.ts'
import { BAND_PATHS, beginPairing, confirmPairing } from '#shared/contracts/bands-api.ts'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import { IDENTITY_PATHS } from '#shared/contracts/identity-api.ts'
import { type PairOffer, pairOffer } from '#shared/contracts/link-messages.ts'
import { authorization, decline, payStatement } from '#shared/contracts/radio-messages.ts'
import { WALLET_LIMITS_PATHS, type WalletLimitsView } from '#shared/contracts/wallet-limits-api.ts'
import { type CallError, verifyCall } from '#shared/crypto/http-signature.ts'
import { importVerifyKey, newSigner, randomBytes, sha256 } from '#shared/crypto/keys.ts'
import { peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import { REASONS } from '#shared/domain/reasons.ts'
import type { Authority } from './authority.ts'
import { AllowanceDesk, IdentityDesk } from './backend-desks.ts'
import { asJson } from './line.ts'

const BODY_MAX_BYTES = 65_536
const CAPTURE_S = 30 * 86_400
/** What the account allows without asking its owner, minor units. */
export const CONFIRM_ABOVE = 500_000

const LIMITS: WalletLimitsView = {
  currency: 'CNY',
  limits: {
    ...{ perPayment: 5_000_000, perDay: 900_000_000, perMerchantPerDay: 900_000_000, confirmAbove: CONFIRM_ABOVE, noKnockLimit: 5_000_000 },
    ...{ velocity: { payments: 1_000_000, withinMinutes: 1 }, placeMaxMetres: 20_100_000 },
  },
  timeZone: 'Asia/Shanghai',
  spent: { today: 0, todayAtMerchant: 0, paymentsInWindow: 0 },
}

export type Submitted = {
  readonly statement: Uint8Array
  readonly certificate: Uint8Array
  readonly requestDigest: Uint8Array
  readonly proof: Uint8Array
  readonly act: string
}
/**
 * What the next submissions get: a yes or a no, a yes that nobody who matters has signed, a yes about another statement, or no answer at
 * all, the connection being cut.
 */
export type Answering = 'yes' | 'no' | 'forged' | 'other' | 'cut'
type Reply = { readonly status: number; readonly body: unknown } | 'cut'
const NOT_KNOWN: Reply = { status: 404, body: { code: 'unknown', message: 'no such call here' } }

export class BackendSide {
  readonly #authority: Authority
  readonly #nowS: () => number
  readonly #server: Server
  readonly submitted: Submitted[] = []
  /** What was wrong with the signature of a call, for each that was. */
  readonly badCalls: { readonly path: string; readonly error: CallError | 'nonce-repeated' | 'malformed' }[] = []
  calls = 0
  readonly allowances: AllowanceDesk
  readonly identities: IdentityDesk
  answering: Answering = 'yes'
  /** The band's offer as the phone has brought it, and what the band said when it was bound. */
  paired: { readonly offer: PairOffer; readonly bytes: Uint8Array } | undefined
  confirmed: Uint8Array | undefined
  /** Changes the binding before it is signed. */
  spoilBinding: (offer: PairOffer) => PairOffer = (offer) => offer
  phone: { readonly id: string; readonly point: Uint8Array } | undefined
  readonly #answers = new Map<string, { readonly kind: string; readonly signed: Uint8Array }>()
  readonly #nonces = new Set<string>()

  private constructor(authority: Authority, nowS: () => number) {
    this.#authority = authority
    this.#nowS = nowS
    this.allowances = new AllowanceDesk(authority, nowS)
    this.identities = new IdentityDesk(authority, nowS)
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async listen(authority: Authority, nowS: () => number): Promise<BackendSide> {
    const backend = new BackendSide(authority, nowS)
    await new Promise<void>((resolve) => backend.#server.listen({ host: '127.0.0.1', port: 0 }, resolve))
    return backend
  }

  get url(): string {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of request) {
      size += (chunk as Buffer).length
      if (size <= BODY_MAX_BYTES) chunks.push(chunk as Buffer)
    }
    const reply = await this.#reply(request, Buffer.concat(chunks))
    if (reply === 'cut') return void response.destroy()
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
  }

  async #reply(request: IncomingMessage, body: Buffer): Promise<Reply> {
    this.calls += 1
    const { method = '', url: path = '' } = request
    const error = await this.#signatureFault(request, body)
    if (error) {
      this.badCalls.push({ path, error })
      return { status: 401, body: { code: 'bad-signature', message: error } }
    }
    const json = body.length === 0 ? undefined : asJson(body)
    const [pathname = ''] = path.split('?')
    if (method === 'POST' && pathname === BACKEND_PATHS.certifyPhone) return this.#certify(json)
    if (method === 'POST' && pathname === BACKEND_PATHS.submit) return this.#submit(json)
    if (method === 'GET' && pathname === WALLET_LIMITS_PATHS.limits) return { status: 200, body: LIMITS }
    if (method === 'POST' && pathname === BAND_PATHS.pairings) return this.#pairing(json)
    if (method === 'POST' && pathname === ALLOWANCE_PATHS.allowances) return this.#told(pathname, await this.allowances.open(json))
    if (method === 'POST' && pathname === ALLOWANCE_PATHS.spent) return this.#told(pathname, this.allowances.tell(json))
    if (method === 'POST' && pathname === IDENTITY_PATHS.identify) return this.#told(pathname, await this.identities.answer(json))
    const [, allowanceId] = /^\/v1\/allowances\/([0-9a-f]{32})$/.exec(pathname) ?? []
    if (method === 'GET' && allowanceId !== undefined) return this.#told(pathname, this.allowances.state(allowanceId))
    if (method === 'POST' && /^\/v1\/bands\/[0-9a-f]{32}\/confirmation$/.test(pathname)) return this.#confirmation(json)
    return NOT_KNOWN
  }

  /** Calls are checked as docs/protocol.md §12 has it; a nonce counts once. */
  async #signatureFault(request: IncomingMessage, body: Buffer): Promise<CallError | 'nonce-repeated' | undefined> {
    const headers = Object.fromEntries(
      ['signature', 'signature-input', 'content-digest'].map((name) => [name, request.headers[name] as string | undefined]),
    )
    const url = `${this.url}${request.url}`
    const find = async (keyId: string) => {
      if (!this.phone || keyId !== `phone:${this.phone.id}`) return undefined
      const key = await importVerifyKey(this.phone.point)
      return key.ok ? key.value : undefined
    }
    const checked = await verifyCall({ method: request.method ?? '', url, body: Uint8Array.from(body), headers }, find, this.#nowS())
    if (!checked.ok) return checked.error
    if (this.#nonces.has(checked.value.nonce)) return 'nonce-repeated'
    this.#nonces.add(checked.value.nonce)
    return undefined
  }

  #told(path: string, body: object | undefined): Reply {
    return body ? { status: 200, body } : this.#malformed(path)
  }

  #malformed(path: string): Reply {
    this.badCalls.push({ path, error: 'malformed' })
    return { status: 400, body: { code: 'malformed', message: 'not as the contract says' } }
  }

  async #certify(json: unknown): Promise<Reply> {
    const body = certifyPhone.body.safeParse(json)
    if (!body.success) return this.#malformed(BACKEND_PATHS.certifyPhone)
    const certificates = await Promise.all(
      body.data.keys.map(async ({ point, slot }) =>
        toBase64Url(await this.#authority.phoneCertificate(fromBase64Url(point) ?? new Uint8Array(0), slot)),
      ),
    )
    return { status: 200, body: { certificates, keySet: this.#keySet() } }
  }

  async #submit(json: unknown): Promise<Reply> {
    const body = submit.body.safeParse(json)
    if (!body.success) return this.#malformed(BACKEND_PATHS.submit)
    const { statement, certificate, requestDigest, proof, act } = body.data
    const [statementBytes, ...rest] = [statement, certificate, requestDigest, proof].map((text) => fromBase64Url(text) ?? new Uint8Array(0))
    const [certificateBytes, digestBytes, proofBytes] = rest
    if (!statementBytes || !certificateBytes || !digestBytes || !proofBytes) return this.#malformed(BACKEND_PATHS.submit)
    this.submitted.push({ statement: statementBytes, certificate: certificateBytes, requestDigest: digestBytes, proof: proofBytes, act })
    if (this.answering === 'cut') return 'cut'
    const known = this.#answers.get(statement) ?? (await this.#answer(statementBytes))
    if (!known) return this.#malformed(BACKEND_PATHS.submit)
    if (this.answering !== 'forged' && this.answering !== 'other') this.#answers.set(statement, known)
    return { status: 200, body: { kind: known.kind, signed: toBase64Url(known.signed), hint: known.kind === 'decline' ? 'funds' : 'none' } }
  }

  async #answer(statement: Uint8Array): Promise<{ readonly kind: string; readonly signed: Uint8Array } | undefined> {
    const peeked = peekSign1(payStatement, statement)
    if (!peeked.ok) return undefined
    const { requestId, amount, currency, knocks } = peeked.value.value
    const statementDigest = this.answering === 'other' ? randomBytes(32) : await sha256(statement)
    const by = this.answering === 'forged' ? await newSigner() : this.#authority.signer('authorizer')
    const at = this.#nowS()
    if (this.answering === 'no') {
      const no = { requestId, statementDigest, terminalId: 'conform-1', reason: REASONS['wallet-refused'].code, at }
      return { kind: 'decline', signed: await sign1(decline, no, by, { withKid: true }) }
    }
    const yes = {
      ...{ authorizationId: randomBytes(16), requestId, statementDigest, amount, currency, merchantId: 'conform', terminalId: 'conform-1' },
      ...{ approvedAt: at, captureBy: at + CAPTURE_S, customer: randomBytes(8), displayName: 'Customer', knocks, mode: 1 },
    }
    return { kind: 'authorization', signed: await sign1(authorization, yes, by, { withKid: true }) }
  }

  async #pairing(json: unknown): Promise<Reply> {
    const body = beginPairing.body.safeParse(json)
    const bytes = body.success ? fromBase64Url(body.data.offer) : undefined
    const peeked = bytes && peekSign1(pairOffer, bytes)
    if (!bytes || !peeked?.ok) return this.#malformed(BAND_PATHS.pairings)
    const offer = peeked.value.value
    this.paired = { offer, bytes }
    const { bandId, epoch, point, phonePoint } = this.spoilBinding(offer)
    const binding = await this.#authority.binding({ bandId, epoch, point, phonePoint, at: this.#nowS() })
    return { status: 200, body: { binding: toBase64Url(binding), keySet: this.#keySet() } }
  }

  #confirmation(json: unknown): Reply {
    const body = confirmPairing.body.safeParse(json)
    const bytes = body.success ? fromBase64Url(body.data.bound) : undefined
    if (!bytes || !this.paired) return this.#malformed(BAND_PATHS.confirmation)
    this.confirmed = bytes
    const { bandId, epoch } = this.paired.offer
    return { status: 200, body: { bandId: Buffer.from(bandId).toString('hex'), epoch } }
  }

  #keySet(): readonly string[] {
    return this.#authority.keySet.map((statement) => toBase64Url(statement))
  }
}
