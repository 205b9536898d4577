import { createHash, createPublicKey, sign, verify } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { concat, equalBytes, fromHex, toBase64Url, toHex } from '#shared/contracts/bytes.ts'
import { type CborValue, encodeCbor } from '#shared/contracts/cbor.ts'
import { decodeSign1, encodeSign1, protectedHeader, SIGNATURE_BYTES, toBeSigned } from '#shared/contracts/cose.ts'
import { neverSeen, pendingMessage, phoneOffer } from '#shared/contracts/radio-messages.ts'
import { compressPoint, decompressPoint, generatePrivateJwk, importVerifyKey, kidOf, sha256, signerOf } from '#shared/crypto/keys.ts'
import { openSign1, peekSign1, sign1 } from '#shared/crypto/sign1.ts'
import { testSigner } from '#test/support/test-keys.ts'

const value = { offerId: new Uint8Array(8).fill(1), sealingPoint: new Uint8Array(33).fill(2), expires: 1_900_000_000 }
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

const hex = (text: string) => fromHex(text.replaceAll(' ', '')) ?? new Uint8Array(0)

async function verifyKeyOf(point: Uint8Array) {
  const key = await importVerifyKey(point)
  if (!key.ok) throw new Error(key.error)
  return key.value
}

function nodeKeyOf(point: Uint8Array) {
  const plain = p256.Point.fromBytes(point).toBytes(false)
  return createPublicKey({
    format: 'jwk',
    key: { kty: 'EC', crv: 'P-256', x: toBase64Url(plain.subarray(1, 33)), y: toBase64Url(plain.subarray(33)) },
  })
}

test('the bytes signed are those RFC 9052 §4.4 writes down', () => {
  const header = protectedHeader()
  expect(toHex(header)).toBe('a10126')
  // ["Signature1", h'a10126', h'', 'This is the content.'], built by hand.
  const expected = concat(hex('84 6a 5369676e617475726531 43 a10126 40 54'), new TextEncoder().encode('This is the content.'))
  expect(toHex(toBeSigned(header, new TextEncoder().encode('This is the content.')))).toBe(toHex(expected))
})

test('a COSE_Sign1 made elsewhere opens here: header, map, payload and signature laid out by hand', async () => {
  const signer = await testSigner('elsewhere')
  const payload = phoneOffer.encode(value)
  const byHand = concat(hex('84 6a 5369676e617475726531 43 a10126 40 58'), Uint8Array.of(payload.length), payload)
  const signature = await signer.sign(byHand)
  const message = concat(hex('84 43 a10126 a0 58'), Uint8Array.of(payload.length), payload, hex('58 40'), signature)
  expect(await openSign1(phoneOffer, message, await verifyKeyOf(signer.point))).toEqual({ ok: true, value })
})

test('what is signed here verifies with node:crypto over bytes built by hand, with and without a key id', async () => {
  const signer = await testSigner('here')
  for (const withKid of [false, true]) {
    const message = await sign1(phoneOffer, value, signer, { withKid })
    const header = withKid ? concat(hex('a2 01 26 04 48'), signer.kid) : hex('a1 01 26')
    const payload = phoneOffer.encode(value)
    const prefix = concat(
      hex('84'),
      Uint8Array.of(0x40 + header.length),
      header,
      hex('a0 58'),
      Uint8Array.of(payload.length),
      payload,
      hex('58 40'),
    )
    expect(toHex(message.subarray(0, prefix.length))).toBe(toHex(prefix))
    const signed = concat(
      hex('84 6a 5369676e617475726531'),
      Uint8Array.of(0x40 + header.length),
      header,
      hex('40 58'),
      Uint8Array.of(payload.length),
      payload,
    )
    const key = { key: nodeKeyOf(signer.point), dsaEncoding: 'ieee-p1363' as const }
    expect(verify('sha256', signed, key, message.subarray(prefix.length))).toBe(true)
  }
})

