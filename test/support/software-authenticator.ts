/** An authenticator in software: passkeys as a phone or a security key makes them (WebAuthn level 3, §6), and as none should. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { encode } from 'cborg'
import type * as z from 'zod'
import { fromBase64Url, toBase64Url } from '#shared/contracts/bytes.ts'
import type { addPasskey, passkeyOptions, signIn, signInOptions } from '#shared/contracts/owner-api.ts'
import { randomBytes } from '#shared/crypto/keys.ts'

/** Of the authenticator data (WebAuthn level 3, §6.1). */
export const USER_PRESENT = 0x01
export const USER_VERIFIED = 0x04
const ATTESTED = 0x40
const CREDENTIAL_ID_BYTES = 32

export type CreationOptions = z.output<typeof passkeyOptions.reply>
export type RequestOptions = z.output<typeof signInOptions.reply>
export type MadeCredential = z.input<typeof addPasskey.body>['credential']
export type ShownCredential = z.input<typeof signIn.body>['credential']

/** What a wrong page, a wrong browser or a wrong authenticator would say instead of the truth. */
export type Quirks = {
  readonly origin?: string
  readonly rpId?: string
  readonly challenge?: string
  readonly type?: string
  readonly flags?: number
  readonly counter?: number
  readonly crossOrigin?: boolean
  readonly userHandle?: string
  /** Instead of an id of its own, base64url. */
  readonly credentialId?: string
  /** `packed`: signed with the new key itself. */
  readonly attestation?: 'none' | 'packed'
}

type Held = {
  readonly id: Uint8Array<ArrayBuffer>
  readonly key: KeyObject
  readonly rpId: string
  readonly userHandle: string
  counter: number
}

export class SoftwareAuthenticator {
  readonly #origin: () => string
  readonly #held: Held[] = []

  /** `origin`: of the page the browser shows. */
  constructor(origin: () => string) {
    this.#origin = origin
  }

  /** navigator.credentials.create(), and toJSON() of what it gives. */
  create(options: CreationOptions, quirks: Quirks = {}): MadeCredential {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' })
    const wanted = quirks.credentialId === undefined ? undefined : fromBase64Url(quirks.credentialId)
    const held = {
      id: wanted ?? randomBytes(CREDENTIAL_ID_BYTES),
      key: privateKey,
      rpId: options.rp.id,
      userHandle: options.user.id,
      counter: 0,
    }
    this.#held.push(held)
    // COSE_Key: EC2, ES256, P-256, x, y.
    const coseKey = encode(
      new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, fromBase64Url(jwk.x ?? '')],
        [-3, fromBase64Url(jwk.y ?? '')],
      ]),
    )
    const aaguid = new Uint8Array(16)
    const attested = Buffer.concat([aaguid, bigEndian(held.id.length, 2), held.id, coseKey])
    const flags = (quirks.flags ?? USER_PRESENT | USER_VERIFIED) | ATTESTED
    const authData = Buffer.concat([this.#data(quirks.rpId ?? held.rpId, flags, quirks.counter ?? 0), attested])
    const clientData = this.#clientData(quirks.type ?? 'webauthn.create', options.challenge, quirks)
    const isPacked = quirks.attestation === 'packed'
    const attStmt = isPacked ? { alg: -7, sig: signed(held.key, authData, clientData) } : {}
    const attestationObject = encode({ fmt: isPacked ? 'packed' : 'none', attStmt, authData: Uint8Array.from(authData) })
    const id = toBase64Url(held.id)
    const response = {
      clientDataJSON: toBase64Url(clientData),
      attestationObject: toBase64Url(attestationObject),
      transports: ['internal'],
    }
    return { id, rawId: id, type: 'public-key', response }
  }

  /** navigator.credentials.get(), and toJSON() of what it gives: the newest passkey for this page. */
  get(options: RequestOptions, quirks: Quirks = {}): ShownCredential {
    const held = this.#held.findLast(({ rpId }) => rpId === options.rpId)
    if (!held) throw new Error('no passkey for this page')
    held.counter = quirks.counter ?? held.counter + 1
    const authData = this.#data(quirks.rpId ?? held.rpId, quirks.flags ?? USER_PRESENT | USER_VERIFIED, held.counter)
    const clientData = this.#clientData(quirks.type ?? 'webauthn.get', options.challenge, quirks)
    const id = toBase64Url(held.id)
    return {
      id,
      rawId: id,
      type: 'public-key',
      response: {
        clientDataJSON: toBase64Url(clientData),
        authenticatorData: toBase64Url(authData),
        signature: toBase64Url(signed(held.key, authData, clientData)),
        userHandle: quirks.userHandle ?? held.userHandle,
      },
    }
  }

  #data(rpId: string, flags: number, counter: number): Buffer {
    return Buffer.concat([digest(Buffer.from(rpId)), Uint8Array.of(flags), bigEndian(counter, 4)])
  }

  #clientData(type: string, challenge: string, quirks: Quirks): Buffer {
    const { crossOrigin = false } = quirks
    return Buffer.from(
      JSON.stringify({ type, challenge: quirks.challenge ?? challenge, origin: quirks.origin ?? this.#origin(), crossOrigin }),
    )
  }
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

/** ES256 as authenticators sign: ASN.1 DER, over the authenticator data and the digest of the client data. */
function signed(key: KeyObject, authData: Uint8Array, clientData: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(sign('sha256', Buffer.concat([authData, digest(clientData)]), key))
}

function bigEndian(value: number, length: 2 | 4): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index += 1) bytes[length - 1 - index] = (value >>> (8 * index)) & 0xff
  return bytes
}
