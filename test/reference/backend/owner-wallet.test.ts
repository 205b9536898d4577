/** The owner's wallet from any browser: what the phone reads, and limits that only an owner may raise. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { OWNER_WALLET_PATHS, WALLET_PATHS } from '#shared/contracts/wallet-api.ts'
import { WALLET_LIMITS_PATHS } from '#shared/contracts/wallet-limits-api.ts'
import { BackendWorld, type Customer } from '../../support/backend-world.ts'
import { OwnerBrowser, signedUp } from '../../support/owner-browser.ts'

let world: BackendWorld
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  const terminal = await world.addTerminal()
  customer = await world.addCustomer()
  await world.submit({ terminal, customer, amount: 4_200 })
})
afterEach(async () => world.close())

test('the owner reads what the phone reads, and nobody else does', async () => {
  const { browser } = await signedUp(world, customer)
  const byPhone = await customer.call('GET', WALLET_PATHS.wallet)
  expect(byPhone.json).toMatchObject({ balance: { amount: 95_800 }, held: { amount: 4_200 } })
  expect((await browser.call('GET', OWNER_WALLET_PATHS.wallet)).json).toEqual(byPhone.json)
  const days = '?from=2026-04-01&to=2026-05-31'
  const statement = await customer.call('GET', `${WALLET_PATHS.statement}${days}`)
  expect(statement.json['lines']).toHaveLength(2)
  expect((await browser.call('GET', `${OWNER_WALLET_PATHS.statement}${days}`)).json).toEqual(statement.json)
  const nobody = OwnerBrowser.of(world)
  expect((await nobody.call('GET', OWNER_WALLET_PATHS.wallet)).status).toBe(401)
  const { browser: other } = await signedUp(world, await world.addCustomer())
  expect((await other.call('GET', OWNER_WALLET_PATHS.wallet)).json).toMatchObject({ balance: { amount: 100_000 }, held: { amount: 0 } })
})

test('phone and owner lower a limit at once; only the owner raises it, with a passkey shown just now', async () => {
  const { browser } = await signedUp(world, customer)
  const { limits } = (await browser.call('GET', WALLET_LIMITS_PATHS.ownLimits)).json as { limits: { perPayment: number } }
  const [lower, higher] = [
    { ...limits, perPayment: 1_000 },
    { ...limits, perPayment: 2_000 },
  ]
  expect((await customer.call('PUT', WALLET_LIMITS_PATHS.limits, lower)).status).toBe(200)
  expect((await customer.call('PUT', WALLET_LIMITS_PATHS.limits, limits)).json['code']).toBe('owner-needed')
  world.advance(20 * 60_000)
  const lowest = { ...limits, perPayment: 500 }
  expect((await browser.call('PUT', WALLET_LIMITS_PATHS.ownLimits, lowest)).json).toMatchObject({ limits: { perPayment: 500 } })
  expect((await browser.call('PUT', WALLET_LIMITS_PATHS.ownLimits, higher)).json['code']).toBe('not-fresh')
  await browser.signIn()
  expect((await browser.call('PUT', WALLET_LIMITS_PATHS.ownLimits, higher)).json).toMatchObject({
    limits: { perPayment: 2_000 },
  })
  const changes = await world.db.selectFrom('notices').select('detail').where('kind', '=', 'limits-changed').orderBy('at').execute()
  expect(changes.map(({ detail }) => detail)).toEqual(['phone', 'owner', 'owner'])
})
