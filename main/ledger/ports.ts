import type { WriteStore } from '#main/ports.ts'
import type { OutboxKind, ReversalBody } from '#shared/contracts/backend-api.ts'
import type { ReceiptPage, VoidedBy } from '#shared/contracts/till.ts'
import type { AuthorizationId, HoldId, ReceiptId, RequestId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import type { Money } from '#shared/domain/money.ts'
import type { Receipt } from '#shared/domain/receipt.ts'

/** One authorization that paid a part, as the COSE_Sign1 received, with the part to capture. */
export type Capture = {
  readonly requestId: RequestId
  readonly authorizationId: AuthorizationId
  readonly amount: Money
  readonly authorization: Uint8Array
  /** With one that was given without a network: what it stands on, and the statement it answers. */
  readonly offline?: { readonly slot: Uint8Array; readonly slotProof: Uint8Array; readonly statement: Uint8Array }
}
/** A hold whose seats the receipt sells. */
export type Sell = { readonly holdId: HoldId; readonly showtimeId: ShowtimeId; readonly seats: readonly SeatId[] }

/** On a void: a captured authorization whose money goes back. `amount` is what was captured, positive. */
export type VoidedPayment = {
  readonly requestId: RequestId
  readonly authorizationId: AuthorizationId
  readonly amount: Money
  readonly ofReceiptId: ReceiptId
}
/** On a void: sold seats that come back as a hold of this terminal, under this new id. */
export type ReturnedSeats = Sell & { readonly ofReceiptId: ReceiptId }

/** A receipt before it has an id, a number and a time: those are given at the commit, in the transaction. */
export type ReceiptDraft = Omit<Receipt, 'id' | 'series' | 'number' | 'issuedAt' | 'terminalId' | 'tender'> & {
  readonly captures: readonly Capture[]
  readonly sells: readonly Sell[]
  readonly voids?: readonly VoidedPayment[]
  readonly returns?: readonly ReturnedSeats[]
}

/** Where the journal stands. `hash` is lower-case hex, 64 characters. */
export type Head = { readonly seq: number; readonly hash: string }

/** Fiscal events beside receipts. Fields are flat and plain, so that any tool can read them. */
export type EventKind =
  | 'open' // the journal begins: series, terminal, incarnation, the key that signs heads
  | 'attempt-reversed' // an attempt was undone: request_id, amount_minor, currency, reason
  | 'late-yes-refused' // a yes that came after the reversal: request_id, authorization_id
  | 'answer-refused' // an answer that claimed to be an authorization and was not
  | 'staff-changed' // somebody was entered, removed, or given another PIN: what, staff_id, name, role, by
  | 'sale-cancelled' // a cart that had been charged was given up
  | 'restored' // the file was copied back: incarnation, previous_incarnation, series, epoch, why, known_seq
  | 'receipt-pulled' // a receipt the file had lost came back: what it was, and its place in the old journal
export type EventFields = Readonly<Record<string, string | number | boolean | null>>

/**
 * Adds a record to the outbox within the caller's transaction, and answers its place in it. `journalSeq` names the journal entry of the
 * receipt that the record carries.
 */
export type Enqueue = (tx: WriteStore, kind: OutboxKind, body: string, journalSeq?: number) => number

export type StoredReceipt = {
  readonly receipt: Receipt
  readonly synced: boolean
  readonly prints: number
  readonly voidedBy?: VoidedBy
  /** The journal's hash at this receipt's entry: what its QR code shows. */
  readonly head: string
}

/** Why a journal goes on in a new epoch. `known`: what the backend, or the mark beside the keys, knows of the journal that was lost. */
export type Restore = {
  readonly incarnation: string
  readonly why: 'mark' | 'backend'
  readonly known: { readonly epoch: number; readonly series: readonly string[]; readonly seq?: number }
}

export interface Ledger {
  /** Which continuation of the journal this is: 1, and one more with each restore. */
  epoch(): number
  /**
   * Within the caller's transaction: opens the next series and the next epoch, after all that is known, and puts the signed head that
   * says so into the outbox.
   */
  openEpoch(tx: WriteStore, restore: Restore): { readonly series: string; readonly epoch: number; readonly head: Head }
  /**
   * Takes a receipt back that this file had lost, from the body it was sent with. `known` when it is here; `malformed` when the text is
   * no receipt of this terminal.
   */
  pullReceipt(tx: WriteStore, body: string): 'pulled' | 'known' | 'malformed'
  /** The series receipts are numbered in now. */
  series(): string
  /**
   * Gives the draft its id, number and time, and writes receipt, payments, journal entry, signed head and outbox record within the
   * caller's transaction. Throws (a bug) on a draft that does not balance, whose captures are not its band payments, or, of a void,
   * whose voids are not.
   */
  commitReceipt(tx: WriteStore, draft: ReceiptDraft): Receipt
  /**
   * Writes the end of an attempt without money to the journal and, as an advice that is repeated until heard, to the outbox. The answer
   * is its place in the outbox.
   */
  commitReversal(tx: WriteStore, body: ReversalBody): number
  /** Adds an event to the journal within the caller's transaction. */
  appendEvent(tx: WriteStore, kind: Exclude<EventKind, 'open' | 'restored' | 'receipt-pulled'>, fields: EventFields): Head
  /** The last journal entry. There is always one: the journal begins with `open`. */
  head(): Head
  /** True when the journal has grown since its head was last put into the outbox. */
  isHeadDue(): boolean
  /** Puts the signed head into the outbox, if it is due. */
  enqueueHead(tx: WriteStore): void
  receipt(id: ReceiptId): StoredReceipt | undefined
  /** Newest first. `find`: a number, a printed number, the beginning of an id (4 digits or more), or a seat or a part of a name among the newest. */
  receipts(input: { readonly before?: number | undefined; readonly limit: number; readonly find?: string | undefined }): ReceiptPage
  /** The void that took this receipt back, if one did. */
  voidOf(id: ReceiptId): ReceiptId | undefined
  /** Counts a print of this receipt. The answer is the number of prints so far, this one included. */
  countPrint(tx: WriteStore, id: ReceiptId): number
}
