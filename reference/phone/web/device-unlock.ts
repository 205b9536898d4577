/**
 * The device's own fingerprint, face or screen lock as this phone's biometrics: a credential of its platform authenticator, asked to verify
 * its person. It unlocks here and nowhere else; no server ever sees it. The PIN stays, for the days when it does not work.
 */
import { randomBytes } from '#shared/crypto/keys.ts'
import type { Biometrics } from '../unlock.ts'
import type { DeviceCredential } from './memory.ts'

const CHALLENGE_BYTES = 32
const USER_ID_BYTES = 16
/** COSE (IANA): ES256 and RS256, which every platform authenticator has one of. */
const ALGORITHMS = [-7, -257]
/** WebAuthn level 3, §6.1: the flags follow 32 bytes of hash; bit 2 says that the person was verified. */
const FLAGS_AT = 32
const USER_VERIFIED = 0x04
/** A person looks for their finger no longer than this. */
const ASK_TIMEOUT_MS = 60_000

/** What we use of `navigator.credentials`. */
export type CredentialsHere = Pick<CredentialsContainer, 'create' | 'get'>

/** Makes the credential. Undefined when the device has none to give, or its owner said no. */
export async function makeDeviceCredential(credentials: CredentialsHere, name: string): Promise<DeviceCredential | undefined> {
  try {
    const made = await credentials.create({
      publicKey: {
        rp: { name },
        user: { id: randomBytes(USER_ID_BYTES), name, displayName: name },
        challenge: randomBytes(CHALLENGE_BYTES),
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { authenticatorAttachment: 'platform', userVerification: 'required', residentKey: 'discouraged' },
        timeout: ASK_TIMEOUT_MS,
        attestation: 'none',
      },
    })
    return made instanceof PublicKeyCredential ? { id: new Uint8Array(made.rawId.slice(0)) } : undefined
  } catch {
    return undefined
  }
}

export function deviceBiometrics(credentials: CredentialsHere, { id }: DeviceCredential): Biometrics {
  return {
    async recognise() {
      try {
        const shown = await credentials.get({
          publicKey: {
            challenge: randomBytes(CHALLENGE_BYTES),
            allowCredentials: [{ type: 'public-key', id, transports: ['internal'] }],
            userVerification: 'required',
            timeout: ASK_TIMEOUT_MS,
          },
        })
        if (!(shown instanceof PublicKeyCredential) || !(shown.response instanceof AuthenticatorAssertionResponse)) return false
        const flags = new Uint8Array(shown.response.authenticatorData)[FLAGS_AT] ?? 0
        return (flags & USER_VERIFIED) !== 0
      } catch {
        return false
      }
    },
  }
}
