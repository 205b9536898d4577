/**
 * The identity card: what stands on it, and the one signed answer a terminal gets to the question who its customer is. Everything the phone
 * has checked is judged again, in the transaction that answers; nothing leaves that the customer did not agree to.
 */
import type * as z from 'zod'
import { toHex } from '#shared/contracts/bytes.ts'
import type { identify } from '#shared/contracts/identity-api.ts'
import { claimBits, claimsOfBits, type IdentifyStatement, identifyStatement, identityAnswer } from '#shared/contracts/identity-messages.ts'
import { CLOCK_TOLERANCE_S } from '#shared/crypto/key-set.ts'
import { CLAIMS, type Claim } from '#shared/domain/claims.ts'
import type { IdentifyReason } from '#shared/domain/identify-reasons.ts'
import { distanceMetres } from '#shared/domain/place.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import {
  addIdentityAnswer,
  agreedEntries,
  findIdentityAnswer,
  forgetIdentities,
  type IdentityAnswered,
} from '../repositories/identity-repository.ts'
import { type Band, findAccount, type Phone, useProof } from '../repositories/registry-repository.ts'
import type { SigningKeys } from '../signing-keys.ts'
import { type Clock, instantOf, type NewId, secondsOf } from '../world.ts'
import type { RaiseAlarm } from './alarms.ts'
import type { CertifiedTerminals } from './certified-terminals.ts'
import { bandFactsOf, bandThatProved, type Evidence, openEvidence, signDecline, trustedTerminal } from './evidence.ts'
import { type IdentityRefusal, identityRefusal } from './identity-decision.ts'
import type { VerifyKeys } from './verify-keys.ts'
import { settingsOf } from './wallet-limits.ts'
import { witnessRequest } from './witness.ts'

const MS_PER_S = 1_000
/** An answer is kept this long after its question has expired: the same question again, within what clocks differ by, gets the same answer. */
const ANSWER_KEPT_S = 2 * CLOCK_TOLERANCE_S
/** That somebody asked is kept for its owner this long. */
const REQUESTS_KEPT_MS = 90 * 86_400_000

type IdentifyBody = z.output<typeof identify.body>
type Opened = Evidence<IdentifyStatement> & {
  readonly requestId: string
  readonly agreed: readonly Claim[]
  readonly place: IdentifyBody['place']
}
/** What is given of the card, and the bits of what the operator vouches for. */
type Given = { readonly name?: string; readonly memberNumber?: string; readonly vouched: number; readonly bits: number }
const NOTHING: Given = { vouched: 0, bits: 0 }

export type IdentityParts = {
  readonly db: Database
  readonly clock: Clock
  readonly newId: NewId
  readonly keys: SigningKeys
  readonly verifyKeys: VerifyKeys
  readonly terminals: CertifiedTerminals
  readonly raise: RaiseAlarm
}

export class Identities {
  readonly #parts: IdentityParts

  constructor(parts: IdentityParts) {
    this.#parts = parts
  }

