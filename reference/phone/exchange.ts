/** One sealed exchange with a terminal: the phone's side of PENDING, ANSWER, CANCEL and COMMIT. */

import { equalBytes } from '#shared/contracts/bytes.ts'
import type { Message } from '#shared/contracts/frames.ts'
import {
  ANSWER_KINDS,
  answerPlaintext,
  cancelMessage,
  commitMessage,
  ERROR_CODES,
  type ErrorCode,
  errorMessage,
  neverSeen,
  PENDING_STAGES,
  type PendingStage,
  pendingMessage,
  phoneRefusal,
  presenceAnswer,
} from '#shared/contracts/radio-messages.ts'
import { macMatches } from '#shared/crypto/sealing.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { REASONS } from '#shared/domain/reasons.ts'
import type { OpenedRequest } from './open-request.ts'
import type { BandLink, Outcome } from './ports.ts'

export const BUSY_RETRY_AFTER_S = 2

export class Exchange {
  readonly opened: OpenedRequest
  readonly #band: BandLink

  constructor(opened: OpenedRequest, band: BandLink) {
    this.opened = opened
    this.#band = band
  }

  pending(stage: PendingStage): void {
    this.#send({ kind: 'pending', body: pendingMessage.encode({ stage: PENDING_STAGES[stage] }) })
  }

  /** A hint that never changes money: where no answer can be given that would end the attempt. */
  error(code: ErrorCode): void {
    sendError(this.#band, this.opened.forward.offerId, code)
  }

  /**
   * Seals the answer to this exchange. What the backend signed is passed on as it is; the phone's own words are signed now, by the key
   * whose certificate this terminal has just seen.
   */
  async answer(outcome: Exclude<Outcome, { state: 'asked' }>, nowS: number): Promise<void> {
    const plaintext = await this.#plaintext(outcome, nowS)
    this.#send({ kind: 'answer', body: await this.opened.session.sealAnswer(plaintext) })
  }

  /** Passes on who the customer is, as the backend signed it. */
  async identity(signed: Uint8Array): Promise<void> {
    const plaintext = answerPlaintext.encode({ kind: ANSWER_KINDS.identity, signed })
    this.#send({ kind: 'answer', body: await this.opened.session.sealAnswer(plaintext) })
  }

  /** Says, signed and sealed, what the band's proof said of knocks. It moves no money and is kept nowhere. */
  async presence(knocks: number, nowS: number): Promise<void> {
    const { statement, offer, session } = this.opened
    const said = { requestId: statement.value.requestId, statementDigest: statement.digest, knocks, at: nowS }
    const signed = await sign1(presenceAnswer, said, offer.signer, { withKid: false })
    const plaintext = answerPlaintext.encode({ kind: ANSWER_KINDS.presence, signed })
    this.#send({ kind: 'answer', body: await session.sealAnswer(plaintext) })
  }

  /** True when this CANCEL was made by the terminal of this exchange, for this request. */
  async isCancel(body: Uint8Array): Promise<boolean> {
    const cancel = cancelMessage.decode(body)
    if (!cancel.ok || !equalBytes(cancel.value.requestId, this.opened.statement.value.requestId)) return false
    const { mac, ...unsigned } = cancel.value
    return macMatches(await this.opened.session.mac('cancel', cancelMessage.encode(unsigned)), mac)
  }

  /** The receipt number of a COMMIT made by the terminal of this exchange for this request, or undefined. */
  async committed(body: Uint8Array): Promise<string | undefined> {
    const commit = commitMessage.decode(body)
    if (!commit.ok || !equalBytes(commit.value.requestId, this.opened.statement.value.requestId)) return undefined
    const { mac, ...unsigned } = commit.value
    const genuine = macMatches(await this.opened.session.mac('commit', commitMessage.encode(unsigned)), mac)
    return genuine ? commit.value.receiptNumber : undefined
  }

  async #plaintext(outcome: Exclude<Outcome, { state: 'asked' }>, nowS: number): Promise<Uint8Array> {
    const { requestId } = this.opened.statement.value
    const { signer } = this.opened.offer
    const digest = this.opened.statement.digest
    switch (outcome.state) {
      case 'authorization':
      case 'decline':
        return answerPlaintext.encode({ kind: ANSWER_KINDS[outcome.state], signed: outcome.signed })
      case 'offline': {
        const { authorization, slot, slotProof } = outcome
        return answerPlaintext.encode({ kind: ANSWER_KINDS.offline, signed: authorization, slot, slotProof })
      }
      case 'refusal': {
        const refusal = { requestId, statementDigest: digest, reason: REASONS[outcome.reason].code, at: nowS }
        return answerPlaintext.encode({
          kind: ANSWER_KINDS.refusal,
          signed: await sign1(phoneRefusal, refusal, signer, { withKid: false }),
        })
      }
      case 'never-seen': {
        const statement = { requestId, firstDigest: digest, at: nowS }
        return answerPlaintext.encode({
          kind: ANSWER_KINDS['never-seen'],
          signed: await sign1(neverSeen, statement, signer, { withKid: false }),
        })
      }
    }
  }

  #send(message: Message): void {
    this.#band.send({ offerId: this.opened.forward.offerId, message })
  }
}

export function sendError(band: BandLink, offerId: Uint8Array, code: ErrorCode): void {
  const body = errorMessage.encode({ code: ERROR_CODES[code], retryAfterSeconds: code === 'busy' ? BUSY_RETRY_AFTER_S : 0 })
  band.send({ offerId, message: { kind: 'error', body } })
}
