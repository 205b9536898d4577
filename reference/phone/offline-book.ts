/** Paying without the backend, and settling with it afterwards: it is told what was spent, and sets money aside for the next time. */
import type { KeySet } from '#shared/crypto/key-set.ts'
import type { OfflineEvidence } from '#shared/crypto/offline.ts'
import { err, type Result } from '#shared/result.ts'
import { Allowance, type AllowanceParts, type OfflinePayment } from './allowance.ts'
import type { Relay } from './ports.ts'
import type { RequestRecords } from './request-records.ts'

/** While the backend cannot be reached it is tried again this often. */
export const REPORT_RETRY_MS = 60_000

type Parts = AllowanceParts & { readonly records: RequestRecords; readonly keySet: () => KeySet | undefined }

export class OfflineBook {
  readonly #parts: Parts
  readonly #allowance: Allowance
  #settling: Promise<void> | undefined
  #stopTimer = () => {}
  #stopped = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#allowance = new Allowance(parts)
  }

  /** What is left of the money set aside, minor units. Undefined: nothing is set aside. */
  get left(): { readonly amount: number; readonly currency: string } | undefined {
    return this.#allowance.left
  }

  receive(relay: Relay): void {
    this.#allowance.receive(relay)
  }

  /** Pays with a slot, when there is one. Whoever is given the evidence keeps it on disk before it is shown to anyone. */
  async pay(payment: OfflinePayment): Promise<Result<OfflineEvidence, 'none'>> {
    const keySet = this.#parts.keySet()
    if (!keySet) return err('none')
    this.#later()
    return this.#allowance.pay(payment, keySet)
  }

  /** The backend may be in reach: reports and renews. Never two at once. */
  async settle(): Promise<void> {
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = undefined
    })
    return this.#settling
  }

  stop(): void {
    this.#stopped = true
    this.#stopTimer()
  }

  async #settle(): Promise<void> {
    if (this.#stopped) return
    this.#stopTimer()
    const told = await this.#report()
    const keySet = this.#parts.keySet()
    if (told === 'unreachable') this.#later()
    else if (keySet && !this.#stopped) await this.#allowance.renew(keySet, told === 'some')
  }

  async #report(): Promise<'none' | 'some' | 'unreachable'> {
    const { records, backend } = this.#parts
    const unreported = records.unreported()
    for (const { outcome, ...record } of unreported) {
      const { statement, authorization, slot, slotProof } = outcome
      const reply = await backend.report({ statement, authorization, slot, slotProof })
      // What the backend refuses it refuses for ever: the merchant's own word settles it then.
      if (!reply.ok && reply.error !== 'refused') return 'unreachable'
      if (!(await records.save({ ...record, outcome: { ...outcome, isReported: true } })).ok) return 'unreachable'
    }
    return unreported.length > 0 ? 'some' : 'none'
  }

  #later(): void {
    this.#stopTimer()
    if (!this.#stopped) this.#stopTimer = this.#parts.clock.after(REPORT_RETRY_MS, () => void this.settle())
  }
}
