import { describe, expect, test } from 'vitest'
import type { BackendFault } from '#reference/phone/ports.ts'
import { concat, toHex } from '#shared/contracts/bytes.ts'
import { pendingMessage, requestPlaintext } from '#shared/contracts/radio-messages.ts'
import { randomBytes, sha256 } from '#shared/crypto/keys.ts'
import { sealRequest } from '#shared/crypto/sealing.ts'
import { until } from '#test/support/until.ts'
import { phoneWorld, type Till } from './support/phone-world.ts'

function stages(till: Till): readonly number[] {
  return till.client.of('pending').map(({ body }) => {
    const decoded = pendingMessage.decode(body)
    return decoded.ok ? decoded.value.stage : 0
  })
}

test('a payment goes from OFFER to AUTHORIZATION, and the receipt to the phone', async () => {
  const world = await phoneWorld()
  const till = world.till()
  const requestId = toHex(await till.pay())
  expect(await till.answer()).toEqual({ kind: 'authorization' })
  expect(stages(till)).toEqual([1, 3])
  await till.commit('A1-000001')
  await until('the e-receipt lands', () => world.phoneEvents.length === 2)
  const payment = { requestId, amount: 12_800, currency: 'CNY', name: 'Aurora Cinema 极光影院', site: 'Riverside 江畔店' }
  expect(world.phoneEvents).toEqual([
    { type: 'approved', payment },
    { type: 'e-receipt', payment, receiptNumber: 'A1-000001' },
  ])
  expect(world.bandEvents).toEqual([{ type: 'vibrated', times: 2 }])
  expect(world.saved.map(({ outcome }) => outcome.state)).toEqual(['asked', 'authorization'])
})

test('a decline of the backend is passed on, its hint stays on the phone', async () => {
  const world = await phoneWorld()
  world.backend.declineWith = 'wallet-refused'
  const till = world.till()
  await till.pay()
  expect(await till.answer()).toEqual({ kind: 'decline' })
  expect(world.phoneEvents).toMatchObject([{ type: 'declined', hint: 'funds' }])
})

describe('refusals of the phone, before anyone is asked', () => {
  type World = Awaited<ReturnType<typeof phoneWorld>>
  const cases: readonly (readonly [name: string, reason: string, pay: (world: World, till: Till) => Promise<unknown>])[] = [
    [
      'certificate of a stranger',
      'terminal-not-trusted',
      async (w, t) => t.pay({ certificate: await w.keys.certify(w.keys.signer('stranger')) }),
    ],
    [
      'certificate of another CA',
      'terminal-not-trusted',
      async (w, t) => t.pay({ certificate: await w.keys.certify(w.keys.signer('phone-ca')) }),
    ],
    [
      'certificate that has run out',
      'terminal-not-trusted',
      async (w, t) =>
        t.pay({ certificate: await w.keys.certify(w.keys.signer('terminal-ca'), { until: Math.floor(w.clock.nowMs() / 1000) - 301 }) }),
    ],
    ['certificate that is junk', 'terminal-not-trusted', async (_, t) => t.pay({ certificate: Uint8Array.of(0x80) })],
    ['statement signed by another key', 'terminal-not-trusted', async (w, t) => t.pay({ signer: w.keys.signer('stranger') })],
    ['nonce of another session', 'terminal-not-trusted', async (_, t) => t.pay({ bandNonce: new Uint8Array(16) })],
    ['expired a second ago', 'expired', async (w, t) => t.pay({ time: Math.floor(w.clock.nowMs() / 1000) - 91 })],
    ['from the future', 'expired', async (w, t) => t.pay({ time: Math.floor(w.clock.nowMs() / 1000) + 301 })],
    ['one fen above the limit', 'wallet-refused', async (_, t) => t.pay({ amount: 50_001 })],
    ['another currency', 'wallet-refused', async (_, t) => t.pay({ currency: 'EUR' })],
    ['knocks that were not given', 'knock-missing', async (_, t) => t.pay({ knocks: 3 })],
  ]
  test.for(cases)('%s: %s', async ([, reason, pay]) => {
    const world = await phoneWorld()
    const till = world.till()
    await pay(world, till)
    expect(await till.answer()).toEqual({ kind: 'refusal', reason })
    expect(world.backend.submissions).toEqual([])
  })

  test('expiry to the second: at the end of its life a request is still good', async () => {
    const world = await phoneWorld()
    const till = world.till()
    await till.pay({ time: Math.floor(world.clock.nowMs() / 1000) - 90 })
    expect(await till.answer()).toEqual({ kind: 'authorization' })
  })

  test('the knocks that are asked for', async () => {
    const world = await phoneWorld()
    world.band.state.knocked(3)
    const till = world.till()
    await till.pay({ knocks: 3 })
    expect(await till.answer()).toEqual({ kind: 'authorization' })
  })
})

