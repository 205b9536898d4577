/** What was asked is read from the bytes that left, so that a restart forgets nothing an answer must agree with. */
import { expect, test } from 'vitest'
import type { Standing } from '#main/enrolment/enrolment.ts'
import type { CheckedOffer } from '#main/payments/band-session.ts'
import { askedOf, signPay } from '#main/payments/statements.ts'
import { HEAD_BYTES, NONCE_BYTES } from '#shared/contracts/radio-messages.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { money } from '#shared/domain/money.ts'
import { testSigner } from '#test/support/test-keys.ts'

const requestId = '00112233445566778899aabbccddeeff' as RequestId
const amount = money(4_500, 'CNY')
const standing = { profile: { merchant: { id: 'aurora' }, terminalId: 'aurora-1' } } as Standing
const offer = { message: { bandNonce: new Uint8Array(NONCE_BYTES) } } as CheckedOffer

test.each([0, 2, 3, 4])('a request for %i knocks is answered only by a yes that carries them', async (knocks) => {
  const signer = await testSigner('terminal')
  const keys = { signer, signNow: () => new Uint8Array() }
  const head = { seq: 1, hash: new Uint8Array(HEAD_BYTES) }
  const statement = await signPay({
    keys,
    offer,
    requestId,
    amount,
    lines: [],
    holdIds: [],
    knocks,
    listAgeMinutes: 7,
    head,
    nowS: 1_800_000_000,
  })
  const sent = {
    statement,
    statementDigest: new Uint8Array(32),
    requestDigest: new Uint8Array(32).fill(3),
    sentAt: '2027-01-15T08:00:00.000Z',
    expiresAt: '2027-01-15T08:01:30.000Z',
  }
  expect(askedOf({ requestId, amount, sent }, standing)).toMatchObject({ knocks, merchantId: 'aurora', expiresAtS: 1_800_000_090 })
})

test('a request that never left has no answer, and bytes that are no request are a bug', () => {
  expect(() => askedOf({ requestId, amount }, standing)).toThrow('only a request that was sent')
  const digest = new Uint8Array(32)
  const sent = { statement: new Uint8Array(9), statementDigest: digest, requestDigest: digest, sentAt: '', expiresAt: '' }
  expect(() => askedOf({ requestId, amount, sent }, standing)).toThrow('can be read')
})
