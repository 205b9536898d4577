import { expect, onTestFinished, test } from 'vitest'
import { FREE_TRIES } from '#reference/phone/unlock.ts'
import { BondWorld, type TestPhone } from '#test/support/bond-world.ts'
import { PagePhone } from '#test/support/page-phone.ts'
import { until } from '#test/support/until.ts'

const PIN = '482913'

async function openPhone(): Promise<PagePhone> {
  const world = await BondWorld.open()
  const phone = await PagePhone.open(world)
  onTestFinished(async () => {
    phone.page.stop()
    await world.close()
  })
  await until('the page is the phone', () => phone.state.tab === 'holding')
  return phone
}

async function enrolled(): Promise<PagePhone> {
  const phone = await openPhone()
  expect(await phone.page.enrol(await phone.code())).toEqual({ ok: true, value: undefined })
  return phone
}

/** Enrolled, near its band, and paired with it by the knock that was shown. */
async function paired(): Promise<PagePhone> {
  const phone = await enrolled()
  expect(await phone.page.reach('bluetooth')).toMatchObject({ ok: true })
  phone.page.state.subscribe(() => knockAsShown(phone))
  expect(await phone.page.pair()).toEqual({ ok: true, value: undefined })
  await until('the band has said how it is', () => phone.state.band.link === 'linked')
  return phone
}

function knockAsShown(phone: PagePhone): void {
  const { knocks } = phone.state.band
  if (knocks !== undefined) phone.band.wristband.state.knocked(knocks)
}

test('a phone joins with its owner’s code once, and is the same phone after the page was closed', async () => {
  const phone = await openPhone()
  expect(await phone.page.enrol('not a code at all')).toEqual({ ok: false, error: 'code-refused' })
  const code = await phone.code()
  phone.isOnline.now = false
  expect(await phone.page.enrol(code)).toEqual({ ok: false, error: 'no-network' })
  phone.isOnline.now = true
  expect(await phone.page.enrol(code)).toEqual({ ok: true, value: undefined })
  const { identity } = phone.disk.kept
  expect(identity?.privateKey.extractable).toBe(false)
  await expect(crypto.subtle.exportKey('jwk', identity?.privateKey as CryptoKey)).rejects.toThrow()
  expect(await phone.page.enrol(await phone.code())).toEqual({ ok: false, error: 'enrolled-already' })
  phone.reload()
  await until('the page is the phone again', () => phone.state.tab === 'holding')
  expect(phone.state.enrolment).toEqual({ state: 'enrolled', displayName: 'Mei', currency: 'CNY' })
  expect(phone.disk.kept.identity?.phoneId).toBe(identity?.phoneId)
})

test('the code’s answer is lost: the same code lets the same phone in again', async () => {
  const phone = await openPhone()
  const code = await phone.code()
  // The backend takes the phone in; the page is closed before the answer is on the disk.
  const before = phone.disk.open()
  const first = await phone.page.enrol(code)
  expect(first.ok).toBe(true)
  const { identity } = phone.disk.kept
  if (!identity) throw new Error('no identity')
  const { account: _account, ...alone } = identity
  await before.saveIdentity(alone)
  phone.reload()
  await until('the page is the phone again', () => phone.state.tab === 'holding')
  expect(phone.state.enrolment).toEqual({ state: 'none' })
  expect(await phone.page.enrol(code)).toEqual({ ok: true, value: undefined })
})

test('paired by Web Bluetooth with the knock that was shown; the state says how the band is', async () => {
  const phone = await paired()
  expect(phone.bluetooth.asked).toEqual([{ filters: [{ services: ['7e1f0011-5c3a-4b0e-9d2b-62616e647469'] }] }])
  expect(phone.state.band).toMatchObject({ bond: 'bound', bandId: phone.band.bandId, way: 'bluetooth', knocks: undefined })
  expect(await phone.world.boundTo(phone.band)).toMatchObject({ phoneId: phone.disk.kept.identity?.phoneId, epoch: 1 })
  const { state } = phone.band.wristband
  state.setWorn(true)
  state.setBattery(41)
  await until('the page shows it', () => phone.state.band.status?.batteryPercent === 41)
  expect(phone.state.band.status).toEqual({ worn: true, armed: false, batteryPercent: 41 })
  await until('the phone has left its offers', () => phone.band.wristband.band?.offerCount === 8)
})

