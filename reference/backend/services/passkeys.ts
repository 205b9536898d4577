/** The owner's passkeys: making the first by a phone's invitation, showing one to sign in, adding and removing others. */

import type * as z from 'zod'
import { assert } from '#shared/assert.ts'
import {
  CHALLENGE_LIFETIME_MS,
  INVITATION_LIFETIME_MS,
  LABEL_MAX,
  PASSKEY_ALGORITHMS,
  PASSKEYS_MAX,
  type passkeyOptions,
  type signInOptions,
} from '#shared/contracts/owner-api.ts'
import { text } from '#shared/contracts/structure.ts'
import { ok } from '#shared/result.ts'
import type { ChallengePurpose } from '../database/owner-tables.ts'
import type { Database, Tx } from '../database/tables.ts'
import { type Refusable, refuse } from '../refusal.ts'
import type { OwnerSession } from '../repositories/owner-sessions-repository.ts'
import {
  addChallenge,
  addInvitation,
  addOwner,
  addPasskey,
  findInvitation,
  findOwner,
  findPasskeyByCredential,
  notePasskeyUse,
  type Passkey,
  passkeysOf,
  removePasskey,
  takeChallenge,
  useInvitation,
} from '../repositories/passkeys-repository.ts'
import { findAccount, type Phone } from '../repositories/registry-repository.ts'
import { digestOf, newToken } from '../secrets.ts'
import { type Clock, instantOf, type NewId } from '../world.ts'
import type { TellOwner } from './notices.ts'
import type { OpenedSession, OwnerSessions } from './owner-sessions.ts'
import {
  challengeIn,
  checkAssertion,
  checkRegistration,
  type RegistrationCredential,
  type RelyingParty,
  type SignInCredential,
} from './passkey-check.ts'
import type { RecoveryCodes } from './recovery-codes.ts'

/** What the browser's prompt calls us. */
const PARTY_NAME = 'Bandtill'
/** A label is shown on screen and told in notices: no characters that steer the text around them. */
const label = text(1, LABEL_MAX)

/** Who wants to add a passkey: with an invitation from a phone, in a session, or both. */
export type Registrant = { readonly invitation: string | undefined; readonly session: OwnerSession | undefined }
export type AddedPasskey = {
  readonly passkeyId: string
  /** With the account's first passkey. */
  readonly recoveryCodes: string[] | undefined
  /** When an invitation was used: this browser is signed in now. */
  readonly opened: OpenedSession | undefined
}

export type PasskeysParts = {
  readonly db: Database
  readonly clock: Clock
  readonly newId: NewId
  readonly tell: TellOwner
  readonly party: RelyingParty
  readonly sessions: OwnerSessions
  readonly recoveryCodes: RecoveryCodes
}

export class Passkeys {
  readonly #parts: PasskeysParts

  constructor(parts: PasskeysParts) {
    this.#parts = parts
  }

  /** A phone asks for its owner's way in. Its earlier invitations end. */
  async invite(phone: Phone): Promise<{ readonly ticket: string; readonly expiresAt: string }> {
    const { db, clock } = this.#parts
    const ticket = newToken()
    const expiresAtMs = clock.nowMs() + INVITATION_LIFETIME_MS
    const invitation = { digest: digestOf(ticket), accountId: phone.accountId, purpose: 'passkey' as const, phoneId: phone.id, expiresAtMs }
    await db.transaction().execute(async (tx) => addInvitation(tx, invitation))
    return { ticket, expiresAt: instantOf(expiresAtMs) }
  }

