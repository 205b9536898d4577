/**
 * What the terminal needs from the world, as interfaces: a clock, a store, keys, a radio, a backend, a printer.
 * Features know these and nothing behind them; tests pass their own; hosts and adapters implement them.
 */

import type { RevokedKind } from '#shared/contracts/allowance-api.ts'
import type { ApiErrorCode, TerminalProfile } from '#shared/contracts/backend-api.ts'
import type { BandAdvert } from '#shared/contracts/band-advert.ts'
import type { Message } from '#shared/contracts/frames.ts'
import type { RadioStanding, Unsubscribe } from '#shared/contracts/till.ts'
import type { StorageTrouble } from '#shared/contracts/troubles.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import type { HoldId, RequestId, SeatId, ShowtimeId } from '#shared/domain/ids.ts'
import type { Programme, SeatState } from '#shared/domain/programme.ts'
import type { Result } from '#shared/result.ts'

export interface Clock {
  /** Wall time, milliseconds since 1970 UTC. May jump; never used to order things. */
  nowMs(): number
  /** Time passed since some start, milliseconds. Never jumps. */
  monotonicMs(): number
  /** Calls back once after `delayMs`. The returned function cancels it. */
  after(delayMs: number, callback: () => void): Unsubscribe
}

// --- Store ---------------------------------------------------------------------------------------------------------------------

export type SqlValue = string | number | Uint8Array | null
export type SqlRow = Readonly<Record<string, SqlValue>>

/** Reads. Statements are prepared once and kept. */
export interface ReadStore {
  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined
  all(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[]
}
/** Writes. Only a transaction hands one out, so nothing is ever half written. */
export interface WriteStore extends ReadStore {
  run(sql: string, ...values: readonly SqlValue[]): { readonly changes: number }
}
export type StoreFault = {
  readonly code: 'storage-failed'
  readonly trouble: StorageTrouble
  /** What the database said, for the log. */
  readonly detail: string
}
export interface Store extends ReadStore {
  /**
   * Runs `work` in one IMMEDIATE transaction, durable when this returns (synchronous=FULL). A full, read-only or failing disk is the
   * refusal `storage-failed`, with everything rolled back. An exception from `work` itself (a bug) rolls back and is thrown on.
   */
  write<T>(work: (tx: WriteStore) => T): Result<T, StoreFault>
  close(): void
}

// --- Keys ----------------------------------------------------------------------------------------------------------------------

/** The terminal's own signing key, in a store of the host's. `signNow` is for signatures inside a transaction. */
export interface Keys {
  readonly signer: Signer
  /** ES256, 64 bytes, at once. */
  signNow(data: Uint8Array): Uint8Array
}

/**
 * What is known of the records outside their own file, beside the keys: it tells a file that was copied back from the one that was
 * left. `next` is an incarnation that was about to be written when the mark was.
 */
export type RecordsMark = {
  readonly incarnation: string
  readonly next?: string
  /** The journal's last entry when the mark was made. Never ahead of the file. */
  readonly seq: number
  readonly hash: string
  /** The newest epoch and series that were opened, so that a second restore from one copy opens others even while offline. */
  readonly epoch: number
  readonly series: string
}
export interface MarkKeeper {
  /** Undefined when there is none, or it cannot be read: a first start, or a folder of an earlier version. */
  read(): RecordsMark | undefined
  /** Replaces the mark as a whole. `false` when the disk refuses. */
  write(mark: RecordsMark): boolean
}

// --- Processes -----------------------------------------------------------------------------------------------------------------

/** A helper process of the terminal's: the radio. Killed by us or dying by itself, it says so once. */
export interface HelperProcess {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): Unsubscribe
  /** `detail`: exit code or signal, for the log. */
  onExit(listener: (detail: string) => void): Unsubscribe
  kill(): void
}
/** How a host starts one: a fork in the browser host, a utility process in Electron (whose fuses forbid forks). */
export type StartProcess = (entry: 'radio', input: { readonly args: readonly string[]; readonly heapMb: number }) => HelperProcess

// --- Radio ---------------------------------------------------------------------------------------------------------------------

export type Sighting = {
  /** Lower-case hex of the address it was heard from. Changes with the rotating id; never stored. */
  readonly address: string
  /** dBm. */
  readonly rssi: number
  readonly advert: BandAdvert
  readonly atMonotonicMs: number
}

export type LinkError = 'link-lost' | 'timeout' | 'malformed' | 'out-of-order' | 'altered-segment' | 'oversized'

