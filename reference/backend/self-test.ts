import { webcrypto } from 'node:crypto'
import { assert } from '#shared/assert.ts'
import { equalBytes, fromHex, toHex } from '#shared/contracts/bytes.ts'
import { importVerifyKey, sha256 } from '#shared/crypto/keys.ts'
import type { SigningKeys } from './signing-keys.ts'

/** RFC 6979 A.2.5: P-256 with SHA-256 over "sample". */
const KNOWN = {
  point: '0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6',
  message: 'sample',
  digest: 'af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf',
  signature:
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
} as const

/** Known answers and a round trip with our own keys, before the first call is taken. Throws when the platform's cryptography is wrong. */
export async function selfTest(keys: SigningKeys): Promise<void> {
  const message = new TextEncoder().encode(KNOWN.message)
  assert(toHex(await sha256(message)) === KNOWN.digest, 'self-test: SHA-256 gave a wrong digest')
  const key = await importVerifyKey(bytesOf(KNOWN.point))
  assert(key.ok, 'self-test: a P-256 point was refused')
  assert(await key.value.verify(bytesOf(KNOWN.signature), message), 'self-test: a good ES256 signature was refused')
  const altered = bytesOf(KNOWN.signature)
  altered[0] = (altered[0] ?? 0) ^ 1
  assert(!(await key.value.verify(altered, message)), 'self-test: an altered ES256 signature was accepted')
  const authorizer = keys.signer('authorizer', keys.createdAtS)
  const own = await importVerifyKey(authorizer.point)
  assert(own.ok && (await own.value.verify(authorizer.signNow(message), message)), 'self-test: our own signature does not verify')
  const [a, b] = [webcrypto.getRandomValues(new Uint8Array(16)), webcrypto.getRandomValues(new Uint8Array(16))]
  assert(!equalBytes(a, b), 'self-test: the random source repeats itself')
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = fromHex(hex)
  assert(bytes, 'self-test: a constant is not hex')
  return bytes
}
