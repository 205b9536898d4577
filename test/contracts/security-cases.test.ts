/** Cases 1, 2, 9 and 14 of the security cases, where they are about bytes alone. */
import { createHmac } from 'node:crypto'
import { beforeAll, expect, test } from 'vitest'
import { encodeCbor } from '#shared/contracts/cbor.ts'
import { encodeSign1, protectedHeader, toBeSigned } from '#shared/contracts/cose.ts'
import { FRAME_HEADER_BYTES, Reassembler, SEGMENTS_MAX } from '#shared/contracts/frames.ts'
import { type Authorization, authorization, HPKE_ENC_BYTES, MESSAGE_KINDS, MESSAGE_MAX_BYTES } from '#shared/contracts/radio-messages.ts'
import { KeySet } from '#shared/crypto/key-set.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { generateSealingKey, openRequest, sealRequest } from '#shared/crypto/sealing.ts'
import { STRUCTURES } from '#test/support/structures.ts'
import { testSigner, vouchFor } from '#test/support/test-keys.ts'

const NOW_S = 1_900_000_000
const MALFORMED = { ok: false, error: 'malformed' }

test.each(STRUCTURES)('case 1: nothing, any one byte and 2,049 bytes are no %s: malformed', (_name, structure) => {
  expect(structure.decode(new Uint8Array(0))).toEqual(MALFORMED)
  // One byte is a message only where every field may be left out, and there is no such message.
  for (let byte = 0; byte < 256; byte += 1) expect(structure.decode(Uint8Array.of(byte))).toEqual(MALFORMED)
  for (const fill of [0x00, 0x40, 0xa0, 0xff]) expect(structure.decode(new Uint8Array(MESSAGE_MAX_BYTES + 1).fill(fill))).toEqual(MALFORMED)
})

test('case 1: frames of nothing, of one byte, and of 2,049 bytes in all end the session: malformed, malformed, oversized', () => {
  const receive = (frame: Uint8Array) => new Reassembler().receive(frame, 0)
  expect(receive(new Uint8Array(0))).toEqual(MALFORMED)
  for (let byte = 0; byte < 256; byte += 1) expect(receive(Uint8Array.of(byte))).toEqual(MALFORMED)
  const reassembler = new Reassembler()
  const room = Math.ceil((MESSAGE_MAX_BYTES + 1) / SEGMENTS_MAX)
  const sizes = Array.from({ length: SEGMENTS_MAX }, (_, index) => Math.min(room, Math.max(1, MESSAGE_MAX_BYTES + 1 - index * room)))
  const ends = sizes.map((size, index) => {
    const frame = new Uint8Array(FRAME_HEADER_BYTES + size)
    frame.set([MESSAGE_KINDS.request, 1, index, SEGMENTS_MAX])
    return reassembler.receive(frame, 0)
  })
  expect(ends.find((end) => !end.ok)).toEqual({ ok: false, error: 'oversized' })
})

let authorizer: Signer
let other: Signer
let keys: KeySet
const yes: Authorization = {
  ...{
    authorizationId: new Uint8Array(16),
    requestId: new Uint8Array(16),
    statementDigest: new Uint8Array(32),
    amount: 1,
    currency: 'CNY',
  },
  ...{ merchantId: 'aurora', terminalId: 'aurora-1', approvedAt: NOW_S, captureBy: NOW_S + 1, customer: new Uint8Array(8) },
  ...{ displayName: 'a', knocks: 0, mode: 1 },
}
beforeAll(async () => {
  const root = await testSigner('root')
  authorizer = await testSigner('authorizer')
  other = await testSigner('other authorizer')
  const window = { from: NOW_S - 1_000, until: NOW_S + 1_000 }
  const opened = await KeySet.open(root.point, [
    await vouchFor(root, 'authorizer', authorizer, window),
    await vouchFor(root, 'authorizer', other, window),
  ])
  if (!opened.ok) throw new Error(opened.error)
  keys = opened.value
})

