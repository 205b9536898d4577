/**
 * The lock on a band, the backend's half of it: bound to one account and phone in one epoch, and to nobody else until its owner lets it
 * go. The band keeps the other half; both must agree. docs/protocol.md has the messages.
 */
import { fromBase64Url, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { binding, bound, pairOffer, release } from '#shared/contracts/link-messages.ts'
import { sha256 } from '#shared/crypto/keys.ts'
import { openSign1, peekSign1 } from '#shared/crypto/sign1.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import {
  addPairing,
  addWristband,
  bandsOfAccount,
  bindBand,
  blockBand,
  confirmPairing,
  findPairing,
  findWristband,
  findWristbandByPoint,
  markPaired,
  markReleased,
  type OwnBand,
  pairingsOf,
  type Wristband,
} from '../repositories/bands-repository.ts'
import { findBand, findPhone, type Phone } from '../repositories/registry-repository.ts'
import { revokeAllowances } from '../repositories/revocations-repository.ts'
import type { SigningKeys } from '../signing-keys.ts'
import { type Clock, instantOf, secondsOf } from '../world.ts'
import type { TellOwner } from './notices.ts'
import { keyOfPoint } from './verify-keys.ts'

/** Pairings one may begin of a band in one epoch: each begins with a key of the band's, and the table of them stays small. */
const PAIRINGS_MAX = 20

export type BandsParts = { readonly db: Database; readonly clock: Clock; readonly keys: SigningKeys; readonly tell: TellOwner }
export type SignedOrder = { readonly signed: Uint8Array; readonly keySet: readonly string[] }

export class Bands {
  readonly #parts: BandsParts

  constructor(parts: BandsParts) {
    this.#parts = parts
  }

