import { expect, test } from 'vitest'
import { sha256 } from '#shared/crypto/keys.ts'
import type { Claim } from '#shared/domain/claims.ts'
import { until } from '#test/support/until.ts'
import { phoneWorld, type Till } from './support/phone-world.ts'

type World = Awaited<ReturnType<typeof phoneWorld>>
const BOTH = ['name', 'member-number'] as const

async function say(world: World, given: readonly Claim[], always = false): Promise<void> {
  const nth = world.identityEvents.length
  await until('the owner is asked', () => world.asked.length > nth)
  world.asked.at(-1)?.reply({ given, always })
}

test('the owner sees who asks and what for, by the certificate; what they give is asked of the backend and passed on', async () => {
  const world = await phoneWorld()
  const till = world.till()
  const requestId = await till.identify()
  await say(world, BOTH)
  const answer = await till.answer()
  expect(answer).toMatchObject({
    kind: 'identity',
    said: { requestId, statementDigest: await sha256(till.statement), name: 'Golden Carp', memberNumber: 'AC-1001' },
  })
  expect(world.asked[0]?.question).toMatchObject({
    merchantId: 'aurora',
    name: 'Aurora Cinema 极光影院',
    site: 'Riverside 江畔店',
    claims: BOTH,
  })
  expect(world.backend.identities[0]?.agreed).toEqual(BOTH)
  expect(world.identityEvents).toMatchObject([{ type: 'identity-given', given: BOTH }])
  expect([world.backend.submissions, world.saved, world.consents]).toEqual([[], [], []])
})

test('a part of what was asked is given alone; none of it is a no that reaches no backend', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.identify()
  await say(world, ['member-number'])
  const some = await till.answer()
  expect(some.kind === 'identity' && [some.said.name, some.said.memberNumber]).toEqual([undefined, 'AC-1001'])
  await till.identify()
  await say(world, [])
  expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'wallet-refused' })
  expect(world.backend.identities.map(({ agreed }) => agreed)).toEqual([['member-number']])
})

test('an owner cannot give what was not asked for, and a backend that says more than was agreed is not passed on', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.identify({ claims: 2 })
  await say(world, BOTH)
  expect(await till.answer()).toMatchObject({ kind: 'identity' })
  expect(world.backend.identities[0]?.agreed).toEqual(['member-number'])
  world.backend.saysToo = { name: 'Golden Carp' }
  await till.identify({ claims: 2 })
  await say(world, ['member-number'])
  await until('the backend has answered', () => world.backend.identities.length > 1)
  await world.clock.advance(60_000)
  expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'expired' })
})

test('"always" is kept for this merchant and these claims, on disk before it counts, until it is taken back', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.identify({ claims: 2 })
  await say(world, ['member-number'], true)
  await till.answer()
  expect(world.consents).toEqual([[{ merchantId: 'aurora', claims: ['member-number'] }]])
  await till.identify({ claims: 2 })
  expect(await till.answer(2)).toMatchObject({ kind: 'identity' })
  expect(world.asked).toHaveLength(1)
  // More than that is asked about, and so is another merchant.
  await till.identify()
  await until('the owner is asked', () => world.asked.length === 2)
  world.asked[1]?.reply({ given: [], always: true })
  await till.answer(3)
  const elsewhere = await world.keys.certify(world.keys.signer('terminal-ca'), { merchantId: 'lotus' })
  await till.identify({ claims: 2, certificate: elsewhere })
  await until('the owner is asked', () => world.asked.length === 3)
  world.asked[2]?.reply({ given: [], always: false })
  await till.answer(4)
  expect(world.consents).toHaveLength(1)
  expect(await world.card.forget('aurora')).toEqual({ ok: true })
  await till.identify({ claims: 2 })
  await until('the owner is asked', () => world.asked.length === 4)
  world.asked[3]?.reply({ given: [], always: false })
  await till.answer(5)
  expect(world.consents.at(-1)).toEqual([])
})

test('what was kept is there after a start; a disk that refuses keeps nothing, and this answer goes out all the same', async () => {
  const kept = await phoneWorld({ consents: [{ merchantId: 'aurora', claims: [...BOTH] }] })
  const till = kept.till()
  await till.identify()
  expect(await till.answer()).toMatchObject({ kind: 'identity' })
  expect(kept.asked).toEqual([])

  const full = await phoneWorld()
  const other = full.till()
  await other.identify()
  await until('the owner is asked', () => full.asked.length === 1)
  full.storage.full = true
  full.asked[0]?.reply({ given: BOTH, always: true })
  expect(await other.answer()).toMatchObject({ kind: 'identity' })
  expect(full.card.consents).toEqual([])
})

