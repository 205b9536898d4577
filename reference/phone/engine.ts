/**
 * The wallet's engine: opens what the band forwards, checks terminal, band and policy, asks the backend, seals the answer.
 * A request's answer is on disk before it is sent; the same request gets the same answer; a request once denied stays denied.
 */
import { equalBytes, toHex } from '#shared/contracts/bytes.ts'
import type { BandProof, PresenceStatement, TerminalCertificate } from '#shared/contracts/radio-messages.ts'
import { isExpired } from '#shared/crypto/key-set.ts'
import { importVerifyKey, type VerifyKey } from '#shared/crypto/keys.ts'
import type { Place } from '#shared/domain/place.ts'
import type { PolicySettings } from '#shared/domain/policy.ts'
import { POLICY_RULES, type PolicyRule } from '#shared/domain/policy-rules.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'
import type { AllowanceParts } from './allowance.ts'
import { Exchange, sendError } from './exchange.ts'
import type { IdentityAsked, IdentityCard } from './identity.ts'
import { OfferSupply } from './offer-supply.ts'
import { OfferBook } from './offers.ts'
import { OfflineBook } from './offline-book.ts'
import { type BandKey, checkProof, checkTerminal, type OpenedRequest, openForwarded, requestKey } from './open-request.ts'
import { askOwner } from './owner-question.ts'
import { type OwnLimits, WalletPolicy } from './policy.ts'
import type { BandLink, Clock, Outcome, Owner, PaymentView, PhoneBackend, PhoneStore, Relay, RequestRecord, Submission } from './ports.ts'
import { RequestRecords } from './request-records.ts'
import { Submitter } from './submitter.ts'
import type { WitnessBook } from './witness-book.ts'

/** Requests in work at once; more are told `busy`. */
export const REQUESTS_OPEN_MAX = 4
/** Exchanges remembered for their COMMIT. */
export const EXCHANGES_MAX = 32

export type PhoneParts = {
  readonly clock: Clock
  readonly band: BandLink
  readonly backend: PhoneBackend
  readonly store: PhoneStore
  /** What the store kept, oldest first. */
  readonly records: readonly RequestRecord[]
  readonly owner: Owner
  /** What the store kept of the account's limits. */
  readonly limits: PolicySettings | undefined
  /** Limits of this phone's own, where they are stricter. Read at every payment. */
  readonly ownLimits?: () => OwnLimits
  /** Where the phone is now, when it knows. */
  readonly place?: () => Place | undefined
  readonly bandPoint: Uint8Array
  readonly bandEpoch: number
  readonly rootPoint: Uint8Array
  /** Money set aside for when there is no network. */
  readonly allowance?: Pick<AllowanceParts, 'backend' | 'store' | 'kept'>
  /** Keeps the heads of terminals' journals, where the phone has a place for them. */
  readonly witness?: WitnessBook
  /** Says who its owner is, where they agree. A phone without one tells nobody. */
  readonly identity?: IdentityCard
}

type Settled = Exclude<Outcome, { state: 'asked' }>
type OpenRequest = { readonly digest: Uint8Array; readonly cancel: AbortController; readonly done: Promise<Settled | undefined> }
/** A pay request whose terminal and statement are beyond doubt. */
type Payment = {
  readonly exchange: Exchange
  readonly opened: OpenedRequest & { readonly statement: { readonly kind: 'pay' } }
  readonly proof: BandProof
  readonly key: string
  readonly view: PaymentView
  readonly terminal: TerminalCertificate
}

export class PhoneEngine {
  readonly #parts: PhoneParts
  readonly #bandKey: BandKey
  readonly #offers: OfferBook
  readonly #supply: OfferSupply
  readonly #records: RequestRecords
  readonly #submitter: Submitter
  readonly #policy: WalletPolicy
  readonly #offline: OfflineBook | undefined
  readonly #open = new Map<string, OpenRequest>()
  readonly #exchanges = new Map<string, { readonly exchange: Exchange; readonly view: PaymentView; readonly key: string }>()
  /** Requests are checked one after another, so that a query never overtakes the request it asks about. */
  readonly #turns = new Turns()
  #stopped = false

