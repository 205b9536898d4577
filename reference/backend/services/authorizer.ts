import type * as z from 'zod'
import { assert } from '#shared/assert.ts'
import { CAPTURE_DAYS, type submit } from '#shared/contracts/backend-api.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { authorization, type PayStatement, payStatement } from '#shared/contracts/radio-messages.ts'
import { isCurrency } from '#shared/domain/money.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { type Answer, type Asked, addAnswer, addAuthorization, findAttempt } from '../repositories/attempts-repository.ts'
import { balanceOf } from '../repositories/ledger-repository.ts'
import { type Account, type Band, findAccount, type Phone, useProof } from '../repositories/registry-repository.ts'
import type { SigningKeys } from '../signing-keys.ts'
import { type Clock, instantOf, type NewId, secondsOf } from '../world.ts'
import type { RaiseAlarm } from './alarms.ts'
import { type Decision, decide, type Facts } from './authorization-decision.ts'
import type { CertifiedTerminals } from './certified-terminals.ts'
import { bandFactsOf, bandThatProved, type Evidence, openEvidence, signDecline, trustedTerminal } from './evidence.ts'
import type { Holds } from './holds.ts'
import type { VerifyKeys } from './verify-keys.ts'
import { holdOf, post, transfer, walletOf } from './wallet-ledger.ts'
import { settingsOf, spendingAt } from './wallet-limits.ts'
import { witnessRequest } from './witness.ts'

const DAY_S = 86_400
const MS_PER_S = 1_000
/** An authorization carries its mode; 1 is "held online by the backend". */
const MODE_ONLINE = 1

type SubmitBody = z.output<typeof submit.body>
type Opened = Evidence<PayStatement> & {
  readonly requestId: string
  readonly holdIds: readonly string[]
  readonly submitted: Facts['submitted']
}

export type AuthorizerParts = {
  readonly db: Database
  readonly clock: Clock
  readonly newId: NewId
  readonly keys: SigningKeys
  readonly verifyKeys: VerifyKeys
  readonly terminals: CertifiedTerminals
  readonly holds: Holds
  readonly raise: RaiseAlarm
  readonly answered: (answer: Answer['kind'], reason: Reason | 'none') => void
}

/** What its owner reads of it later. Refused before with `malformed`: an amount in no currency of ours. */
function askedOf({ statement, certificate }: Opened, { id }: Account, at: string): Asked {
  const { amount, currency } = statement
  assert(isCurrency(currency), 'a submit in a currency we know was opened')
  return { accountId: id, merchantId: certificate.merchantId, amount, currency, at }
}

export class Authorizer {
  readonly #parts: AuthorizerParts

  constructor(parts: AuthorizerParts) {
    this.#parts = parts
  }

  /**
   * Answers a SUBMIT: once per (terminal, request), for ever the same. What cannot be traced to one of our terminals is refused
   * without a signature, because a signed no ends an attempt and must be the only answer that attempt ever gets.
   */
  async submit(phone: Phone, body: SubmitBody): Promise<Refusable<Answer>> {
    const opened = await this.#open(phone, body)
    if (!opened.ok) return opened
    const { db, verifyKeys } = this.#parts
    const band = await bandThatProved(db, verifyKeys, phone, opened.value.proofBytes)
    const answer = await db.transaction().execute(async (tx) => this.#answer(tx, phone, opened.value, band))
    return ok(answer)
  }

  async #open(phone: Phone, body: SubmitBody): Promise<Refusable<Opened>> {
    const evidence = await openEvidence(this.#parts.terminals, phone, payStatement, body)
    if (!evidence.ok) return evidence
    const { statement } = evidence.value
    if (statement.amount === 0 || !isCurrency(statement.currency)) return refuse('malformed', 'no such amount of money')
    return ok({
      ...evidence.value,
      requestId: toHex(statement.requestId),
      holdIds: [...new Set(statement.holds.map(toHex))],
      submitted: { act: body.act, place: body.place },
    })
  }

  async #answer(tx: Tx, phone: Phone, opened: Opened, proven: Band | undefined): Promise<Answer> {
    const { clock, keys, raise, answered } = this.#parts
    const nowMs = clock.nowMs()
    const key = { terminalId: opened.certificate.terminalId, requestId: opened.requestId }
    const attempt = await findAttempt(tx, key)
    if (attempt?.answer) return attempt.binding === opened.binding ? attempt.answer : this.#sign(opened, 'taken', 'taken')
    const { decision, account, band } = await this.#decide(tx, phone, opened, proven, attempt?.reversedAt !== undefined)
    if (band) await useProof(tx, band.id, { nonce: toHex(opened.proof.bandNonce), counter: opened.proof.counter })
    await witnessRequest(tx, raise, { terminalId: key.terminalId, statement: opened.statement, nowMs })
    let answer: Answer
    if (decision.kind === 'approve' && band) {
      answer = await this.#approve(tx, opened, account, band, keys)
    } else {
      const { reason, hint } = decision.kind === 'decline' ? decision : { reason: 'band-not-usable' as const, hint: 'band' as const }
      answer = this.#sign(opened, reason, hint)
      if (decision.kind === 'decline' && decision.alarm) {
        await raise(tx, decision.alarm, key.terminalId, `band ${band?.id ?? 'unknown'}, counter ${opened.proof.counter}`)
      }
    }
    const reason = decision.kind === 'decline' ? decision.reason : undefined
    await addAnswer(tx, key, {
      binding: opened.binding,
      statementDigest: toHex(opened.statementDigest),
      answer,
      reason,
      asked: askedOf(opened, account, instantOf(nowMs)),
    })
    answered(answer.kind, reason ?? 'none')
    return answer
  }

