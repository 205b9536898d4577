/** A band is bound to one phone, and to no other until its owner lets it go: the lock in the band, and the lock in the backend. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BAND_PATHS } from '#shared/contracts/bands-api.ts'
import { toHex } from '#shared/contracts/bytes.ts'
import { linkProof, pairAsk } from '#shared/contracts/link-messages.ts'
import { OFFER_ID_BYTES } from '#shared/contracts/radio-messages.ts'
import { newSigner } from '#shared/crypto/keys.ts'
import { BondWorld, type TestBand, type TestPhone } from '#test/support/bond-world.ts'
import { hurried } from '#test/support/hurried.ts'
import { offerOf } from '#test/support/scripted-pairing.ts'
import { until } from '#test/support/until.ts'

const NOBODY = new Uint8Array(OFFER_ID_BYTES)

let world: BondWorld
let band: TestBand
let owner: TestPhone
let finder: TestPhone

beforeEach(async () => {
  world = await BondWorld.open()
  band = await world.band()
  owner = await world.phone()
  finder = await world.phone()
})

afterEach(async () => {
  await world.close()
})

test('a knock binds band and phone: both sides and the backend agree, and the owner is told', async () => {
  let shown = 0
  const paired = await owner.pair(band, (count) => {
    shown = count
    return count
  })
  expect(paired).toMatchObject({ ok: true, value: { state: 'confirmed', bandId: band.bandId, epoch: 1 } })
  expect(shown).toBeGreaterThanOrEqual(2)
  expect(shown).toBeLessThanOrEqual(4)
  expect(band.flash.lock).toMatchObject({ state: 'bound', epoch: 1 })
  expect(await world.boundTo(band)).toEqual({ phoneId: owner.phoneId, epoch: 1 })
  expect(await world.notices(owner.accountId)).toEqual(['band-paired'])
  expect(band.wristband.state.phoneLinked).toBe(true)
})

test('another count of knocks binds nothing, and no knock binds nothing either', async () => {
  expect(await owner.pair(band, (shown) => shown - 1)).toEqual({ ok: false, error: 'knock-missing' })
  let isShown = false
  const waiting = owner.pair(band, () => {
    isShown = true
    return undefined
  })
  await until('the band waits for the knock', () => isShown)
  expect(await hurried(world, waiting)).toEqual({ ok: false, error: 'knock-missing' })
  expect(band.flash.lock.state).toBe('factory')
  expect(await world.boundTo(band)).toBeUndefined()
  expect((await owner.pair(band)).ok).toBe(true)
})

test.each([
  ['as it is', async () => undefined],
  ['after a reset', async () => band.wristband.reset()],
  ['after a battery change', async () => band.restart()],
])('a bound band refuses every other phone, %s, and learns them nothing', async (_name, act) => {
  await owner.pair(band)
  owner.leave()
  await act()
  expect(await finder.pair(band)).toEqual({ ok: false, error: 'band-refused' })
  expect(band.events.map(({ type }) => type)).toContain('pairing-refused')
  // What it says to a finder is what it says to garbage.
  const refusals = () => finder.heard.filter(({ message }) => message.kind === 'link-refused').map(({ message }) => toHex(message.body))
  const [toAsk] = refusals()
  finder.say({ offerId: NOBODY, message: { kind: 'pair-ask', body: Uint8Array.of(1, 2, 3) } })
  finder.say({ offerId: NOBODY, message: { kind: 'arm-ask', body: Uint8Array.of(0) } })
  await until('three answers', () => refusals().length === 3)
  expect(new Set(refusals())).toEqual(new Set([toAsk]))
  expect(await world.boundTo(band)).toEqual({ phoneId: owner.phoneId, epoch: 1 })
  await owner.meetOwn(band)
})

test('the backend refuses a second binding by itself, however well the offer is signed, and tells the owner', async () => {
  await owner.pair(band)
  const stolen = {
    bandId: band.bandId,
    factory: band.factory,
    band: await newSigner(),
    phonePoint: finder.signer.point,
  }
  const call = world.backend.signedBy(`phone:${finder.phoneId}`, finder.signer)
  for (const epoch of [1, 2, 99]) {
    world.backend.advance(world.clock.nowMs() - world.backend.nowMs())
    const reply = await call('POST', BAND_PATHS.pairings, { offer: await offerOf({ ...stolen, epoch }) })
    expect(reply).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
  }
  expect(await world.notices(owner.accountId)).toEqual(['band-paired', 'pairing-refused', 'pairing-refused', 'pairing-refused'])
  expect(await world.notices(finder.accountId)).toEqual([])
  expect(await world.boundTo(band)).toEqual({ phoneId: owner.phoneId, epoch: 1 })
})

test('an offer signed by another key, for another phone, or of a band nobody made, gets one and the same answer', async () => {
  const other = await world.band()
  const key = await newSigner()
  const call = world.backend.signedBy(`phone:${finder.phoneId}`, finder.signer)
  const mine = { bandId: band.bandId, factory: band.factory, band: key, epoch: 1, phonePoint: finder.signer.point }
  const wrong = [
    { ...mine, factory: other.factory },
    { ...mine, phonePoint: owner.signer.point },
    { ...mine, bandId: 'ab'.repeat(16) },
    { ...mine, factory: key },
  ]
  const answers = await Promise.all(wrong.map(async (offer) => call('POST', BAND_PATHS.pairings, { offer: await offerOf(offer) })))
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
  expect((await call('POST', BAND_PATHS.pairings, { offer: await offerOf(mine) })).status).toBe(200)
})

test('a binding that was begun by one phone is not the other’s: whoever the band confirms has it', async () => {
  const key = await newSigner()
  const call = world.backend.signedBy(`phone:${finder.phoneId}`, finder.signer)
  await call('POST', BAND_PATHS.pairings, {
    offer: await offerOf({ bandId: band.bandId, factory: band.factory, band: key, epoch: 1, phonePoint: finder.signer.point }),
  })
  expect((await owner.pair(band)).ok).toBe(true)
  expect(await world.boundTo(band)).toEqual({ phoneId: owner.phoneId, epoch: 1 })
})

test('the answer of the backend lost, either time: the pairing is done when it is asked for again', async () => {
  owner.lost = ['begin', 'confirm']
  expect(await owner.pair(band)).toEqual({ ok: false, error: 'no-network' })
  expect(await owner.pair(band)).toEqual({ ok: false, error: 'no-network' })
  // The band is bound and the backend knows: only the phone does not, yet.
  expect(await world.boundTo(band)).toEqual({ phoneId: owner.phoneId, epoch: 1 })
  expect(await owner.bond.resume()).toMatchObject({ ok: true, value: { state: 'confirmed' } })
  expect(await world.notices(owner.accountId)).toEqual(['band-paired'])
})

test('the phone dies after the band has turned its lock: on its next start the two find each other', async () => {
  const cut = owner.pair(band, (shown) => {
    // The word of the band never arrives.
    queueMicrotask(() => owner.restart())
    return shown
  })
  void cut
  await until('the phone has begun', () => owner.disk.bond?.state === 'begun')
  owner.meet(band)
  // Whatever was cut off: asking once more, or pairing anew, ends well.
  if (!(await owner.bond.resume()).ok) expect(await owner.pair(band)).toMatchObject({ ok: true })
  expect(owner.bond.bond).toMatchObject({ state: 'confirmed' })
  expect(await world.boundTo(band)).toMatchObject({ phoneId: owner.phoneId })
})

test('a disk that is full, the band’s or the phone’s: nobody is bound, and the next try is as good as the first', async () => {
  band.flash.isFull = true
  expect((await owner.pair(band)).ok).toBe(false)
  expect(band.flash.lock.state).toBe('factory')
  band.flash.isFull = false
  owner.disk.isFull = true
  expect(await owner.pair(band)).toEqual({ ok: false, error: 'storage-failed' })
  expect(band.flash.lock.state).toBe('factory')
  owner.disk.isFull = false
  expect((await owner.pair(band)).ok).toBe(true)
})

test('whoever cannot answer the band’s question is nobody: neither a guess nor an answer to an earlier question links', async () => {
  await owner.pair(band)
  owner.leave()
  owner.heard.length = 0
  await owner.meetOwn(band)
  const sent: Uint8Array<ArrayBuffer>[] = []
  owner.say = (relay) => sent.push(relay.message.body)
  owner.meet(band)
  await until('the phone has answered', () => sent.length === 1)
  finder.meet(band)
  for (const mac of [new Uint8Array(16), sent[0]?.slice(-16) ?? new Uint8Array(16)]) {
    finder.say({ offerId: NOBODY, message: { kind: 'link-proof', body: linkProof.encode({ mac: Uint8Array.from(mac) }) } })
  }
  await until('the finder was answered', () => finder.heard.length >= 1)
  expect(band.wristband.state.phoneLinked).toBe(false)
})

test('keys that are no points of the curve get nothing', async () => {
  finder.meet(band)
  const points = { phonePoint: finder.signer.point, agreementPoint: new Uint8Array(33) }
  finder.say({ offerId: NOBODY, message: { kind: 'pair-ask', body: pairAsk.encode({ ...points, phoneNonce: new Uint8Array(16) }) } })
  await until('refused', () => finder.heard.some(({ message }) => message.kind === 'link-refused'))
  expect(band.flash.lock.state).toBe('factory')
})

test('a pairing that never came about is let go: the band counts its epoch as over, too, and is bound in the next', async () => {
  expect(await owner.pair(band, (shown) => shown + 1)).toEqual({ ok: false, error: 'knock-missing' })
  expect((await world.order(owner, band)).ok).toBe(true)
  // Another's phone cannot bring that order; the owner's does, and goes on.
  expect(await finder.pair(band)).toEqual({ ok: false, error: 'backend-refused' })
  expect(await owner.pair(band)).toMatchObject({ ok: true, value: { state: 'confirmed', epoch: 2 } })
  expect(await world.boundTo(band)).toEqual({ phoneId: owner.phoneId, epoch: 2 })
  // The order of the epoch that is over opens nothing now.
  await owner.bond.carryRelease(band.bandId)
  expect(band.flash.lock).toMatchObject({ state: 'bound', epoch: 2 })
})
