/** Keeps the band supplied with offers of the id slot it is in. */
import type { OfferBook } from './offers.ts'
import type { BandLink, Clock } from './ports.ts'

/** Offers the phone leaves on the band. */
export const BAND_OFFERS = 8
/** Wait before certificates are asked for again. */
export const CERTIFY_RETRY_MS = 2_000
/** Wait before more certificates are made than are needed now. */
export const STOCK_AFTER_MS = 60_000

export class OfferSupply {
  readonly #parts: { readonly clock: Clock; readonly band: BandLink; readonly offers: OfferBook }
  #slot: number | undefined
  #left = 0
  #filling = false
  #stopRetry = () => {}
  #stopStock = () => {}
  #stopped = false

  constructor(parts: { readonly clock: Clock; readonly band: BandLink; readonly offers: OfferBook }) {
    this.#parts = parts
  }

  /** The band has none left for this id slot. */
  async wanted(slot: number): Promise<void> {
    this.#slot = slot
    this.#left = 0
    await this.refill()
  }

  /** The band has used one. */
  used(): void {
    this.#left = Math.max(0, this.#left - 1)
  }

  async refill(): Promise<void> {
    if (this.#filling || this.#stopped) return
    this.#filling = true
    this.#stopRetry()
    try {
      await this.#fill()
    } finally {
      this.#filling = false
    }
  }

  /**
   * Sees to certificates for as long as the phone may have to do without a network. There is no hurry: making keys is work, and each new slot
   * brings some more of them, until a day is covered.
   */
  stockSoon(): void {
    this.#stopStock()
    if (this.#stopped) return
    this.#stopStock = this.#parts.clock.after(STOCK_AFTER_MS, () => {
      if (this.#slot !== undefined) void this.#parts.offers.stock(this.#slot)
    })
  }

  stop(): void {
    this.#stopped = true
    this.#stopRetry()
    this.#stopStock()
  }

  async #fill(): Promise<void> {
    const { clock, band, offers } = this.#parts
    while (this.#slot !== undefined && this.#left < BAND_OFFERS && !this.#stopped) {
      const slot = this.#slot
      const certified = await offers.certify(slot)
      if (!certified.ok) {
        this.#stopRetry = clock.after(CERTIFY_RETRY_MS, () => void this.refill())
        break
      }
      const made = await offers.make(slot)
      if (made && slot === this.#slot) {
        this.#left += 1
        band.send({ offerId: made.offerId, message: { kind: 'refill', body: made.body } })
      }
    }
  }
}