  /** Gathers what is known, all of it inside the transaction that will act on it. */
  async #decide(
    tx: Tx,
    phone: Phone,
    opened: Opened,
    proven: Band | undefined,
    isReversed: boolean,
  ): Promise<{ readonly decision: Decision; readonly account: Account; readonly band: Band | undefined }> {
    const { clock, holds } = this.#parts
    const { certificate, statement, submitted } = opened
    const nowMs = clock.nowMs()
    const nowS = secondsOf(nowMs)
    const { current: band, ...bandFacts } = await bandFactsOf(tx, phone, proven, opened)
    const account = await findAccount(tx, phone.accountId)
    if (!account) throw new Error('a phone without its account')
    let areHoldsLive = true
    for (const holdId of opened.holdIds) {
      areHoldsLive &&= await holds.isPinnable(tx, certificate.terminalId, holdId, opened.requestId)
    }
    const settings = await settingsOf(tx, account)
    const decision = decide({
      nowS,
      statement,
      settings,
      spending: await spendingAt(tx, account, { nowMs, merchantId: certificate.merchantId, settings }),
      submitted,
      certifiedPlace: certificate,
      isTerminalTrusted: (await trustedTerminal(tx, opened, nowS))?.currency === statement.currency,
      isReversed,
      ...bandFacts,
      account: {
        isFrozen: account.frozen,
        balance: await balanceOf(tx, walletOf(account.id), account.currency),
      },
      areHoldsLive,
    })
    return { decision, account, band }
  }

  /** Pins the seats, holds the money and signs the yes: one transaction, or none of it. */
  async #approve(tx: Tx, opened: Opened, account: Account, band: Band, keys: SigningKeys): Promise<Answer> {
    const { clock, newId, holds } = this.#parts
    const { statement, certificate, requestId } = opened
    const nowMs = clock.nowMs()
    const approvedAt = secondsOf(nowMs)
    const captureBy = approvedAt + CAPTURE_DAYS * DAY_S
    const id = newId()
    for (const holdId of opened.holdIds) await holds.pinForAttempt(tx, holdId, requestId)
    await addAuthorization(tx, {
      id,
      terminalId: certificate.terminalId,
      requestId,
      accountId: account.id,
      bandId: band.id,
      merchantId: certificate.merchantId,
      amount: statement.amount,
      currency: account.currency,
      captureByMs: captureBy * MS_PER_S,
      approvedAt: instantOf(nowMs),
      payer: 'wallet',
    })
    await post(tx, {
      id: newId(),
      kind: 'hold',
      reference: id,
      at: instantOf(nowMs),
      entries: transfer(walletOf(account.id), holdOf(id), statement.amount, account.currency),
    })
    const signed = keys.signer('authorizer', approvedAt).statementNow(authorization, {
      authorizationId: Uint8Array.from(Buffer.from(id, 'hex')),
      requestId: statement.requestId,
      statementDigest: opened.statementDigest,
      amount: statement.amount,
      currency: statement.currency,
      merchantId: certificate.merchantId,
      terminalId: certificate.terminalId,
      approvedAt,
      captureBy,
      customer: keys.customerOf(account.id, certificate.merchantId),
      displayName: account.displayName,
      knocks: statement.knocks,
      mode: MODE_ONLINE,
    })
    return { kind: 'authorization', signed, hint: 'none' }
  }

  #sign(opened: Opened, reason: Reason, hint: Answer['hint']): Answer {
    const { keys, clock } = this.#parts
    return { kind: 'decline', signed: signDecline(keys, opened, reason, secondsOf(clock.nowMs())), hint }
  }
}