/** One connection to a band, from subscribe on. Whatever goes wrong ends the link, never the terminal. */
export interface BandLink {
  /** ATT requests made so far on this link, counted on the wire. */
  attRequests(): number
  /** Segments and bytes of the last message sent. */
  lastSent(): { readonly segments: number; readonly bytes: number }
  send(message: Message): Promise<Result<void, LinkError>>
  /** The next message from the band, in order of arrival; `timeout` when none arrives in time (the link stays open). */
  receive(timeoutMs: number): Promise<Result<Message, LinkError>>
  close(): Promise<void>
}

export interface Radio {
  state(): RadioStanding
  onState(listener: () => void): Unsubscribe
  onSighting(listener: (sighting: Sighting) => void): Unsubscribe
  start(): void
  stop(): Promise<void>
  /** Connects, agrees on an MTU, discovers and subscribes. The OFFER then arrives as the first message. Own timers throughout. */
  connect(address: string): Promise<Result<BandLink, 'band-gone' | 'radio-failed' | 'busy'>>
}

// --- Backend -------------------------------------------------------------------------------------------------------------------

/** `offline`: no usable answer came (refused, timed out, cut, 5xx). Anything else is the backend's own word. */
export type BackendRefusal = { readonly code: 'offline' | ApiErrorCode; readonly message: string; readonly seats?: readonly SeatId[] }
export type BackendResult<T> = Promise<Result<T, BackendRefusal>>

export type OutboxOutcome = { readonly id: string; readonly outcome: 'applied' | 'repeat' | 'quarantined'; readonly alarm?: string }
export type Enrolment = { readonly certificate: Uint8Array; readonly keySet: readonly Uint8Array[]; readonly profile: TerminalProfile }

export type BackendStanding = {
  readonly epoch: number
  readonly head?: { readonly seq: number; readonly hash: string }
  readonly series: Readonly<Record<string, number>>
}
export type OwnAuthorization = {
  readonly cursor: number
  readonly requestId: RequestId
  readonly signed: Uint8Array
  readonly holds: readonly { readonly holdId: HoldId; readonly showtimeId: ShowtimeId; readonly seats: readonly SeatId[] }[]
}

export interface BackendClient {
  /** First start: exchanges the one-time code for a certificate. */
  enrol(input: { readonly terminalId: string; readonly code: string }): BackendResult<Enrolment>
  renewCertificate(): BackendResult<Enrolment>
  programme(): BackendResult<Programme>
  seats(showtimeId: ShowtimeId): BackendResult<{ readonly seats: Readonly<Record<string, SeatState>>; readonly own: readonly SeatId[] }>
  putHold(input: {
    readonly holdId: HoldId
    readonly showtimeId: ShowtimeId
    readonly seats: readonly SeatId[]
  }): BackendResult<{ readonly expiresAt: string }>
  deleteHold(holdId: HoldId): BackendResult<void>
  pinHold(holdId: HoldId, requestId: RequestId): BackendResult<void>
  unpinHold(holdId: HoldId, requestId: RequestId): BackendResult<{ readonly expiresAt: string }>
  attempt(requestId: RequestId): BackendResult<{
    readonly state: 'unknown' | 'held' | 'captured' | 'reversed' | 'declined'
    readonly signed?: Uint8Array
  }>
  /** How far the backend knows our journal. */
  standing(): BackendResult<BackendStanding>
  /** Our own receipts as the backend took them: outbox bodies, oldest first, a page after this cursor (0 to begin). */
  ownReceipts(after: number): BackendResult<{
    readonly receipts: readonly { readonly cursor: number; readonly body: string }[]
    readonly more: boolean
  }>
  /** Money held for us, neither captured nor reversed: a page after this cursor (0 to begin). */
  ownAuthorizations(after: number): BackendResult<{ readonly authorizations: readonly OwnAuthorization[]; readonly more: boolean }>
  /** Allowances and phones' keys that must not be taken any more, a page after this cursor (0 to begin). `until`: seconds. */
  revocations(after: number): BackendResult<{
    readonly revocations: readonly { readonly cursor: number; readonly kind: RevokedKind; readonly id: string; readonly until: number }[]
    readonly more: boolean
  }>
  postOutbox(
    entries: readonly { readonly id: string; readonly kind: string; readonly body: string }[],
  ): BackendResult<readonly OutboxOutcome[]>
}
