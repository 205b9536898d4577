import { expect, test } from 'vitest'
import { Band } from '#reference/band/band.ts'
import { OFFER_WAIT_MS, REQUESTS_PER_SESSION_MAX, SESSION_MAX_MS, SILENCE_MAX_MS } from '#reference/band/session.ts'
import { toFrames } from '#shared/contracts/frames.ts'
import { FLAG_WORN, MESSAGE_KINDS, offerMessage } from '#shared/contracts/radio-messages.ts'
import { newSigner } from '#shared/crypto/keys.ts'
import { ok } from '#shared/result.ts'
import { phoneWorld } from '#test/reference/phone/support/phone-world.ts'
import { ManualClock } from '#test/support/manual-clock.ts'
import { until } from '#test/support/until.ts'
import { ScriptedClient } from './support/scripted-client.ts'

/** Well under a millisecond is usual; a few make it plain. */
const HASTE_MS = 3

type World = Awaited<ReturnType<typeof phoneWorld>>

/** The band takes the next customer as if nothing had happened. */
async function expectReady(world: World): Promise<void> {
  // Time may have moved on to another identity, as it would with every advertisement.
  await world.band.advertisement()
  await until('the band has offers', () => world.band.offerCount > 0)
  const till = world.till()
  await till.pay()
  expect(await till.answer()).toEqual({ kind: 'authorization' })
  till.client.close()
}

test('from connect to approved in seven ATT requests', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.pay()
  expect(await till.answer()).toEqual({ kind: 'authorization' })
  expect(till.client.requests).toBe(7)
})

test.for([23, 104, 185, 247, 517, 0, 5, 65_535])('server MTU %i: a payment goes through', async (serverMtu) => {
  const world = await phoneWorld({ serverMtu })
  const till = world.till(517)
  await till.pay()
  expect(await till.answer()).toEqual({ kind: 'authorization' })
  expect(Math.max(...till.client.heard.map((pdu) => pdu.length))).toBeLessThanOrEqual(till.client.mtu)
})

const [request, commit] = [MESSAGE_KINDS.request, MESSAGE_KINDS.commit]
const frame = (kind: number, id: number, index: number, count: number, ...body: readonly number[]) =>
  Uint8Array.of(kind, id, index, count, ...body)

test.for([
  ['an empty frame', 'malformed', [new Uint8Array()]],
  ['one byte', 'malformed', [Uint8Array.of(1)]],
  ['a frame without a body', 'malformed', [frame(request, 1, 0, 1)]],
  ['an unknown kind', 'malformed', [frame(99, 1, 0, 1, 1)]],
  ['a kind that only the phone may say', 'malformed', [frame(MESSAGE_KINDS.refill, 1, 0, 1, 1)]],
  ['index beyond the count', 'malformed', [frame(request, 1, 2, 2, 1)]],
  ['129 segments', 'oversized', [frame(request, 1, 0, 129, 1)]],
  ['reordered segments', 'out-of-order', [frame(request, 1, 1, 2, 1)]],
  ['a missing segment', 'out-of-order', [frame(request, 1, 0, 3, 1), frame(request, 1, 2, 3, 1)]],
  ['a repeated segment with other bytes', 'altered-segment', [frame(request, 1, 0, 2, 1), frame(request, 1, 0, 2, 2)]],
  ['a count that changes half-way', 'out-of-order', [frame(request, 1, 0, 3, 1), frame(request, 1, 1, 2, 1)]],
  ['two interleaved messages', 'out-of-order', [frame(request, 1, 0, 2, 1), frame(request, 2, 0, 2, 1)]],
  ['COMMIT before any request', 'out-of-order', [frame(commit, 1, 0, 1, 1)]],
] as const)('%s: %s, then the band is ready again', async ([, error, frames]) => {
  const world = await phoneWorld()
  const client = new ScriptedClient(world.band)
  client.prepare()
  for (const bytes of frames) client.frame(bytes)
  expect(client.errors).toEqual([error])
  expect(client.disconnected).toBe(true)
  expect(world.bandEvents).toContainEqual({ type: 'session-ended', error })
  expect(world.band.offerCount).toBe(8)
  await expectReady(world)
})

