/** The owner's bands: seen by their owner alone, and let go with a passkey shown just now; what that does to the next payment. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BAND_PATHS } from '#shared/contracts/bands-api.ts'
import { BackendWorld, type Customer, pathOf, type Terminal } from '../../support/backend-world.ts'
import { OwnerBrowser, signedUp } from '../../support/owner-browser.ts'
import { offerOf, pairScripted } from '../../support/scripted-pairing.ts'

let world: BackendWorld
let terminal: Terminal
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  terminal = await world.addTerminal()
  customer = await world.addCustomer()
})
afterEach(async () => world.close())

const pay = async () => world.submit({ terminal, customer, amount: 100 })
const orderPath = () => pathOf('ownRelease', customer.bandId)

test('a band that is let go pays no more, from the very next payment on, and its owner is told', async () => {
  const { browser } = await signedUp(world, customer)
  const { bandId, phoneId } = customer
  expect((await browser.call('GET', BAND_PATHS.ownBands)).json).toEqual({ bands: [{ bandId, phoneId, epoch: 1, state: 'bound' }] })
  expect(await pay()).toMatchObject({ json: { kind: 'authorization' } })
  expect((await browser.call('POST', orderPath())).json).toEqual({ bandId, state: 'released' })
  expect(await pay()).toMatchObject({ json: { kind: 'decline', hint: 'band' } })
  expect((await browser.call('GET', BAND_PATHS.ownBands)).json).toEqual({ bands: [{ bandId, phoneId, epoch: 1, state: 'released' }] })
  const notices = await world.db.selectFrom('notices').select(['kind', 'detail']).where('kind', '=', 'band-released').execute()
  expect(notices).toEqual([{ kind: 'band-released', detail: bandId }])
})

test('the order is the same however often it is given, and reaches only phones of the account', async () => {
  const { browser } = await signedUp(world, customer)
  expect((await customer.call('GET', pathOf('release', customer.bandId))).json['code']).toBe('unknown')
  await browser.call('POST', orderPath())
  const first = await customer.call('GET', pathOf('release', customer.bandId))
  await browser.call('POST', orderPath())
  expect(await customer.call('GET', pathOf('release', customer.bandId))).toEqual(first)
  expect(first.status).toBe(200)
  const stranger = await world.addCustomer()
  expect((await stranger.call('GET', pathOf('release', customer.bandId))).json['code']).toBe('unknown')
})

test('a session that is not fresh, one of a recovery code, and nobody at all let nothing go', async () => {
  const { browser, codes } = await signedUp(world, customer)
  const borrowed = OwnerBrowser.of(world)
  expect((await borrowed.call('POST', orderPath())).status).toBe(401)
  await borrowed.recover(codes[0] ?? '')
  expect((await borrowed.call('POST', orderPath())).json['code']).toBe('not-fresh')
  world.advance(20 * 60_000)
  expect((await browser.call('POST', orderPath())).json['code']).toBe('not-fresh')
  const other = await world.addCustomer()
  const { browser: others } = await signedUp(world, other)
  expect((await others.call('POST', orderPath())).json['code']).toBe('unknown')
  expect(await pay()).toMatchObject({ json: { kind: 'authorization' } })
})

test('after the release the next binding is of the next epoch: what the old key signs is nobody’s word', async () => {
  const { browser } = await signedUp(world, customer)
  const before = { ...customer }
  await browser.call('POST', orderPath())
  const buyer = await world.addCustomer()
  const scripted = { bandId: customer.bandId, factory: customer.factory, band: buyer.band, epoch: 1, phonePoint: buyer.phone.point }
  expect((await buyer.call('POST', BAND_PATHS.pairings, { offer: await offerOf(scripted) })).json['code']).toBe('not-allowed')
  const fresh = await world.addCustomer()
  const next = { ...scripted, band: fresh.factory, epoch: 2, phonePoint: fresh.phone.point }
  await pairScripted(next, async (...call) => (await fresh.call(...call)).json)
  expect(await world.submit({ terminal, customer: before, amount: 100 })).toMatchObject({ json: { kind: 'decline', hint: 'band' } })
})
