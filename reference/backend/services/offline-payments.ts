/**
 * Payments that were made without a network, taken when somebody brings them: the terminal with its receipt, or the phone. From then on each
 * is an authorization like any other, held until its receipt captures it or its reversal frees it. The merchant is paid in any case; when a
 * band has given one slot away twice, or after its owner had reported the loss, the issuer stands for it.
 */

import { equalBytes, fromBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { authorization as onlineAuthorization, type PayStatement, payStatement } from '#shared/contracts/radio-messages.ts'
import { slot as slotStatement } from '#shared/contracts/slot-messages.ts'
import { isValidAt } from '#shared/crypto/key-set.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { type OfflineEvidence, type OpenedOffline, openOffline } from '#shared/crypto/offline.ts'
import { openSign1, peekSign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Payer } from '../database/allowance-tables.ts'
import type { Tx } from '../database/tables.ts'
import {
  type Allowance,
  closeWhenSettled,
  findAllowance,
  markSlotSpent,
  type SlotRow,
  slotsOf,
} from '../repositories/allowances-repository.ts'
import {
  type AuthorizationRecord,
  addAnswer,
  addAuthorization,
  findAttempt,
  findAuthorization,
} from '../repositories/attempts-repository.ts'
import { type Account, findAccount, findTill } from '../repositories/registry-repository.ts'
import type { SigningKeys } from '../signing-keys.ts'
import { type Clock, instantOf, type NewId, secondsOf } from '../world.ts'
import type { RaiseAlarm } from './alarms.ts'
import { returnCap } from './allowances.ts'
import type { Freezes } from './freezes.ts'
import type { TellOwner } from './notices.ts'
import type { Settlement } from './settlement.ts'
import type { VerifyKeys } from './verify-keys.ts'
import { holdOf, ISSUER_LOSSES, post, transfer, walletOf } from './wallet-ledger.ts'

const MS_PER_S = 1_000
const MODE_ONLINE = 1

/** An offline payment as somebody brings it: the evidence, and the terminal's statement that it answers. */
export type Brought = OfflineEvidence & { readonly statement: Uint8Array }
type Checked = OpenedOffline & {
  readonly statement: PayStatement
  readonly allowance: Allowance
  readonly row: SlotRow
  readonly account: Account
}

export type OfflinePaymentsParts = {
  readonly clock: Clock
  readonly newId: NewId
  readonly keys: SigningKeys
  readonly verifyKeys: VerifyKeys
  readonly settlement: Settlement
  readonly freezes: Freezes
  readonly tell: TellOwner
  readonly raise: RaiseAlarm
}

export class OfflinePayments {
  readonly #parts: OfflinePaymentsParts

  constructor(parts: OfflinePaymentsParts) {
    this.#parts = parts
  }

  /**
   * Takes an offline payment and answers with the authorization it has become; the second time, with the same one. Refused with why, in words
   * for whoever looks at the alarm, when the evidence does not hold.
   */
  async take(tx: Tx, brought: Brought): Promise<Result<AuthorizationRecord, string>> {
    const checked = await this.#check(tx, brought)
    if (!checked.ok) return checked
    const { authorization, slot, row } = checked.value
    const key = { terminalId: authorization.terminalId, requestId: toHex(authorization.requestId) }
    const known = await findAuthorization(tx, key)
    // Whatever a phone has said to us besides: the money of this request is held once.
    if (known) return ok(known)
    if (secondsOf(this.#parts.clock.nowMs()) > slot.settleBy) return err('the time to settle this slot is over')
    const requestDigest = toHex(authorization.requestDigest)
    if (row.state === 'spent' && row.requestDigest === requestDigest) return err('the band gave this slot to another statement')
    const payer = await this.#payerOf(tx, checked.value, key.terminalId)
    await this.#hold(tx, checked.value, payer)
    if ((await findAttempt(tx, key))?.reversedAt !== undefined) await this.#parts.settlement.reverse(tx, key)
    const taken = await findAuthorization(tx, key)
    return taken ? ok(taken) : err('it could not be kept')
  }

  /** True when the slot names an allowance of this account. Whether it is a slot of that allowance is for `take` to find out. */
  async isOfAccount(tx: Tx, brought: Brought, accountId: string): Promise<boolean> {
    const peeked = peekSign1(slotStatement, brought.slot)
    const allowance = peeked.ok ? await findAllowance(tx, toHex(peeked.value.value.allowanceId)) : undefined
    return allowance?.accountId === accountId
  }

  /** Everything that can be wrong with the evidence itself, and with how it belongs to the statement and to our own records. */
  async #check(tx: Tx, { statement: statementBytes, ...evidence }: Brought): Promise<Result<Checked, string>> {
    const opened = await openOffline(evidence, this.#parts.keys.keySet)
    if (!opened.ok) return err(`the evidence does not hold: ${opened.error}`)
    const { authorization, slot } = opened.value
    const allowance = await findAllowance(tx, toHex(slot.allowanceId))
    const row = allowance && (await slotsOf(tx, allowance.id)).find(({ counter }) => counter === slot.counter)
    const account = allowance && (await findAccount(tx, allowance.accountId))
    if (!row || !account || !equalBytes(row.slot, evidence.slot)) return err('not a slot of ours')
    const till = await findTill(tx, authorization.terminalId)
    const key = till?.point ? await this.#parts.verifyKeys.of(till.point) : undefined
    const statement = key && (await openSign1(payStatement, statementBytes, key))
    if (!till || !statement?.ok) return err('the terminal did not sign this statement')
    const fault = faultOf(opened.value, { ...statement.value, digest: await sha256(statementBytes), merchantId: till.merchantId })
    return fault === undefined ? ok({ ...opened.value, statement: statement.value, allowance, row, account }) : err(fault)
  }

  /** Whose money it is. A slot given away twice freezes the account: its band has been copied, or is not what it should be. */
  async #payerOf(tx: Tx, { allowance, row, slot, statement }: Checked, terminalId: string): Promise<Payer> {
    const { freezes, tell, raise } = this.#parts
    if (row.state === 'set-aside') {
      const isLate = allowance.revokedAt !== undefined && statement.time * MS_PER_S >= Date.parse(allowance.revokedAt)
      return isLate ? 'issuer' : 'wallet'
    }
    await raise(tx, 'allowance-fork', terminalId, `slot ${slot.counter} of allowance ${allowance.id} was given away before`)
    await freezes.freeze(tx, allowance.accountId, 'backend')
    await tell(tx, allowance.accountId, 'allowance-fork', allowance.bandId)
    return 'issuer'
  }

  /** From set aside to held, or from the issuer's own pocket: with the record of it, signed for as if it had been asked for. */
  async #hold(tx: Tx, { allowance, row, account, authorization, slot, statement }: Checked, payer: Payer): Promise<void> {
    const { clock, newId, keys } = this.#parts
    const at = instantOf(clock.nowMs())
    const id = toHex(authorization.authorizationId)
    const { terminalId, merchantId, amount, approvedAt } = authorization
    const requestId = toHex(authorization.requestId)
    if (row.state === 'set-aside') {
      const requestDigest = toHex(authorization.requestDigest)
      await markSlotSpent(tx, { allowanceId: allowance.id, counter: row.counter }, { requestDigest, authorizationId: id })
      await returnCap(tx, { id: newId(), allowance, counter: row.counter, at })
      await closeWhenSettled(tx, allowance.id, at)
    }
    await addAuthorization(tx, {
      id,
      terminalId,
      requestId,
      merchantId,
      amount,
      payer,
      accountId: account.id,
      bandId: allowance.bandId,
      currency: account.currency,
      captureByMs: slot.settleBy * MS_PER_S,
      approvedAt: instantOf(approvedAt * MS_PER_S),
    })
    const from = payer === 'wallet' ? walletOf(account.id) : ISSUER_LOSSES
    await post(tx, { id: newId(), kind: 'hold', reference: id, at, entries: transfer(from, holdOf(id), amount, account.currency) })
    const { statementDigest, knocks } = authorization
    const signed = keys.signer('authorizer', approvedAt).statementNow(onlineAuthorization, {
      authorizationId: authorization.authorizationId,
      requestId: statement.requestId,
      statementDigest,
      amount,
      currency: account.currency,
      merchantId,
      terminalId,
      approvedAt,
      captureBy: slot.settleBy,
      customer: keys.customerOf(account.id, merchantId),
      displayName: slot.displayName,
      knocks,
      mode: MODE_ONLINE,
    })
    const binding = toHex(await sha256(authorization.authorizationId, statementDigest))
    const answer = { kind: 'authorization', signed, hint: 'none' } as const
    const asked = { accountId: account.id, merchantId, amount, currency: account.currency, at: instantOf(approvedAt * MS_PER_S) }
    await addAnswer(tx, { terminalId, requestId }, { binding, statementDigest: toHex(statementDigest), answer, asked, reason: undefined })
  }
}

/** What is wrong with how the evidence belongs to the statement that it answers. */
function faultOf(
  { authorization, slot, proof }: OpenedOffline,
  { digest, merchantId, ...statement }: PayStatement & { readonly digest: Uint8Array; readonly merchantId: string },
): string | undefined {
  const { amount, currency, knocks, time, lifetime } = statement
  if (!equalBytes(authorization.statementDigest, digest) || !equalBytes(authorization.requestId, statement.requestId))
    return 'it answers another statement'
  if (authorization.amount !== amount || authorization.currency !== currency) return 'another amount'
  if (authorization.knocks !== knocks || !equalBytes(proof.bandNonce, statement.bandNonce)) return 'another session with the band'
  if (authorization.merchantId !== merchantId) return 'another merchant'
  if (!isValidAt({ from: time, until: time + lifetime }, authorization.approvedAt)) return 'approved at another time'
  return isValidAt(slot, time) ? undefined : 'the slot was not good at that time'
}

/** The texts of a call or of a capture as bytes; undefined when one is not base64url. */
export function broughtOf(texts: Readonly<Record<keyof Brought, string>>): Brought | undefined {
  const [statement, authorization, slot, slotProof] = [texts.statement, texts.authorization, texts.slot, texts.slotProof].map(fromBase64Url)
  return statement && authorization && slot && slotProof ? { statement, authorization, slot, slotProof } : undefined
}