test('every single-bit flip of a signed statement is refused', async () => {
  const signer = await testSigner('flips')
  const key = await verifyKeyOf(signer.point)
  const message = await sign1(neverSeen, { requestId: new Uint8Array(16), firstDigest: new Uint8Array(32), at: 7 }, signer, {
    withKid: false,
  })
  for (let bit = 0; bit < message.length * 8; bit += 1) {
    const flipped = Uint8Array.from(message, (byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    expect((await openSign1(neverSeen, flipped, key)).ok).toBe(false)
  }
  expect((await openSign1(neverSeen, message, key)).ok).toBe(true)
})

const payload = phoneOffer.encode(value)
const zero = new Uint8Array(SIGNATURE_BYTES)
const headerOf = (...entries: readonly (readonly [number, CborValue])[]) => encodeCbor(new Map(entries))
const empty: ReadonlyMap<number, CborValue> = new Map()

test.each<readonly [string, string, Uint8Array]>([
  ['no algorithm', 'wrong-algorithm', encodeSign1(headerOf(), payload, zero)],
  ['ES384', 'wrong-algorithm', encodeSign1(headerOf([1, -35]), payload, zero)],
  ['EdDSA', 'wrong-algorithm', encodeSign1(headerOf([1, -8]), payload, zero)],
  ['HS256', 'wrong-algorithm', encodeSign1(headerOf([1, 5]), payload, zero)],
  ['an algorithm by name', 'wrong-algorithm', encodeSign1(headerOf([1, 'ES256']), payload, zero)],
  ['a key id of seven bytes', 'malformed', encodeSign1(headerOf([1, -7], [4, new Uint8Array(7)]), payload, zero)],
  ['a key id in text', 'malformed', encodeSign1(headerOf([1, -7], [4, 'keykey12']), payload, zero)],
  ['a critical header', 'malformed', encodeSign1(headerOf([1, -7], [2, [4]]), payload, zero)],
  ['an empty header', 'malformed', encodeSign1(new Uint8Array(0), payload, zero)],
  ['a signature of 63 bytes', 'malformed', encodeSign1(protectedHeader(), payload, new Uint8Array(63))],
  ['a signature of 96 bytes', 'malformed', encodeSign1(protectedHeader(), payload, new Uint8Array(96))],
  ['something unprotected', 'malformed', encodeCbor([protectedHeader(), new Map([[4, new Uint8Array(8)]]), payload, zero])],
  ['three parts', 'malformed', encodeCbor([protectedHeader(), empty, payload])],
  ['five parts', 'malformed', encodeCbor([protectedHeader(), empty, payload, zero, zero])],
  ['a header that is not wrapped', 'malformed', encodeCbor([new Map([[1, -7]]), empty, payload, zero])],
  ['a tag', 'malformed', concat(hex('d2'), encodeSign1(protectedHeader(), payload, zero))],
])('a COSE_Sign1 with %s is refused as %s', (_what, error, bytes) => {
  expect(decodeSign1(bytes)).toEqual({ ok: false, error })
})

test.each([
  ['r = 0', 0n, 5n],
  ['s = 0', 5n, 0n],
  ['r = n', ORDER, 5n],
  ['s = n', 5n, ORDER],
  ['both beyond', 2n ** 256n - 1n, 2n ** 256n - 1n],
])('a signature with %s is refused', async (_what, r, s) => {
  const signature = hex(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'))
  const signer = await testSigner('edge')
  const message = encodeSign1(protectedHeader(), payload, signature)
  expect(await openSign1(phoneOffer, message, await verifyKeyOf(signer.point))).toEqual({ ok: false, error: 'bad-signature' })
})

test('a signature by another key, or over another statement, is refused', async () => {
  const [one, other] = [await testSigner('one'), await testSigner('other')]
  const message = await sign1(phoneOffer, value, one, { withKid: false })
  expect(await openSign1(phoneOffer, message, await verifyKeyOf(other.point))).toEqual({ ok: false, error: 'bad-signature' })
  expect(await openSign1(neverSeen, message, await verifyKeyOf(one.point))).toEqual({ ok: false, error: 'malformed' })
  expect(peekSign1(neverSeen, message)).toEqual({ ok: false, error: 'malformed' })
  expect(await openSign1(phoneOffer, pendingMessage.encode({ stage: 1 }), await verifyKeyOf(one.point))).toEqual({
    ok: false,
    error: 'malformed',
  })
})

test('peeking tells the key id and the value, and trusts nothing', async () => {
  const signer = await testSigner('peek')
  const message = await sign1(phoneOffer, value, signer, { withKid: true })
  const forged = message.with(message.length - 1, (message.at(-1) ?? 0) ^ 1)
  expect(peekSign1(phoneOffer, forged)).toEqual({ ok: true, value: { value, kid: signer.kid } })
})

test('points: compressed and back, and whatever is not a point is refused', async () => {
  const signer = await signerOf(await generatePrivateJwk())
  const plain = decompressPoint(signer.point)
  expect(plain.ok && toHex(compressPoint(plain.value))).toBe(toHex(signer.point))
  const infinity = new Uint8Array(33)
  const offCurve = new Uint8Array(33).fill(0xff, 1).with(0, 2)
  for (const wrong of [infinity, offCurve, signer.point.subarray(1), signer.point.with(0, 4), new Uint8Array(65)]) {
    expect(decompressPoint(wrong)).toEqual({ ok: false, error: 'bad-point' })
    expect(await importVerifyKey(wrong)).toEqual({ ok: false, error: 'bad-point' })
  }
})

test('every point has one compressed form, and comes back from it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: ORDER - 1n }), (secret) => {
      const point = p256.Point.BASE.multiply(secret)
      const compressed = compressPoint(point.toBytes(false))
      expect(toHex(compressed)).toBe(toHex(point.toBytes(true)))
      expect(decompressPoint(compressed)).toEqual({ ok: true, value: point.toBytes(false) })
    }),
    { numRuns: 50 },
  )
})

test('a key id is the first eight bytes of the digest of its point', async () => {
  const signer = await testSigner('kid')
  expect(toHex(signer.kid)).toBe(createHash('sha256').update(signer.point).digest('hex').slice(0, 16))
  expect(equalBytes(await kidOf(signer.point), signer.kid)).toBe(true)
  expect(toHex(await sha256(hex('61'), hex('6263')))).toBe(createHash('sha256').update('abc').digest('hex'))
})

test('a signature made by node:crypto is accepted', async () => {
  const jwk = await generatePrivateJwk()
  const signer = await signerOf(jwk)
  const data = new TextEncoder().encode('bytes')
  const made = sign('sha256', data, { key: { ...jwk }, format: 'jwk', dsaEncoding: 'ieee-p1363' })
  expect(await (await verifyKeyOf(signer.point)).verify(made, data)).toBe(true)
})