  /** A band leaves the factory. The same again is nothing new; another key for the same band is refused. */
  async register(bandId: string, factoryPoint: string): Promise<Refusable<void>> {
    if (!(await keyOfPoint(factoryPoint))) return refuse('malformed', 'not a point of the curve')
    return this.#parts.db.transaction().execute(async (tx) => {
      const known = await findWristband(tx, bandId)
      if (known) return known.factoryPoint === factoryPoint ? ok() : refuse('conflict', 'exists with other content')
      if (await findWristbandByPoint(tx, factoryPoint)) return refuse('conflict', 'another band has this key')
      await addWristband(tx, { id: bandId, factoryPoint })
      return ok()
    })
  }

  /**
   * What a band offered to the phone that brings it here becomes a signed binding. Nothing is in force before the band confirms. A band
   * that is bound is refused whatever it offers, and its owner is told; an unknown band and a false signature get that same answer.
   */
  async beginPairing(phone: Phone, offerText: string): Promise<Refusable<SignedOrder>> {
    const bytes = fromBase64Url(offerText)
    const peeked = bytes && peekSign1(pairOffer, bytes)
    if (!bytes || !peeked?.ok) return refuse('malformed', 'not the offer of a band')
    const offer = peeked.value.value
    const bandId = toHex(offer.bandId)
    const known = await findWristband(this.#parts.db, bandId)
    const key = known && (await keyOfPoint(known.factoryPoint))
    const isGenuine = key !== undefined && (await openSign1(pairOffer, bytes, key)).ok
    if (!known || !isGenuine || toBase64Url(offer.phonePoint) !== phone.point) return notThisBand()
    const pairing = { bandId, epoch: offer.epoch, point: toBase64Url(offer.point) }
    return this.#parts.db.transaction().execute(async (tx) => {
      const band = await findWristband(tx, bandId)
      const begun = await findPairing(tx, pairing)
      // The same offer again gets the same binding: the answer may have been lost.
      if (begun) return begun.phoneId === phone.id ? ok({ signed: begun.binding, keySet: this.#keySet() }) : notThisBand()
      if (!band || band.state === 'paired' || offer.epoch <= band.epoch) return this.#refusePairing(tx, band)
      if ((await pairingsOf(tx, bandId, offer.epoch, PAIRINGS_MAX)).length >= PAIRINGS_MAX) {
        return refuse('too-many', 'this band was offered too often: release it again')
      }
      const nowMs = this.#parts.clock.nowMs()
      const at = secondsOf(nowMs)
      const signed = this.#parts.keys.signer('release', at).statementNow(binding, {
        bandId: offer.bandId,
        epoch: offer.epoch,
        point: offer.point,
        phonePoint: offer.phonePoint,
        at,
      })
      await addPairing(tx, { ...pairing, phoneId: phone.id, binding: signed, at: instantOf(nowMs) })
      return ok({ signed, keySet: this.#keySet() })
    })
  }

  /** The band says, with its new key, that it is bound. Once; the same word again changes nothing. */
  async confirmPairing(
    phone: Phone,
    bandId: string,
    boundText: string,
  ): Promise<Refusable<{ readonly bandId: string; readonly epoch: number }>> {
    const bytes = fromBase64Url(boundText)
    const peeked = bytes && peekSign1(bound, bytes)
    if (!bytes || !peeked?.ok) return refuse('malformed', 'not the word of a band')
    const { epoch, phonePoint, bindingDigest } = peeked.value.value
    if (toHex(peeked.value.value.bandId) !== bandId || toBase64Url(phonePoint) !== phone.point) return notThisBand()
    for (const begun of await pairingsOf(this.#parts.db, bandId, epoch, PAIRINGS_MAX)) {
      if (begun.phoneId !== phone.id || toHex(await sha256(begun.binding)) !== toHex(bindingDigest)) continue
      const key = await keyOfPoint(begun.point)
      if (key && (await openSign1(bound, bytes, key)).ok) return this.#bind(phone, begun)
    }
    return notThisBand()
  }

  /**
   * The owner lets a band go: from this moment none of its proofs is good, and the band itself opens its lock when the order reaches it.
   * Asked again, the same order. Who may ask is for the caller to check.
   */
  async release(accountId: string, bandId: string): Promise<Refusable<SignedOrder>> {
    const { db, clock, keys, tell } = this.#parts
    return db.transaction().execute(async (tx) => {
      const band = await findWristband(tx, bandId)
      const epoch = band && (await this.#epochOf(tx, accountId, band))
      if (!band || epoch === undefined) return refuse('unknown', 'no such band of this account')
      if (band.release && band.epoch === epoch) return ok({ signed: band.release, keySet: this.#keySet() })
      const nowMs = clock.nowMs()
      const at = secondsOf(nowMs)
      const bytes = Uint8Array.from(Buffer.from(bandId, 'hex'))
      const signed = keys.signer('release', at).statementNow(release, { bandId: bytes, epoch, at })
      await markReleased(tx, bandId, { epoch, release: signed, at: instantOf(nowMs) })
      await blockBand(tx, bandId)
      await revokeAllowances(tx, { bandId }, instantOf(nowMs))
      await tell(tx, accountId, 'band-released', bandId)
      return ok({ signed, keySet: this.#keySet() })
    })
  }

  /** Bands that this account has, or had last, newest epoch first. */
  async ofAccount(accountId: string): Promise<readonly OwnBand[]> {
    return bandsOfAccount(this.#parts.db, accountId)
  }

  /** The order to carry to the band, for any phone of the account it was bound to. */
  async releaseFor(phone: Phone, bandId: string): Promise<Refusable<SignedOrder>> {
    const band = await findWristband(this.#parts.db, bandId)
    const epoch = band && (await this.#epochOf(this.#parts.db, phone.accountId, band))
    if (!band?.release || band.epoch !== epoch) return refuse('unknown', 'no release of such a band')
    return ok({ signed: band.release, keySet: this.#keySet() })
  }

  /**
   * The epoch in which this account has the band, or had it when it was let go. A binding that was begun and never confirmed counts, too:
   * the band may have turned its lock, and the phone been lost before it could say so.
   */
  async #epochOf(reads: Database, accountId: string, band: Wristband): Promise<number | undefined> {
    const inForce = await findBand(reads, band.id)
    const ofAccount = async (epoch: number) => {
      for (const { phoneId } of await pairingsOf(reads, band.id, epoch, PAIRINGS_MAX)) {
        if ((await findPhone(reads, phoneId))?.accountId === accountId) return true
      }
      return false
    }
    if (band.state !== 'paired' && (await ofAccount(band.epoch + 1))) return band.epoch + 1
    if (inForce?.accountId === accountId && inForce.epoch === band.epoch) return band.epoch
    return band.state === 'released' && (await ofAccount(band.epoch)) ? band.epoch : undefined
  }

  async #bind(
    phone: Phone,
    begun: { bandId: string; epoch: number; point: string },
  ): Promise<Refusable<{ bandId: string; epoch: number }>> {
    const { db, clock, tell } = this.#parts
    const { bandId, epoch, point } = begun
    return db.transaction().execute(async (tx) => {
      const band = await findWristband(tx, bandId)
      const pairing = await findPairing(tx, begun)
      if (pairing?.isConfirmed && band?.epoch === epoch) return ok({ bandId, epoch })
      if (!band || band.state === 'paired' || epoch <= band.epoch) return this.#refusePairing(tx, band)
      // Between the offer and now the phone may have been retired.
      const now = await findPhone(tx, phone.id)
      if (now?.point !== phone.point || now.retiredAt !== null) return notThisBand()
      const at = instantOf(clock.nowMs())
      await confirmPairing(tx, begun, at)
      await markPaired(tx, begun)
      await bindBand(tx, { id: bandId, accountId: phone.accountId, phoneId: phone.id, point, epoch })
      await tell(tx, phone.accountId, 'band-paired', bandId)
      return ok({ bandId, epoch })
    })
  }

  /** Whoever tries to take a bound band learns nothing; its owner learns that somebody tried. */
  async #refusePairing(tx: Tx, band: Wristband | undefined): Promise<Refusable<never>> {
    const owned = band?.state === 'paired' ? await findBand(tx, band.id) : undefined
    if (band && owned) await this.#parts.tell(tx, owned.accountId, 'pairing-refused', band.id)
    return notThisBand()
  }

  #keySet(): readonly string[] {
    return this.#parts.keys.statements.map(toBase64Url)
  }
}

/** One answer for all of it. */
function notThisBand(): Refusable<never> {
  return refuse('not-allowed', 'this band cannot be bound to this phone')
}