describe('what is no request of this session gets a hint and changes nothing', () => {
  test('a request sealed for another nonce, and one that was altered', async () => {
    const world = await phoneWorld()
    for (const spoil of ['nonce', 'bytes'] as const) {
      const till = world.till()
      const offer = await till.offer()
      const plaintext = requestPlaintext.encode({ statement: randomBytes(200), certificate: world.keys.terminalCertificate })
      const bandNonce = spoil === 'nonce' ? randomBytes(16) : offer.bandNonce
      const sealed = await sealRequest({ offer: offer.offer, bandNonce, sealingPoint: offer.sealingPoint, plaintext })
      if (!sealed.ok) throw new Error(sealed.error)
      const body =
        spoil === 'bytes'
          ? concat(sealed.value.message.subarray(0, -1), Uint8Array.of((sealed.value.message.at(-1) ?? 0) ^ 1))
          : sealed.value.message
      till.client.say({ kind: 'request', body })
      await until('a hint comes', () => till.client.errors.length > 0)
      expect(till.client.errors).toEqual(['malformed'])
      till.client.close()
    }
    expect(world.saved).toEqual([])
  })

  test('a statement that is none', async () => {
    const world = await phoneWorld()
    const till = world.till()
    await till.pay({ statement: randomBytes(100) })
    await until('a hint comes', () => till.client.errors.length > 0)
    expect(till.client.errors).toEqual(['malformed'])
    expect(till.client.of('answer')).toEqual([])
  })
})

