import { createHash } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import { toBase64Url } from '#shared/contracts/bytes.ts'
import { KEY_PURPOSES, type KeyPurpose, keyStatement } from '#shared/contracts/radio-messages.ts'
import { type Signer, signerOf } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'

/** A signer whose private key is SHA-256 of a name: the same key in every run, worth nothing outside tests. */
export async function testSigner(name: string): Promise<Signer> {
  const secret = createHash('sha256').update(`bandtill test key ${name}`).digest()
  const point = p256.getPublicKey(secret, false)
  return signerOf({
    kty: 'EC',
    crv: 'P-256',
    x: toBase64Url(point.subarray(1, 33)),
    y: toBase64Url(point.subarray(33)),
    d: toBase64Url(secret),
  })
}

/** The root's statement that this key serves this purpose in this time (seconds). */
export async function vouchFor(root: Signer, purpose: KeyPurpose, key: Signer, window: { readonly from: number; readonly until: number }) {
  return sign1(keyStatement, { purpose: KEY_PURPOSES[purpose], kid: key.kid, point: key.point, ...window }, root, { withKid: false })
}