test('an owner who says nothing in time, and a terminal that takes the question back', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.identify()
  await until('the owner is asked', () => world.asked.length === 1)
  await world.clock.advance(60_000)
  expect(await till.answer()).toEqual({ kind: 'refusal', reason: 'confirm-on-phone' })
  expect(world.asked[0]?.signal.aborted).toBe(true)
  await till.identify()
  await until('the owner is asked', () => world.asked.length === 2)
  await till.cancel({ mac: new Uint8Array(16) })
  await till.cancel()
  expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'cancelled' })
  expect(world.asked[1]?.signal.aborted).toBe(true)
  // What is answered after that reaches nobody.
  world.asked[1]?.reply({ given: BOTH, always: true })
  await world.clock.advance(1)
  expect([world.backend.identities, world.consents]).toEqual([[], []])
})

test('one question at a time: a second one is told busy, and a payment meanwhile is not kept waiting', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.identify()
  await until('the owner is asked', () => world.asked.length === 1)
  await till.identify()
  await until('it is told busy', () => till.client.errors.length > 0)
  expect(till.client.errors).toEqual(['busy'])
  await till.pay()
  expect(await till.answer()).toEqual({ kind: 'authorization' })
  expect(world.asked).toHaveLength(1)
})

test('a backend that is slow is asked again with the same bytes; one that cannot be reached ends the question', async () => {
  const world = await phoneWorld()
  world.backend.faults.push('no-answer')
  const till = world.till()
  await till.identify()
  await say(world, BOTH)
  await until('the backend was asked', () => world.backend.identities.length === 1)
  await world.clock.advance(1_000)
  expect(await till.answer()).toMatchObject({ kind: 'identity' })
  expect(world.backend.identities[1]).toEqual(world.backend.identities[0])
  for (const [nth, fault, reason] of [
    [2, 'not-sent', 'no-network-no-allowance'],
    [3, 'refused', 'wallet-refused'],
  ] as const) {
    world.backend.faults.push(fault)
    await till.identify()
    await say(world, BOTH)
    expect(await till.answer(nth)).toEqual({ kind: 'refusal', reason })
  }
})

test('a decline of the backend is passed on, and its owner told why', async () => {
  const world = await phoneWorld()
  world.backend.declineWith = 'wallet-refused'
  const till = world.till()
  await till.identify()
  await say(world, BOTH)
  expect(await till.answer()).toEqual({ kind: 'decline' })
  expect(world.identityEvents).toMatchObject([{ type: 'identity-declined', hint: 'frozen' }])
})

test('a phone without an identity card tells nobody', async () => {
  const world = await phoneWorld({ cardless: true })
  const till = world.till()
  await till.identify()
  expect(await till.answer()).toEqual({ kind: 'refusal', reason: 'wallet-refused' })
  expect(world.asked).toEqual([])
})

const REFUSED: readonly (readonly [what: string, reason: string, ask: (world: World, till: Till) => Promise<unknown>])[] = [
  [
    'a certificate of a stranger',
    'terminal-not-trusted',
    async (w, t) => t.identify({ certificate: await w.keys.certify(w.keys.signer('stranger')) }),
  ],
  ['a statement signed by another key', 'terminal-not-trusted', async (w, t) => t.identify({ signer: w.keys.signer('stranger') })],
  ['the nonce of another session', 'terminal-not-trusted', async (_, t) => t.identify({ bandNonce: new Uint8Array(16) })],
  ['a statement that expired', 'expired', async (w, t) => t.identify({ time: Math.floor(w.clock.nowMs() / 1000) - 61 })],
  ['a statement from the future', 'expired', async (w, t) => t.identify({ time: Math.floor(w.clock.nowMs() / 1000) + 301 })],
  ['a frame that could move money', 'band-not-usable', async (_, t) => t.identify({ as: 'request' })],
  [
    'a proof of another band',
    'band-not-usable',
    async (w, t) => {
      w.bandSigner('stranger')
      await t.identify()
    },
  ],
  [
    'a counter that was seen',
    'band-not-usable',
    async (w, t) => {
      w.bandCounter(-1)
      await t.identify()
    },
  ],
]
test.for(REFUSED)('a question with %s: %s, and its owner is not even asked', async ([, reason, ask]) => {
  const world = await phoneWorld({ consents: [{ merchantId: 'aurora', claims: [...BOTH] }] })
  const till = world.till()
  await till.presence()
  await till.answer()
  await ask(world, till)
  expect(await till.answer(2)).toEqual({ kind: 'refusal', reason })
  expect([world.asked, world.backend.identities]).toEqual([[], []])
})
