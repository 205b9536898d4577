/** How far this computer's clock is off: what the backend's answers say, or else what the terminal's own certificate shows. */
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { Clock } from '#main/ports.ts'
import type { Connection } from '#main/sync/ports.ts'
import { CLOCK_TOLERANCE_S } from '#shared/crypto/key-set.ts'

/** Less than this is nobody's concern: certificates and signatures have five minutes of tolerance. */
export const CLOCK_OFF_SHOWN_MS = 120_000

export class ClockOff {
  readonly #parts: { readonly clock: Clock; readonly connection: Connection; readonly standing: () => Standing }

  constructor(parts: { readonly clock: Clock; readonly connection: Connection; readonly standing: () => Standing }) {
    this.#parts = parts
  }

  /** What the screens show: nothing while the clock is right as far as anybody knows. */
  view(): { readonly clock?: { readonly skewMs: number } } {
    const skewMs = this.#skewMs()
    return Math.abs(skewMs) > CLOCK_OFF_SHOWN_MS ? { clock: { skewMs } } : {}
  }

  /** True when no phone would believe a request of ours, nor we its certificate. */
  isBeyondTrust(): boolean {
    return Math.abs(this.#skewMs()) > CLOCK_TOLERANCE_S * 1_000
  }

  /** Milliseconds; positive: this clock is ahead. */
  #skewMs(): number {
    const { clock, connection, standing } = this.#parts
    const heard = connection.skewMs()
    if (heard !== undefined) return heard
    // A certificate from tomorrow: whoever issued it had a later clock.
    return Math.min(0, clock.nowMs() - standing().certificate.from * 1_000)
  }
}