  private constructor(parts: PhoneParts, bandKey: VerifyKey) {
    this.#parts = parts
    this.#bandKey = { key: bandKey, epoch: parts.bandEpoch }
    this.#offers = new OfferBook(parts.backend, parts.rootPoint)
    this.#supply = new OfferSupply({ ...parts, offers: this.#offers })
    this.#records = new RequestRecords(parts.store, parts.records)
    this.#submitter = new Submitter({ clock: parts.clock, backend: parts.backend, keySet: () => this.#offers.keySet })
    this.#policy = new WalletPolicy(parts)
    const { allowance } = parts
    const records = this.#records
    this.#offline = allowance && new OfflineBook({ ...parts, ...allowance, records, keySet: () => this.#offers.keySet })
  }

  static async start(parts: PhoneParts): Promise<Result<PhoneEngine, 'bad-point'>> {
    const bandKey = await importVerifyKey(parts.bandPoint)
    return bandKey.ok ? ok(new PhoneEngine(parts, bandKey.value)) : bandKey
  }

  /** What is set aside for payments without a network. */
  get allowance(): OfflineBook['left'] {
    return this.#offline?.left
  }

  /** The band has no offers left for this id slot: it was out of reach, or has changed its identity. */
  offersWanted(slot: number): void {
    void this.#supply.wanted(slot).then(async () => this.#prepare())
    // A quarter of an hour has passed, or the phone was away: the owner may have changed the limits meanwhile.
    void this.#policy.refresh()
  }