describe('the same request again', () => {
  test('same bytes: the stored answer, and the backend is asked once', async () => {
    const world = await phoneWorld()
    const till = world.till()
    await till.pay()
    expect(await till.answer()).toEqual({ kind: 'authorization' })
    await till.pay({ statement: till.statement })
    expect(await till.answer(2)).toEqual({ kind: 'authorization' })
    expect(world.backend.submissions).toHaveLength(1)
  })

  test('same request id, another statement: taken', async () => {
    const world = await phoneWorld()
    const till = world.till()
    const requestId = await till.pay()
    expect(await till.answer()).toEqual({ kind: 'authorization' })
    await till.pay({ requestId, amount: 12_801 })
    expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'taken' })
    expect(world.backend.submissions).toHaveLength(1)
  })

  test('a query while the backend is being asked waits for its answer', async () => {
    const world = await phoneWorld()
    const gate = Promise.withResolvers<void>()
    world.backend.gate = gate.promise
    const first = world.till()
    const requestId = await first.pay()
    await until('the backend is asked', () => world.backend.submissions.length === 1)
    first.client.close()
    const second = world.till()
    await second.query(requestId, await sha256(first.statement))
    await until('the query is pending', () => stages(second).includes(3))
    gate.resolve()
    expect(await second.answer()).toEqual({ kind: 'authorization' })
    expect(world.backend.submissions).toHaveLength(1)
  })

  test('a query for an answered request re-seals the answer, in another session and after a restart of the phone', async () => {
    const world = await phoneWorld()
    const first = world.till()
    const requestId = await first.pay()
    await first.answer()
    const digest = await sha256(first.statement)
    first.client.close()
    const second = world.till()
    await second.query(requestId, digest)
    expect(await second.answer()).toEqual({ kind: 'authorization' })
    const restarted = await phoneWorld({ records: world.saved })
    const third = restarted.till()
    // The same band, further on: its counter does not start again with the phone.
    restarted.bandCounter(2)
    await third.query(requestId, digest)
    expect(await third.answer()).toEqual({ kind: 'authorization' })
    expect(restarted.backend.submissions).toEqual([])
  })

  test('a refusal is repeated, signed for the session that asks', async () => {
    const world = await phoneWorld()
    const first = world.till()
    const requestId = await first.pay({ amount: 50_001 })
    await first.answer()
    first.client.close()
    const second = world.till()
    await second.query(requestId, await sha256(first.statement))
    expect(await second.answer()).toEqual({ kind: 'refusal', reason: 'wallet-refused' })
  })

  test('a query with another digest: taken', async () => {
    const world = await phoneWorld()
    const till = world.till()
    const requestId = await till.pay()
    await till.answer()
    await till.query(requestId, randomBytes(32))
    expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'taken' })
  })

  test('never seen is for ever: the request that comes later is refused, and stays refused after a restart', async () => {
    const world = await phoneWorld()
    const till = world.till()
    const requestId = randomBytes(16)
    await till.query(requestId, randomBytes(32))
    expect(await till.answer()).toEqual({ kind: 'never-seen' })
    await till.pay({ requestId })
    expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'cancelled' })
    const restarted = await phoneWorld({ records: world.saved })
    const later = restarted.till()
    // The same band, further on: its counter does not start again with the phone.
    restarted.bandCounter(2)
    await later.pay({ requestId })
    expect(await later.answer()).toEqual({ kind: 'refusal', reason: 'cancelled' })
    expect([...world.backend.submissions, ...restarted.backend.submissions]).toEqual([])
  })

  test('a query that fails its own checks gets a hint, never a refusal', async () => {
    const world = await phoneWorld()
    const till = world.till()
    const requestId = await till.pay()
    await till.answer()
    await till.query(requestId, await sha256(till.statement), { time: Math.floor(world.clock.nowMs() / 1000) - 21 })
    await until('a hint comes', () => till.client.errors.length > 0)
    expect(till.client.of('answer')).toHaveLength(1)
  })
})

describe('networks and disks', () => {
  test.for([
    ['not-sent', { kind: 'refusal', reason: 'no-network-no-allowance' }],
    ['refused', { kind: 'refusal', reason: 'wallet-refused' }],
  ] as const)('the backend is %s: the phone refuses', async ([fault, answer]) => {
    const world = await phoneWorld()
    world.backend.faults.push(fault)
    const till = world.till()
    await till.pay()
    expect(await till.answer()).toEqual(answer)
    expect(world.backend.submissions).toHaveLength(1)
  })

  test('no answer: the same submission again, and then the answer', async () => {
    const world = await phoneWorld()
    const faults: BackendFault[] = ['no-answer', 'not-sent', 'no-answer']
    world.backend.faults.push(...faults)
    const till = world.till()
    await till.pay()
    await until('asked once', () => world.backend.submissions.length === 1)
    for (let asked = 2; asked <= 4; asked += 1) {
      await until('it waits', () => world.clock.waiting > 0)
      await world.clock.advance(4_000)
      await until(`asked ${asked} times`, () => world.backend.submissions.length >= asked)
    }
    expect(await till.answer()).toEqual({ kind: 'authorization' })
    expect(new Set(world.backend.submissions.map(({ statement }) => toHex(statement))).size).toBe(1)
  })

  test('no answer until the request has expired: no word to the terminal; a query later sends the same again', async () => {
    const world = await phoneWorld()
    world.backend.faults.push(...Array.from({ length: 40 }, (): BackendFault => 'no-answer'))
    const till = world.till()
    const requestId = await till.pay()
    await until('asked once', () => world.backend.submissions.length === 1)
    for (let second = 0; second < 100; second += 1) await world.clock.advance(1_000)
    expect(till.client.of('answer')).toEqual([])
    world.backend.faults.length = 0
    till.client.close()
    const later = world.till()
    await later.query(requestId, await sha256(till.statement))
    expect(await later.answer()).toEqual({ kind: 'authorization' })
  })

  test('an answer that the authorizer did not sign for this statement is no answer', async () => {
    const world = await phoneWorld()
    const honest = world.backend.approve.bind(world.backend)
    const till = world.till()
    world.backend.approve = async (submission) => honest(submission, randomBytes(32))
    await till.pay()
    await until('asked', () => world.backend.submissions.length === 1)
    await until('it waits to ask again', () => world.clock.waiting > 0)
    expect(till.client.of('answer')).toEqual([])
    expect(world.saved.map(({ outcome }) => outcome.state)).toEqual(['asked'])
  })

  test('a full phone asks nobody', async () => {
    const world = await phoneWorld()
    const till = world.till()
    await till.pay()
    await till.answer()
    world.storage.full = true
    await till.pay()
    expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'wallet-refused' })
    expect(world.backend.submissions).toHaveLength(1)
  })
})