test('2,049 bytes in segments: oversized', async () => {
  const world = await phoneWorld()
  const client = new ScriptedClient(world.band)
  client.prepare()
  const body = new Uint8Array(170)
  for (let index = 0; index < 13; index += 1) client.frame(Uint8Array.from([request, 1, index, 13, ...body]))
  expect(client.errors).toEqual(['oversized'])
  await expectReady(world)
})

test('the same segment twice with the same bytes is ignored', async () => {
  const world = await phoneWorld()
  const till = world.till()
  const offer = await till.offer()
  const [first, ...rest] = toFrames({ kind: 'request', body: new Uint8Array(400).fill(9) }, 1, till.client.mtu - 3)
  if (!first) throw new Error('no frames')
  till.client.frame(first)
  till.client.frame(first)
  for (const next of rest) till.client.frame(next)
  await until('the phone calls it malformed', () => till.client.errors.length > 0)
  expect(till.client.errors).toEqual(['malformed'])
  expect(till.client.disconnected).toBe(false)
  expect(offer.flags & FLAG_WORN).toBe(FLAG_WORN)
})

test('a segment that does not come: timeout after a second', async () => {
  const world = await phoneWorld()
  const client = new ScriptedClient(world.band)
  client.prepare()
  client.frame(frame(request, 1, 0, 2, 1))
  await world.clock.advance(1_000)
  expect(client.errors).toEqual([])
  await world.clock.advance(2)
  expect(client.errors).toEqual(['timeout'])
  expect(client.disconnected).toBe(true)
  await expectReady(world)
})

/** Its timers fire a little before they are due, as those of a platform may. */
class HastyClock extends ManualClock {
  override after(delayMs: number, callback: () => void): () => void {
    return super.after(delayMs > HASTE_MS ? delayMs - HASTE_MS : delayMs, callback)
  }
}

test.for([
  ['a second after the segment before it', [0], 1_000],
  ['three seconds after the first', [0, 900, 1_800, 2_700], 3_000],
] as const)(
  'a segment that does not come, with timers that fire early: timeout %s, and not before',
  async ([, segmentsAtMs, deadlineMs]) => {
    const clock = new HastyClock()
    const state = { clock, store: { saveCounter: async () => ok() }, counterCeiling: 0, epoch: 1, idKey: new Uint8Array(32) }
    const phone = { send: () => {}, offersWanted: () => {} }
    const band = new Band({ ...state, signer: await newSigner(), phone, onEvent: () => {}, serverMtu: 185 })
    const client = new ScriptedClient(band)
    client.prepare()
    await clock.advance(OFFER_WAIT_MS)
    const before = client.errors.length
    const startMs = clock.monotonicMs()
    for (const [index, atMs] of segmentsAtMs.entries()) {
      await clock.advance(startMs + atMs - clock.monotonicMs())
      client.frame(frame(request, 1, index, 9, 1))
    }
    await clock.advance(startMs + deadlineMs - clock.monotonicMs())
    expect(client.errors.slice(before)).toEqual([])
    await clock.advance(2)
    expect(client.errors.slice(before)).toEqual(['timeout'])
    expect(client.disconnected).toBe(true)
  },
)

test('a terminal that says nothing is let go, and so is one that never ends', async () => {
  const world = await phoneWorld()
  const silent = new ScriptedClient(world.band)
  silent.prepare()
  await world.clock.advance(SILENCE_MAX_MS)
  expect(silent.errors).toEqual(['timeout'])
  const clinging = world.till()
  await clinging.pay()
  await clinging.answer()
  await world.clock.advance(SESSION_MAX_MS)
  expect(clinging.client.disconnected).toBe(true)
  await expectReady(world)
})

