/** Signed-in browsers. A session is a random token in a cookie; here only its digest is known. */
import { assert } from '#shared/assert.ts'
import { FRESH_MS, OWNER_SESSION_LIFETIME_MS, type OwnerStanding } from '#shared/contracts/owner-api.ts'
import type { Database, Tx } from '../database/tables.ts'
import { findFreeze } from '../repositories/freezes-repository.ts'
import { countUnreadNotices } from '../repositories/notices-repository.ts'
import {
  addOwnerSession,
  type OwnerSession,
  removeOwnerSession,
  removeOwnerSessions,
  useOwnerSession,
} from '../repositories/owner-sessions-repository.ts'
import { unusedRecoveryCodes } from '../repositories/recovery-codes-repository.ts'
import { findAccount } from '../repositories/registry-repository.ts'
import { digestOf, newToken } from '../secrets.ts'
import { type Clock, instantOf } from '../world.ts'

/** `token` goes into the cookie and nowhere else. */
export type OpenedSession = { readonly token: string; readonly session: OwnerSession }

export class OwnerSessions {
  readonly #db: Database
  readonly #clock: Clock

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  /** Opens a session in place of `before`, the one this browser had. `passkeyId`: the passkey just shown; null: a recovery code. */
  async open(tx: Tx, accountId: string, passkeyId: string | null, before: OwnerSession | undefined): Promise<OpenedSession> {
    if (before) await removeOwnerSession(tx, before.digest)
    const token = newToken()
    const nowMs = this.#clock.nowMs()
    const signedInBy = passkeyId === null ? ('recovery-code' as const) : ('passkey' as const)
    const freshUntilMs = passkeyId === null ? 0 : nowMs + FRESH_MS
    const session = { digest: digestOf(token), accountId, signedInBy, passkeyId, openedAtMs: nowMs, freshUntilMs }
    await addOwnerSession(tx, session)
    return { token, session }
  }

  /** The session of a cookie, or undefined: unknown, signed out or ended. Asking keeps it from ending for want of use. */
  async find(token: string): Promise<OwnerSession | undefined> {
    return useOwnerSession(this.#db, digestOf(token), this.#clock.nowMs())
  }

  isFresh(session: OwnerSession): boolean {
    return this.#clock.nowMs() < session.freshUntilMs
  }

  async close(session: OwnerSession, everywhere: boolean): Promise<void> {
    await this.#db.transaction().execute(async (tx) => {
      await (everywhere ? removeOwnerSessions(tx, session.accountId) : removeOwnerSession(tx, session.digest))
    })
  }

  async standing(session: OwnerSession): Promise<OwnerStanding> {
    const { accountId } = session
    const account = await findAccount(this.#db, accountId)
    assert(account, 'a session belongs to an account')
    const freeze = await findFreeze(this.#db, accountId)
    return {
      displayName: account.displayName,
      currency: account.currency,
      signedInBy: session.signedInBy,
      ...(this.isFresh(session) ? { freshUntil: instantOf(session.freshUntilMs) } : {}),
      expiresAt: instantOf(session.openedAtMs + OWNER_SESSION_LIFETIME_MS),
      ...(freeze ? { freeze } : {}),
      recoveryCodesLeft: (await unusedRecoveryCodes(this.#db, accountId)).length,
      unreadNotices: await countUnreadNotices(this.#db, accountId),
    }
  }
}
