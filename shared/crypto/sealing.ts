/**
 * Sealing a request to a phone's one-time key, and the answer back: HPKE base mode (RFC 9180) with DHKEM(P-256, HKDF-SHA256),
 * HKDF-SHA256, AES-128-GCM; the answer as RFC 9458 §4.4 does it. The offer and the band's nonce are in the key schedule,
 * so what was sealed for one session opens in no other.
 */
import { Aes128Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core'
import { concat, equalBytes } from '#shared/contracts/bytes.ts'
import { AEAD_TAG_BYTES, HPKE_ENC_BYTES, MAC_BYTES, NONCE_BYTES, SUITE_LABEL } from '#shared/contracts/radio-messages.ts'
import { err, ok, type Result } from '#shared/result.ts'
import { compressPoint, decompressPoint, type PrivateJwk, randomBytes, sha256 } from './keys.ts'

const KEY_BYTES = 16
const IV_BYTES = 12
const suite = new CipherSuite({ kem: new DhkemP256HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes128Gcm() })
const encoder = new TextEncoder()

/** What both ends of a sealed request share afterwards. */
export interface SealedSession {
  /** Seals an answer under a fresh response nonce. Phone side. */
  sealAnswer(plaintext: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
  /** Opens an answer. `cannot-open` covers every alteration. Terminal side. */
  openAnswer(message: Uint8Array): Promise<Result<Uint8Array<ArrayBuffer>, 'cannot-open'>>
  /** 16-byte MAC for COMMIT and CANCEL. `what` separates the two. */
  mac(what: 'commit' | 'cancel', bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>>
}

/** A one-time key pair for an offer. The private key never leaves the phone. */
export async function generateSealingKey(): Promise<{ readonly privateKey: CryptoKey; readonly point: Uint8Array<ArrayBuffer> }> {
  const pair = await suite.kem.generateKeyPair()
  return { privateKey: pair.privateKey, point: compressPoint(new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey))) }
}

/** The one-time key pair of a private key that is kept, or given in an example. */
export async function sealingKeyOf(jwk: PrivateJwk): Promise<{ readonly privateKey: CryptoKey; readonly point: Uint8Array<ArrayBuffer> }> {
  const ecdh = { name: 'ECDH', namedCurve: 'P-256' } as const
  const { kty, crv, x, y } = jwk
  const publicKey = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, ecdh, true, [])
  const privateKey = await crypto.subtle.importKey('jwk', { ...jwk }, ecdh, true, ['deriveBits'])
  return { privateKey, point: compressPoint(new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))) }
}

/** HPKE info: the suite label, then SHA-256 of the offer as received and the band's nonce. */
async function infoOf(offer: Uint8Array, bandNonce: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return concat(encoder.encode(`${SUITE_LABEL} request`), await sha256(offer, bandNonce))
}

export type SealingInput = { readonly offer: Uint8Array; readonly bandNonce: Uint8Array }

/** Seals a request. The message is enc (65 bytes) then the ciphertext. `bad-point` when the offered key is not a point. */
export async function sealRequest(
  input: SealingInput & { readonly sealingPoint: Uint8Array; readonly plaintext: Uint8Array },
): Promise<Result<{ readonly message: Uint8Array<ArrayBuffer>; readonly session: SealedSession }, 'bad-point'>> {
  const uncompressed = decompressPoint(input.sealingPoint)
  if (!uncompressed.ok) return uncompressed
  const recipientPublicKey = await suite.kem.deserializePublicKey(uncompressed.value)
  const sender = await suite.createSenderContext({ recipientPublicKey, info: await infoOf(input.offer, input.bandNonce) })
  const enc = new Uint8Array(sender.enc)
  const message = concat(enc, new Uint8Array(await sender.seal(Uint8Array.from(input.plaintext))))
  return ok({ message, session: await sessionOf(enc, (label, length) => sender.export(label, length)) })
}

/** Opens a request with the offer's private key. `cannot-open` covers every alteration, and another offer, nonce or key. */
export async function openRequest(
  input: SealingInput & { readonly privateKey: CryptoKey; readonly message: Uint8Array },
): Promise<Result<{ readonly plaintext: Uint8Array<ArrayBuffer>; readonly session: SealedSession }, 'cannot-open'>> {
  if (input.message.length < HPKE_ENC_BYTES + AEAD_TAG_BYTES + 1) return err('cannot-open')
  const enc = Uint8Array.from(input.message.subarray(0, HPKE_ENC_BYTES))
  try {
    const recipient = await suite.createRecipientContext({
      recipientKey: input.privateKey,
      enc,
      info: await infoOf(input.offer, input.bandNonce),
    })
    const plaintext = new Uint8Array(await recipient.open(Uint8Array.from(input.message.subarray(HPKE_ENC_BYTES))))
    return ok({ plaintext, session: await sessionOf(enc, (label, length) => recipient.export(label, length)) })
  } catch {
    return err('cannot-open')
  }
}

type Export = (label: Uint8Array<ArrayBuffer>, length: number) => Promise<ArrayBuffer>

async function sessionOf(enc: Uint8Array, exportSecret: Export): Promise<SealedSession> {
  const secret = async (purpose: string) => exportSecret(encoder.encode(`${SUITE_LABEL} ${purpose}`), KEY_BYTES)
  const responseSecret = await secret('response')
  const macKeys = { commit: await secret('commit'), cancel: await secret('cancel') }
  return {
    async sealAnswer(plaintext) {
      const nonce = randomBytes(NONCE_BYTES)
      const { key, iv } = await answerKey(responseSecret, enc, nonce)
      return concat(nonce, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, Uint8Array.from(plaintext))))
    },
    async openAnswer(message) {
      if (message.length < NONCE_BYTES + AEAD_TAG_BYTES + 1) return err('cannot-open')
      const { key, iv } = await answerKey(responseSecret, enc, message.subarray(0, NONCE_BYTES))
      try {
        const ciphertext = Uint8Array.from(message.subarray(NONCE_BYTES))
        return ok(new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, ciphertext)))
      } catch {
        return err('cannot-open')
      }
    },
    async mac(what, bytes) {
      const key = await crypto.subtle.importKey('raw', macKeys[what], { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
      return new Uint8Array(await crypto.subtle.sign('HMAC', key, Uint8Array.from(bytes))).slice(0, MAC_BYTES)
    },
  }
}

/** RFC 9458 §4.4: salt = enc ‖ response nonce; key and nonce are HKDF-Expand of the extracted secret. */
async function answerKey(
  secret: ArrayBuffer,
  enc: Uint8Array,
  nonce: Uint8Array,
): Promise<{ key: CryptoKey; iv: Uint8Array<ArrayBuffer> }> {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const salt = concat(enc, nonce)
  const derive = async (info: string, length: number) =>
    crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info: encoder.encode(info) }, material, length * 8)
  const key = await crypto.subtle.importKey('raw', await derive('key', KEY_BYTES), 'AES-GCM', false, ['encrypt', 'decrypt'])
  return { key, iv: new Uint8Array(await derive('nonce', IV_BYTES)) }
}

export function macMatches(expected: Uint8Array, received: Uint8Array | undefined): boolean {
  return received !== undefined && equalBytes(expected, received)
}
