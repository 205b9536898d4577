/**
 * The bands nearby, from what the radio hears: a bounded list in memory, forgotten after three seconds of silence, never stored.
 * Ids are made here for each stay in sight, so that nothing a band sends leaves the radio.
 */

import type { Clock, Sighting } from '#main/ports.ts'
import type { BandAdvert } from '#shared/contracts/band-advert.ts'
import { FLAG_ARMED, FLAG_LOW_BATTERY, FLAG_PHONE_LINKED, FLAG_WORN, FLAGS_READY } from '#shared/contracts/radio-messages.ts'
import type { BandView } from '#shared/contracts/till.ts'
import type { SightingId } from '#shared/domain/ids.ts'

/** More bands than stand at any counter. A flood of addresses beyond it is not kept. */
export const BANDS_IN_SIGHT_MAX = 64
/** A band advertises several times a second; one unheard for so long has left. */
export const FORGET_AFTER_MS = 3_000
/** When the list is full, a band unheard for this long gives up its place first. */
const STALE_AFTER_MS = 1_000
/** Smoothing of the signal: after this time a change has come through to 63 %. One advert's strength swings by 10 dB and more. */
const SMOOTHING_MS = 500
/** The lead that makes a band clearly the nearest, and how long it must last (design: by 10 dB for 1 s). */
export const LEAD_DB = 10
export const LEAD_MS = 1_000
/** Smoothed dBm from which a band is 1, 2, 3 or 4 near: about 8 m, 4 m, 1.5 m and half a metre in the open. */
const NEARNESS_DBM = [-80, -70, -60, -50] as const
/** Bluetooth Core, HCI: -127 to +20 dBm; 127 says "not available". */
const RSSI_MIN_DBM = -127
const RSSI_MAX_DBM = 20

type InSight = {
  readonly id: SightingId
  readonly address: string
  readonly letter: string
  advert: BandAdvert
  smoothedDbm: number
  heardMs: number
}

export interface Sightings {
  /** Takes one advert. Adverts without a usable signal strength are ignored. */
  hear(sighting: Sighting): void
  /** The bands in sight: the proposed one first, then the nearest, in a steady order. */
  list(): BandView[]
  /** The bands that could pay and of which none is clearly the nearest: within the lead of the strongest one, strongest first. */
  rivals(): BandView[]
  /** Where to connect to this band, while it is in sight. */
  addressOf(id: SightingId): string | undefined
  advertOf(id: SightingId): BandAdvert | undefined
}

/** An empty list. `newId` makes the ids of sightings: fresh random text each time. */
export function createSightings(parts: { readonly clock: Clock; readonly newId: () => string }): Sightings {
  return new SightingList(parts.clock, parts.newId)
}

class SightingList implements Sightings {
  readonly #clock: Clock
  readonly #newId: () => string
  readonly #bands = new Map<string, InSight>()
  #lead: { readonly address: string; readonly sinceMs: number } | undefined

  constructor(clock: Clock, newId: () => string) {
    this.#clock = clock
    this.#newId = newId
  }

  hear({ address, rssi, advert, atMonotonicMs }: Sighting): void {
    if (!Number.isFinite(rssi) || rssi < RSSI_MIN_DBM || rssi > RSSI_MAX_DBM) return
    this.#forgetSilent(atMonotonicMs)
    const known = this.#bands.get(address)
    if (known) {
      known.smoothedDbm = smoothed(known.smoothedDbm, rssi, atMonotonicMs - known.heardMs)
      known.heardMs = Math.max(known.heardMs, atMonotonicMs)
      known.advert = advert
    } else if (this.#makeRoom(rssi, atMonotonicMs)) {
      const letter = this.#freeLetter()
      this.#bands.set(address, { id: this.#newId() as SightingId, address, letter, advert, smoothedDbm: rssi, heardMs: atMonotonicMs })
    }
    this.#followLead(atMonotonicMs)
  }

