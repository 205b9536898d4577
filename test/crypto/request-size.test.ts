import { expect, test } from 'vitest'
import { segmentBytes, toFrames } from '#shared/contracts/frames.ts'
import {
  offerMessage,
  payStatement,
  phoneCertificate,
  phoneOffer,
  requestPlaintext,
  terminalCertificate,
} from '#shared/contracts/radio-messages.ts'
import { generateSealingKey, sealRequest } from '#shared/crypto/sealing.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { testSigner } from '#test/support/test-keys.ts'

/** Design: three segments at MTU 185, so at most 3 × 178 bytes. */
const REQUEST_MAX_BYTES = 534
const REQUEST_SEGMENTS_MAX = 3
const MTU = 185
const TIME_S = 1_900_000_000

const terminal = await testSigner('terminal')
const ca = await testSigner('terminal ca')
const phone = await testSigner('phone')
const phoneCa = await testSigner('phone ca')

async function request(holds: number) {
  const certificate = {
    terminalId: 'aurora-counter-1',
    merchantId: 'aurora-cinema-01',
    name: 'Aurora Cinema 极光影院',
    site: 'Riverside 江畔店',
    latitudeE5: 3_123_456,
    longitudeE5: 12_147_370,
    point: terminal.point,
    from: TIME_S,
    until: TIME_S + 604_800,
  }
  expect([certificate.terminalId.length, certificate.merchantId.length]).toEqual([16, 16])
  expect(new TextEncoder().encode(certificate.name)).toHaveLength(26)
  const statement = {
    requestId: new Uint8Array(16).fill(0xaa),
    amount: 10_000_000,
    currency: 'CNY',
    linesDigest: new Uint8Array(16).fill(0xbb),
    holds: Array.from({ length: holds }, () => new Uint8Array(16).fill(0xcc)),
    bandNonce: new Uint8Array(16).fill(0xdd),
    knocks: 4,
    listAgeMinutes: 525_600,
    time: TIME_S,
    lifetime: 90,
    headSeq: 4_000_000_000,
    head: new Uint8Array(16).fill(0xee),
  }
  const plaintext = requestPlaintext.encode({
    statement: await sign1(payStatement, statement, terminal, { withKid: false }),
    certificate: await sign1(terminalCertificate, certificate, ca, { withKid: true }),
  })
  const key = await generateSealingKey()
  const sealed = await sealRequest({ offer: new Uint8Array(100), bandNonce: statement.bandNonce, sealingPoint: key.point, plaintext })
  if (!sealed.ok) throw new Error(sealed.error)
  return sealed.value.message
}

test('a request with one hold and a name in two languages takes three segments at MTU 185', async () => {
  const message = await request(1)
  const frames = toFrames({ kind: 'request', body: message }, 0, segmentBytes(256, MTU))
  expect(message.length).toBeLessThanOrEqual(REQUEST_MAX_BYTES)
  expect(frames).toHaveLength(REQUEST_SEGMENTS_MAX)
})

test('an offer with its certificate takes two segments at MTU 185', async () => {
  const message = offerMessage.encode({
    bandNonce: new Uint8Array(16),
    flags: 15,
    offer: await sign1(phoneOffer, { offerId: new Uint8Array(8), sealingPoint: phone.point, expires: TIME_S }, phone, { withKid: false }),
    certificate: await sign1(
      phoneCertificate,
      { pseudonym: new Uint8Array(8), point: phone.point, from: TIME_S, until: TIME_S + 900 },
      phoneCa,
      { withKid: true },
    ),
  })
  expect(toFrames({ kind: 'offer', body: message }, 0, segmentBytes(256, MTU))).toHaveLength(2)
})
