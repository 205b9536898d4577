/** What a terminal takes for an answer to the question who somebody is, and everything it does not. */
import { beforeAll, expect, test } from 'vitest'
import { type AskedWho, readIdentity } from '#main/identity/identity-answer.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { type IdentityAnswer, identityAnswer } from '#shared/contracts/identity-messages.ts'
import { ANSWER_KINDS, type AnswerKind, answerPlaintext, decline, phoneRefusal } from '#shared/contracts/radio-messages.ts'
import { importVerifyKey, type Signer, type VerifyKey } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { IDENTIFY_REASONS } from '#shared/domain/identify-reasons.ts'
import type { RequestId } from '#shared/domain/ids.ts'
import { REASON_LIST, REASONS } from '#shared/domain/reasons.ts'
import { type KeyWorld, keyWorld } from '#test/reference/phone/support/key-world.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { testSigner } from '#test/support/test-keys.ts'

const requestId = new Uint8Array(16).fill(1)
const statementDigest = new Uint8Array(32).fill(2)
const asked: AskedWho = {
  requestId: toHex(requestId) as RequestId,
  statementDigest,
  terminalId: 'aurora-1',
  claims: ['name', 'member-number'],
}
let keys: KeyWorld
let phone: Signer
let phoneKey: VerifyKey
let nowS: number

beforeAll(async () => {
  const clock = new ManualClock()
  keys = await keyWorld(clock)
  nowS = Math.floor(clock.nowMs() / 1_000)
  phone = await testSigner('phone')
  const key = await importVerifyKey(phone.point)
  if (!key.ok) throw new Error(key.error)
  phoneKey = key.value
})

function answerOf(changes: Partial<IdentityAnswer> = {}): IdentityAnswer {
  const who = { customer: new Uint8Array(8), name: 'Golden Carp', memberNumber: 'AC-1001', vouched: 3 }
  return { requestId, statementDigest, terminalId: 'aurora-1', ...who, at: nowS, ...changes }
}

async function read(kind: AnswerKind, signed: Uint8Array, changes: Partial<AskedWho> = {}) {
  const plaintext = answerPlaintext.encode({ kind: ANSWER_KINDS[kind], signed })
  return readIdentity(plaintext, { ...asked, ...changes }, { keys: keys.keySet, phoneKey, nowS })
}

async function readAnswer(changes: Partial<IdentityAnswer> = {}, by: Signer = keys.signer('identity'), question: Partial<AskedWho> = {}) {
  return read('identity', await sign1(identityAnswer, answerOf(changes), by, { withKid: true }), question)
}

test('what was asked, told and vouched for', async () => {
  expect(await readAnswer({ vouched: 1 })).toEqual({
    ok: true,
    value: {
      kind: 'told',
      given: { name: { value: 'Golden Carp', isVouched: true }, 'member-number': { value: 'AC-1001', isVouched: false } },
    },
  })
  const { name: _name, memberNumber: _number, ...nothing } = answerOf({ vouched: 0 })
  const signed = await sign1(identityAnswer, nothing, keys.signer('identity'), { withKid: true })
  expect(await read('identity', signed)).toEqual({ ok: true, value: { kind: 'told', given: {} } })
})

test.for<readonly [string, Partial<IdentityAnswer>, Partial<AskedWho>]>([
  ['other-request', { requestId: new Uint8Array(16) }, {}],
  ['other-statement', { statementDigest: new Uint8Array(32) }, {}],
  ['other-terminal', { terminalId: 'aurora-2' }, {}],
  ['other-claims', {}, { claims: ['name'] }],
  ['other-claims', {}, { claims: ['member-number'] }],
])('%s: %j to a question %j', async ([fault, changes, question]) => {
  expect(await readAnswer(changes, undefined, question)).toEqual({ ok: false, error: fault })
})

test('an answer of another time, or one that vouches for what it does not say, is none', async () => {
  for (const at of [nowS - 301, nowS + 301]) expect(await readAnswer({ at })).toEqual({ ok: false, error: 'wrong-time' })
  const { memberNumber: _number, ...rest } = answerOf()
  const signed = await sign1(identityAnswer, rest, keys.signer('identity'), { withKid: true })
  expect(await read('identity', signed)).toEqual({ ok: false, error: 'other-claims' })
})

test.for(['authorizer', 'phone-ca', 'terminal-ca', 'stranger', 'terminal'] as const)('an identity signed by %s is none', async (name) => {
  expect(await readAnswer({}, keys.signer(name))).toEqual({ ok: false, error: 'unknown-key' })
})

test('an identity key declines nothing, and no statement is read as another', async () => {
  const no = { requestId, statementDigest, terminalId: 'aurora-1', reason: REASONS['not-worn'].code, at: nowS }
  expect(await read('decline', await sign1(decline, no, keys.signer('identity'), { withKid: true }))).toEqual({
    ok: false,
    error: 'unknown-key',
  })
  const signed = await sign1(identityAnswer, answerOf(), keys.signer('identity'), { withKid: true })
  for (const kind of Object.keys(ANSWER_KINDS) as AnswerKind[]) {
    expect((await read(kind, signed)).ok, kind).toBe(kind === 'identity')
  }
})

test('each single bit of an answer counts', async () => {
  const signed = await sign1(identityAnswer, answerOf(), keys.signer('identity'), { withKid: true })
  for (let bit = 0; bit < signed.length * 8; bit += 7) {
    const altered = Uint8Array.from(signed, (byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    expect((await read('identity', altered)).ok, `bit ${bit}`).toBe(false)
  }
})

test('every reason that can end the question is read, by phone and backend; any other is a fault', async () => {
  for (const reason of REASON_LIST) {
    const about = { requestId, statementDigest, reason: REASONS[reason].code, at: nowS }
    const refusal = await read('refusal', await sign1(phoneRefusal, about, phone, { withKid: false }))
    const no = await sign1(decline, { ...about, terminalId: 'aurora-1' }, keys.signer('authorizer'), { withKid: true })
    const declined = await read('decline', no)
    const wanted = reason in IDENTIFY_REASONS ? { ok: true, value: { kind: 'untold', reason } } : { ok: false, error: 'unknown-reason' }
    expect([refusal, declined], reason).toEqual([wanted, wanted])
  }
  const stranger = { requestId, statementDigest, reason: 1, at: nowS }
  expect((await read('refusal', await sign1(phoneRefusal, stranger, keys.signer('stranger'), { withKid: false }))).ok).toBe(false)
  const other = { requestId: new Uint8Array(16), statementDigest, reason: 1, at: nowS }
  expect(await read('refusal', await sign1(phoneRefusal, other, phone, { withKid: false }))).toEqual({ ok: false, error: 'other-request' })
})

test('what is no answer is malformed', async () => {
  const trust = { keys: keys.keySet, phoneKey, nowS }
  expect(await readIdentity(new Uint8Array(), asked, trust)).toEqual({ ok: false, error: 'malformed' })
  expect(await read('presence', new Uint8Array([1]))).toEqual({ ok: false, error: 'malformed' })
})