/** An authorization under this algorithm, with a signature that a careless reader of it would take for good. */
const ALGORITHMS: readonly (readonly [string, number | undefined, (signed: Uint8Array) => Promise<Uint8Array>])[] = [
  ['none at all', undefined, async () => new Uint8Array(64)],
  ['0, which is reserved', 0, async () => new Uint8Array(64)],
  [
    'HS256 with the public key as its secret',
    5,
    async (signed) => {
      const mac = createHmac('sha256', authorizer.point).update(signed).digest()
      return Uint8Array.from([...mac, ...mac])
    },
  ],
  ['ES384', -35, async (signed) => authorizer.sign(signed)],
  ['EdDSA', -8, async (signed) => authorizer.sign(signed)],
  ['ES256K', -47, async (signed) => authorizer.sign(signed)],
]

test.each(ALGORITHMS)('case 9: the algorithm %s: wrong-algorithm', async (_name, algorithm, sign) => {
  const header = encodeCbor(
    new Map<number, number | Uint8Array>([...(algorithm === undefined ? [] : [[1, algorithm] as const]), [4, authorizer.kid]]),
  )
  const payload = authorization.encode(yes)
  const forged = encodeSign1(header, payload, await sign(toBeSigned(header, payload)))
  expect(await keys.open('authorizer', authorization, forged, NOW_S)).toEqual({ ok: false, error: 'wrong-algorithm' })
})

test('case 9: the kid of one trusted key over the signature of another: bad-signature', async () => {
  const payload = authorization.encode(yes)
  const header = protectedHeader(other.kid)
  const swapped = encodeSign1(header, payload, await authorizer.sign(toBeSigned(header, payload)))
  expect(await keys.open('authorizer', authorization, swapped, NOW_S)).toEqual({ ok: false, error: 'bad-signature' })
})

const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
const ZERO = Buffer.alloc(32)
const ABOVE = Buffer.alloc(32, 0xff)

test.each([
  ['r = 0', ZERO, undefined],
  ['s = 0', undefined, ZERO],
  ['r and s = 0', ZERO, ZERO],
  ['r = n', ORDER, undefined],
  ['s = n', undefined, ORDER],
  ['r above n', ABOVE, undefined],
  ['s above n', undefined, ABOVE],
] as const)('case 14: a signature with %s: bad-signature', async (_name, r, s) => {
  const payload = authorization.encode(yes)
  const header = protectedHeader(authorizer.kid)
  const right = await authorizer.sign(toBeSigned(header, payload))
  const forged = Uint8Array.from([...(r ?? right.subarray(0, 32)), ...(s ?? right.subarray(32))])
  expect(await keys.open('authorizer', authorization, encodeSign1(header, payload, forged), NOW_S)).toEqual({
    ok: false,
    error: 'bad-signature',
  })
})

test.each([
  ['nothing but zeros', new Uint8Array(HPKE_ENC_BYTES)],
  ['the point at infinity, padded', new Uint8Array(HPKE_ENC_BYTES).fill(4, 0, 1)],
  ['off the curve', new Uint8Array(HPKE_ENC_BYTES).fill(7).fill(4, 0, 1)],
  ['beyond the field', new Uint8Array(HPKE_ENC_BYTES).fill(0xff).fill(4, 0, 1)],
])('case 14: an encapsulated key that is %s: cannot-open', async (_name, enc) => {
  const { privateKey, point } = await generateSealingKey()
  const given = { offer: Uint8Array.of(1), bandNonce: new Uint8Array(16) }
  const sealed = await sealRequest({ ...given, sealingPoint: point, plaintext: Uint8Array.of(1, 2, 3) })
  if (!sealed.ok) throw new Error(sealed.error)
  expect((await openRequest({ ...given, privateKey, message: sealed.value.message })).ok).toBe(true)
  const message = Uint8Array.from([...enc, ...sealed.value.message.subarray(HPKE_ENC_BYTES)])
  expect(await openRequest({ ...given, privateKey, message })).toEqual({ ok: false, error: 'cannot-open' })
})