  list(): BandView[] {
    const nowMs = this.#clock.monotonicMs()
    this.#forgetSilent(nowMs)
    this.#followLead(nowMs)
    const proposed = this.#proposed()
    const usable = [...this.#bands.values()].filter(isUsable)
    const views = [...this.#bands.values()].map((band) => viewOf(band, { proposed: band === proposed, needsKnock: hasRival(band, usable) }))
    return views.sort((a, b) => Number(b.proposed) - Number(a.proposed) || b.nearness - a.nearness || compareLetters(a.letter, b.letter))
  }

  rivals(): BandView[] {
    const views = this.list()
    const usable = [...this.#bands.values()].filter(isUsable).sort((a, b) => b.smoothedDbm - a.smoothedDbm)
    const [strongest] = usable
    if (!strongest) return []
    return usable
      .filter((band) => strongest.smoothedDbm - band.smoothedDbm < LEAD_DB)
      .flatMap((band) => views.filter((view) => view.id === band.id))
  }

  addressOf(id: SightingId): string | undefined {
    return this.#find(id)?.address
  }

  advertOf(id: SightingId): BandAdvert | undefined {
    return this.#find(id)?.advert
  }

  #find(id: SightingId): InSight | undefined {
    this.#forgetSilent(this.#clock.monotonicMs())
    return [...this.#bands.values()].find((band) => band.id === id)
  }

  #forgetSilent(nowMs: number): void {
    for (const band of this.#bands.values()) {
      if (nowMs - band.heardMs > FORGET_AFTER_MS) this.#bands.delete(band.address)
    }
  }

  /** True when a newcomer this strong may come in. Whoever has gone quiet leaves first, then whoever is faintest. */
  #makeRoom(rssi: number, nowMs: number): boolean {
    if (this.#bands.size < BANDS_IN_SIGHT_MAX) return true
    const bands = [...this.#bands.values()]
    const quietest = bands.reduce((a, b) => (b.heardMs < a.heardMs ? b : a))
    const faintest = bands.reduce((a, b) => (b.smoothedDbm < a.smoothedDbm ? b : a))
    if (nowMs - quietest.heardMs > STALE_AFTER_MS) return this.#bands.delete(quietest.address)
    return faintest.smoothedDbm < rssi && this.#bands.delete(faintest.address)
  }

  #freeLetter(): string {
    const taken = new Set([...this.#bands.values()].map((band) => band.letter))
    let index = 0
    while (taken.has(letterAt(index))) index += 1
    return letterAt(index)
  }

  /** Remembers since when one usable band has been ahead of every other band on a wrist. */
  #followLead(nowMs: number): void {
    const leader = leaderOf(this.#bands.values())
    if (this.#lead?.address !== leader?.address) this.#lead = leader && { address: leader.address, sinceMs: nowMs }
  }

  /** The lead must have been heard to last: a band heard once and then silent proves nothing. */
  #proposed(): InSight | undefined {
    const band = this.#lead && this.#bands.get(this.#lead.address)
    return band && this.#lead && band.heardMs - this.#lead.sinceMs >= LEAD_MS ? band : undefined
  }
}

/**
 * The usable band that is nearer than every other worn band by LEAD_DB. A nearer band that is worn but cannot pay yet belongs, most
 * likely, to the customer at the counter: nobody behind is proposed in their place. A band on no wrist is nobody.
 */
function leaderOf(bands: Iterable<InSight>): InSight | undefined {
  let first: InSight | undefined
  let secondDbm = Number.NEGATIVE_INFINITY
  for (const band of bands) {
    if ((band.advert.flags & FLAG_WORN) === 0) continue
    if (!first || band.smoothedDbm > first.smoothedDbm) {
      secondDbm = first?.smoothedDbm ?? secondDbm
      first = band
    } else secondDbm = Math.max(secondDbm, band.smoothedDbm)
  }
  if (!first || (first.advert.flags & FLAGS_READY) !== FLAGS_READY) return undefined
  return first.smoothedDbm - secondDbm < LEAD_DB ? undefined : first
}

function smoothed(beforeDbm: number, nowDbm: number, passedMs: number): number {
  return beforeDbm + (nowDbm - beforeDbm) * (1 - Math.exp(-Math.max(0, passedMs) / SMOOTHING_MS))
}

/** A to Z, then AA, AB … */
function letterAt(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26))
  return index < 26 ? letter : letterAt(Math.floor(index / 26) - 1) + letter
}

function compareLetters(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1)
}

function isUsable({ advert }: InSight): boolean {
  return (advert.flags & FLAGS_READY) === FLAGS_READY
}

/**
 * True while another band that could pay is about as near, or nearer: which of the two is meant is then a guess. A band that cannot pay
 * is no rival, and has none: charging it charges nobody, and gives the honest answer why.
 */
function hasRival(band: InSight, usable: readonly InSight[]): boolean {
  return isUsable(band) && usable.some((other) => other !== band && band.smoothedDbm - other.smoothedDbm < LEAD_DB)
}

function viewOf(
  { id, letter, advert, smoothedDbm }: InSight,
  { proposed, needsKnock }: { readonly proposed: boolean; readonly needsKnock: boolean },
): BandView {
  const has = (flag: number) => (advert.flags & flag) !== 0
  return {
    id,
    letter,
    nearness: NEARNESS_DBM.filter((limit) => smoothedDbm >= limit).length as BandView['nearness'],
    worn: has(FLAG_WORN),
    armed: has(FLAG_ARMED),
    phoneLinked: has(FLAG_PHONE_LINKED),
    lowBattery: has(FLAG_LOW_BATTERY),
    proposed,
    needsKnock,
  }
}
