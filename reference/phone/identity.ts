/**
 * Who the wearer is, said to a terminal that asks: never without the owner's agreement, given now or kept for this merchant, and never more
 * than was agreed. Nothing of a question outlives it on the phone but that agreement; who asked is on record at the backend.
 */
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import type { IdentifyHint } from '#shared/contracts/identity-api.ts'
import { claimsOfBits, identityAnswer } from '#shared/contracts/identity-messages.ts'
import { type BandProof, decline, type TerminalCertificate } from '#shared/contracts/radio-messages.ts'
import type { KeySet } from '#shared/crypto/key-set.ts'
import { type Claim, claimsIn } from '#shared/domain/claims.ts'
import type { IdentifyReason } from '#shared/domain/identify-reasons.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Exchange } from './exchange.ts'
import type { OpenedRequest } from './open-request.ts'
import { askOwner } from './owner-question.ts'
import type { BackendFault, Clock, Relay } from './ports.ts'

/** Wait before the same question is sent to the backend again. */
export const IDENTIFY_RETRY_MS = 1_000

/** Of whom, and what: from the terminal's certificate, never the terminal's own words. */
export type IdentityQuestion = {
  readonly requestId: string
  readonly merchantId: string
  readonly name: string
  readonly site: string
  readonly claims: readonly Claim[]
}
/** Which of the claims the owner gives: none is a no. `always`: also the next time this merchant asks for these. */
export type IdentityReply = { readonly given: readonly Claim[]; readonly always: boolean }

export type IdentityEvent =
  | { readonly type: 'identity-given'; readonly question: IdentityQuestion; readonly given: readonly Claim[] }
  | { readonly type: 'identity-refused'; readonly question: IdentityQuestion; readonly reason: IdentifyReason }
  | { readonly type: 'identity-declined'; readonly question: IdentityQuestion; readonly hint: IdentifyHint }

export interface IdentityOwner {
  /** Asks on the screen. `signal` takes the question away again, at `untilMs` (wall time) at the latest. */
  identify(question: IdentityQuestion, signal: AbortSignal, untilMs: number): Promise<IdentityReply>
  /** Shown on the phone, never to the counter. */
  told(event: IdentityEvent): void
}

/** What the owner agreed to once and for all with one merchant, until they take it back. */
export type Consent = { readonly merchantId: string; readonly claims: readonly Claim[] }
export interface ConsentStore {
  /** Keeps these in place of those before. Resolves `ok` only when they would survive a power cut. */
  saveConsents(consents: readonly Consent[]): Promise<Result<void, 'storage-failed'>>
}

export type IdentitySubmission = {
  readonly statement: Uint8Array
  readonly certificate: Uint8Array
  readonly requestDigest: Uint8Array
  readonly proof: Uint8Array
  readonly agreed: readonly Claim[]
}
export type IdentitySaid = { readonly kind: 'identity' | 'decline'; readonly signed: Uint8Array; readonly hint: IdentifyHint }
export interface IdentityBackend {
  identify(submission: IdentitySubmission): Promise<Result<IdentitySaid, BackendFault>>
}

export type IdentityParts = {
  readonly clock: Clock
  readonly owner: IdentityOwner
  readonly backend: IdentityBackend
  readonly store: ConsentStore
  /** What the store kept. */
  readonly consents: readonly Consent[]
}
/** A question whose terminal, statement and proof are beyond doubt. */
export type IdentityAsked = {
  readonly opened: OpenedRequest & { readonly statement: { readonly kind: 'identify' } }
  readonly terminal: TerminalCertificate
  readonly proof: BandProof
  readonly keySet: KeySet
}
type Open = { readonly exchange: Exchange; readonly cancel: AbortController }

export class IdentityCard {
  readonly #parts: IdentityParts
  #consents: readonly Consent[]
  /** One question at a time: a second one waits for nobody, it is told `busy`. */
  #open: Open | undefined

  constructor(parts: IdentityParts) {
    this.#parts = parts
    this.#consents = parts.consents
  }

  /** What was agreed to for good, merchant by merchant. */
  get consents(): readonly Consent[] {
    return this.#consents
  }

  /** Takes an agreement back: this merchant's next question is asked again. */
  async forget(merchantId: string): Promise<Result<void, 'storage-failed'>> {
    return this.#keep(this.#consents.filter((consent) => consent.merchantId !== merchantId))
  }

