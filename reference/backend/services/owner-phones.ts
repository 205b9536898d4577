/** The owner's phones: retiring one that is lost or replaced, and taking in a new one. */

import { INVITATION_LIFETIME_MS, PHONES_MAX } from '#shared/contracts/owner-api.ts'
import { ok } from '#shared/result.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import { addInvitation, findInvitation, removeInvitations, useInvitation } from '../repositories/passkeys-repository.ts'
import { type KnownPhone, phonesOf, retirePhone } from '../repositories/phones-repository.ts'
import { type Account, addPhone, findAccount, findPhone, findPhoneByPoint } from '../repositories/registry-repository.ts'
import { revokeAllowances, revokeKeys } from '../repositories/revocations-repository.ts'
import { digestOf, newCode, readCode, spelled } from '../secrets.ts'
import { type Clock, instantOf, secondsOf } from '../world.ts'
import type { TellOwner } from './notices.ts'
import { keyOfPoint } from './verify-keys.ts'

/** 100 bits. */
const CODE_GROUPS = 4

export class OwnerPhones {
  readonly #db: Database
  readonly #clock: Clock
  readonly #tell: TellOwner

  constructor(db: Database, clock: Clock, tell: TellOwner) {
    this.#db = db
    this.#clock = clock
    this.#tell = tell
  }

  async list(accountId: string): Promise<readonly KnownPhone[]> {
    return phonesOf(this.#db, accountId)
  }

  /**
   * Ends a phone's use for good: its key is refused from the next call on, terminals hear which of its keys to trust no more, bands bound to it cannot pay until they are released and
   * paired again, and the way into the owner's page that it may have asked for is closed. Retiring it again changes nothing.
   */
  async retire(accountId: string, phoneId: string): Promise<Refusable<void>> {
    return this.#db.transaction().execute(async (tx) => {
      const phone = await findPhone(tx, phoneId)
      if (phone?.accountId !== accountId) return refuse('unknown', 'no such phone')
      if (phone.retiredAt !== null) return ok()
      const nowMs = this.#clock.nowMs()
      const at = instantOf(nowMs)
      await retirePhone(tx, phoneId, at)
      await revokeAllowances(tx, { phoneId }, at)
      await revokeKeys(tx, phoneId, secondsOf(nowMs), at)
      await removeInvitations(tx, accountId, 'passkey')
      await this.#tell(tx, accountId, 'phone-retired', phoneId)
      return ok()
    })
  }

  /** A one-time code for a new phone. The code made before it ends. */
  async invite(accountId: string): Promise<Refusable<{ readonly code: string; readonly expiresAt: string }>> {
    const code = newCode(CODE_GROUPS)
    const expiresAtMs = this.#clock.nowMs() + INVITATION_LIFETIME_MS
    return this.#db.transaction().execute(async (tx) => {
      if (await hasAllPhones(tx, accountId)) return tooManyPhones()
      await addInvitation(tx, { digest: digestOf(code), accountId, purpose: 'phone', phoneId: null, expiresAtMs })
      return ok({ code: spelled(code), expiresAt: instantOf(expiresAtMs) })
    })
  }

  /**
   * First start of a phone: the one-time code, and the key the phone has just proven (the call is signed with it). The same code, id
   * and key again are the same phone, because the first answer may have been lost.
   */
  async enrol(ask: { readonly phoneId: string; readonly code: string; readonly point: string }): Promise<Refusable<Account>> {
    if (!(await keyOfPoint(ask.point))) return refuse('malformed', 'not a point of the curve')
    const code = readCode(ask.code, CODE_GROUPS)
    const refused = refuse('not-allowed', 'the code was used, has expired or is not ours')
    if (code === undefined) return refused
    return this.#db.transaction().execute(async (tx) => {
      const digest = digestOf(code)
      const invitation = await findInvitation(tx, digest, 'phone', this.#clock.nowMs())
      const account = invitation && (await findAccount(tx, invitation.accountId))
      if (!account) return refused
      const known = await findPhone(tx, ask.phoneId)
      if (invitation.isUsed) {
        const isSame = invitation.phoneId === ask.phoneId && known?.point === ask.point && known.retiredAt === null
        return isSame ? ok(account) : refused
      }
      if (known || (await findPhoneByPoint(tx, ask.point))) return refuse('conflict', 'another phone has this id or this key')
      if (await hasAllPhones(tx, account.id)) return tooManyPhones()
      await addPhone(tx, { id: ask.phoneId, accountId: account.id, point: ask.point, addedAt: instantOf(this.#clock.nowMs()) })
      await useInvitation(tx, digest, ask.phoneId)
      await this.#tell(tx, account.id, 'phone-added', ask.phoneId)
      return ok(account)
    })
  }
}

async function hasAllPhones(tx: Tx, accountId: string): Promise<boolean> {
  const phones = await phonesOf(tx, accountId)
  return phones.filter(({ retiredAt }) => retiredAt === null).length >= PHONES_MAX
}

function tooManyPhones(): ReturnType<typeof refuse> {
  return refuse('conflict', `an account has ${PHONES_MAX} phones at most: retire one first`)
}
