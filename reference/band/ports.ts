/** What a band needs from its hardware and from its phone, as interfaces: firmware supplies a flash page and a radio, practice and tests their own. */
import type { Message } from '#shared/contracts/frames.ts'
import type { PrivateJwk } from '#shared/crypto/keys.ts'
import type { Result } from '#shared/result.ts'

export interface Clock {
  /** Wall time, milliseconds since 1970 UTC. Decides rotating ids and the expiry of offers. */
  nowMs(): number
  /** Time passed since some start, milliseconds. Never jumps. Decides everything that waits. */
  monotonicMs(): number
  /** Calls back once after `delayMs`. The returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void
}

/** The lock as it is kept: bound to nobody yet, to one phone, or let go. It survives a reset and a battery change. */
export type LockRecord =
  | { readonly state: 'factory' }
  | {
      readonly state: 'bound'
      readonly epoch: number
      readonly key: PrivateJwk
      readonly idKey: Uint8Array
      readonly linkKey: Uint8Array
      readonly phonePoint: Uint8Array
      readonly bindingDigest: Uint8Array
    }
  | { readonly state: 'released'; readonly epoch: number }

/**
 * The slot counter and the key of the allowance in force, of one pairing. `next`: the first value that was never signed. `lastDigest`: of the
 * request that the value before it belongs to.
 */
export type SlotRecord = {
  readonly epoch: number
  readonly key: PrivateJwk
  readonly next: number
  /** Of the newest lease. */
  readonly serial: number
  readonly lastDigest?: Uint8Array
}

export interface BandStore {
  /** Keeps the lock in place of the one before. Resolves `ok` only when it would survive a power cut. */
  saveLock(lock: LockRecord): Promise<Result<void, 'storage-failed'>>
  /** Keeps the ceiling below which proof counters may be used. Resolves `ok` only when it would survive a power cut. */
  saveCounter(ceiling: number): Promise<Result<void, 'storage-failed'>>
  /** Keeps the slot counter in place of the one before; undefined wipes it. Resolves `ok` only when it would survive a power cut. */
  saveSlots(slots: SlotRecord | undefined): Promise<Result<void, 'storage-failed'>>
}

/** One message between band and phone. `offerId` names the exchange: the offer a request was sealed to. */
export type Relay = { readonly offerId: Uint8Array; readonly message: Message }

/** The link to the phone the band is bound to. Messages sent while the phone is out of reach are lost. */
export interface PhoneLink {
  send(relay: Relay): void
  /** The phone is in reach, or the rotating id has changed: offers left before are gone, new ones for this id slot are wanted. */
  offersWanted(slot: number): void
}

/** One connection from a terminal, as the radio below hands it to the band. */
export interface RadioLink {
  /** PDUs leave in the order they are handed over. */
  send(pdu: Uint8Array): void
  /** Ends the connection after everything handed over has left. */
  disconnect(): void
}

export type BandEvent =
  | { readonly type: 'vibrated'; readonly times: number }
  | { readonly type: 'disarmed' }
  /** Bound to the phone that asked, in this epoch. */
  | { readonly type: 'bound'; readonly epoch: number }
  | { readonly type: 'released' }
  /** Somebody's phone tried to take this band, which is bound. */
  | { readonly type: 'pairing-refused' }
  /** A session ended on the band's side: the named error, also sent to the terminal. */
  | { readonly type: 'session-ended'; readonly error: string }
