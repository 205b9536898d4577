/** What a browser says of a passkey, checked with the WebAuthn library; every way to be wrong is the same no. */
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import * as z from 'zod'
import { fromBase64Url } from '#shared/contracts/bytes.ts'
import { type addPasskey, PASSKEY_ALGORITHMS, type signIn } from '#shared/contracts/owner-api.ts'
import { err, ok, type Result } from '#shared/result.ts'
import type { Passkey } from '../repositories/passkeys-repository.ts'

/** The page that passkeys are made for. */
export type RelyingParty = {
  /** The domain the passkeys belong to, such as `wallet.example`. */
  readonly rpId: string
  /** Where the page is served, such as `https://wallet.example`. The backend's own port is known only once it listens. */
  readonly origin: () => string
}

export type RegistrationCredential = z.output<typeof addPasskey.body>['credential']
export type SignInCredential = z.output<typeof signIn.body>['credential']
type MadePasskey = Pick<Passkey, 'credentialId' | 'publicKey' | 'counter' | 'transports'>

/** `crossOrigin`: the browser was in another site's frame. Our page is never framed. */
const clientData = z.looseObject({ challenge: z.string().max(128), crossOrigin: z.boolean().optional() })

/** The challenge a browser says it answers, or undefined when that cannot be read or it came from inside another site's frame. */
export function challengeIn(clientDataJSON: string): string | undefined {
  const bytes = fromBase64Url(clientDataJSON)
  if (!bytes) return undefined
  try {
    const said = clientData.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
    return said.success && said.data.crossOrigin !== true ? said.data.challenge : undefined
  } catch {
    // Not UTF-8, or not JSON.
    return undefined
  }
}

/** A new passkey: made for this page and this challenge, the person verified. */
export async function checkRegistration(
  party: RelyingParty,
  challenge: string,
  credential: RegistrationCredential,
): Promise<Result<MadePasskey, 'not-verified'>> {
  const { clientDataJSON, attestationObject, transports = [] } = credential.response
  const checked = await verified(async () =>
    verifyRegistrationResponse({
      response: { ...credential, response: { clientDataJSON, attestationObject, transports }, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: party.origin(),
      expectedRPID: party.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
    }),
  )
  if (!checked?.verified) return err('not-verified')
  const { id, publicKey, counter } = checked.registrationInfo.credential
  // The library takes the id from the attested data; the page must have meant the same.
  if (id !== credential.id) return err('not-verified')
  return ok({ credentialId: id, publicKey: Uint8Array.from(publicKey), counter, transports })
}

/** A known passkey shown: signed for this page and this challenge, the person verified, its counter never going back. */
export async function checkAssertion(
  party: RelyingParty,
  challenge: string,
  passkey: Passkey,
  credential: SignInCredential,
): Promise<Result<{ readonly counter: number }, 'not-verified'>> {
  const checked = await verified(async () =>
    verifyAuthenticationResponse({
      response: { ...credential, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: party.origin(),
      expectedRPID: party.rpId,
      requireUserVerification: true,
      credential: { id: passkey.credentialId, publicKey: passkey.publicKey, counter: passkey.counter },
    }),
  )
  return checked?.verified === true ? ok({ counter: checked.authenticationInfo.newCounter }) : err('not-verified')
}

/** The library throws for whatever it does not accept, and its words quote what it was given: neither goes any further. */
async function verified<T>(check: () => Promise<T>): Promise<T | undefined> {
  try {
    return await check()
  } catch {
    return undefined
  }
}