  /** Answers once per (terminal, request), and the same while it can be asked again. */
  async identify(phone: Phone, body: IdentifyBody): Promise<Refusable<IdentityAnswered>> {
    const { db, terminals, verifyKeys } = this.#parts
    const evidence = await openEvidence(terminals, phone, identifyStatement, body)
    if (!evidence.ok) return evidence
    const { statement, proofBytes, binding } = evidence.value
    const asked = claimsOfBits(statement.claims)
    if (!body.agreed.every((claim) => asked.includes(claim))) return refuse('malformed', 'nobody asked for all of that')
    const proven = await bandThatProved(db, verifyKeys, phone, proofBytes)
    const opened: Opened = {
      ...evidence.value,
      // The same question with another agreement is another submission.
      binding: `${binding}:${claimBits(body.agreed)}`,
      requestId: toHex(statement.requestId),
      agreed: body.agreed,
      place: body.place,
    }
    return ok(await db.transaction().execute(async (tx) => this.#answer(tx, phone, opened, proven)))
  }

  /** Names are not kept longer than they are needed, nor who asked. */
  async sweep(): Promise<void> {
    const nowMs = this.#parts.clock.nowMs()
    await this.#parts.db.transaction().execute(async (tx) => forgetIdentities(tx, nowMs, instantOf(nowMs - REQUESTS_KEPT_MS)))
  }

  async #answer(tx: Tx, phone: Phone, opened: Opened, proven: Band | undefined): Promise<IdentityAnswered> {
    const { clock, newId, raise } = this.#parts
    const nowMs = clock.nowMs()
    const { certificate, statement, proof, requestId } = opened
    const key = { terminalId: certificate.terminalId, requestId }
    const before = await findIdentityAnswer(tx, key)
    if (before) {
      if (before.binding !== opened.binding) return this.#no(opened, 'taken', 'taken')
      // It had its answer, which is forgotten: its time is over.
      return before.answer ?? this.#no(opened, 'expired', 'expired')
    }
    const { refusal, band } = await this.#decide(tx, phone, opened, proven)
    if (band) await useProof(tx, band.id, { nonce: toHex(proof.bandNonce), counter: proof.counter })
    await witnessRequest(tx, raise, { terminalId: certificate.terminalId, statement, nowMs })
    if (refusal?.alarm) await raise(tx, refusal.alarm, key.terminalId, `band ${band?.id ?? 'unknown'}, counter ${proof.counter}`)
    const given = refusal ? NOTHING : await givenOf(tx, phone.accountId, opened)
    const answer = refusal ? this.#no(opened, refusal.reason, refusal.hint) : this.#yes(phone.accountId, opened, given)
    await addIdentityAnswer(tx, key, {
      id: newId(),
      binding: opened.binding,
      accountId: phone.accountId,
      merchantId: certificate.merchantId,
      asked: statement.claims,
      given: given.bits,
      answer,
      at: instantOf(nowMs),
      answerUntilMs: (statement.time + statement.lifetime + ANSWER_KEPT_S) * MS_PER_S,
    })
    return answer
  }

  async #decide(
    tx: Tx,
    phone: Phone,
    opened: Opened,
    proven: Band | undefined,
  ): Promise<{ readonly refusal: IdentityRefusal | undefined; readonly band: Band | undefined }> {
    const { certificate, statement, place } = opened
    const nowS = secondsOf(this.#parts.clock.nowMs())
    const { current: band, ...bandFacts } = await bandFactsOf(tx, phone, proven, opened)
    const account = await findAccount(tx, phone.accountId)
    if (!account) throw new Error('a phone without its account')
    const { placeMaxMetres } = await settingsOf(tx, account)
    const refusal = identityRefusal({
      ...bandFacts,
      nowS,
      statement,
      isTerminalTrusted: (await trustedTerminal(tx, opened, nowS)) !== undefined,
      isFrozen: account.frozen,
      isElsewhere: place !== undefined && distanceMetres(place, certificate) > placeMaxMetres,
    })
    return { refusal, band }
  }

  #yes(accountId: string, { statement, statementDigest, certificate }: Opened, { bits: _bits, ...given }: Given): IdentityAnswered {
    const { clock, keys } = this.#parts
    const at = secondsOf(clock.nowMs())
    const signed = keys.signer('identity', at).statementNow(identityAnswer, {
      requestId: statement.requestId,
      statementDigest,
      terminalId: certificate.terminalId,
      customer: keys.customerOf(accountId, certificate.merchantId),
      ...given,
      at,
    })
    return { kind: 'identity', signed, hint: 'none' }
  }

  #no(opened: Opened, reason: IdentifyReason, hint: IdentityAnswered['hint']): IdentityAnswered {
    const { clock, keys } = this.#parts
    return { kind: 'decline', signed: signDecline(keys, opened, reason, secondsOf(clock.nowMs())), hint }
  }
}

/** Of what was agreed to, whatever stands on the card. */
async function givenOf(tx: Tx, accountId: string, { agreed, certificate }: Opened): Promise<Given> {
  const entries = await agreedEntries(tx, accountId, certificate.merchantId, agreed)
  const { name, 'member-number': number } = entries
  return {
    ...(name ? { name: name.value } : {}),
    ...(number ? { memberNumber: number.value } : {}),
    vouched: claimBits(CLAIMS.filter((claim) => entries[claim]?.setBy === 'operator')),
    bits: claimBits(CLAIMS.filter((claim) => entries[claim] !== undefined)),
  }
}
