/** What the terminal accepts as an answer: exactly one thing, and each single alteration of it is refused by name. */
import { beforeAll, expect, test } from 'vitest'
import { type AnswerFault, type Asked, readAnswer, readAuthorization, readDecline, type Trust } from '#main/payments/answers.ts'
import { fromHex } from '#shared/contracts/bytes.ts'
import { encodeSign1, protectedHeader, toBeSigned } from '#shared/contracts/cose.ts'
import {
  ANSWER_KINDS,
  type Authorization,
  answerPlaintext,
  authorization,
  type Decline,
  decline,
  neverSeen,
  phoneRefusal,
} from '#shared/contracts/radio-messages.ts'
import { CLOCK_TOLERANCE_S, KeySet } from '#shared/crypto/key-set.ts'
import { importVerifyKey, type Signer, type VerifyKey } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { REASON_LIST, REASONS } from '#shared/domain/reasons.ts'
import { Seeded } from '#test/support/seeded.ts'
import { testSigner, vouchFor } from '#test/support/test-keys.ts'

const NOW_S = 1_800_000_000
const DAY_S = 86_400
const REQUEST_ID = '00112233445566778899aabbccddeeff' as RequestId
const DIGEST = new Uint8Array(32).fill(7)
const OTHER = new Uint8Array(16).fill(9)

const asked: Asked = {
  requestId: REQUEST_ID,
  statementDigest: DIGEST,
  amount: { amount: 4_500, currency: 'CNY' },
  merchantId: 'aurora',
  terminalId: 'aurora-1',
  knocks: 0,
  requestDigest: new Uint8Array(32).fill(5),
  bandNonce: new Uint8Array(16).fill(6),
  sentAtS: NOW_S,
  expiresAtS: NOW_S + 90,
}
const requestId = fromHex(REQUEST_ID) ?? new Uint8Array()
const yes: Authorization = {
  authorizationId: new Uint8Array(16).fill(1),
  requestId,
  statementDigest: DIGEST,
  amount: 4_500,
  currency: 'CNY',
  merchantId: 'aurora',
  terminalId: 'aurora-1',
  approvedAt: NOW_S + 2,
  captureBy: NOW_S + 30 * DAY_S,
  customer: new Uint8Array(8),
  displayName: 'Golden Carp',
  knocks: 0,
  mode: 1,
}
const no: Decline = { requestId, statementDigest: DIGEST, terminalId: 'aurora-1', reason: REASONS['wallet-refused'].code, at: NOW_S + 2 }

const signers: Record<'authorizer' | 'old' | 'future' | 'phone' | 'otherPhone' | 'ca' | 'stranger', Signer> = {} as never
let trust: Trust & { readonly phoneKey: VerifyKey }

beforeAll(async () => {
  for (const name of ['authorizer', 'old', 'future', 'phone', 'otherPhone', 'ca', 'stranger'] as const)
    signers[name] = await testSigner(name)
  const root = await testSigner('root')
  const now = { from: NOW_S - DAY_S, until: NOW_S + DAY_S }
  const keys = await KeySet.open(root.point, [
    await vouchFor(root, 'authorizer', signers.authorizer, now),
    await vouchFor(root, 'authorizer', signers.old, { from: NOW_S - 9 * DAY_S, until: NOW_S - DAY_S }),
    await vouchFor(root, 'authorizer', signers.future, { from: NOW_S + DAY_S, until: NOW_S + 9 * DAY_S }),
    await vouchFor(root, 'phone-ca', signers.ca, now),
  ])
  const phoneKey = await importVerifyKey(signers.phone.point)
  if (!keys.ok || !phoneKey.ok) throw new Error('the test keys are no keys')
  trust = { keys: keys.value, phoneKey: phoneKey.value, nowS: NOW_S + 3, isRevoked: () => false }
})

async function signYes(change: Partial<Authorization> = {}, signer = signers.authorizer, withKid = true): Promise<Uint8Array> {
  return sign1(authorization, { ...yes, ...change }, signer, { withKid })
}
async function signNo(change: Partial<Decline> = {}, signer = signers.authorizer): Promise<Uint8Array> {
  return sign1(decline, { ...no, ...change }, signer, { withKid: true })
}
async function read(kind: keyof typeof ANSWER_KINDS, signed: Uint8Array) {
  return readAnswer(answerPlaintext.encode({ kind: ANSWER_KINDS[kind], signed }), asked, trust)
}