test('another count of knocks binds nothing, and can be tried again', async () => {
  const phone = await enrolled()
  await phone.page.reach('bluetooth')
  const stop = phone.page.state.subscribe(() => {
    if (phone.state.band.knocks !== undefined) phone.band.wristband.state.knocked(1)
  })
  expect(await phone.page.pair()).toEqual({ ok: false, error: 'knock-missing' })
  stop()
  expect(phone.state.band).toMatchObject({ bond: 'none', knocks: undefined })
  phone.page.state.subscribe(() => knockAsShown(phone))
  expect(await phone.page.pair()).toEqual({ ok: true, value: undefined })
})

test('the page is closed while the band waits for the knock: pairing again finds what came of it', async () => {
  const phone = await enrolled()
  await phone.page.reach('bluetooth')
  const pairing = phone.page.pair()
  await until('the count is on show', () => phone.state.band.knocks !== undefined)
  const { knocks } = phone.state.band
  phone.reload()
  await until('the page is the phone again', () => phone.state.tab === 'holding')
  expect(phone.state.band.bond).toBe('begun')
  phone.band.wristband.state.knocked(knocks ?? 0)
  phone.page.state.subscribe(() => knockAsShown(phone))
  await phone.page.reach('bluetooth')
  expect(await phone.page.pair()).toEqual({ ok: true, value: undefined })
  expect(phone.state.band.bond).toBe('bound')
  void pairing
})

test('the PIN arms the band on the wrist; wrong ones make whoever holds the phone wait, also after the page was closed', async () => {
  const phone = await paired()
  expect(await phone.page.arm(PIN)).toEqual({ ok: false, error: { code: 'no-pin' } })
  expect(await phone.page.setPin('12345')).toEqual({ ok: false, error: { code: 'not-a-pin' } })
  expect(await phone.page.setPin(PIN)).toEqual({ ok: true, value: undefined })
  expect(phone.state.pin.isSet).toBe(true)
  expect(await phone.page.arm(PIN)).toEqual({ ok: false, error: { code: 'not-worn' } })
  phone.band.wristband.state.setWorn(true)
  expect(await phone.page.arm(PIN)).toEqual({ ok: true, value: undefined })
  await until('the page shows it', () => phone.state.band.status?.armed === true)
  for (let tried = 1; tried < FREE_TRIES; tried += 1)
    expect(await phone.page.arm('000000')).toEqual({ ok: false, error: { code: 'wrong-pin', waitMs: 0 } })
  expect(await phone.page.arm('000000')).toEqual({ ok: false, error: { code: 'wrong-pin', waitMs: 5_000 } })
  phone.reload()
  await until('the page is the phone again', () => phone.state.tab === 'holding')
  expect(phone.state.pin.waitUntilMs).toBeGreaterThan(phone.world.clock.nowMs())
  expect(await phone.page.arm(PIN)).toMatchObject({ ok: false, error: { code: 'wait' } })
  phone.world.advance(6_000)
  expect(await phone.page.reach('bluetooth')).toMatchObject({ ok: true })
  await until('the band knows its phone', () => phone.state.band.link === 'linked')
  expect(await phone.page.arm(PIN)).toEqual({ ok: true, value: undefined })
  expect(await phone.page.setPin('111111', '000000')).toMatchObject({ ok: false, error: { code: 'wrong-pin' } })
})

test('a band that was out of reach is taken up again by itself; one the browser remembers, after a reload as well', async () => {
  const phone = await paired()
  const { gatt } = phone.bluetooth.device
  gatt.isFar = true
  gatt.drop()
  await until('the page says so', () => phone.state.band.link === 'away')
  expect(phone.state.band.status).toBeDefined()
  gatt.isFar = false
  phone.world.advance(20_000)
  await until('linked again', () => phone.state.band.link === 'linked')
  phone.reload()
  await until('the page is the phone again', () => phone.state.tab === 'holding')
  expect(phone.state.band).toMatchObject({ bond: 'bound', link: 'away' })
  expect(await phone.page.reconnect()).toEqual({ ok: false, error: 'not-chosen' })
  phone.bluetooth.isRemembered = true
  expect(await phone.page.reconnect()).toEqual({ ok: true, value: undefined })
  await until('linked again', () => phone.state.band.link === 'linked')
})

test('a write that fails ends the link, and the page takes it up again', async () => {
  const phone = await paired()
  const { gatt } = phone.bluetooth.device
  gatt.writesFail = true
  phone.band.wristband.state.setWorn(true)
  await phone.page.setPin(PIN)
  const arming = phone.page.arm(PIN)
  await until('the page noticed', () => phone.state.band.link !== 'linked')
  gatt.writesFail = false
  phone.world.advance(6_000)
  expect(await arming).toEqual({ ok: false, error: { code: 'out-of-reach' } })
  await until('linked again', () => phone.state.band.link === 'linked')
  expect(await phone.page.arm(PIN)).toEqual({ ok: true, value: undefined })
})