  /** One message from the band. */
  receive(relay: Relay): void {
    if (this.#stopped) return
    switch (relay.message.kind) {
      case 'forward':
        this.#supply.used()
        this.#turns.begin(async () => this.#forwarded(relay))
        void this.#turns.settled().then(async () => this.#supply.refill())
        return
      case 'cancel':
        this.#turns.begin(async () => this.#cancelled(relay))
        return
      case 'commit':
        void this.#committed(relay)
        return
      default:
        this.#offline?.receive(relay)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#supply.stop()
    this.#submitter.stop()
    this.#parts.identity?.stop()
    this.#offline?.stop()
    for (const open of this.#open.values()) open.cancel.abort()
  }

  #nowS(): number {
    return Math.floor(this.#parts.clock.nowMs() / 1000)
  }

  /** Makes ready for a time without a network. */
  async #prepare(): Promise<void> {
    await this.#offline?.settle()
    if (this.#offline) this.#supply.stockSoon()
  }

  async #forwarded(relay: Relay): Promise<void> {
    const nowS = this.#nowS()
    const opened = await openForwarded(relay.message.body, this.#offers, nowS)
    const { keySet } = this.#offers
    if (!opened.ok || !keySet) return sendError(this.#parts.band, relay.offerId, opened.ok ? 'busy' : opened.error)
    const exchange = new Exchange(opened.value, this.#parts.band)
    exchange.pending('seen')
    const { statement } = opened.value
    const isQuery = statement.kind === 'query'
    const terminal = await checkTerminal(opened.value, keySet, nowS)
    // A query that fails its checks gets a hint only: a refusal would end the very attempt it asks about.
    if (!terminal.ok) return isQuery ? exchange.error('malformed') : exchange.answer({ state: 'refusal', reason: terminal.error }, nowS)
    this.#parts.witness?.saw(terminal.value.terminalId, statement.value, nowS)
    if (statement.kind === 'presence') return this.#presence(exchange, statement.value, nowS)
    if (statement.kind === 'identify') {
      return this.#identify(exchange, { opened: { ...opened.value, statement }, terminal: terminal.value, keySet }, nowS)
    }
    const key = requestKey(terminal.value.terminalId, statement.value.requestId)
    const view = viewOf(opened.value, terminal.value)
    this.#remember(toHex(relay.offerId), { exchange, view, key })
    if (!isQuery && (await this.#answeredBefore(exchange, key))) return
    const proof = await this.#checkBand(exchange, statement.value, nowS)
    if (!proof.ok) return isQuery ? exchange.error('malformed') : this.#refuseAtOnce(exchange, { key, view }, proof.error)
    if (statement.kind === 'query') return this.#query(exchange, key)
    if (this.#open.size >= REQUESTS_OPEN_MAX) return exchange.error('busy')
    this.#begin({ exchange, opened: { ...opened.value, statement }, proof: proof.value, key, view, terminal: terminal.value })
  }

  /** The band's proof, when it is good and the request has not expired. Its counter is spent whatever comes of the request. */
  async #checkBand(
    { opened }: Exchange,
    statement: { readonly time: number; readonly lifetime: number },
    nowS: number,
  ): Promise<Result<BandProof, Reason>> {
    const proof = await checkProof(opened, this.#bandKey, this.#records.counter)
    if (!proof.ok) return proof
    this.#records.sawCounter(proof.value.counter)
    return isExpired(statement, nowS) ? err('expired') : proof
  }

  /** Who is there, and what was knocked: answered without asking anyone, kept nowhere, and no later COMMIT or CANCEL belongs to it. */
  async #presence(exchange: Exchange, statement: PresenceStatement, nowS: number): Promise<void> {
    const proof = await this.#checkBand(exchange, statement, nowS)
    if (proof.ok) await exchange.presence(proof.value.knocks, nowS)
    else await exchange.answer({ state: 'refusal', reason: proof.error }, nowS)
  }

  /** Who its owner is. Like a presence it is kept nowhere; unlike one it waits for the owner, out of turn. */
  async #identify(exchange: Exchange, asked: Omit<IdentityAsked, 'proof'>, nowS: number): Promise<void> {
    const proof = await this.#checkBand(exchange, asked.opened.statement.value, nowS)
    const { identity } = this.#parts
    if (proof.ok && identity) return identity.begin(exchange, { ...asked, proof: proof.value })
    await exchange.answer({ state: 'refusal', reason: proof.ok ? 'wallet-refused' : proof.error }, nowS)
  }

  /** The same statement gets the same answer; another one under the same request id gets `taken`; a denied one stays denied. */
  async #answeredBefore(exchange: Exchange, key: string): Promise<boolean> {
    const { digest } = exchange.opened.statement
    const first = this.#open.get(key)?.digest ?? this.#records.find(key)?.digest
    if (!first) return false
    if (this.#records.find(key)?.outcome.state === 'never-seen')
      await exchange.answer({ state: 'refusal', reason: 'cancelled' }, this.#nowS())
    else if (!equalBytes(first, digest)) await exchange.answer({ state: 'refusal', reason: 'taken' }, this.#nowS())
    else void this.#answerWhenSettled(exchange, key)
    return true
  }

  async #refuseAtOnce(exchange: Exchange, { key, view }: Pick<Payment, 'key' | 'view'>, reason: Reason): Promise<void> {
    const nowS = this.#nowS()
    const { digest } = exchange.opened.statement
    const outcome: Outcome = { state: 'refusal', reason }
    const saved = await this.#records.save({ key, digest, atS: nowS, counter: this.#records.counter, outcome })
    if (!saved.ok) return exchange.error('busy')
    this.#parts.owner.tell({ type: 'refused', payment: view, reason, ...(reason === 'knock-missing' ? { rule: 'knock' } : {}) })
    await exchange.answer(outcome, nowS)
  }

  async #query(exchange: Exchange, key: string): Promise<void> {
    const { digest } = exchange.opened.statement
    const nowS = this.#nowS()
    const first = this.#open.get(key)?.digest ?? this.#records.find(key)?.digest
    if (first) {
      if (equalBytes(first, digest)) void this.#answerWhenSettled(exchange, key)
      else await exchange.answer({ state: 'refusal', reason: 'taken' }, nowS)
      return
    }
    const outcome: Outcome = { state: 'never-seen' }
    const saved = await this.#records.save({ key, digest, atS: nowS, counter: this.#records.counter, outcome })
    if (saved.ok) await exchange.answer(outcome, nowS)
    else exchange.error('busy')
  }

  /** Answers from the record, or when the request in work has its outcome; a submission left open by a restart is sent again. */
  async #answerWhenSettled(exchange: Exchange, key: string): Promise<void> {
    const open = this.#open.get(key)
    const record = this.#records.find(key)
    if (open) exchange.pending('asking-backend')
    const untilS = exchange.opened.statement.value.time + exchange.opened.statement.value.lifetime
    let settled: Settled | undefined
    if (open) settled = await open.done
    else if (record?.outcome.state === 'asked') settled = await this.#resume(record, record.outcome.submission, untilS)
    else settled = record?.outcome
    if (settled) await exchange.answer(settled, this.#nowS())
  }

  async #resume(record: RequestRecord, submission: Submission, untilS: number): Promise<Settled | undefined> {
    const cancel = new AbortController()
    const done = this.#submitter.submit(submission, record.digest, untilS, cancel.signal).then(async (answer) => {
      // Whether it got there the first time is not known, so being offline now says nothing.
      if (!answer.ok) return undefined
      const outcome: Settled = { state: answer.value.kind, signed: answer.value.signed }
      if (!(await this.#records.save({ ...record, outcome })).ok) return undefined
      this.#policy.note(outcome)
      return outcome
    })
    this.#track(record.key, { digest: record.digest, cancel, done })
    return done
  }

  #begin(payment: Payment): void {
    const cancel = new AbortController()
    const done = this.#decide(payment, cancel.signal)
    this.#track(payment.key, { digest: payment.opened.statement.digest, cancel, done })
    void done.then(async (outcome) => {
      if (outcome) await payment.exchange.answer(outcome, this.#nowS())
    })
  }

  #track(key: string, open: OpenRequest): void {
    this.#open.set(key, open)
    void open.done.finally(() => this.#open.delete(key))
  }

  /** The outcome of a payment, on disk; undefined when it stays open (the terminal will ask again). */
  async #decide(payment: Payment, cancelled: AbortSignal): Promise<Settled | undefined> {
    const { exchange, opened, proof, terminal, view } = payment
    const statement = opened.statement.value
    const expiresS = statement.time + statement.lifetime
    const knocks = { required: statement.knocks, given: proof.knocks }
    const { amount, currency, listAgeMinutes } = statement
    const { merchantId } = terminal
    const verdict = await this.#policy.judge({ amount, currency, merchantId, certifiedPlace: terminal, knocks, listAgeMinutes })
    if (verdict.type === 'refuse' || verdict.type === 'knock') return this.#refuse(payment, POLICY_RULES[verdict.rule].reason, verdict.rule)
    if (verdict.type === 'confirm') {
      exchange.pending('waiting-for-customer')
      const { clock, owner } = this.#parts
      const asked = await askOwner(clock, expiresS, cancelled, async (signal, untilMs) => owner.confirm(view, signal, untilMs))
      const refusal = asked.ok ? (asked.value === 'confirmed' ? undefined : 'wallet-refused') : asked.error
      // The owner's own no, and a payment that was cancelled, are nobody's rule.
      if (refusal) return this.#refuse(payment, refusal, refusal === 'confirm-on-phone' ? verdict.rule : undefined)
    }
    if (cancelled.aborted) return this.#refuse(payment, 'cancelled')
    exchange.pending('asking-backend')
    const submission: Submission = {
      statement: opened.statementBytes,
      certificate: opened.certificateBytes,
      requestDigest: payment.proof.requestDigest,
      proof: opened.forward.proof,
      act: verdict.type === 'confirm' ? 'confirmed' : 'none',
    }
    // On disk before it is asked: after a restart the phone must not say it never saw this request.
    if (!(await this.#save(payment, { state: 'asked', submission })).ok) return this.#refuse(payment, 'wallet-refused')
    const answer = await this.#submitter.submit(submission, opened.statement.digest, expiresS, cancelled)
    if (!answer.ok) {
      if (answer.error === 'not-sent') return this.#payOffline(payment)
      return answer.error === 'refused' ? this.#refuse(payment, 'wallet-refused') : undefined
    }
    const { kind, signed, hint } = answer.value
    const outcome: Settled = { state: kind, signed }
    if (!(await this.#save(payment, outcome)).ok) return undefined
    this.#policy.note(outcome)
    void this.#offline?.settle()
    this.#parts.owner.tell(kind === 'authorization' ? { type: 'approved', payment: view } : { type: 'declined', payment: view, hint })
    return outcome
  }

  /** Nothing has reached the backend: money that it has set aside beforehand may do. */
  async #payOffline(payment: Payment): Promise<Settled | undefined> {
    const { opened, proof, terminal, view } = payment
    const { value: statement, digest } = opened.statement
    const { amount, currency, knocks, requestId } = statement
    const { merchantId, terminalId } = terminal
    const said = {
      requestId,
      statementDigest: digest,
      requestDigest: proof.requestDigest,
      amount,
      currency,
      merchantId,
      terminalId,
      knocks,
    }
    const paid = await this.#offline?.pay(said)
    if (!paid?.ok) return this.#refuse(payment, 'no-network-no-allowance')
    const outcome: Settled = { state: 'offline', ...paid.value, statement: opened.statementBytes, isReported: false }
    // Not on disk, not given: the slot is lost, and the request stays open.
    if (!(await this.#save(payment, outcome)).ok) return undefined
    this.#policy.note(outcome)
    this.#parts.owner.tell({ type: 'approved', payment: view, isOffline: true })
    return outcome
  }

  async #refuse(payment: Payment, reason: Reason, rule?: PolicyRule): Promise<Settled | undefined> {
    const outcome: Settled = { state: 'refusal', reason }
    const saved = await this.#save(payment, outcome)
    // Kept as asked, it would be sent after a restart: so nothing is refused that the disk does not know as refused.
    if (!saved.ok && this.#records.find(payment.key)) return undefined
    this.#parts.owner.tell({ type: 'refused', payment: payment.view, reason, ...(rule ? { rule } : {}) })
    return outcome
  }

  async #save({ key, opened, proof }: Payment, outcome: Outcome): Promise<Result<void, 'storage-failed'>> {
    return this.#records.save({ key, digest: opened.statement.digest, atS: this.#nowS(), counter: proof.counter, outcome })
  }

  async #cancelled(relay: Relay): Promise<void> {
    await this.#parts.identity?.cancelled(relay)
    const known = this.#exchanges.get(toHex(relay.offerId))
    if (known && (await known.exchange.isCancel(relay.message.body))) this.#open.get(known.key)?.cancel.abort()
  }

  async #committed(relay: Relay): Promise<void> {
    const known = this.#exchanges.get(toHex(relay.offerId))
    const receiptNumber = known && (await known.exchange.committed(relay.message.body))
    if (known && receiptNumber) this.#parts.owner.tell({ type: 'e-receipt', payment: known.view, receiptNumber })
  }

  #remember(offerId: string, exchange: { readonly exchange: Exchange; readonly view: PaymentView; readonly key: string }): void {
    for (const oldest of this.#exchanges.keys()) {
      if (this.#exchanges.size < EXCHANGES_MAX) break
      this.#exchanges.delete(oldest)
    }
    this.#exchanges.set(offerId, exchange)
  }
}

function viewOf({ statement }: OpenedRequest, { name, site }: TerminalCertificate): PaymentView {
  const { amount, currency } = statement.kind === 'pay' ? statement.value : { amount: 0, currency: '' }
  return { requestId: toHex(statement.value.requestId), amount, currency, name, site }
}