test('the one right answer of each kind', async () => {
  expect(await read('authorization', await signYes())).toMatchObject({
    ok: true,
    value: { kind: 'authorized', authorization: { amount: 4_500 } },
  })
  expect(await read('decline', await signNo())).toMatchObject({ ok: true, value: { kind: 'declined', reason: 'wallet-refused' } })
  const refusal = { requestId, statementDigest: DIGEST, reason: REASONS['confirm-on-phone'].code, at: NOW_S }
  const refused = await sign1(phoneRefusal, refusal, signers.phone, { withKid: false })
  expect(await read('refusal', refused)).toMatchObject({ ok: true, value: { kind: 'refused', reason: 'confirm-on-phone' } })
  const never = await sign1(neverSeen, { requestId, firstDigest: DIGEST, at: NOW_S }, signers.phone, { withKid: false })
  expect(await read('never-seen', never)).toMatchObject({ ok: true, value: { kind: 'never-seen' } })
})

const alterations: readonly (readonly [change: Partial<Authorization>, fault: AnswerFault])[] = [
  [{ requestId: OTHER }, 'other-request'],
  [{ statementDigest: new Uint8Array(32).fill(8) }, 'other-statement'],
  [{ amount: 4_499 }, 'other-amount'],
  [{ amount: 4_501 }, 'other-amount'],
  [{ amount: 0 }, 'other-amount'],
  [{ currency: 'USD' }, 'other-currency'],
  [{ currency: 'cny' }, 'other-currency'],
  [{ merchantId: 'aurorb' }, 'other-merchant'],
  [{ terminalId: 'aurora-2' }, 'other-terminal'],
  [{ terminalId: 'aurora-11' }, 'other-terminal'],
  [{ knocks: 2 }, 'other-knocks'],
  [{ mode: 0 }, 'other-mode'],
  [{ approvedAt: NOW_S - CLOCK_TOLERANCE_S - 1 }, 'wrong-time'],
  [{ approvedAt: NOW_S - DAY_S }, 'wrong-time'],
  [{ approvedAt: NOW_S + 90 + CLOCK_TOLERANCE_S + 1 }, 'wrong-time'],
  [{ captureBy: NOW_S }, 'wrong-time'],
]

test.each(alterations)('an authorization really signed, but with %o: %s', async (change, fault) => {
  expect(await read('authorization', await signYes(change))).toEqual({ ok: false, error: fault })
  expect(await readAuthorization(await signYes(change), asked, trust)).toEqual({ ok: false, error: fault })
})

test('clocks may differ by the tolerance, to the second', async () => {
  for (const approvedAt of [NOW_S - CLOCK_TOLERANCE_S, NOW_S + 90 + CLOCK_TOLERANCE_S]) {
    expect(await read('authorization', await signYes({ approvedAt }))).toMatchObject({ ok: true })
  }
})

test.each([
  ['a stranger', 'stranger', 'unknown-key'],
  ['a key the root vouches for, but for another purpose', 'ca', 'unknown-key'],
  ['the phone itself', 'phone', 'unknown-key'],
  ['an authorizer key that had ended', 'old', 'not-valid-now'],
  ['an authorizer key that has not begun', 'future', 'not-valid-now'],
] as const)('signed by %s', async (_words, signer, fault) => {
  expect(await read('authorization', await signYes({}, signers[signer]))).toEqual({ ok: false, error: fault })
  expect(await read('decline', await signNo({}, signers[signer]))).toEqual({ ok: false, error: fault })
})

test('without a key id, or with the key id of another', async () => {
  expect(await read('authorization', await signYes({}, signers.authorizer, false))).toEqual({ ok: false, error: 'unknown-key' })
  const header = protectedHeader(signers.authorizer.kid)
  const payload = authorization.encode(yes)
  const signature = await signers.stranger.sign(toBeSigned(header, payload))
  expect(await read('authorization', encodeSign1(header, payload, signature))).toEqual({ ok: false, error: 'bad-signature' })
})

test('with another algorithm in the header', async () => {
  const right = protectedHeader(signers.authorizer.kid)
  // The header of ES256 is the map entry 1: -7, which is the byte 0x26; 0x27 says EdDSA.
  const wrong = right.map((byte, index) => (byte === 0x26 && index < 4 ? 0x27 : byte))
  expect(wrong).not.toEqual(right)
  const payload = authorization.encode(yes)
  const signature = await signers.authorizer.sign(toBeSigned(wrong, payload))
  expect(await read('authorization', encodeSign1(wrong, payload, signature))).toEqual({ ok: false, error: 'wrong-algorithm' })
})

