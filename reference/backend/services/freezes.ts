/** Stopping an account's payments, and letting them go on. The authorizer reads the freeze in the transaction that decides. */
import type { FrozenBy } from '#shared/contracts/owner-api.ts'
import { ok } from '#shared/result.ts'
import type { Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { type Freeze, findFreeze, setFreeze } from '../repositories/freezes-repository.ts'
import { revokeAllowances } from '../repositories/revocations-repository.ts'
import { type Clock, instantOf } from '../world.ts'
import type { TellOwner } from './notices.ts'

const OWNERS_OWN: ReadonlySet<FrozenBy> = new Set(['passkey', 'recovery-code'])

export class Freezes {
  readonly #clock: Clock
  readonly #tell: TellOwner

  constructor(clock: Clock, tell: TellOwner) {
    this.#clock = clock
    this.#tell = tell
  }

  /**
   * Freezes an account that exists. Frozen already, it stays as it is and keeps saying who did it first; only a freeze that its owner
   * could lift becomes one that they cannot, when operator or backend freeze too.
   */
  async freeze(tx: Tx, accountId: string, by: FrozenBy): Promise<Freeze> {
    const before = await findFreeze(tx, accountId)
    if (before && (OWNERS_OWN.has(by) || !OWNERS_OWN.has(before.by))) return before
    const freeze = { by, at: instantOf(this.#clock.nowMs()) }
    await setFreeze(tx, accountId, freeze)
    await revokeAllowances(tx, { accountId }, freeze.at)
    await this.#tell(tx, accountId, 'account-frozen', by)
    return freeze
  }

  /** An account that is not frozen stays so. `not-allowed`: the owner asks, and it was not the owner who froze. */
  async unfreeze(tx: Tx, accountId: string, by: 'passkey' | 'operator'): Promise<Refusable<void>> {
    const before = await findFreeze(tx, accountId)
    if (!before) return ok()
    if (by === 'passkey' && !OWNERS_OWN.has(before.by)) return refuse('not-allowed', `frozen by the ${before.by}: ask there`)
    await setFreeze(tx, accountId, undefined)
    await this.#tell(tx, accountId, 'account-unfrozen', by)
    return ok()
  }
}
