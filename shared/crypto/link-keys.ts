/** What band and phone agree on when they are bound: a key for their link, a key for rotating ids, and how often to knock. */
import { concat, equalBytes } from '#shared/contracts/bytes.ts'
import { MAC_BYTES } from '#shared/contracts/radio-messages.ts'
import { ok, type Result } from '#shared/result.ts'
import { compressPoint, decompressPoint, sha256 } from './keys.ts'

const ECDH = { name: 'ECDH', namedCurve: 'P-256' } as const
const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const
const SECRET_BITS = 256
export const LINK_KEY_BYTES = 32
const KNOCKS_MIN = 2
const KNOCKS_KINDS = 3

const encoder = new TextEncoder()

export type Agreement = {
  /** Compressed. */
  readonly point: Uint8Array<ArrayBuffer>
  /** The keys of this pairing. `transcript`: what both sides have said, as bytes. */
  agree(otherPoint: Uint8Array, transcript: readonly Uint8Array[]): Promise<Result<LinkKeys, 'bad-point'>>
}
export type LinkKeys = {
  readonly linkKey: Uint8Array<ArrayBuffer>
  readonly idKey: Uint8Array<ArrayBuffer>
  /** 2 to 4: the phone shows it, the band counts it. */
  readonly knocks: number
}
export type LinkMac = 'link' | 'bind' | 'arm'

/** Half of a one-time agreement. Its private key never leaves this function. */
export async function beginAgreement(): Promise<Agreement> {
  const pair = await crypto.subtle.generateKey(ECDH, false, ['deriveBits'])
  const point = compressPoint(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)))
  return {
    point,
    async agree(otherPoint, transcript) {
      const uncompressed = decompressPoint(otherPoint)
      if (!uncompressed.ok) return uncompressed
      const other = await crypto.subtle.importKey('raw', uncompressed.value, ECDH, false, [])
      const secret = await crypto.subtle.deriveBits({ name: 'ECDH', public: other }, pair.privateKey, SECRET_BITS)
      return ok(await keysOf(secret, await sha256(...transcript)))
    },
  }
}

/** 16 bytes over what is said on the link, for one purpose each. */
export async function linkMac(linkKey: Uint8Array, purpose: LinkMac, ...parts: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', Uint8Array.from(linkKey), HMAC, false, ['sign'])
  const whole = concat(encoder.encode(`bandtill/1 ${purpose}`), ...parts)
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, whole)).slice(0, MAC_BYTES)
}

export async function isLinkMac(mac: Uint8Array, linkKey: Uint8Array, purpose: LinkMac, ...parts: readonly Uint8Array[]): Promise<boolean> {
  return equalBytes(mac, await linkMac(linkKey, purpose, ...parts))
}

async function keysOf(secret: ArrayBuffer, salt: Uint8Array<ArrayBuffer>): Promise<LinkKeys> {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const derive = async (purpose: string, length: number) => {
    const info = encoder.encode(`bandtill/1 pairing ${purpose}`)
    return new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, material, length * 8))
  }
  const [linkKey, idKey, count] = await Promise.all([derive('link', LINK_KEY_BYTES), derive('id', LINK_KEY_BYTES), derive('knocks', 1)])
  return { linkKey, idKey, knocks: KNOCKS_MIN + ((count[0] ?? 0) % KNOCKS_KINDS) }
}