test('one kind of statement is never taken for another', async () => {
  expect(await read('decline', await signYes())).toEqual({ ok: false, error: 'malformed' })
  expect(await read('authorization', await signNo())).toEqual({ ok: false, error: 'malformed' })
  expect(await read('refusal', await signNo())).toEqual({ ok: false, error: 'malformed' })
  expect(await read('never-seen', await signYes())).toEqual({ ok: false, error: 'malformed' })
  expect(await readDecline(await signYes(), asked, trust)).toEqual({ ok: false, error: 'malformed' })
})

test("a refusal or a never-seen of another phone, another request, or the authorizer's", async () => {
  const refusal = { requestId, statementDigest: DIGEST, reason: 7, at: NOW_S }
  const never = { requestId, firstDigest: DIGEST, at: NOW_S }
  for (const signer of [signers.otherPhone, signers.authorizer]) {
    expect(await read('refusal', await sign1(phoneRefusal, refusal, signer, { withKid: false }))).toEqual({
      ok: false,
      error: 'bad-signature',
    })
    expect(await read('never-seen', await sign1(neverSeen, never, signer, { withKid: false }))).toEqual({
      ok: false,
      error: 'bad-signature',
    })
  }
  const signRefusal = async (change: object) => sign1(phoneRefusal, { ...refusal, ...change }, signers.phone, { withKid: false })
  const signNever = async (change: object) => sign1(neverSeen, { ...never, ...change }, signers.phone, { withKid: false })
  expect(await read('refusal', await signRefusal({ requestId: OTHER }))).toEqual({ ok: false, error: 'other-request' })
  expect(await read('refusal', await signRefusal({ statementDigest: new Uint8Array(32) }))).toEqual({ ok: false, error: 'other-statement' })
  expect(await read('refusal', await signRefusal({ reason: 200 }))).toEqual({ ok: false, error: 'unknown-reason' })
  expect(await read('never-seen', await signNever({ requestId: OTHER }))).toEqual({ ok: false, error: 'other-request' })
  expect(await read('never-seen', await signNever({ firstDigest: new Uint8Array(32) }))).toEqual({ ok: false, error: 'other-statement' })
})

test('a decline for another request, statement or terminal, or without a known reason', async () => {
  expect(await read('decline', await signNo({ requestId: OTHER }))).toEqual({ ok: false, error: 'other-request' })
  expect(await read('decline', await signNo({ statementDigest: new Uint8Array(32) }))).toEqual({ ok: false, error: 'other-statement' })
  expect(await read('decline', await signNo({ terminalId: 'aurora-2' }))).toEqual({ ok: false, error: 'other-terminal' })
  expect(await read('decline', await signNo({ reason: 0 }))).toEqual({ ok: false, error: 'unknown-reason' })
  for (const reason of REASON_LIST) {
    expect(await read('decline', await signNo({ reason: REASONS[reason].code }))).toMatchObject({ value: { reason } })
  }
})

test('every bit of an authorization flipped, every cut, anything appended: refused by name', async () => {
  const right = await signYes()
  const wrong: Uint8Array[] = [new Uint8Array(), Uint8Array.from([...right, 0])]
  for (let at = 0; at < right.length; at += 1) {
    wrong.push(right.slice(0, at))
    for (const bit of [1, 16, 128]) wrong.push(right.map((byte, index) => (index === at ? byte ^ bit : byte)))
  }
  const faults = new Set<string>()
  for (const signed of wrong) {
    const result = await readAuthorization(signed, asked, trust)
    expect(result.ok, Buffer.from(signed).toString('hex')).toBe(false)
    if (!result.ok) faults.add(result.error)
  }
  expect(faults).toContain('malformed')
  expect(faults).toContain('bad-signature')
})

test('ten thousand mutations of a whole answer: none is accepted, none throws', async () => {
  const seeded = new Seeded(41)
  const right = answerPlaintext.encode({ kind: ANSWER_KINDS.authorization, signed: await signYes() })
  for (let count = 0; count < 10_000; count += 1) {
    const mutated = seeded.mutate(right)
    if (Buffer.compare(mutated, right) === 0) continue
    const result = await readAnswer(mutated, asked, trust)
    expect(result.ok, `mutation ${count}: ${Buffer.from(mutated).toString('hex')}`).toBe(false)
  }
})
