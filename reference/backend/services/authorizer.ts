import type * as z from 'zod'
import { CAPTURE_DAYS, type submit } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toHex } from '#shared/contracts/bytes.ts'
import {
  authorization,
  type BandProof,
  bandProof,
  DIGEST_BYTES,
  decline,
  type PayStatement,
  payStatement,
  type TerminalCertificate,
} from '#shared/contracts/radio-messages.ts'
import { isValidAt } from '#shared/crypto/key-set.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { openSign1, peekSign1 } from '#shared/crypto/sign1.ts'
import { isCurrency } from '#shared/domain/money.ts'
import { REASONS, type Reason } from '#shared/domain/reasons.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { type Answer, addAnswer, addAuthorization, findAttempt } from '../repositories/attempts-repository.ts'
import { balanceOf } from '../repositories/ledger-repository.ts'
import {
  type Account,
  type Band,
  bandsOfPhone,
  findAccount,
  findBand,
  findProfile,
  findTerminal,
  isNonceSeen,
  type Phone,
  useProof,
} from '../repositories/registry-repository.ts'
import type { SigningKeys } from '../signing-keys.ts'
import { type Clock, instantOf, type NewId, secondsOf } from '../world.ts'
import type { RaiseAlarm } from './alarms.ts'
import { type Decision, decide, type Facts } from './authorization-decision.ts'
import type { CertifiedTerminals } from './certified-terminals.ts'
import type { Holds } from './holds.ts'
import type { VerifyKeys } from './verify-keys.ts'
import { holdOf, post, transfer, walletOf } from './wallet-ledger.ts'
import { settingsOf, spendingAt } from './wallet-limits.ts'
import { witness } from './witness.ts'

const STATEMENT_MAX_BYTES = 512
const DAY_S = 86_400
const MS_PER_S = 1_000
/** An authorization carries its mode; 1 is "held online by the backend". */
const MODE_ONLINE = 1

