/** How a hold of money ends: captured by a receipt or reversed. The first wins; the second is refused with an alarm. */
import { equalBytes } from '#shared/contracts/bytes.ts'
import type { Currency } from '#shared/domain/money.ts'
import type { Database, Tx } from '../database/tables.ts'
import {
  type AttemptKey,
  type AuthorizationRecord,
  findAttempt,
  findAuthorization,
  markReversed,
  overdueKeys,
  setCaptured,
  setReversed,
} from '../repositories/attempts-repository.ts'
import { type Clock, instantOf, type NewId } from '../world.ts'
import type { RaiseAlarm } from './alarms.ts'
import type { Holds } from './holds.ts'
import { balanceOfMerchant, holdOf, payerOf, post, transfer } from './wallet-ledger.ts'

/** Overdue holds reversed in one go, so that a long outage cannot make one sweep endless. */
const SWEEP_MAX = 1_000

export type Capture = {
  readonly requestId: string
  readonly authorizationId: string
  readonly amount: { readonly amount: number; readonly currency: Currency }
  /** The signed authorization as the terminal received it. */
  readonly authorization: Uint8Array
  /** It was given without a network, and its evidence has been checked. */
  readonly isOffline?: boolean
}

export class Settlement {
  readonly #world: { readonly clock: Clock; readonly newId: NewId }
  readonly #holds: Holds
  readonly #raise: RaiseAlarm

  constructor(world: { readonly clock: Clock; readonly newId: NewId }, holds: Holds, raise: RaiseAlarm) {
    this.#world = world
    this.#holds = holds
    this.#raise = raise
  }

  /** Applies a terminal's reversal, before or after the authorization it reverses. Returns what a person must see, if anything. */
  async reverse(tx: Tx, key: AttemptKey): Promise<string | undefined> {
    const authorization = await findAuthorization(tx, key)
    if (authorization?.state === 'captured') {
      const detail = `reversal of ${key.requestId} refused: captured by receipt ${authorization.receiptId}`
      return this.#raise(tx, 'reversal-after-capture', key.terminalId, detail)
    }
    if (authorization?.state === 'held') await this.#release(tx, authorization)
    await markReversed(tx, key, instantOf(this.#world.clock.nowMs()))
    await this.#holds.unpinAttempt(tx, key.terminalId, key.requestId)
    return undefined
  }

  /** Pays the merchant from a hold; what the receipt did not need goes back to the wallet. Returns why it could not, if so. */
  async capture(tx: Tx, terminalId: string, capture: Capture, receiptId: string): Promise<string | undefined> {
    const key = { terminalId, requestId: capture.requestId }
    const authorization = await findAuthorization(tx, key)
    const attempt = await findAttempt(tx, key)
    const problem = this.#captureProblem(capture, authorization, attempt?.answer?.signed)
    if (problem !== undefined || !authorization) {
      const detail = `capture of ${capture.authorizationId} refused: ${problem}`
      return this.#raise(tx, 'capture-refused', terminalId, detail)
    }
    const { id, merchantId, amount, currency } = authorization
    const captured = capture.amount.amount
    const rest = amount - captured
    await post(tx, {
      id: this.#world.newId(),
      kind: 'capture',
      reference: id,
      at: instantOf(this.#world.clock.nowMs()),
      entries: [
        { account: holdOf(id), amount: -amount, currency },
        { account: balanceOfMerchant(merchantId), amount: captured, currency },
        ...(rest > 0 ? [{ account: payerOf(authorization), amount: rest, currency }] : []),
      ],
    })
    await setCaptured(tx, id, { amount: captured, receiptId })
    return undefined
  }

  /** Reverses holds whose `capture by` has passed. Returns how many. */
  async sweep(db: Database): Promise<number> {
    const keys = await overdueKeys(db, this.#world.clock.nowMs(), SWEEP_MAX)
    for (const key of keys) await db.transaction().execute(async (tx) => this.reverse(tx, key))
    return keys.length
  }

  #captureProblem(capture: Capture, known: AuthorizationRecord | undefined, signed: Uint8Array | undefined): string | undefined {
    if (!known || !signed || known.id !== capture.authorizationId) return 'no such authorization'
    if (!capture.isOffline && !equalBytes(signed, capture.authorization)) return 'not the authorization we signed'
    if (known.state === 'reversed') return 'it was reversed'
    if (known.state === 'captured') return `receipt ${known.receiptId} captured it`
    if (this.#world.clock.nowMs() > known.captureByMs) return 'capture by has passed'
    if (capture.amount.currency !== known.currency) return 'another currency'
    if (capture.amount.amount <= 0 || capture.amount.amount > known.amount) return 'not an amount inside the hold'
    return undefined
  }

  async #release(tx: Tx, authorization: AuthorizationRecord): Promise<void> {
    const { id, amount, currency } = authorization
    await post(tx, {
      id: this.#world.newId(),
      kind: 'release',
      reference: id,
      at: instantOf(this.#world.clock.nowMs()),
      entries: transfer(holdOf(id), payerOf(authorization), amount, currency),
    })
    await setReversed(tx, id)
  }
}
