/** The offers the phone has left on the band: so that a terminal is greeted without waiting for the phone. */
import { equalBytes } from '#shared/contracts/bytes.ts'
import { phoneOffer, type RefillMessage, refillMessage } from '#shared/contracts/radio-messages.ts'
import { peekSign1 } from '#shared/crypto/sign1.ts'
import { err, ok, type Result } from '#shared/result.ts'

/** Offers kept on the band: 1.2 kB of flash. */
export const OFFERS_MAX = 8

type HeldOffer = { readonly refill: RefillMessage; readonly expiresS: number }

/** Offers on the band, oldest first. The band does not check the phone's signature: the terminal does. */
export class Offers {
  #held: readonly HeldOffer[] = []

  get count(): number {
    return this.#held.length
  }

  /** Keeps an offer from the phone. The same one again is kept once. */
  add(body: Uint8Array, nowS: number): Result<void, 'malformed' | 'expired' | 'full'> {
    const refill = refillMessage.decode(body)
    if (!refill.ok) return refill
    const offer = peekSign1(phoneOffer, refill.value.offer)
    if (!offer.ok || !equalBytes(offer.value.value.offerId, refill.value.offerId)) return err('malformed')
    const expiresS = offer.value.value.expires
    if (expiresS <= nowS) return err('expired')
    this.#dropExpired(nowS)
    if (this.#held.some((held) => equalBytes(held.refill.offerId, refill.value.offerId))) return ok()
    if (this.#held.length >= OFFERS_MAX) return err('full')
    this.#held = [...this.#held, { refill: refill.value, expiresS }]
    return ok()
  }

  /** The offer to show next. Showing it does not use it up. */
  current(nowS: number): RefillMessage | undefined {
    this.#dropExpired(nowS)
    return this.#held[0]?.refill
  }

  /** A request has come for this offer: it is never shown again. */
  burn(offerId: Uint8Array): void {
    this.#held = this.#held.filter((held) => !equalBytes(held.refill.offerId, offerId))
  }

  clear(): void {
    this.#held = []
  }

  #dropExpired(nowS: number): void {
    if (this.#held.some((held) => held.expiresS <= nowS)) this.#held = this.#held.filter((held) => held.expiresS > nowS)
  }
}
