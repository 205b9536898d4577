/** How money and seats come back: a void document names what was captured and sold, and each comes back once. */
import type { ReceiptBody } from '#shared/contracts/backend-api.ts'
import type { Tx } from '../database/tables.ts'
import { findAuthorizationById, setVoided } from '../repositories/attempts-repository.ts'
import { isReceiptTaken } from '../repositories/outbox-repository.ts'
import { addWaitingVoid } from '../repositories/recovery-repository.ts'
import { findProfile } from '../repositories/registry-repository.ts'
import { type Clock, instantOf, type NewId } from '../world.ts'
import type { RaiseAlarm } from './alarms.ts'
import type { Holds, Returns } from './holds.ts'
import { balanceOfMerchant, payerOf, post, transfer } from './wallet-ledger.ts'

type VoidedPart = NonNullable<ReceiptBody['voids']>[number]

export class Voids {
  readonly #world: { readonly clock: Clock; readonly newId: NewId }
  readonly #holds: Holds
  readonly #raise: RaiseAlarm

  constructor(world: { readonly clock: Clock; readonly newId: NewId }, holds: Holds, raise: RaiseAlarm) {
    this.#world = world
    this.#holds = holds
    this.#raise = raise
  }

  /**
   * Gives back what a receipt says it gives back. A receipt that voids one this backend has not had yet waits for it. Returns what a
   * person must see.
   */
  async settle(tx: Tx, terminalId: string, { receipt, voids = [], returns = [] }: ReceiptBody): Promise<readonly string[]> {
    if (voids.length === 0 && returns.length === 0) return []
    if (receipt.kind !== 'void') {
      return [await this.#raise(tx, 'void-refused', terminalId, `receipt ${receipt.id} is a ${receipt.kind}: only a void gives back`)]
    }
    for (const { ofReceiptId } of [...voids, ...returns]) {
      if (ofReceiptId === receipt.id) {
        return [await this.#raise(tx, 'void-refused', terminalId, `receipt ${receipt.id} voids itself`)]
      }
      if (await isReceiptTaken(tx, ofReceiptId)) continue
      await addWaitingVoid(tx, receipt.id, ofReceiptId)
      return [await this.#raise(tx, 'void-waits', terminalId, `void ${receipt.id} waits for receipt ${ofReceiptId}`)]
    }
    const alarms: string[] = []
    for (const part of voids) {
      const problem = await this.#giveMoneyBack(tx, terminalId, part, receipt.id)
      if (problem === undefined) continue
      alarms.push(await this.#raise(tx, 'void-refused', terminalId, `void of ${part.authorizationId} refused: ${problem}`))
    }
    for (const part of returns) alarms.push(...(await this.#giveSeatsBack(tx, terminalId, part, receipt.id)))
    return alarms
  }

  /** Pays the wallet back from the merchant: the whole of what was captured, once. Returns why it could not, if so. */
  async #giveMoneyBack(tx: Tx, terminalId: string, part: VoidedPart, receiptId: string): Promise<string | undefined> {
    const known = await findAuthorizationById(tx, part.authorizationId)
    const merchantId = (await findProfile(tx, terminalId))?.merchant.id
    if (!known || known.requestId !== part.requestId) return 'no such authorization'
    if (known.merchantId !== merchantId) return 'it paid another merchant'
    if (known.state !== 'captured') return `it is ${known.state}, not captured`
    if (known.receiptId !== part.ofReceiptId) return `receipt ${known.receiptId} captured it`
    if (known.voidedBy !== undefined) return `void ${known.voidedBy} gave it back`
    if (part.amount.currency !== known.currency) return 'another currency'
    if (part.amount.amount !== known.captured) return `not the amount captured, ${known.captured}`
    await post(tx, {
      id: this.#world.newId(),
      kind: 'void',
      reference: known.id,
      at: instantOf(this.#world.clock.nowMs()),
      entries: transfer(balanceOfMerchant(known.merchantId), payerOf(known), known.captured, known.currency),
    })
    await setVoided(tx, known.id, receiptId)
    return undefined
  }

  async #giveSeatsBack(tx: Tx, terminalId: string, part: Returns, receiptId: string): Promise<readonly string[]> {
    const refused = await this.#holds.giveBack(tx, terminalId, part)
    if (refused.length === 0) return []
    const detail = `seats of ${part.showtimeId} not returned by void ${receiptId}: ${refused.join(' ')}`
    return [await this.#raise(tx, 'seat-not-returned', terminalId, detail)]
  }
}
