/**
 * The proof counter. No value is ever used twice, across crashes and battery changes: a block of values is reserved on disk before the
 * first of them is used, and what a crash left unused of a block is skipped.
 */
import { assert } from '#shared/assert.ts'
import { ok, type Result } from '#shared/result.ts'
import { Turns } from '#shared/turns.ts'
import type { BandStore } from './ports.ts'

/** Values reserved by one write: one write to flash for so many payments. */
export const COUNTER_BLOCK = 32

export class ProofCounter {
  readonly #store: Pick<BandStore, 'saveCounter'>
  /** The last value handed out. */
  #last: number
  /** The highest value the disk lets us use. */
  #ceiling: number
  readonly #turns = new Turns()

  /** `ceiling`: the last one saved, 0 for a band that has never made a proof. */
  constructor(store: Pick<BandStore, 'saveCounter'>, ceiling: number) {
    assert(Number.isSafeInteger(ceiling) && ceiling >= 0, `a counter ceiling is whole, got ${ceiling}`)
    this.#store = store
    this.#last = ceiling
    this.#ceiling = ceiling
  }

  /** The next value, reserved on disk. `storage-failed`: no proof may be made now. */
  async next(): Promise<Result<number, 'storage-failed'>> {
    return this.#turns.take(async () => this.#take())
  }

  async #take(): Promise<Result<number, 'storage-failed'>> {
    if (this.#last >= this.#ceiling) {
      const ceiling = this.#ceiling + COUNTER_BLOCK
      const saved = await this.#store.saveCounter(ceiling)
      if (!saved.ok) return saved
      this.#ceiling = ceiling
    }
    this.#last += 1
    return ok(this.#last)
  }
}
