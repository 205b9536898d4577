/** Takes what terminals send: each entry in a transaction of its own, applied exactly once, refused only by name. */
import type * as z from 'zod'
import { unreachable } from '#shared/assert.ts'
import { alarmLine } from '#shared/contracts/alarms.ts'
import { headBody, type OutboxEntry, type postOutbox, type ReceiptBody, receiptBody, reversalBody } from '#shared/contracts/backend-api.ts'
import { fromBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { err } from '#shared/result.ts'
import { isStorageFault } from '../database/faults.ts'
import type { Database, Tx } from '../database/tables.ts'
import { addEntry, addQuarantined, addReceipt, findEntry, findReceipt, findReceiptByNumber } from '../repositories/outbox-repository.ts'
import { takeWaitingVoids } from '../repositories/recovery-repository.ts'
import { type Clock, instantOf } from '../world.ts'
import type { RaiseAlarm } from './alarms.ts'
import type { Holds } from './holds.ts'
import type { JournalHeads } from './journal-heads.ts'
import { broughtOf, type OfflinePayments } from './offline-payments.ts'
import type { Settlement } from './settlement.ts'
import type { Voids } from './voids.ts'

const ALARM_TEXT_MAX = 200

export type EntryResult = z.output<typeof postOutbox.reply>['results'][number]
/** What became of a body: applied, the repeat of one applied under another id, or put aside and why. */
type Applied =
  | { readonly outcome: 'applied'; readonly alarm: string | undefined }
  | { readonly outcome: 'repeat' }
  | { readonly outcome: 'quarantined'; readonly why: string }

export type IntakeParts = {
  readonly db: Database
  readonly clock: Clock
  readonly holds: Holds
  readonly settlement: Settlement
  readonly voids: Voids
  readonly heads: JournalHeads
  readonly offlinePayments: OfflinePayments
  readonly raise: RaiseAlarm
  /** Told of a fault of ours while applying an entry; the entry is put aside, the rest of the batch goes on. */
  readonly failed: (entryId: string, error: unknown) => void
}

export class OutboxIntake {
  readonly #parts: IntakeParts

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  /** Throws only when the database cannot be written; what was applied before stays applied, and a repeat is harmless. */
  async take(terminalId: string, entries: readonly OutboxEntry[]): Promise<EntryResult[]> {
    const results: EntryResult[] = []
    for (const entry of entries) results.push(await this.#takeOne(terminalId, entry))
    return results
  }

  async #takeOne(terminalId: string, sent: OutboxEntry): Promise<EntryResult> {
    const { db, failed } = this.#parts
    // Half a surrogate pair has no bytes: it could be stored only as something else, and would then differ from its own repeat.
    const entry = { ...sent, body: sent.body.toWellFormed() }
    const bodyDigest = toHex(await sha256(new TextEncoder().encode(entry.body)))
    try {
      return await db.transaction().execute(async (tx) => this.#apply(tx, terminalId, entry, bodyDigest))
    } catch (error) {
      if (isStorageFault(error)) throw error
      failed(entry.id, error)
      return db.transaction().execute(async (tx) => this.#putAside(tx, terminalId, entry, bodyDigest, 'could not be applied'))
    }
  }

  async #apply(tx: Tx, terminalId: string, entry: OutboxEntry, bodyDigest: string): Promise<EntryResult> {
    const known = await findEntry(tx, terminalId, entry.id)
    if (known) {
      if (known.kind !== entry.kind || known.body !== entry.body) {
        return this.#putAside(tx, terminalId, entry, bodyDigest, 'another entry has this id', { isKnown: true })
      }
      return resultOf(entry.id, known.outcome === 'applied' ? 'repeat' : 'quarantined', known.alarm)
    }
    const applied = await this.#applyBody(tx, terminalId, entry)
    if (applied.outcome === 'quarantined') return this.#putAside(tx, terminalId, entry, bodyDigest, applied.why)
    const alarm = applied.outcome === 'applied' ? applied.alarm?.slice(0, ALARM_TEXT_MAX) : undefined
    const { id, kind, body } = entry
    await addEntry(tx, terminalId, { id, kind, body, outcome: 'applied', alarm }, this.#now())
    return resultOf(entry.id, applied.outcome, alarm)
  }

  async #applyBody(tx: Tx, terminalId: string, entry: OutboxEntry): Promise<Applied> {
    switch (entry.kind) {
      case 'receipt':
        return this.#applyReceipt(tx, terminalId, entry)
      case 'reversal': {
        const reversal = parsed(reversalBody, entry.body)
        if (!reversal) return { outcome: 'quarantined', why: 'not a reversal' }
        return { outcome: 'applied', alarm: await this.#parts.settlement.reverse(tx, { terminalId, requestId: reversal.requestId }) }
      }
      case 'head': {
        const head = parsed(headBody, entry.body)
        if (!head) return { outcome: 'quarantined', why: 'not a journal head' }
        const taken = await this.#parts.heads.take(tx, terminalId, head)
        return taken.ok ? { outcome: 'applied', alarm: taken.value } : { outcome: 'quarantined', why: taken.error }
      }
      default:
        return unreachable(entry.kind)
    }
  }

  async #applyReceipt(tx: Tx, terminalId: string, entry: OutboxEntry): Promise<Applied> {
    const body = parsed(receiptBody, entry.body)
    if (!body) return { outcome: 'quarantined', why: 'not a receipt' }
    const { receipt } = body
    const known = await findReceipt(tx, receipt.id)
    if (known) {
      if (known.terminalId === terminalId && known.body === entry.body) return { outcome: 'repeat' }
      return { outcome: 'quarantined', why: 'another receipt has this id' }
    }
    if (receipt['terminalId'] !== undefined && receipt['terminalId'] !== terminalId) {
      return { outcome: 'quarantined', why: 'a receipt of another terminal' }
    }
    const { id: receiptId, series, number, total } = receipt
    if (await findReceiptByNumber(tx, { terminalId, series, number })) {
      return { outcome: 'quarantined', why: 'another receipt has this number' }
    }
    await addReceipt(tx, { receiptId, terminalId, series, number, total: total.amount, currency: total.currency, entryId: entry.id })
    return { outcome: 'applied', alarm: await this.#settleReceipt(tx, terminalId, body) }
  }

  async #settleReceipt(tx: Tx, terminalId: string, body: ReceiptBody): Promise<string | undefined> {
    const { receipt, journal, captures, sells } = body
    const { holds, voids, heads, raise } = this.#parts
    const alarms: (string | undefined)[] = []
    for (const capture of captures) alarms.push(await this.#capture(tx, terminalId, capture, receipt.id))
    for (const sold of sells) {
      const refused = await holds.sell(tx, terminalId, sold, receipt.id)
      if (refused.length === 0) continue
      const detail = `seats of ${sold.showtimeId} not sold to receipt ${receipt.id}: ${refused.join(' ')}`
      alarms.push(await raise(tx, 'seat-not-sold', terminalId, detail))
    }
    alarms.push(...(await voids.settle(tx, terminalId, body)), ...(await this.#settleWaiting(tx, receipt.id)))
    alarms.push(...(await heads.takeOfReceipt(tx, terminalId, journal, this.#now())))
    const said = alarms.filter((alarm) => alarm !== undefined)
    return said.length > 0 ? said.join('; ') : undefined
  }

  async #capture(tx: Tx, terminalId: string, capture: ReceiptBody['captures'][number], receiptId: string): Promise<string | undefined> {
    const { settlement, offlinePayments, raise } = this.#parts
    const { authorization, offline, ...rest } = capture
    const signed = fromBase64Url(authorization) ?? new Uint8Array(0)
    if (!offline) return settlement.capture(tx, terminalId, { ...rest, authorization: signed }, receiptId)
    const brought = broughtOf({ authorization, ...offline })
    const taken = brought ? await offlinePayments.take(tx, brought) : err('not base64url')
    const refused = async (why: string) => raise(tx, 'capture-refused', terminalId, `capture of ${rest.authorizationId} refused: ${why}`)
    if (!taken.ok) return refused(taken.error)
    if (taken.value.terminalId !== terminalId) return refused('it paid another terminal')
    // A phone that had asked us as well: the money of the request is held once, under the id that was given first.
    const authorizationId = taken.value.id
    return settlement.capture(tx, terminalId, { ...rest, authorizationId, authorization: signed, isOffline: true }, receiptId)
  }

  /** Voids that came before the receipt they void, which has come now. */
  async #settleWaiting(tx: Tx, receiptId: string): Promise<readonly string[]> {
    const alarms: string[] = []
    for (const waiting of await takeWaitingVoids(tx, receiptId)) {
      const body = parsed(receiptBody, waiting.body)
      if (body) alarms.push(...(await this.#parts.voids.settle(tx, waiting.terminalId, body)))
    }
    return alarms
  }

  /** Keeps a record that cannot be applied, readable beside whatever it contradicts, and calls a person. */
  async #putAside(
    tx: Tx,
    terminalId: string,
    entry: OutboxEntry,
    bodyDigest: string,
    why: string,
    options: { readonly isKnown: boolean } = { isKnown: false },
  ): Promise<EntryResult> {
    const { id, kind, body } = entry
    const isNew = await addQuarantined(tx, terminalId, { id, kind, body, bodyDigest, why }, this.#now())
    const alarm = alarmLine('quarantined', why).slice(0, ALARM_TEXT_MAX)
    if (!options.isKnown) await addEntry(tx, terminalId, { id, kind, body, outcome: 'quarantined', alarm }, this.#now())
    if (isNew) await this.#parts.raise(tx, 'quarantined', terminalId, `${kind} ${id}: ${why}`)
    return resultOf(id, 'quarantined', alarm)
  }

  #now(): string {
    return instantOf(this.#parts.clock.nowMs())
  }
}

function resultOf(id: string, outcome: EntryResult['outcome'], alarm: string | undefined): EntryResult {
  return alarm === undefined ? { id, outcome } : { id, outcome, alarm }
}

function parsed<S extends z.ZodType>(schema: S, text: string): z.output<S> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const result = schema.safeParse(value)
  return result.success ? result.data : undefined
}
