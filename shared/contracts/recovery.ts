/** What a till knows of trouble: an interrupted sale, money nobody can place yet, and what would be lost with this computer. */
import * as z from 'zod'
import type { AuthorizationId, ReceiptId, RequestId, SeatId, StaffId } from '#shared/domain/ids.ts'
import type { Money } from '#shared/domain/money.ts'
import type { Tender } from '#shared/domain/receipt.ts'
import type { Words } from '#shared/domain/words.ts'
import type { AlarmCode } from './alarms.ts'
import type { OutboxKind } from './backend-api.ts'

/**
 * Whether the customer of an interrupted sale was charged. `no`: nothing had been sent. `refused`: the phone signed that it did not approve.
 * `declined`: the backend signed a no. `reversed`: undone, and a yes that was given, or may have been, goes back. `asking`: the till is
 * finding out. `unknown`: it cannot, for now (band gone, backend offline).
 */
export const CHARGED = ['no', 'yes', 'asking', 'unknown', 'refused', 'declined', 'reversed'] as const
export type Charged = (typeof CHARGED)[number]

/** The sale that was under way when the till last stopped: one line for each question, one button to finish or undo. */
export type InterruptedView = {
  readonly tender: Tender
  readonly total: Money
  readonly startedAt: string
  readonly requestId: RequestId
  /** Set once the sale has its receipt. */
  readonly receiptId?: ReceiptId
  readonly payerName?: string
  readonly charged: Charged
  /** Of a reversal the backend has not heard yet: a promise, kept here. */
  readonly isPromise?: boolean
  readonly seats: 'none' | 'held' | 'pinned' | 'sold' | 'unknown'
  readonly printed: 'not-needed' | 'no' | 'yes' | 'unknown'
  /** Finish: writes the receipt of an approved payment, shows the receipt of a paid one, or goes on with the sale when it ended without money. */
  readonly canFinish: boolean
  /** Undo: commits the reversal, then frees the sale. */
  readonly canUndo: boolean
  /** When nobody touches the till until then, it undoes the sale by itself. ISO 8601 UTC. */
  readonly undoneAt?: string
}

/** What would be lost, or unresolved, if this computer died now. */
export type Exposure = {
  /** Receipts of money that was taken, which the backend has not acknowledged, and their sum. */
  readonly sales: number
  readonly total: Money
  /** Void documents it has not acknowledged. */
  readonly voids: number
  readonly inDoubt: number
  /** Reversals that are promised and not yet heard. */
  readonly promises: number
  /** When the oldest of them was made, ISO 8601 UTC. */
  readonly oldestAt?: string
}

/** An authorization the backend holds for this terminal that this terminal knows nothing of. A manager ends it, once. */
export type UnknownYesView = {
  readonly authorizationId: AuthorizationId
  readonly requestId: RequestId
  readonly amount: Money
  readonly payerName: string
  readonly approvedAt: string
  readonly captureBy: string
  /** Seats that are pinned for it; empty when none are. The hall is absent when the programme no longer has it. */
  readonly seats: readonly { readonly hall?: Words; readonly seats: readonly SeatId[] }[]
  readonly state: 'waiting' | 'recovered' | 'reversed'
  readonly endedAt?: string
  readonly endedBy?: StaffId
}

/** Something the backend or the till found that a person must look at. */
export type AlarmView = {
  readonly id: string
  readonly at: string
  readonly code: AlarmCode
  /** The kind of record it is about, when it is about one that was sent to the backend. */
  readonly record?: OutboxKind
  /** Of `seats-lost`. */
  readonly seats?: readonly string[]
  /** Of `copied-back`: the series that receipts go on in. */
  readonly series?: string
  /** What was said of it, as it came: for those who look into it, never translated. */
  readonly detail?: string
}

export type RecoveryView = { readonly unknownYeses: readonly UnknownYesView[]; readonly alarms: readonly AlarmView[] }

const authorizationId = z.custom<AuthorizationId>((value) => typeof value === 'string' && /^[0-9a-f]{32}$/.test(value))
export const recoveryInputs = {
  /** `recover`: a receipt of kind `recovered`, captured. `reverse`: the money goes back. */
  endUnknownYes: z.strictObject({ authorizationId, how: z.enum(['recover', 'reverse']) }),
  putAwayAlarm: z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/) }),
} as const