  /** What the browser needs to make a passkey for this registrant's account. */
  async registrationOptions(registrant: Registrant): Promise<Refusable<z.output<typeof passkeyOptions.reply>>> {
    return this.#parts.db.transaction().execute(async (tx) => {
      const allowed = await this.#mayRegister(tx, registrant)
      if (!allowed.ok) return allowed
      const { accountId, passkeys } = allowed.value
      const account = await findAccount(tx, accountId)
      assert(account, 'an invitation and a session belong to an account')
      const owner = (await findOwner(tx, accountId)) ?? { accountId, userHandle: newToken() }
      if (!(await findOwner(tx, accountId))) await addOwner(tx, owner)
      return ok({
        rp: { id: this.#parts.party.rpId, name: PARTY_NAME },
        user: { id: owner.userHandle, name: account.displayName, displayName: account.displayName },
        challenge: await this.#challenge(tx, 'register', accountId),
        pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ type: 'public-key' as const, alg })),
        timeout: CHALLENGE_LIFETIME_MS,
        excludeCredentials: passkeys.map(({ credentialId: id, transports }) => ({
          type: 'public-key' as const,
          id,
          transports: [...transports],
        })),
        authenticatorSelection: {
          residentKey: 'preferred' as const,
          requireResidentKey: false as const,
          userVerification: 'required' as const,
        },
        attestation: 'none' as const,
      })
    })
  }

  /** Adds the passkey a browser made. The challenge is used up whatever comes of it; the invitation only by success. */
  async register(registrant: Registrant, name: string, credential: RegistrationCredential): Promise<Refusable<AddedPasskey>> {
    const { db, clock, party } = this.#parts
    if (!label.accepts(name)) return refuse('malformed', 'a label is up to 40 plain characters')
    const challenge = challengeIn(credential.response.clientDataJSON)
    const answered = challenge === undefined ? undefined : await this.#take(challenge, 'register')
    if (challenge === undefined || !answered) return refuse('not-allowed', 'the passkey was not accepted')
    const made = await checkRegistration(party, challenge, credential)
    if (!made.ok) return refuse('not-allowed', 'the passkey was not accepted')
    return db.transaction().execute(async (tx) => {
      const allowed = await this.#mayRegister(tx, registrant)
      if (!allowed.ok) return allowed
      const { accountId, passkeys, invitation } = allowed.value
      if (answered.accountId !== accountId) return refuse('not-allowed', 'the passkey was not accepted')
      if (await findPasskeyByCredential(tx, made.value.credentialId)) return refuse('conflict', 'this passkey is registered already')
      const passkeyId = this.#parts.newId()
      await addPasskey(tx, { id: passkeyId, accountId, label: name, createdAt: instantOf(clock.nowMs()), ...made.value })
      await this.#parts.tell(tx, accountId, 'passkey-added', name)
      const recoveryCodes = passkeys.length === 0 ? await this.#parts.recoveryCodes.renew(tx, accountId) : undefined
      if (invitation === undefined) return ok({ passkeyId, recoveryCodes, opened: undefined })
      await useInvitation(tx, digestOf(invitation.ticket), invitation.phoneId)
      const opened = await this.#parts.sessions.open(tx, accountId, passkeyId, registrant.session)
      return ok({ passkeyId, recoveryCodes, opened })
    })
  }

  async signInOptions(): Promise<z.output<typeof signInOptions.reply>> {
    const { db, party } = this.#parts
    const challenge = await db.transaction().execute(async (tx) => this.#challenge(tx, 'sign-in', undefined))
    return { rpId: party.rpId, challenge, timeout: CHALLENGE_LIFETIME_MS, allowCredentials: [], userVerification: 'required' }
  }

  /** Signs in by a passkey shown. One answer for every way to fail: who has an account here is nobody's business. */
  async signIn(credential: SignInCredential, before: OwnerSession | undefined): Promise<Refusable<OpenedSession>> {
    const { db, clock, party, sessions } = this.#parts
    const refused = refuse('not-allowed', 'the passkey was not accepted')
    const challenge = challengeIn(credential.response.clientDataJSON)
    if (challenge === undefined || !(await this.#take(challenge, 'sign-in'))) return refused
    const passkey = await findPasskeyByCredential(db, credential.id)
    const owner = passkey && (await findOwner(db, passkey.accountId))
    if (!passkey || owner?.userHandle !== credential.response.userHandle) return refused
    const shown = await checkAssertion(party, challenge, passkey, credential)
    if (!shown.ok) return refused
    return db.transaction().execute(async (tx) => {
      // It may have been removed, or shown elsewhere, while the signature was checked.
      const now = await findPasskeyByCredential(tx, credential.id)
      const { counter } = shown.value
      if (now?.id !== passkey.id || (counter > 0 && counter <= now.counter)) return refused
      await notePasskeyUse(tx, now.id, { counter, at: instantOf(clock.nowMs()) })
      return ok(await sessions.open(tx, now.accountId, now.id, before))
    })
  }

  async list(accountId: string): Promise<readonly Passkey[]> {
    return passkeysOf(this.#parts.db, accountId)
  }

  /** Removes a passkey and the sessions it opened. The last one stays: without it only paper would be left. */
  async remove(accountId: string, passkeyId: string): Promise<Refusable<void>> {
    return this.#parts.db.transaction().execute(async (tx) => {
      const passkeys = await passkeysOf(tx, accountId)
      const passkey = passkeys.find(({ id }) => id === passkeyId)
      if (!passkey) return refuse('unknown', 'no such passkey')
      if (passkeys.length === 1) return refuse('conflict', 'the last passkey stays: add another first')
      await removePasskey(tx, passkeyId)
      await this.#parts.tell(tx, accountId, 'passkey-removed', passkey.label)
      return ok()
    })
  }

  /**
   * A phone's invitation alone makes the first passkey. Later ones need the owner: fresh, or by recovery code and a phone together.
   * Otherwise whoever steals an unlocked phone could make themselves the owner, and undo the freeze.
   */
  async #mayRegister(
    tx: Tx,
    { invitation: ticket, session }: Registrant,
  ): Promise<
    Refusable<{
      readonly accountId: string
      readonly passkeys: readonly Passkey[]
      readonly invitation: { readonly ticket: string; readonly phoneId: string | null } | undefined
    }>
  > {
    const { clock, sessions } = this.#parts
    const invited = ticket === undefined ? undefined : await findInvitation(tx, digestOf(ticket), 'passkey', clock.nowMs())
    if (ticket !== undefined && (!invited || invited.isUsed))
      return refuse('not-allowed', 'the invitation was used, has expired or is not ours')
    const accountId = invited?.accountId ?? session?.accountId
    if (accountId === undefined) return refuse('unsigned', 'nobody is signed in, and there is no invitation')
    const passkeys = await passkeysOf(tx, accountId)
    const own = session?.accountId === accountId ? session : undefined
    const isOwner = own !== undefined && (sessions.isFresh(own) || (invited !== undefined && own.signedInBy === 'recovery-code'))
    if (!isOwner && (!invited || passkeys.length > 0))
      return refuse('not-fresh', 'show a passkey of this account, or a recovery code, first')
    if (passkeys.length >= PASSKEYS_MAX) return refuse('conflict', `an account has ${PASSKEYS_MAX} passkeys at most: remove one first`)
    return ok({ accountId, passkeys, invitation: invited && ticket !== undefined ? { ticket, phoneId: invited.phoneId } : undefined })
  }

  async #challenge(tx: Tx, purpose: ChallengePurpose, accountId: string | undefined): Promise<string> {
    const challenge = newToken()
    const expiresAtMs = this.#parts.clock.nowMs() + CHALLENGE_LIFETIME_MS
    await addChallenge(tx, { digest: digestOf(challenge), purpose, accountId, expiresAtMs })
    return challenge
  }

  async #take(challenge: string, purpose: ChallengePurpose): Promise<{ readonly accountId: string | null } | undefined> {
    const { db, clock } = this.#parts
    return db.transaction().execute(async (tx) => takeChallenge(tx, digestOf(challenge), purpose, clock.nowMs()))
  }
}