test('nothing is chosen, or the browser cannot: said, and nothing else happens', async () => {
  const phone = await enrolled()
  phone.bluetooth.isChosen = false
  expect(await phone.page.reach('bluetooth')).toEqual({ ok: false, error: 'not-chosen' })
  phone.bluetooth.isChosen = true
  phone.bluetooth.device.gatt.isFar = true
  expect(await phone.page.reach('bluetooth')).toEqual({ ok: false, error: 'out-of-reach' })
  let outcome: unknown
  void phone.page.pair().then((result) => (outcome = result))
  await until('the phone has given up', () => {
    phone.world.advance(1_000)
    return outcome !== undefined
  })
  expect(outcome).toEqual({ ok: false, error: 'out-of-reach' })
})

test('a second tab says that another is the phone, and takes over with everything when that is closed', async () => {
  const phone = await paired()
  const second = phone.newPage()
  onTestFinished(() => second.stop())
  await until('the second tab waits', () => second.state.get().tab === 'waiting')
  expect(await second.enrol('whatever')).toEqual({ ok: false, error: 'not-ready' })
  expect(await second.setPin(PIN)).toEqual({ ok: false, error: { code: 'not-ready' } })
  expect(second.state.get().band.bond).toBe('none')
  await phone.page.setPin(PIN)
  phone.page.stop()
  await until('the second tab is the phone', () => second.state.get().tab === 'holding')
  expect(second.state.get()).toMatchObject({ pin: { isSet: true }, band: { bond: 'bound', bandId: phone.band.bandId } })
})

test('the owner’s order is carried to the band, which lets go; without one nothing is let go', async () => {
  const phone = await paired()
  expect(await phone.page.carryRelease()).toEqual({ ok: false, error: 'no-release' })
  await phone.world.order({ accountId: phone.accountId } as TestPhone, phone.band)
  expect(await phone.page.carryRelease()).toEqual({ ok: true, value: undefined })
  expect(phone.state.band).toMatchObject({ bond: 'none', bandId: undefined, status: undefined })
  expect(phone.band.wristband.lock).toEqual({ state: 'released', epoch: 1 })
  phone.page.state.subscribe(() => knockAsShown(phone))
  expect(await phone.page.pair()).toEqual({ ok: true, value: undefined })
  expect(await phone.world.boundTo(phone.band)).toMatchObject({ epoch: 2 })
})

test('a browser that is given away forgets everything, and can become a new phone', async () => {
  const phone = await paired()
  await phone.page.setPin(PIN)
  const before = phone.disk.kept.identity?.phoneId
  expect(await phone.page.forget()).toEqual({ ok: true, value: undefined })
  expect(phone.disk.kept).toMatchObject({ identity: undefined, bond: undefined, pin: undefined, records: [] })
  expect(phone.band.wristband.state.phoneLinked).toBe(false)
  phone.load()
  await until('the page is the phone again', () => phone.state.tab === 'holding')
  expect(phone.state).toMatchObject({ enrolment: { state: 'none' }, pin: { isSet: false }, band: { bond: 'none' } })
  expect(await phone.page.enrol(await phone.code())).toEqual({ ok: true, value: undefined })
  expect(phone.disk.kept.identity?.phoneId).not.toBe(before)
  // The band is still bound to the phone that is gone: it tells this one nothing.
  await phone.page.reach('bluetooth')
  expect(await phone.page.pair()).toEqual({ ok: false, error: 'band-refused' })
})

test('a browser that keeps nothing cannot be a phone, and says so', async () => {
  const phone = await openPhone()
  phone.page.stop()
  phone.disk.open = () => {
    throw new DOMException('no storage here', 'InvalidStateError')
  }
  phone.load()
  await until('the page says so', () => phone.state.tab === 'no-storage')
  expect(await phone.page.enrol('whatever')).toEqual({ ok: false, error: 'not-ready' })
})

test('a disk that is full refuses what must be kept, and binds nothing', async () => {
  const phone = await openPhone()
  phone.disk.isFull = true
  expect(await phone.page.enrol(await phone.code())).toEqual({ ok: false, error: 'storage-failed' })
  expect(await phone.page.setPin(PIN)).toEqual({ ok: false, error: { code: 'storage-failed' } })
  phone.disk.isFull = false
  await phone.page.enrol(await phone.code())
  await phone.page.reach('bluetooth')
  phone.disk.isFull = true
  expect(await phone.page.pair()).toEqual({ ok: false, error: 'storage-failed' })
  expect(phone.band.wristband.lock.state).toBe('factory')
})
