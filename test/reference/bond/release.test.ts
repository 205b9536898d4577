/** Letting a band go: only on its owner's order, for one band and one epoch, once; and what wear and arming have to do with it. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ARMED_MAX_MS, DISARM_AFTER_MS } from '#reference/band/band-state.ts'
import { LINK_WAIT_MS } from '#reference/phone/bond.ts'
import { arm, releaseMessage } from '#shared/contracts/link-messages.ts'
import { OFFER_ID_BYTES } from '#shared/contracts/radio-messages.ts'
import { BondWorld, type TestBand, type TestPhone } from '#test/support/bond-world.ts'
import { until } from '#test/support/until.ts'

const NOBODY = new Uint8Array(OFFER_ID_BYTES)

let world: BondWorld
let band: TestBand
let owner: TestPhone
let buyer: TestPhone

beforeEach(async () => {
  world = await BondWorld.open()
  band = await world.band()
  owner = await world.phone()
  buyer = await world.phone()
  expect((await owner.pair(band)).ok).toBe(true)
})

afterEach(async () => {
  await world.close()
})

test('the order blocks the band at the backend at once, opens it when it arrives, and wipes what it held', async () => {
  band.wristband.state.setWorn(true)
  expect((await owner.bond.arm()).ok).toBe(true)
  expect((await world.order(owner, band)).ok).toBe(true)
  expect(await world.boundTo(band)).toBeUndefined()
  expect(band.flash.lock.state).toBe('bound')
  expect(await owner.bond.carryRelease(band.bandId)).toEqual({ ok: true, value: undefined })
  expect(band.flash.lock).toEqual({ state: 'released', epoch: 1 })
  expect(band.wristband.band).toBeUndefined()
  expect(band.wristband.state.armed).toBe(false)
  expect(owner.disk.bond).toBeUndefined()
  expect(band.events.map(({ type }) => type)).toContain('released')
  expect(await world.notices(owner.accountId)).toEqual(['band-paired', 'band-released'])
})

test('then it can be bound again, in a new epoch with a new key; the old phone is a stranger', async () => {
  const before = band.flash.lock
  await world.order(owner, band)
  await owner.bond.carryRelease(band.bandId)
  owner.leave()
  expect(await buyer.pair(band)).toMatchObject({ ok: true, value: { epoch: 2 } })
  const after = band.flash.lock
  if (before.state !== 'bound' || after.state !== 'bound') throw new Error('not bound')
  expect(after.key.d).not.toBe(before.key.d)
  expect(after.idKey).not.toEqual(before.idKey)
  expect(await world.boundTo(band)).toEqual({ phoneId: buyer.phoneId, epoch: 2 })
  buyer.leave()
  owner.meet(band)
  expect(await owner.bond.arm()).toEqual({ ok: false, error: 'not-bound' })
  expect(await owner.pair(band)).toEqual({ ok: false, error: 'band-refused' })
})

test('an order opens nothing twice, no other band, and no other epoch', async () => {
  const other = await world.band()
  expect((await buyer.pair(other)).ok).toBe(true)
  await world.order(owner, band)
  const said: Uint8Array<ArrayBuffer>[] = []
  owner.onSay = ({ message }) => {
    if (message.kind === 'release') said.push(message.body)
  }
  await owner.bond.carryRelease(band.bandId)
  const [order] = said
  if (!order) throw new Error('no order was carried')
  const replay = async (phone: TestPhone, target: TestBand) => {
    phone.meet(target)
    phone.heard.length = 0
    phone.say({ offerId: NOBODY, message: { kind: 'release', body: order } })
    await until('answered', () => phone.heard.some(({ message }) => ['released', 'link-refused'].includes(message.kind)))
    return phone.heard.at(-1)?.message.kind
  }
  // The same order once more, after an answer that was lost, is answered; it changes nothing.
  expect(await replay(owner, band)).toBe('released')
  expect(await replay(buyer, other)).toBe('link-refused')
  expect(other.flash.lock.state).toBe('bound')
  owner.leave()
  expect((await buyer.pair(band)).ok).toBe(false)
  buyer.disk.bond = undefined
  buyer.restart()
  expect(await buyer.pair(band)).toMatchObject({ ok: true, value: { epoch: 2 } })
  expect(await replay(owner, band)).toBe('link-refused')
  expect(band.flash.lock).toMatchObject({ state: 'bound', epoch: 2 })
  for (let bit = 0; bit < order.length * 8; bit += 37) {
    const altered = order.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
    if (!releaseMessage.decode(altered).ok) continue
    owner.say({ offerId: NOBODY, message: { kind: 'release', body: altered } })
  }
  expect(await replay(owner, band)).toBe('link-refused')
  expect(band.flash.lock).toMatchObject({ state: 'bound', epoch: 2 })
})

test('nobody but the owner can order it, and no phone of another account gets the order to carry', async () => {
  expect(await world.order(buyer, band)).toMatchObject({ ok: false, error: { code: 'unknown' } })
  expect(await owner.bond.carryRelease(band.bandId)).toEqual({ ok: false, error: 'no-release' })
  await world.order(owner, band)
  buyer.meet(band)
  expect(await buyer.bond.carryRelease(band.bandId)).toEqual({ ok: false, error: 'no-release' })
  // A new phone of the same account carries it, when the old one is lost.
  const second = await world.phone(owner.accountId)
  second.meet(band)
  expect(await second.bond.carryRelease(band.bandId)).toEqual({ ok: true, value: undefined })
})

test('a band that turned its lock while its phone was lost for good can still be let go by the account', async () => {
  const fresh = await world.band()
  const lost = await world.phone(owner.accountId)
  lost.lost = ['confirm']
  const { db } = world.backend
  expect((await lost.pair(fresh)).ok).toBe(false)
  // As if the backend had never heard the band's word.
  await db.updateTable('wristbands').set({ state: 'factory', epoch: 0 }).where('id', '=', fresh.bandId).execute()
  await db.deleteFrom('bands').where('id', '=', fresh.bandId).execute()
  await db.updateTable('pairings').set({ confirmed_at: null }).where('band_id', '=', fresh.bandId).execute()
  expect((await world.order(owner, fresh)).ok).toBe(true)
  const second = await world.phone(owner.accountId)
  second.meet(fresh)
  expect(await second.bond.carryRelease(fresh.bandId)).toEqual({ ok: true, value: undefined })
  expect(await second.pair(fresh)).toMatchObject({ ok: true, value: { epoch: 2 } })
})

test('only its own phone arms it, on the wrist, with a fresh answer each time', async () => {
  expect(await owner.bond.arm()).toEqual({ ok: false, error: 'not-worn' })
  band.wristband.state.setWorn(true)
  const said: Uint8Array<ArrayBuffer>[] = []
  owner.onSay = ({ message }) => {
    if (message.kind === 'arm') said.push(message.body)
  }
  expect((await owner.bond.arm()).ok).toBe(true)
  band.wristband.state.disarm()
  const [word] = said
  const decoded = arm.decode(word ?? new Uint8Array(0))
  if (!word || !decoded.ok) throw new Error('nothing was said')
  owner.say({ offerId: NOBODY, message: { kind: 'arm', body: word } })
  buyer.meet(band)
  buyer.say({ offerId: NOBODY, message: { kind: 'arm', body: word } })
  await until('both were refused', () => buyer.heard.some(({ message }) => message.kind === 'link-refused'))
  expect(band.wristband.state.armed).toBe(false)
  expect((await owner.bond.arm()).ok).toBe(true)
  expect(band.wristband.state.armed).toBe(true)
})

test('armed for a day at most; off the wrist for five seconds, and it takes the phone again', async () => {
  const { state } = band.wristband
  state.setWorn(true)
  await owner.bond.arm()
  world.advance(ARMED_MAX_MS - 1_000)
  expect(state.armed).toBe(true)
  world.advance(1_001)
  expect(state.armed).toBe(false)
  await owner.bond.arm()
  state.setWorn(false)
  world.advance(DISARM_AFTER_MS)
  state.setWorn(true)
  expect(state.armed).toBe(false)
})

test('a reset disarms, and the phone has to prove itself again', async () => {
  const { state } = band.wristband
  state.setWorn(true)
  await owner.bond.arm()
  band.wristband.reset()
  expect(state.armed).toBe(false)
  expect(state.phoneLinked).toBe(false)
  const arming = owner.bond.arm()
  world.advance(LINK_WAIT_MS)
  expect(await arming).toEqual({ ok: false, error: 'out-of-reach' })
  await owner.meetOwn(band)
  expect((await owner.bond.arm()).ok).toBe(true)
})