describe('confirmation on the phone', () => {
  test('above the limit the owner is asked; a yes goes on', async () => {
    const world = await phoneWorld()
    const till = world.till()
    await till.pay({ amount: 20_001 })
    await until('the owner is asked', () => world.questions.length === 1)
    expect(stages(till)).toEqual([1, 2])
    world.questions[0]?.('confirmed')
    expect(await till.answer()).toEqual({ kind: 'authorization' })
    expect(world.backend.submissions[0]?.act).toBe('confirmed')
  })

  test('a no is refused by the wallet', async () => {
    const world = await phoneWorld()
    const till = world.till()
    await till.pay({ amount: 20_001 })
    await until('the owner is asked', () => world.questions.length === 1)
    world.questions[0]?.('refused')
    expect(await till.answer()).toEqual({ kind: 'refusal', reason: 'wallet-refused' })
  })

  test('no reaction until the request expires', async () => {
    const world = await phoneWorld()
    const till = world.till()
    await till.pay({ amount: 20_001 })
    await until('the owner is asked', () => world.questions.length === 1)
    await world.clock.advance(90_000)
    expect(await till.answer()).toEqual({ kind: 'refusal', reason: 'confirm-on-phone' })
    expect(world.backend.submissions).toEqual([])
  })

  test('CANCEL stops the waiting', async () => {
    const world = await phoneWorld()
    const till = world.till()
    await till.pay({ amount: 20_001 })
    await until('the owner is asked', () => world.questions.length === 1)
    await till.cancel()
    expect(await till.answer()).toEqual({ kind: 'refusal', reason: 'cancelled' })
    expect(world.backend.submissions).toEqual([])
  })

  test('CANCEL without the MAC of this session changes nothing', async () => {
    const world = await phoneWorld()
    const till = world.till()
    const requestId = await till.pay({ amount: 20_001 })
    await until('the owner is asked', () => world.questions.length === 1)
    await till.cancel({ mac: randomBytes(16) })
    // The phone takes messages in order: once the query is pending, the cancel has been looked at.
    await till.query(requestId, await sha256(till.statement))
    await until('the query is pending', () => stages(till).includes(3))
    world.questions[0]?.('confirmed')
    // The session has moved on to the query, so the band drops the answer to the first request.
    expect(await till.answer()).toEqual({ kind: 'authorization' })
    expect([world.backend.submissions.length, world.phoneEvents.map(({ type }) => type)]).toEqual([1, ['approved']])
  })
})

test('a COMMIT with a wrong MAC brings no e-receipt', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.pay()
  await till.answer()
  await till.commit('FORGED', { mac: randomBytes(16) })
  await till.commit('A1-000002')
  await until('the genuine one lands', () => world.phoneEvents.length === 2)
  expect(world.phoneEvents).toMatchObject([{ type: 'approved' }, { type: 'e-receipt', receiptNumber: 'A1-000002' }])
})

test('a proof seen before, or of another band, is not usable', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.pay()
  await till.answer()
  world.bandCounter(-1)
  await till.pay()
  expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'band-not-usable' })
  world.bandSigner('stranger')
  await till.pay()
  expect(await till.answer(3)).toEqual({ kind: 'refusal', reason: 'band-not-usable' })
})
