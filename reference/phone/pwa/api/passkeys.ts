/** Passkeys: what the backend wants to know goes to the browser's own dialog, and what that says goes back. */
import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  startAuthentication,
  startRegistration,
  WebAuthnError,
} from '@simplewebauthn/browser'
import type * as z from 'zod'
import {
  addPasskey,
  OWNER_PATHS,
  type OwnerStanding,
  ownerStanding,
  passkeyOptions,
  recoverySignIn,
  signInOptions,
} from '#shared/contracts/owner-api.ts'
import { err, type Result } from '#shared/result.ts'
import type { Refusal } from '../flows/refusal.ts'
import { type Answer, call } from './client.ts'

/** Shows any passkey of this page: signs in, or makes the session fresh again. */
export async function showPasskey(): Answer<OwnerStanding> {
  if (!browserSupportsWebAuthn()) return err({ code: 'no-passkeys' })
  const options = await call('POST', OWNER_PATHS.signInOptions, signInOptions.reply)
  if (!options.ok) return options
  const shown = await asked(async () => startAuthentication({ optionsJSON: { ...options.value, allowCredentials: [] } }))
  return shown.ok ? call('POST', OWNER_PATHS.signIn, ownerStanding, { credential: shown.value }) : shown
}

/** Makes a passkey on this device: the first one by invitation, another in a fresh session. */
export async function makePasskey(label: string, invitation?: string): Answer<z.output<typeof addPasskey.reply>> {
  if (!browserSupportsWebAuthn()) return err({ code: 'no-passkeys' })
  const by = invitation === undefined ? {} : { invitation }
  const options = await call('POST', OWNER_PATHS.passkeyOptions, passkeyOptions.reply, by)
  if (!options.ok) return options
  const made = await asked(async () => startRegistration({ optionsJSON: options.value as PublicKeyCredentialCreationOptionsJSON }))
  return made.ok ? call('POST', OWNER_PATHS.passkeys, addPasskey.reply, { ...by, label, credential: made.value }) : made
}

export async function signInByCode(code: string): Answer<OwnerStanding> {
  return call('POST', OWNER_PATHS.recoverySignIn, ownerStanding, recoverySignIn.body.parse({ code }))
}

async function asked<T>(ask: () => Promise<T>): Promise<Result<T, Refusal>> {
  try {
    return { ok: true, value: await ask() }
  } catch (error) {
    return err({ code: codeOf(error) })
  }
}

function codeOf(error: unknown): Refusal['code'] {
  if (error instanceof WebAuthnError && error.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED') return 'passkey-known'
  const cause = error instanceof WebAuthnError && error.cause instanceof Error ? error.cause : error
  // The browser says the same of a dialog that was closed, one that ran out, and a device without a passkey: nobody shall tell them apart.
  return cause instanceof Error && (cause.name === 'NotAllowedError' || cause.name === 'AbortError') ? 'cancelled' : 'passkey-failed'
}