test.for([
  ['not-worn', (world: World) => world.band.state.setWorn(false)],
  ['not-armed', (world: World) => world.band.state.disarm()],
  ['phone-not-linked', (world: World) => world.band.state.setPhoneLinked(false)],
] as const)('%s: a request gets that error, a new offer, and no offer is burnt', async ([error, change]) => {
  const world = await phoneWorld()
  const till = world.till()
  await till.offer()
  change(world)
  till.client.say({ kind: 'request', body: new Uint8Array(100).fill(1) })
  await until('an error comes', () => till.client.errors.length > 0)
  expect(till.client.errors).toEqual([error])
  expect(world.band.offerCount).toBe(8)
  const offers = till.client.of('offer').map(({ body }) => offerMessage.decode(body))
  expect(offers).toHaveLength(2)
  const [first, second] = offers
  if (!first?.ok || !second?.ok) throw new Error('offers are readable')
  expect(second.value.bandNonce).not.toEqual(first.value.bandNonce)
  expect(second.value.offer).toEqual(first.value.offer)
  expect(second.value.flags).not.toBe(first.value.flags)
})

test('each request burns one offer, and a new one with a new nonce follows', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.pay()
  await till.answer()
  await until('two offers were shown', () => till.client.of('offer').length === 2)
  const [first, second] = till.client.of('offer').map(({ body }) => offerMessage.decode(body))
  if (!first?.ok || !second?.ok) throw new Error('offers are readable')
  expect(second.value.offer).not.toEqual(first.value.offer)
  await until('the phone refills the band', () => world.band.offerCount === 8)
})

test('a request without an offer on show: the nonce is used', async () => {
  const world = await phoneWorld()
  const till = world.till()
  await till.offer()
  // Both are on the air before the band has shown another offer.
  till.client.say({ kind: 'request', body: new Uint8Array(100).fill(1) })
  till.client.say({ kind: 'request', body: new Uint8Array(100).fill(1) })
  expect(till.client.errors).toEqual(['nonce-used'])
  await expectReady(world)
})

test('a band without offers says busy after a moment, and shows one as soon as the phone brings it', async () => {
  const world = await phoneWorld()
  world.phone.stop()
  world.band.setPhoneLinked(false)
  world.band.setPhoneLinked(true)
  expect(world.band.offerCount).toBe(0)
  const client = new ScriptedClient(world.band)
  client.prepare()
  expect(client.messages).toEqual([])
  await world.clock.advance(500)
  expect(client.errors).toEqual(['busy'])
})

test('too many requests in one session: busy, and the session ends', async () => {
  const world = await phoneWorld()
  const till = world.till()
  for (let count = 0; count < REQUESTS_PER_SESSION_MAX; count += 1) {
    await till.pay()
    await till.answer(count + 1)
  }
  await till.pay()
  expect(till.client.errors).toEqual(['busy'])
  expect(till.client.disconnected).toBe(true)
  expect(world.backend.submissions).toHaveLength(REQUESTS_PER_SESSION_MAX)
  await expectReady(world)
})

test('too many sessions in a minute: busy, and the minute over, welcome again', async () => {
  const world = await phoneWorld({ sessionsPerMinuteMax: 2 })
  for (let count = 0; count < 2; count += 1) new ScriptedClient(world.band).close()
  const client = new ScriptedClient(world.band)
  client.prepare()
  expect(client.errors).toEqual(['busy'])
  client.close()
  await world.clock.advance(60_000)
  await expectReady(world)
})

test('a full disk: no proof without a counter on it, no offer burnt', async () => {
  const world = await phoneWorld()
  world.storage.full = true
  const till = world.till()
  await till.pay()
  await until('an error comes', () => till.client.errors.length > 0)
  expect(till.client.errors).toEqual(['busy'])
  expect(world.backend.submissions).toEqual([])
  expect(world.band.offerCount).toBe(8)
})

test('one terminal at a time', async () => {
  const world = await phoneWorld()
  const first = new ScriptedClient(world.band)
  expect(() => new ScriptedClient(world.band)).toThrow('busy')
  first.close()
  await expectReady(world)
})
