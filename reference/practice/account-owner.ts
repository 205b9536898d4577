/**
 * A customer as the owner of their account, at the owner's page from any device: the same calls a browser makes, with a real passkey. It is
 * made when it is first needed, as if on the day the customer got their phone, and kept with the practice world.
 */
import { join } from 'node:path'
import type * as z from 'zod'
import { BAND_PATHS } from '#shared/contracts/bands-api.ts'
import { inviteOwner, listNotices, OWNER_PATHS, passkeyOptions, signInOptions } from '#shared/contracts/owner-api.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { SignedCall } from '../phone/signed-calls.ts'
import { type KeptPasskey, keptPasskey, makePasskey, showPasskey } from './passkey-device.ts'
import { keepWhole, readWhole } from './whole-file.ts'

const CALL_TIMEOUT_MS = 10_000
const LABEL = 'Practice'

export type OwnerParts = {
  /** Of the backend on this machine. */
  readonly baseUrl: string
  readonly folder: string
  /** The customer's name in file names. */
  readonly name: string
  /** The customer's phone, which invites its owner to make the first passkey. */
  readonly phone: SignedCall
}
export type Notice = z.output<typeof listNotices.reply>['notices'][number]
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
/** `refused`: the backend's own word. `no-answer`: none came, or none that can be read. */
export type OwnerFault = 'refused' | 'no-answer'

export class AccountOwner {
  readonly #parts: OwnerParts
  /** Passkeys are for a name: on this machine the page is at `localhost`. */
  readonly #origin: string
  #cookie: string | undefined

  constructor(parts: OwnerParts) {
    this.#parts = parts
    const { port, protocol } = new URL(parts.baseUrl)
    this.#origin = `${protocol}//localhost${port === '' ? '' : `:${port}`}`
  }

  /** Stops every payment at once, or lets them go on. */
  async freeze(frozen: boolean): Promise<Result<void, OwnerFault>> {
    return this.#asOwner(async () => this.#call(frozen ? 'PUT' : 'DELETE', OWNER_PATHS.freeze))
  }

  /** Lets a band go: from this moment none of its proofs is good. */
  async release(bandId: string): Promise<Result<void, OwnerFault>> {
    return this.#asOwner(async () => this.#call('POST', BAND_PATHS.ownRelease.replace('{bandId}', bandId)))
  }

  /** What the owner was told, newest first. */
  async notices(): Promise<Result<readonly Notice[], OwnerFault>> {
    const signedIn = await this.#signIn()
    const reply = signedIn.ok ? await this.#call('GET', OWNER_PATHS.notices) : signedIn
    const parsed = reply.ok ? listNotices.reply.safeParse(reply.value) : undefined
    if (!reply.ok) return reply
    return parsed?.success ? ok(parsed.data.notices) : err('no-answer')
  }

  async #asOwner(act: () => Promise<Result<unknown, OwnerFault>>): Promise<Result<void, OwnerFault>> {
    const signedIn = await this.#signIn()
    const done = signedIn.ok ? await act() : signedIn
    return done.ok ? ok() : done
  }

  /** Shows the passkey each time: then the session is fresh, whatever is to be done in it. */
  async #signIn(): Promise<Result<void, OwnerFault>> {
    const kept = await this.#kept()
    if (!kept) return this.#makePasskey()
    const reply = await this.#call('POST', OWNER_PATHS.signInOptions)
    const options = reply.ok ? signInOptions.reply.safeParse(reply.value) : undefined
    if (!options?.success) return reply.ok ? err('no-answer') : reply
    const signedIn = await this.#call('POST', OWNER_PATHS.signIn, { credential: showPasskey(kept, options.data, this.#origin) })
    return signedIn.ok ? ok() : signedIn
  }

  async #makePasskey(): Promise<Result<void, OwnerFault>> {
    const invited = await this.#parts.phone('POST', OWNER_PATHS.invitations)
    const ticket = invited.ok ? inviteOwner.reply.safeParse(invited.value) : undefined
    if (!ticket?.success) return err(invited.ok || invited.error !== 'refused' ? 'no-answer' : 'refused')
    const invitation = ticket.data.ticket
    const reply = await this.#call('POST', OWNER_PATHS.passkeyOptions, { invitation })
    const options = reply.ok ? passkeyOptions.reply.safeParse(reply.value) : undefined
    if (!options?.success) return reply.ok ? err('no-answer') : reply
    const { kept, credential } = makePasskey(options.data, this.#origin)
    // A passkey the backend knows and its owner does not would be the account's only one: it is kept first.
    if (!(await keepWhole(this.#path(), JSON.stringify(kept))).ok) return err('no-answer')
    const added = await this.#call('POST', OWNER_PATHS.passkeys, { invitation, label: LABEL, credential })
    return added.ok ? ok() : added
  }

  async #kept(): Promise<KeptPasskey | undefined> {
    const text = await readWhole(this.#path())
    return text === undefined ? undefined : keptPasskey.parse(JSON.parse(text))
  }

  async #call(method: Method, path: string, body?: unknown): Promise<Result<unknown, OwnerFault>> {
    try {
      const response = await fetch(`${this.#parts.baseUrl}${path}`, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(this.#cookie === undefined ? {} : { cookie: this.#cookie }),
          ...(method === 'GET' ? {} : { origin: this.#origin }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      })
      for (const line of response.headers.getSetCookie()) this.#cookie = line.split(';')[0]
      const content: unknown = await response.json()
      return response.ok ? ok(content) : err(response.status >= 500 ? 'no-answer' : 'refused')
    } catch {
      return err('no-answer')
    }
  }

  #path(): string {
    return join(this.#parts.folder, `owner-${this.#parts.name}.passkey.json`)
  }
}
