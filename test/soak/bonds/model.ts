/**
 * What must be true of a band and its phones, told by somebody who only watched what was done to them: who may have armed it, who froze
 * whom, which epochs were let go. It knows less than the parts do, so it says what must not be, and what surely must.
 */
import { ARMED_MAX_MS, DISARM_AFTER_MS, SETTLED_AFTER_MS } from '#reference/band/band-state.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import type { BandProof } from '#shared/contracts/radio-messages.ts'

/** Timers of a busy machine fire late; nothing here waits for exactly so long. */
const LATE_MS = 1_000

export class BondModel {
  readonly #nowMs: () => number
  #armedAtMs: number | undefined
  #worn = false
  #wornSinceMs = 0
  /** Since when the band has been off, flickers of a loose strap included. */
  #offSinceMs: number | undefined
  readonly #frozen = new Set<string>()
  readonly #retired = new Set<string>()
  #releasedEpoch = 0
  readonly #signed = new Map<string, string>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  wear(worn: boolean): void {
    const nowMs = this.#nowMs()
    if (worn === this.#worn) return
    this.#worn = worn
    if (worn) {
      if (this.#offSinceMs !== undefined && nowMs - this.#offSinceMs >= DISARM_AFTER_MS + LATE_MS) this.disarmed()
      this.#wornSinceMs = nowMs
      return
    }
    const isSettled = nowMs - this.#wornSinceMs >= SETTLED_AFTER_MS + LATE_MS
    if (isSettled || this.#offSinceMs === undefined) this.#offSinceMs = nowMs
  }

  /** The phone's unlock went through, and the band said so. */
  armed(): void {
    this.#armedAtMs = this.#nowMs()
    // How long it was off before is of no account any more.
    if (this.#worn) this.#offSinceMs = undefined
  }

  /** By a reset, a battery change, a release. */
  disarmed(): void {
    this.#armedAtMs = undefined
  }

  freeze(accountId: string, frozen: boolean): void {
    if (frozen) this.#frozen.add(accountId)
    else this.#frozen.delete(accountId)
  }

  isFrozen(accountId: string): boolean {
    return this.#frozen.has(accountId)
  }

  retire(phoneId: string): void {
    this.#retired.add(phoneId)
  }

  isRetired(phoneId: string): boolean {
    return this.#retired.has(phoneId)
  }

  /** The owner's order for this epoch was given: nothing up to it pays any more. */
  release(epoch: number): void {
    this.#releasedEpoch = Math.max(this.#releasedEpoch, epoch)
  }

  isReleased(epoch: number): boolean {
    return epoch <= this.#releasedEpoch
  }

  mayBeArmed(): boolean {
    const nowMs = this.#nowMs()
    if (this.#armedAtMs === undefined || nowMs - this.#armedAtMs > ARMED_MAX_MS + LATE_MS) return false
    return this.#worn || this.#offSinceMs === undefined || nowMs - this.#offSinceMs < DISARM_AFTER_MS + LATE_MS
  }

  /** Undefined, or what is wrong: the same counter of one epoch signed over two requests. */
  sign({ epoch, counter, requestDigest }: BandProof): string | undefined {
    const name = `${epoch} ${counter}`
    const before = this.#signed.get(name)
    this.#signed.set(name, toHex(requestDigest))
    return before === undefined || before === toHex(requestDigest) ? undefined : `counter ${counter} of epoch ${epoch} was signed twice`
  }
}
