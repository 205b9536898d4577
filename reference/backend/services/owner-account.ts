/** What an owner sees and stops: the freeze, and what they were told. */
import type { Database } from '../database/tables.ts'
import type { Refusable } from '../refusal.ts'
import type { Freeze } from '../repositories/freezes-repository.ts'
import { markNoticesRead, type Notice, noticesOf } from '../repositories/notices-repository.ts'
import type { OwnerSession } from '../repositories/owner-sessions-repository.ts'
import { type Clock, instantOf } from '../world.ts'
import type { Freezes } from './freezes.ts'

export class OwnerAccount {
  readonly #db: Database
  readonly #clock: Clock
  readonly #freezes: Freezes

  constructor(db: Database, clock: Clock, freezes: Freezes) {
    this.#db = db
    this.#clock = clock
    this.#freezes = freezes
  }

  /** Any session may: it is what a recovery code is for. */
  async freeze({ accountId, signedInBy }: OwnerSession): Promise<Freeze> {
    return this.#db.transaction().execute(async (tx) => this.#freezes.freeze(tx, accountId, signedInBy))
  }

  /** Of a session that is fresh. */
  async unfreeze({ accountId }: OwnerSession): Promise<Refusable<void>> {
    return this.#db.transaction().execute(async (tx) => this.#freezes.unfreeze(tx, accountId, 'passkey'))
  }

  async notices(accountId: string, limit: number): Promise<readonly (Notice & { readonly readAt: string | null })[]> {
    return noticesOf(this.#db, accountId, limit)
  }

  async markRead(accountId: string, ids: readonly string[]): Promise<void> {
    await this.#db.transaction().execute(async (tx) => markNoticesRead(tx, accountId, ids, instantOf(this.#clock.nowMs())))
  }
}
