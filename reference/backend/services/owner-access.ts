/** Everything behind the owner's calls, put together. */
import type { Database } from '../database/tables.ts'
import { purgeOwnerSessions } from '../repositories/owner-sessions-repository.ts'
import { purgePasskeyWaste } from '../repositories/passkeys-repository.ts'
import { purgeRecoveryWaits } from '../repositories/recovery-codes-repository.ts'
import type { Clock, NewId } from '../world.ts'
import type { Freezes } from './freezes.ts'
import type { TellOwner } from './notices.ts'
import { OwnerAccount } from './owner-account.ts'
import { OwnerPhones } from './owner-phones.ts'
import { OwnerSessions } from './owner-sessions.ts'
import type { RelyingParty } from './passkey-check.ts'
import { Passkeys } from './passkeys.ts'
import { RecoveryCodes } from './recovery-codes.ts'

export type OwnerAccess = {
  readonly party: RelyingParty
  readonly sessions: OwnerSessions
  readonly passkeys: Passkeys
  readonly recoveryCodes: RecoveryCodes
  readonly account: OwnerAccount
  readonly phones: OwnerPhones
  /** Forgets what has expired. */
  sweep(): Promise<void>
}

export function createOwnerAccess(parts: {
  readonly db: Database
  readonly clock: Clock
  readonly newId: NewId
  readonly tell: TellOwner
  readonly freezes: Freezes
  readonly party: RelyingParty
}): OwnerAccess {
  const { db, clock, tell, party } = parts
  const sessions = new OwnerSessions(db, clock)
  const recoveryCodes = new RecoveryCodes(db, clock, tell, sessions)
  return {
    party,
    sessions,
    recoveryCodes,
    passkeys: new Passkeys({ ...parts, sessions, recoveryCodes }),
    account: new OwnerAccount(db, clock, parts.freezes),
    phones: new OwnerPhones(db, clock, tell),
    async sweep() {
      const nowMs = clock.nowMs()
      await db.transaction().execute(async (tx) => {
        await purgePasskeyWaste(tx, nowMs)
        await purgeOwnerSessions(tx, nowMs)
        await purgeRecoveryWaits(tx, nowMs)
      })
    },
  }
}
