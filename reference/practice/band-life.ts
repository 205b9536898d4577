/** What can become of a customer's band besides paying: stolen, tried with a stranger's phone, let go by its owner, paired again, and back. */
import type { NoticeKind } from '#shared/contracts/notices.ts'
import type { BandLifeView, Hands } from '#shared/contracts/practice-desk.ts'
import type { PracticeTrouble } from '#shared/contracts/troubles.ts'
import type { AccountOwner } from './account-owner.ts'
import { type BandAndPhone, PAIRING_TRIES } from './band-and-phone.ts'
import type { PracticeClock } from './practice-clock.ts'
import type { Stranger } from './stranger.ts'

/** A thief takes this long to put the band on: longer than it stays armed off the wrist. */
const PUTS_ON_AFTER_MS = 6_000
/** What the owner was told, as far as the drawer shows it. */
const TOLD_MAX = 3
/** Not that a passkey was made: here that happened on an earlier day. */
const NEWS: ReadonlySet<NoticeKind> = new Set(['band-paired', 'band-released', 'pairing-refused', 'account-frozen', 'account-unfrozen'])

export type LifeParts = {
  readonly clock: PracticeClock
  readonly pair: BandAndPhone
  readonly owner: AccountOwner
  readonly stranger?: Stranger
  readonly isPhoneInReach: () => boolean
  /** Band and phone come together, or are parted. */
  readonly reach: (isNear: boolean) => Promise<void>
  /** How a pairing ended that somebody was shown a count for. */
  readonly pairingEnded: (isPaired: boolean) => void
}

export class BandLife {
  readonly #parts: LifeParts
  #hands: Hands = 'owner'
  #releaseWaits = false
  /** The count on show while a pairing waits for the owner's knock. */
  #knocks: number | undefined
  #pairing: Promise<boolean> | undefined
  #tried: BandLifeView['tried']
  #told: BandLifeView['told'] = []
  #stopTimer = () => {}
  /** When the customer's day was last as usual: what the owner was told before is no news. */
  #sinceMs: number

  constructor(parts: LifeParts) {
    this.#parts = parts
    this.#sinceMs = parts.clock.nowMs()
  }

  get hands(): Hands {
    return this.#hands
  }

  view(): BandLifeView {
    return {
      lock: this.#parts.pair.lock.state,
      releaseWaits: this.#releaseWaits,
      hands: this.#hands,
      ...(this.#knocks === undefined ? {} : { knocks: this.#knocks }),
      ...(this.#tried === undefined ? {} : { tried: this.#tried }),
      told: this.#told,
    }
  }

  /** The band leaves its owner's wrist, with the phone or without, and before long is on the thief's. */
  async steal(withPhone: boolean): Promise<void> {
    const { clock, pair, reach } = this.#parts
    this.#hands = withPhone ? 'thief-with-phone' : 'thief'
    this.#tried = undefined
    pair.state.setWorn(false)
    if (!withPhone) await reach(false)
    this.#stopTimer()
    this.#stopTimer = clock.after(PUTS_ON_AFTER_MS, () => pair.state.setWorn(true))
  }

  /** Whoever has the band tries to bind it to another phone: first by the band, then around it. */
  async tryPairing(): Promise<PracticeTrouble | undefined> {
    const { pair, stranger } = this.#parts
    const { lock, bandId, factory } = pair
    if (lock.state !== 'bound' || !stranger) return 'cannot-pair'
    const byBand = await stranger.pair(pair)
    // A band that its owner has let go at the backend is kept by its own lock alone, until it hears of it.
    const byBackend = this.#releaseWaits ? 'not-asked' : await stranger.forge({ bandId, factory, epoch: lock.epoch })
    if (byBackend === 'no-answer') return 'no-backend'
    this.#tried = { byBand: byBand.ok ? 'taken' : 'refused', byBackend }
    await this.readNotices()
    return undefined
  }

  /** The owner orders it with a fresh passkey; the phone brings the order to the band as soon as it can. */
  async release(): Promise<PracticeTrouble | undefined> {
    const { pair, owner } = this.#parts
    if (pair.lock.state !== 'bound') return 'cannot-release'
    const released = await owner.release(pair.bandIdHex)
    if (!released.ok) return released.error === 'refused' ? 'cannot-release' : 'no-backend'
    this.#releaseWaits = true
    await this.carryRelease()
    await this.readNotices()
    return undefined
  }

  /** The owner's phone, when it is in reach of the band, tells it that it is free. */
  async carryRelease(): Promise<void> {
    const { pair, isPhoneInReach } = this.#parts
    if (!this.#releaseWaits || !isPhoneInReach()) return
    if (await pair.carryRelease()) this.#releaseWaits = false
  }

  /** Begins a pairing with the customer's own phone. Resolves when the count is on show; the knocks come like all others. */
  async pair(): Promise<PracticeTrouble | undefined> {
    const { pair, isPhoneInReach, pairingEnded } = this.#parts
    if (this.#pairing) return undefined
    if (pair.lock.state === 'bound' || this.#hands !== 'owner' || !isPhoneInReach()) return 'cannot-pair'
    const shown = Promise.withResolvers<void>()
    const isPaired = pair.pair((knocks) => {
      this.#knocks = knocks
      shown.resolve()
    })
    this.#pairing = isPaired
    void isPaired.then((isDone) => {
      this.#knocks = undefined
      this.#pairing = undefined
      shown.resolve()
      pairingEnded(isDone)
    })
    await shown.promise
    return this.#knocks === undefined ? 'cannot-pair' : undefined
  }

  /** The owner has the band again, let go or not, and it is theirs. */
  async comeHome(): Promise<PracticeTrouble | undefined> {
    const { clock, pair, reach } = this.#parts
    this.#stopTimer()
    this.#hands = 'owner'
    this.#tried = undefined
    this.#told = []
    this.#sinceMs = clock.nowMs()
    await reach(true)
    await this.carryRelease()
    if (this.#releaseWaits) return 'cannot-release'
    if (this.#knocks !== undefined) pair.state.knocked(this.#knocks)
    await this.#pairing
    for (let tried = 0; pair.lock.state !== 'bound' && tried < PAIRING_TRIES; tried += 1) {
      await pair.pair((knocks) => pair.state.knocked(knocks))
    }
    return pair.lock.state === 'bound' ? undefined : 'cannot-pair'
  }

  /** The owner looks what they were told. */
  async readNotices(): Promise<void> {
    const notices = await this.#parts.owner.notices()
    if (!notices.ok) return
    const news = notices.value.filter(({ kind, at }) => NEWS.has(kind) && Date.parse(at) >= this.#sinceMs)
    this.#told = news.slice(0, TOLD_MAX).map(({ kind, at }) => ({ kind, at }))
  }
}
