/** What the page shows of the phone inside it. Plain data, a new object for each change: screens compare and draw. */
import type { SubmitHint } from '#shared/contracts/backend-api.ts'
import type { IdentifyHint } from '#shared/contracts/identity-api.ts'
import type { Claim } from '#shared/domain/claims.ts'
import type { PolicyRule } from '#shared/domain/policy-rules.ts'
import type { Reason } from '#shared/domain/reasons.ts'
import type { Consent } from '../identity.ts'

/** Only one tab holds the band. `waiting`: another one has it, and this one takes over when that is closed. */
export type TabState = 'starting' | 'waiting' | 'holding' | 'no-storage'

export type EnrolmentState =
  | { readonly state: 'none' }
  | { readonly state: 'enrolled'; readonly displayName: string; readonly currency: string }

export type PinState = {
  readonly isSet: boolean
  /** When the next try may be made, milliseconds since 1970 UTC; 0 for at once. */
  readonly waitUntilMs: number
  /** Whether the device's own fingerprint or face is taken as well. */
  readonly hasDeviceUnlock: boolean
}

/** How this page reaches a band. */
export type BandWay = 'bluetooth' | 'practice'
/** `linked`: the band has recognised its phone. `near`: it is connected, and has not (yet). */
export type LinkState = 'away' | 'connecting' | 'near' | 'linked'
/** `begun`: the band may have turned its lock or not; pairing again finds out. */
export type BondState = 'none' | 'begun' | 'bound'
export type BandState = {
  readonly bond: BondState
  readonly bandId: string | undefined
  readonly link: LinkState
  readonly way: BandWay | undefined
  /** What the band last said of itself; kept while it is away. */
  readonly status: { readonly worn: boolean; readonly armed: boolean; readonly batteryPercent: number } | undefined
  /** How often the owner is to knock now, while a pairing waits for it. */
  readonly knocks: number | undefined
}

/** A payment, or who the owner is. */
export type Subject =
  | { readonly kind: 'pay'; readonly amount: number; readonly currency: string }
  | { readonly kind: 'identify'; readonly claims: readonly Claim[] }
type Asker = {
  readonly requestId: string
  /** Merchant name and site of the terminal's certificate. */
  readonly name: string
  readonly site: string
  readonly subject: Subject
}
export type Question = Asker & {
  /** The request ends then by itself, milliseconds since 1970 UTC. */
  readonly untilMs: number
}

/**
 * How a request ended. `waiting` for its owner's word; `asking`: sent to the backend, the answer is not known here; `interrupted`: the page
 * was closed before its owner answered, and nothing was paid. `offline`: paid out of the allowance, without a network. `told`: who the owner is.
 */
export type Ending = 'waiting' | 'asking' | 'approved' | 'offline' | 'told' | 'refused' | 'declined' | 'interrupted'
/** Who asked what, and how it ended. */
export type AskedRequest = Asker & {
  readonly atMs: number
  readonly ending: Ending
  readonly reason?: Reason
  readonly rule?: PolicyRule
  readonly hint?: SubmitHint | IdentifyHint
  readonly receiptNumber?: string
}

export type WalletPhoneState = {
  readonly tab: TabState
  readonly enrolment: EnrolmentState
  readonly pin: PinState
  readonly band: BandState
  /** Set aside for payments without a network. */
  readonly allowance: { readonly amount: number; readonly currency: string } | undefined
  /** Merchants that are told who the owner is without asking again, by their ids. */
  readonly consents: readonly Consent[]
  readonly questions: readonly Question[]
  /** Newest first. */
  readonly requests: readonly AskedRequest[]
}

export const STARTING: WalletPhoneState = {
  tab: 'starting',
  enrolment: { state: 'none' },
  pin: { isSet: false, waitUntilMs: 0, hasDeviceUnlock: false },
  band: { bond: 'none', bandId: undefined, link: 'away', way: undefined, status: undefined, knocks: undefined },
  allowance: undefined,
  consents: [],
  questions: [],
  requests: [],
}

/** A value that tells whoever listens when it changes, in the shape React's useSyncExternalStore takes. */
export class Observable<T> {
  #value: T
  readonly #listeners = new Set<() => void>()

  constructor(value: T) {
    this.#value = value
  }

  readonly get = (): T => this.#value

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  set(value: T): void {
    this.#value = value
    for (const listener of [...this.#listeners]) listener()
  }
}
