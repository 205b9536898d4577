import { expect, test } from 'vitest'
import { KNOCKS_KEPT_MS } from '#reference/band/band-state.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { FLAG_ARMED, FLAG_PHONE_LINKED, FLAG_PROBE, FLAG_WORN, offerMessage } from '#shared/contracts/radio-messages.ts'
import { randomBytes, sha256 } from '#shared/crypto/keys.ts'
import { until } from '#test/support/until.ts'
import { phoneWorld, type Till } from './support/phone-world.ts'

type World = Awaited<ReturnType<typeof phoneWorld>>
const READY = FLAG_WORN | FLAG_ARMED | FLAG_PHONE_LINKED

async function feltBy(till: Till, nth: number): Promise<number | string> {
  const answer = await till.answer(nth)
  return answer.kind === 'presence' ? answer.said.knocks : answer.kind
}

test('a presence is answered by the phone itself: who asked, what for, and what the band felt', async () => {
  const world = await phoneWorld()
  world.band.state.knocked(3)
  const till = world.till()
  const requestId = await till.presence()
  const answer = await till.answer()
  const at = Math.floor(world.clock.nowMs() / 1000)
  expect(answer).toEqual({ kind: 'presence', said: { requestId, statementDigest: await sha256(till.statement), knocks: 3, at } })
  expect(world.backend.submissions).toEqual([])
  expect([world.saved, world.phoneEvents, world.bandEvents]).toEqual([[], [], []])
})

test('probes read the knocks and leave them to the payment, whose proof takes them', async () => {
  const world = await phoneWorld()
  world.band.state.knocked(3)
  const till = world.till()
  await till.presence()
  expect(await feltBy(till, 1)).toBe(3)
  await till.query(randomBytes(16), randomBytes(32), { as: 'probe' })
  expect(await till.answer(2)).toEqual({ kind: 'never-seen' })
  await till.pay({ knocks: 3 })
  expect(await till.answer(3)).toEqual({ kind: 'authorization' })
  await till.presence()
  expect(await feltBy(till, 4)).toBe(0)
  expect(world.shownProofs().map(({ flags, knocks }) => [flags, knocks])).toEqual([
    [READY | FLAG_PROBE, 3],
    [READY | FLAG_PROBE, 3],
    [READY, 3],
    [READY | FLAG_PROBE, 0],
  ])
})

test('knocks pay once: a second payment within their time lacks them', async () => {
  const world = await phoneWorld()
  world.band.state.knocked(2)
  const till = world.till()
  await till.pay({ knocks: 2 })
  expect(await till.answer()).toEqual({ kind: 'authorization' })
  await world.clock.advance(KNOCKS_KEPT_MS / 2)
  await till.pay({ knocks: 2 })
  expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'knock-missing' })
  expect(world.backend.submissions).toHaveLength(1)
})

test('a presence that comes as a request, as an earlier terminal might send it, is answered and uses the knocks up', async () => {
  const world = await phoneWorld()
  world.band.state.knocked(4)
  const till = world.till()
  await till.presence({ as: 'request' })
  expect(await feltBy(till, 1)).toBe(4)
  await till.presence()
  expect(await feltBy(till, 2)).toBe(0)
})

test('a payment that comes as a probe is refused: its proof left the knocks on the band', async () => {
  const world = await phoneWorld()
  world.band.state.knocked(3)
  const till = world.till()
  await till.pay({ knocks: 3, as: 'probe' })
  expect(await till.answer()).toEqual({ kind: 'refusal', reason: 'band-not-usable' })
  await till.pay({ as: 'probe' })
  expect(await till.answer(2)).toEqual({ kind: 'refusal', reason: 'band-not-usable' })
  expect(world.backend.submissions).toEqual([])
})

test('a presence needs no network, and no memory', async () => {
  const world = await phoneWorld()
  world.backend.faults.push('not-sent', 'not-sent', 'not-sent')
  const till = world.till()
  await till.presence()
  expect(await feltBy(till, 1)).toBe(0)
  expect(world.backend.faults).toHaveLength(3)
  expect(world.saved).toEqual([])
})

test('a presence leaves nothing that a COMMIT or a CANCEL could belong to', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.presence()
  expect(await feltBy(till, 1)).toBe(0)
  await till.commit('A1-000009')
  await till.cancel()
  await till.pay()
  expect(await till.answer(2)).toEqual({ kind: 'authorization' })
  expect(world.phoneEvents.map(({ type }) => type)).toEqual(['approved'])
})

const REFUSED: readonly (readonly [what: string, reason: string, ask: (world: World, till: Till) => Promise<unknown>])[] = [
  [
    'a certificate of a stranger',
    'terminal-not-trusted',
    async (w, t) => t.presence({ certificate: await w.keys.certify(w.keys.signer('stranger')) }),
  ],
  ['a statement signed by another key', 'terminal-not-trusted', async (w, t) => t.presence({ signer: w.keys.signer('stranger') })],
  ['the nonce of another session', 'terminal-not-trusted', async (_, t) => t.presence({ bandNonce: new Uint8Array(16) })],
  ['a statement that expired', 'expired', async (w, t) => t.presence({ time: Math.floor(w.clock.nowMs() / 1000) - 21 })],
  ['a statement from the future', 'expired', async (w, t) => t.presence({ time: Math.floor(w.clock.nowMs() / 1000) + 301 })],
  [
    'a proof of another band',
    'band-not-usable',
    async (w, t) => {
      w.bandSigner('stranger')
      await t.presence()
    },
  ],
]
test.for(REFUSED)('a presence with %s: %s, and nothing is kept', async ([, reason, ask]) => {
  const world = await phoneWorld()
  world.band.state.knocked(3)
  const till = world.till()
  await ask(world, till)
  expect(await till.answer()).toEqual({ kind: 'refusal', reason })
  expect(world.saved).toEqual([])
})

test.for([
  ['not-worn', (world: World) => world.band.state.setWorn(false)],
  ['not-armed', (world: World) => world.band.state.disarm()],
  ['phone-not-linked', (world: World) => world.band.state.setPhoneLinked(false)],
] as const)('a probe meets the obstacles of a request: %s', async ([error, change]) => {
  const world = await phoneWorld()
  const till = world.till()
  await till.offer()
  change(world)
  till.client.say({ kind: 'probe', body: new Uint8Array(100).fill(1) })
  await until('an error comes', () => till.client.errors.length > 0)
  expect(till.client.errors).toEqual([error])
  expect(world.band.offerCount).toBe(8)
})

test('every probe burns an offer and brings a fresh nonce; its proof has a counter of its own', async () => {
  const world = await phoneWorld()
  const till = world.till()
  for (let nth = 1; nth <= 3; nth += 1) {
    await till.presence()
    expect(await feltBy(till, nth)).toBe(0)
  }
  const nonces = till.client.of('offer').map(({ body }) => {
    const decoded = offerMessage.decode(body)
    return decoded.ok ? toHex(decoded.value.bandNonce) : ''
  })
  expect(new Set(nonces).size).toBe(nonces.length)
  expect(world.shownProofs().map(({ counter }) => counter)).toEqual([1, 2, 3])
})
