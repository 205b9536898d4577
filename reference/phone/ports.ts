/** What the wallet needs from the phone it runs on, as interfaces: a clock, the band, the network, storage, its owner. */

import type { SubmitHint } from '#shared/contracts/backend-api.ts'
import type { Message } from '#shared/contracts/frames.ts'
import type { WalletLimitsView } from '#shared/contracts/wallet-limits-api.ts'
import type { PrivateJwk } from '#shared/crypto/keys.ts'
import type { OfflineEvidence } from '#shared/crypto/offline.ts'
import type { PolicySettings } from '#shared/domain/policy.ts'
import type { PolicyRule } from '#shared/domain/policy-rules.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import type { Result } from '#shared/result.ts'

export interface Clock {
  /** Wall time, milliseconds since 1970 UTC. */
  nowMs(): number
  /** Calls back once after `delayMs`. The returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

/** One message between band and phone. `offerId` names the exchange: the offer a request was sealed to. */
export type Relay = { readonly offerId: Uint8Array; readonly message: Message }

export interface BandLink {
  /** Lost when the band is out of reach. */
  send(relay: Relay): void
}

/**
 * `not-sent`: nothing can have reached the backend. `no-answer`: it may have, so the outcome is open. `refused`: the backend's own word
 * that it will not look at this call.
 */
export type BackendFault = 'not-sent' | 'no-answer' | 'refused'
export type Submission = {
  readonly statement: Uint8Array
  readonly certificate: Uint8Array
  readonly requestDigest: Uint8Array
  readonly proof: Uint8Array
  readonly act: 'none' | 'confirmed'
}
export type SubmitAnswer = { readonly kind: 'authorization' | 'decline'; readonly signed: Uint8Array; readonly hint: SubmitHint }

export interface PhoneBackend {
  /** One pseudonymous certificate for each key, and the key set of the root. */
  certify(
    keys: readonly { readonly point: Uint8Array; readonly slot: number }[],
  ): Promise<Result<{ readonly certificates: readonly Uint8Array[]; readonly keySet: readonly Uint8Array[] }, BackendFault>>
  submit(submission: Submission): Promise<Result<SubmitAnswer, BackendFault>>
  /** The account's limits, and what was spent towards them, at this merchant too when one is named. */
  limits(merchantId?: string): Promise<Result<WalletLimitsView, BackendFault>>
}

/** How far a request has come. `asked`: the backend may have answered; the same submission again gets the same answer. */
export type Outcome =
  | { readonly state: 'asked'; readonly submission: Submission }
  | { readonly state: 'authorization' | 'decline'; readonly signed: Uint8Array }
  | { readonly state: 'refusal'; readonly reason: Reason }
  | { readonly state: 'never-seen' }
  /** Paid with a slot of the offline allowance. `isReported`: the backend has heard of it. */
  | ({ readonly state: 'offline'; readonly statement: Uint8Array; readonly isReported: boolean } & OfflineEvidence)

/** What must survive a restart of the phone: one record for each request of a terminal, the newest one counts. */
export type RequestRecord = {
  /** Terminal id and request id. */
  readonly key: string
  /** Digest of the statement that came first. */
  readonly digest: Uint8Array
  readonly atS: number
  /** The proof counter this request came with. */
  readonly counter: number
  readonly outcome: Outcome
}

export interface PhoneStore {
  /** Resolves `ok` only when it would survive a power cut. */
  save(record: RequestRecord): Promise<Result<void, 'storage-failed'>>
  /** Keeps the account's limits in place of those kept before. */
  saveLimits(limits: PolicySettings): Promise<Result<void, 'storage-failed'>>
}

/** The head of a terminal's journal, as a request carried it: the phone is a witness to it. */
export type WitnessedHead = {
  readonly terminalId: string
  readonly seq: number
  /** Lower-case hex of the first 16 bytes of the journal's newest hash. */
  readonly head: string
  readonly atS: number
}

export interface WitnessStore {
  /** Keeps one more head. What is lost in a crash is a witness's memory, and no money. */
  save(head: WitnessedHead): Promise<Result<void, 'storage-failed'>>
}

export type PaymentView = {
  readonly requestId: string
  readonly amount: number
  readonly currency: string
  /** Merchant name and site of the terminal's certificate: never the terminal's own words. */
  readonly name: string
  readonly site: string
}

export type PhoneEvent =
  /** `isOffline`: out of the allowance, without a network. */
  | { readonly type: 'approved'; readonly payment: PaymentView; readonly isOffline?: boolean }
  /** `rule`: of policy, when it was one. It has words for the owner (shared/domain/policy-rules.ts). */
  | { readonly type: 'refused'; readonly payment: PaymentView; readonly reason: Reason; readonly rule?: PolicyRule }
  | { readonly type: 'declined'; readonly payment: PaymentView; readonly hint: SubmitHint }
  | { readonly type: 'e-receipt'; readonly payment: PaymentView; readonly receiptNumber: string }

/** The owner of the phone. */
export interface Owner {
  /** Asks for a confirmation on the screen. `signal` takes the question away again, at `untilMs` (wall time) at the latest. */
  confirm(payment: PaymentView, signal: AbortSignal, untilMs: number): Promise<'confirmed' | 'refused'>
  /** Shown on the phone, never to the counter. */
  tell(event: PhoneEvent): void
}

/**
 * What binds this phone to a band, as it is kept; binary parts as base64url. `begun`: the band may have turned its lock, or not. `bound`: it
 * has said so. `confirmed`: the backend has heard it, too.
 */
export type Bond = {
  readonly state: 'begun' | 'bound' | 'confirmed'
  /** Hex. */
  readonly bandId: string
  readonly epoch: number
  /** The band's key of this epoch. */
  readonly point: string
  readonly linkKey: string
  readonly binding: string
  readonly releaseKey: string
  /** The band's own word, once it has given it. */
  readonly bound?: string
}
export interface BondStore {
  /** Keeps the bond in place of the one before; undefined forgets it for good. Resolves `ok` only when it would survive a power cut. */
  saveBond(bond: Bond | undefined): Promise<Result<void, 'storage-failed'>>
}
type KeySetBytes = { readonly keySet: readonly Uint8Array[] }
export interface BondBackend {
  /** A binding for what the band has offered. */
  begin(offer: Uint8Array): Promise<Result<KeySetBytes & { readonly binding: Uint8Array }, BackendFault>>
  confirm(bandId: string, bound: Uint8Array): Promise<Result<void, BackendFault>>
  /** The owner's order to let this band go. `refused` while there is none. */
  release(bandId: string): Promise<Result<KeySetBytes & { readonly release: Uint8Array }, BackendFault>>
}

export type KeptSlot = { readonly counter: number; readonly cap: number /** As signed, base64url. */; readonly slot: string }
/**
 * The offline allowance as it is kept. `leased`: the band has made its key, and the backend's answer may be on its way. `open`: slots in
 * order of their counters, all good until `until` (seconds).
 */
export type KeptAllowance =
  | { readonly state: 'leased'; readonly key: PrivateJwk; readonly lease: string }
  | {
      readonly state: 'open'
      readonly key: PrivateJwk
      readonly slots: readonly KeptSlot[]
      readonly currency: string
      readonly until: number
    }
export interface AllowanceStore {
  /** Keeps the allowance in place of the one before. Resolves `ok` only when it would survive a power cut. */
  saveAllowance(kept: KeptAllowance | undefined): Promise<Result<void, 'storage-failed'>>
}
export interface AllowanceBackend {
  /** Slots for what the band has leased. `refused`: none for this lease. */
  open(lease: Uint8Array): Promise<Result<readonly Uint8Array[], BackendFault>>
  /** Whether this allowance (hex) may still be spent. */
  isOpen(allowanceId: string): Promise<Result<boolean, BackendFault>>
  /** Tells of a payment made without a network. `refused`: the backend does not take it, now or later. */
  report(spent: OfflineEvidence & { readonly statement: Uint8Array }): Promise<Result<void, BackendFault>>
}
/** Why a band could not be bound: each has its next step for the owner. */
export type PairRefusal =
  | 'bound-already'
  | 'out-of-reach'
  | 'band-refused'
  | 'backend-refused'
  | 'no-network'
  | 'knock-missing'
  | 'storage-failed'
