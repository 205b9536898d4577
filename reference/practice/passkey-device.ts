/** A passkey as a person's own device makes and shows it (WebAuthn level 3, §6): one key, for the owner's page of the practice backend. */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { encode } from 'cborg'
import * as z from 'zod'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import type { addPasskey, passkeyOptions, signIn, signInOptions } from '#shared/contracts/owner-api.ts'
import { privateJwk } from './kept-keys.ts'

/** Of the authenticator data (WebAuthn level 3, §6.1): somebody was there, and was recognised. */
const PRESENT_AND_VERIFIED = 0x05
const ATTESTED = 0x40
const CREDENTIAL_ID_BYTES = 32
const AAGUID_BYTES = 16

/** A passkey as it is kept. `userHandle`: what the backend calls its account. */
export const keptPasskey = z.strictObject({ id: z.string(), userHandle: z.string(), rpId: z.string(), key: privateJwk })
export type KeptPasskey = z.output<typeof keptPasskey>

/** navigator.credentials.create(), and toJSON() of what it gives. */
export function makePasskey(
  options: z.output<typeof passkeyOptions.reply>,
  origin: string,
): { readonly kept: KeptPasskey; readonly credential: z.input<typeof addPasskey.body>['credential'] } {
  const key = privateJwk.parse(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }))
  const id = randomBytes(CREDENTIAL_ID_BYTES)
  // COSE_Key: EC2, ES256, P-256, x, y.
  const coseKey = encode(
    new Map<number, unknown>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, fromBase64Url(key.x)],
      [-3, fromBase64Url(key.y)],
    ]),
  )
  const idLength = Uint8Array.of(id.length >> 8, id.length & 0xff)
  const attested = Buffer.concat([new Uint8Array(AAGUID_BYTES), idLength, id, coseKey])
  const authData = Buffer.concat([authenticatorData(options.rp.id, PRESENT_AND_VERIFIED | ATTESTED), attested])
  const kept = { id: toBase64Url(id), userHandle: options.user.id, rpId: options.rp.id, key }
  const response = {
    clientDataJSON: toBase64Url(clientData('webauthn.create', options.challenge, origin)),
    attestationObject: toBase64Url(encode({ fmt: 'none', attStmt: {}, authData: Uint8Array.from(authData) })),
    transports: ['internal'],
  }
  return { kept, credential: { id: kept.id, rawId: kept.id, type: 'public-key', response } }
}

/** navigator.credentials.get(), and toJSON() of what it gives. */
export function showPasskey(
  { id, userHandle, rpId, key }: KeptPasskey,
  options: z.output<typeof signInOptions.reply>,
  origin: string,
): z.input<typeof signIn.body>['credential'] {
  const authData = authenticatorData(rpId, PRESENT_AND_VERIFIED)
  const said = clientData('webauthn.get', options.challenge, origin)
  const signature = sign('sha256', Buffer.concat([authData, digest(said)]), createPrivateKey({ key: { ...key }, format: 'jwk' }))
  const response = {
    clientDataJSON: toBase64Url(said),
    authenticatorData: toBase64Url(authData),
    signature: toBase64Url(signature),
    userHandle,
  }
  return { id, rawId: id, type: 'public-key', response }
}

/** Digest of the page's domain, flags, and a counter that stays zero, as that of passkeys on several devices does. */
function authenticatorData(rpId: string, flags: number): Buffer {
  return Buffer.concat([digest(Buffer.from(rpId)), Uint8Array.of(flags, 0, 0, 0, 0)])
}

function clientData(type: string, challenge: string, origin: string): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
