/** A customer's phone that lies, with a certificate of its own: whatever it answers, no receipt comes of it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fromHex } from '#shared/contracts/bytes.ts'
import { ANSWER_KINDS, type Authorization, answerPlaintext, authorization, phoneRefusal } from '#shared/contracts/radio-messages.ts'
import type { Signer } from '#shared/crypto/keys.ts'
import { sign1 } from '#shared/crypto/sign1.ts'
import { CounterWorld, demand, TERMINAL } from '#test/support/counter-world.ts'
import { LyingBand, type ReadRequest } from '#test/support/lying-band.ts'
import { testSigner } from '#test/support/test-keys.ts'

const EXPIRED_MS = 100_000

let world: CounterWorld
let band: LyingBand
let stranger: Signer
/** A yes that was good once, for another attempt. */
let yesterdays: Uint8Array

beforeAll(async () => {
  world = await CounterWorld.build()
  band = await LyingBand.make(world.backend.keys, world.clock)
  stranger = await testSigner('stranger')
  world.hooks.radio = () => band
  await world.start()
  await world.ready()
})
afterAll(async () => world.close())

function yesTo({ statement, digest }: ReadRequest, change: Partial<Authorization> = {}): Authorization {
  return {
    authorizationId: new Uint8Array(16).fill(5),
    requestId: statement.requestId,
    statementDigest: digest,
    amount: statement.amount,
    currency: statement.currency,
    merchantId: 'aurora',
    terminalId: TERMINAL,
    approvedAt: statement.time,
    captureBy: statement.time + 2_592_000,
    customer: new Uint8Array(8),
    displayName: 'Nobody',
    knocks: 0,
    mode: 1,
    ...change,
  }
}

/** Signed by the backend's own authorizer key, as if it had been stolen for this one statement. */
function signed(value: Authorization): Uint8Array {
  return world.backend.keys.signer('authorizer', value.approvedAt).statementNow(authorization, value)
}
const answering = (bytes: Uint8Array) => answerPlaintext.encode({ kind: ANSWER_KINDS.authorization, signed: bytes })

const lies: Readonly<Record<string, { readonly answer: (request: ReadRequest) => Promise<Uint8Array>; readonly fault: string }>> = {
  'a yes signed by a stranger': {
    answer: async (request) => answering(await sign1(authorization, yesTo(request), stranger, { withKid: true })),
    fault: 'unknown-key',
  },
  'a yes signed by the phone itself': {
    answer: async (request) => answering(await sign1(authorization, yesTo(request), band.phone, { withKid: true })),
    fault: 'unknown-key',
  },
  'a yes for less money': { answer: async (request) => answering(signed(yesTo(request, { amount: 1 }))), fault: 'other-amount' },
  'a yes for another till': {
    answer: async (request) => answering(signed(yesTo(request, { terminalId: 'aurora-2' }))),
    fault: 'other-terminal',
  },
  "yesterday's yes": { answer: async () => answering(yesterdays), fault: 'other-request' },
  'a yes with a byte changed': {
    answer: async (request) => {
      const bytes = signed(yesTo(request))
      return answering(bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte)))
    },
    fault: 'bad-signature',
  },
  'a yes cut short': { answer: async (request) => answering(signed(yesTo(request)).slice(0, 100)), fault: 'malformed' },
  'a yes and something more': {
    answer: async (request) => Uint8Array.from([...answering(signed(yesTo(request))), 0]),
    fault: 'malformed',
  },
  'two thousand bytes of nothing': { answer: async () => new Uint8Array(1_900), fault: 'malformed' },
  'nothing at all': { answer: async () => Uint8Array.of(0xa0), fault: 'malformed' },
  "a refusal in another phone's name": {
    answer: async ({ statement, digest }) => {
      const refusal = { requestId: statement.requestId, statementDigest: digest, reason: 7, at: statement.time }
      const bytes = await sign1(phoneRefusal, refusal, stranger, { withKid: false })
      return answerPlaintext.encode({ kind: ANSWER_KINDS.refusal, signed: bytes })
    },
    fault: 'bad-signature',
  },
}

test('the band of these tests is believed when it tells the truth', async () => {
  await world.popcorn()
  band.answer = async (request) => {
    yesterdays = signed(yesTo(request))
    return answering(yesterdays)
  }
  expect(await world.settled(await world.charge())).toBe('paid')
})

test.each(Object.keys(lies))('%s', async (name) => {
  const lie = lies[name]
  const receipts = world.receiptCount()
  const events = () => Number(world.store.get("SELECT COUNT(*) AS n FROM journal WHERE kind = 'answer-refused'")?.['n'])
  const before = events()
  await world.popcorn()
  if (lie) band.answer = lie.answer
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  expect(world.warnings).toContainEqual({ message: 'answer-refused', fields: { requestId, fault: lie?.fault } })
  expect(events()).toBe(before + 1)
  expect(world.receiptCount()).toBe(receipts)
  // The truth is at the backend: it was never asked. So nothing is owed, and the cart is free when the request has expired.
  world.clock.advance(EXPIRED_MS)
  expect(await world.settled(requestId)).toBe('reversed')
  expect(world.receiptCount()).toBe(receipts)
  demand(await world.till.clearCart())
})

test('the same authorization on two attempts: the second is a fault, and no second receipt', async () => {
  await world.popcorn()
  const first = world.store.get('SELECT authorization_id AS id FROM receipt_payments WHERE authorization_id IS NOT NULL')
  const authorizationId = fromHex(String(first?.['id'])) ?? new Uint8Array()
  const receipts = world.receiptCount()
  // Even signed for this very attempt: an authorization has paid once.
  band.answer = async (request) => answering(signed(yesTo(request, { authorizationId })))
  const requestId = await world.charge()
  await world.until('it is in doubt', () => world.payment?.state === 'in-doubt')
  expect(world.receiptCount()).toBe(receipts)
  world.clock.advance(EXPIRED_MS)
  expect(await world.settled(requestId)).toBe('reversed')
})