  /** Answers in its own time; whoever else asks meanwhile is not kept waiting by an owner who thinks. */
  begin(exchange: Exchange, asked: IdentityAsked): void {
    if (this.#open) return exchange.error('busy')
    const open: Open = { exchange, cancel: new AbortController() }
    this.#open = open
    void this.#run(open, asked).finally(() => {
      this.#open = undefined
    })
  }

  /** A CANCEL of the band: it takes the question off the screen when it belongs to it. */
  async cancelled(relay: Relay): Promise<void> {
    const open = this.#open
    if (!open || !equalBytes(open.exchange.opened.forward.offerId, relay.offerId)) return
    if (await open.exchange.isCancel(relay.message.body)) open.cancel.abort()
  }

  stop(): void {
    this.#open?.cancel.abort()
  }

  async #run({ exchange, cancel }: Open, asked: IdentityAsked): Promise<void> {
    const question = questionOf(asked)
    const agreed = await this.#agreed(exchange, asked, question, cancel.signal)
    if (!agreed.ok) return this.#refuse(exchange, question, agreed.error)
    exchange.pending('asking-backend')
    const said = await this.#ask(asked, agreed.value, cancel.signal)
    if (!said.ok) return this.#refuse(exchange, question, said.error)
    const { kind, signed, hint } = said.value
    const { owner } = this.#parts
    owner.told(
      kind === 'identity' ? { type: 'identity-given', question, given: agreed.value } : { type: 'identity-declined', question, hint },
    )
    if (kind === 'identity') await exchange.identity(signed)
    else await exchange.answer({ state: 'decline', signed }, this.#nowS())
  }

  /** What may be given: by an agreement kept for this merchant that covers all of it, or by the owner's word now. */
  async #agreed(
    exchange: Exchange,
    asked: IdentityAsked,
    question: IdentityQuestion,
    cancelled: AbortSignal,
  ): Promise<Result<readonly Claim[], IdentifyReason>> {
    const kept = this.#consents.find(({ merchantId }) => merchantId === question.merchantId)
    if (kept && question.claims.every((claim) => kept.claims.includes(claim))) return ok(question.claims)
    exchange.pending('waiting-for-customer')
    const { clock, owner } = this.#parts
    const reply = await askOwner(clock, expiryOf(asked), cancelled, async (signal, untilMs) => owner.identify(question, signal, untilMs))
    if (!reply.ok) return reply
    // More than was asked for is nothing that anybody agreed to.
    const given = claimsIn(reply.value.given, question.claims)
    if (given.length === 0) return err('wallet-refused')
    const others = this.#consents.filter(({ merchantId }) => merchantId !== question.merchantId)
    // When the disk refuses, this answer goes out all the same; the next time the owner is asked again.
    if (reply.value.always) await this.#keep([...others, { merchantId: question.merchantId, claims: given }])
    return ok(given)
  }

  /** The backend's signed word, asked for again while it does not answer: the same bytes get the same answer. */
  async #ask(asked: IdentityAsked, agreed: readonly Claim[], cancelled: AbortSignal): Promise<Result<IdentitySaid, IdentifyReason>> {
    const { opened, proof } = asked
    const submission: IdentitySubmission = {
      statement: opened.statementBytes,
      certificate: opened.certificateBytes,
      requestDigest: proof.requestDigest,
      proof: opened.forward.proof,
      agreed,
    }
    const { clock, backend } = this.#parts
    while (!cancelled.aborted) {
      const reply = await backend.identify(submission)
      if (reply.ok && (await this.#isAnswerTo(reply.value, asked, agreed))) return reply
      if (!reply.ok && reply.error === 'refused') return err('wallet-refused')
      if (!reply.ok && reply.error === 'not-sent') return err('no-network-no-allowance')
      if (clock.nowMs() + IDENTIFY_RETRY_MS > expiryOf(asked) * 1_000) return err('expired')
      await this.#wait(cancelled)
    }
    return err('cancelled')
  }

  /** It is passed on when the backend signed it for this very question, and it gives nothing that was not agreed to. */
  async #isAnswerTo({ kind, signed }: IdentitySaid, { opened, keySet }: IdentityAsked, agreed: readonly Claim[]): Promise<boolean> {
    const { digest } = opened.statement
    if (kind === 'decline') {
      const no = await keySet.open('authorizer', decline, signed, this.#nowS())
      return no.ok && equalBytes(no.value.statementDigest, digest)
    }
    const said = await keySet.open('identity', identityAnswer, signed, this.#nowS())
    if (!said.ok || !equalBytes(said.value.statementDigest, digest)) return false
    const { name, memberNumber } = said.value
    return (name === undefined || agreed.includes('name')) && (memberNumber === undefined || agreed.includes('member-number'))
  }

  async #refuse(exchange: Exchange, question: IdentityQuestion, reason: IdentifyReason): Promise<void> {
    this.#parts.owner.told({ type: 'identity-refused', question, reason })
    await exchange.answer({ state: 'refusal', reason }, this.#nowS())
  }

  async #keep(consents: readonly Consent[]): Promise<Result<void, 'storage-failed'>> {
    const saved = await this.#parts.store.saveConsents(consents)
    if (saved.ok) this.#consents = consents
    return saved
  }

  async #wait(cancelled: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const stopTimer = this.#parts.clock.after(IDENTIFY_RETRY_MS, resolve)
    cancelled.addEventListener('abort', () => resolve(), { once: true })
    await promise
    stopTimer()
  }

  #nowS(): number {
    return Math.floor(this.#parts.clock.nowMs() / 1_000)
  }
}

function questionOf({ opened, terminal }: IdentityAsked): IdentityQuestion {
  const { requestId, claims } = opened.statement.value
  const { merchantId, name, site } = terminal
  return { requestId: toHex(requestId), merchantId, name, site, claims: claimsOfBits(claims) }
}

function expiryOf({ opened }: IdentityAsked): number {
  return opened.statement.value.time + opened.statement.value.lifetime
}