type SubmitBody = z.output<typeof submit.body>
/** A submit whose terminal has proven itself: from here on every answer is signed and bound to the request. */
type Opened = {
  readonly statement: PayStatement
  readonly statementDigest: Uint8Array<ArrayBuffer>
  readonly certificate: TerminalCertificate
  readonly certifiedPoint: Uint8Array
  readonly proof: BandProof
  readonly requestDigest: Uint8Array
  /** Hex digest of everything that makes this submit this submit. */
  readonly binding: string
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
    const band = await this.#bandOf(phone, body.proof)
    const { db } = this.#parts
    const answer = await db.transaction().execute(async (tx) => this.#answer(tx, phone, opened.value, band))
    return ok(answer)
  }

  async #open(phone: Phone, body: SubmitBody): Promise<Refusable<Opened>> {
    const statementBytes = bytesWithin(body.statement)
    const proofBytes = bytesWithin(body.proof)
    const requestDigest = fromBase64Url(body.requestDigest)
    if (!statementBytes || !bytesWithin(body.certificate) || !proofBytes || requestDigest?.length !== DIGEST_BYTES) {
      return refuse('malformed', 'a signed statement is not base64url or too long')
    }
    const proof = peekSign1(bandProof, proofBytes)
    const asked = peekSign1(payStatement, statementBytes)
    const certified = await this.#parts.terminals.open(body.certificate)
    if (!proof.ok || !asked.ok || (!certified.ok && certified.error === 'malformed')) {
      return refuse('malformed', 'certificate, statement or proof is not what it should be')
    }
    // Whether it is valid now is a reason to decline, signed, like the others.
    if (!certified.ok) return refuse('not-allowed', 'the certificate is not one of ours')
    const { certificate, key } = certified.value
    const statement = await openSign1(payStatement, statementBytes, key)
    if (!statement.ok) return refuse('not-allowed', 'the certified terminal did not sign this statement')
    if (statement.value.amount === 0 || !isCurrency(statement.value.currency)) return refuse('malformed', 'no such amount of money')
    const statementDigest = await sha256(statementBytes)
    const identity = new TextEncoder().encode(phone.id)
    return ok({
      statement: statement.value,
      statementDigest,
      certificate,
      certifiedPoint: key.point,
      proof: proof.value.value,
      requestDigest,
      binding: toHex(await sha256(statementDigest, requestDigest, await sha256(proofBytes), identity)),
      requestId: toHex(statement.value.requestId),
      holdIds: [...new Set(statement.value.holds.map(toHex))],
      submitted: { act: body.act, place: body.place },
    })
  }

  /** The band of this phone whose registered key signed the proof. */
  async #bandOf(phone: Phone, proofText: string): Promise<Band | undefined> {
    const { db, verifyKeys } = this.#parts
    const bytes = bytesWithin(proofText)
    for (const band of await bandsOfPhone(db, phone.id)) {
      const key = await verifyKeys.of(band.point)
      if (bytes && key && (await openSign1(bandProof, bytes, key)).ok) return band
    }
    return undefined
  }

  async #answer(tx: Tx, phone: Phone, opened: Opened, proven: Band | undefined): Promise<Answer> {
    const { clock, keys, raise, answered } = this.#parts
    const nowMs = clock.nowMs()
    const key = { terminalId: opened.certificate.terminalId, requestId: opened.requestId }
    const attempt = await findAttempt(tx, key)
    if (attempt?.answer) return attempt.binding === opened.binding ? attempt.answer : this.#sign(opened, 'taken', 'taken')
    const { decision, account, band } = await this.#decide(tx, phone, opened, proven, attempt?.reversedAt !== undefined)
    if (band) await useProof(tx, band.id, { nonce: toHex(opened.proof.bandNonce), counter: opened.proof.counter })
    const { headSeq, head } = opened.statement
    // A request says nothing of its epoch: it is of the newest, or of a restore that this backend has not heard of yet, and then it tells.
    const epoch = (await findTerminal(tx, key.terminalId))?.epoch ?? 1
    await witness(tx, raise, {
      terminalId: key.terminalId,
      epoch,
      seq: headSeq,
      head: toHex(head),
      source: 'request',
      at: instantOf(nowMs),
    })
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
    await addAnswer(tx, key, { binding: opened.binding, statementDigest: toHex(opened.statementDigest), answer, reason })
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
    const { certificate, statement, proof, submitted } = opened
    const nowMs = clock.nowMs()
    const nowS = secondsOf(nowMs)
    const band = proven && (await findBand(tx, proven.id))
    const account = await findAccount(tx, phone.accountId)
    if (!account) throw new Error('a phone without its account')
    const terminal = await findTerminal(tx, certificate.terminalId)
    const profile = await findProfile(tx, certificate.terminalId)
    const registered = terminal?.point ? fromBase64Url(terminal.point) : undefined
    const isEnrolled = registered !== undefined && toHex(registered) === toHex(opened.certifiedPoint) && terminal?.state === 'active'
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
      isTerminalTrusted:
        isEnrolled &&
        isValidAt(certificate, nowS) &&
        profile?.merchant.id === certificate.merchantId &&
        profile.currency === statement.currency,
      isReversed,
      proof,
      requestDigest: opened.requestDigest,
      band: band && {
        epoch: band.epoch,
        counter: band.counter,
        isUsable: band.state === 'active' && band.accountId === phone.accountId && band.phoneId === phone.id,
      },
      isNonceSeen: band !== undefined && (await isNonceSeen(tx, band.id, toHex(proof.bandNonce))),
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
    const at = secondsOf(this.#parts.clock.nowMs())
    const signed = this.#parts.keys.signer('authorizer', at).statementNow(decline, {
      requestId: opened.statement.requestId,
      statementDigest: opened.statementDigest,
      terminalId: opened.certificate.terminalId,
      reason: REASONS[reason].code,
      at,
    })
    return { kind: 'decline', signed, hint }
  }
}

/** Bytes of a base64url text within the size of a signed statement. */
function bytesWithin(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = fromBase64Url(text)
  return bytes && bytes.length > 0 && bytes.length <= STATEMENT_MAX_BYTES ? bytes : undefined
}
