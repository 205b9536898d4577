/** Recovery codes: ten, each once, and ever slower for whoever guesses. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { networkOf, waitAfter } from '#reference/backend/services/recovery-codes.ts'
import { OWNER_PATHS } from '#shared/contracts/owner-api.ts'
import { BackendWorld, type Customer } from '../../support/backend-world.ts'
import { OwnerBrowser, signedUp } from '../../support/owner-browser.ts'

const WRONG = { status: 403, json: { code: 'not-allowed', message: 'the recovery code is not good' } }
const WAIT = { status: 429, json: { code: 'too-many', message: 'wait before the next try' } }

let world: BackendWorld
let customer: Customer
let addresses = 0

beforeEach(async () => {
  world = await BackendWorld.open()
  customer = await world.addCustomer()
})
afterEach(async () => world.close())

/** A browser at an address that nobody has called from yet. */
function elsewhere(): OwnerBrowser {
  addresses += 1
  return OwnerBrowser.of(world, { from: `10.1.${addresses >> 8}.${addresses & 255}` })
}
/** A code of the same account that was never made. */
const wrongOf = (code: string) => `${code.slice(0, -5)}00000`
const NOBODYS = '00000-00000-00000-00000-00000'

test('a code signs in once, may freeze, and does nothing that only the owner may', async () => {
  const { codes } = await signedUp(world, customer)
  expect(new Set(codes).size).toBe(10)
  for (const code of codes) expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{5}$/u)
  const browser = elsewhere()
  const standing = await browser.recover(codes[3] ?? '')
  expect(standing).toMatchObject({ status: 200, json: { signedInBy: 'recovery-code', recoveryCodesLeft: 9 } })
  expect(standing.json['freshUntil']).toBeUndefined()
  expect(await elsewhere().recover(codes[3] ?? '')).toMatchObject(WRONG)
  expect((await browser.call('PUT', OWNER_PATHS.freeze)).json).toMatchObject({ freeze: { by: 'recovery-code' } })
  for (const [method, path] of [
    ['DELETE', OWNER_PATHS.freeze],
    ['POST', OWNER_PATHS.recoveryCodes],
    ['POST', OWNER_PATHS.phoneInvitations],
  ] as const) {
    expect(await browser.call(method, path), path).toMatchObject({ status: 403, json: { code: 'not-fresh' } })
  }
  const { notices } = (await browser.call('GET', OWNER_PATHS.notices)).json
  expect(notices).toContainEqual(expect.objectContaining({ kind: 'recovery-code-used', detail: '9' }))
})

test('a code is read as people write it', async () => {
  const { codes } = await signedUp(world, customer)
  const written = (codes[0] ?? '').toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')
  expect((await elsewhere().recover(written)).status).toBe(200)
})

test('new codes void the old ones and what those opened', async () => {
  const { browser, codes } = await signedUp(world, customer)
  const recovered = elsewhere()
  await recovered.recover(codes[0] ?? '')
  const fresh = (await browser.call('POST', OWNER_PATHS.recoveryCodes)).json['recoveryCodes'] as string[]
  expect((await recovered.call('GET', OWNER_PATHS.standing)).status).toBe(401)
  expect(await elsewhere().recover(codes[1] ?? '')).toMatchObject(WRONG)
  expect((await elsewhere().recover(fresh[0] ?? '')).status).toBe(200)
})

test('a wrong code, one of nobody and one that is none are answered alike', async () => {
  const { codes } = await signedUp(world, customer)
  const answers = []
  for (const code of [wrongOf(codes[0] ?? ''), NOBODYS, 'sesame']) answers.push(await elsewhere().recover(code))
  for (const { status, json } of answers) expect({ status, json }).toEqual(WRONG)
  // And the second try is too, where there is an account and where there is none.
  for (const code of [wrongOf(codes[0] ?? ''), NOBODYS]) {
    const again = await elsewhere().recover(code)
    expect({ status: again.status, json: again.json }).toEqual(WAIT)
    expect(again.headers.get('retry-after')).toBe('1')
  }
})

test('guesses at one account wait longer each time, wherever they come from, and the right code waits too', async () => {
  const { codes } = await signedUp(world, customer)
  const [right = ''] = codes
  for (const waitS of [1, 2, 4, 8, 16]) {
    expect(await elsewhere().recover(wrongOf(right))).toMatchObject(WRONG)
    world.advance(waitS * 1_000 - 1)
    expect(await elsewhere().recover(right)).toMatchObject(WAIT)
    world.advance(1)
  }
  expect((await elsewhere().recover(right)).status).toBe(200)
  // The owner is in: their account starts anew.
  expect(await elsewhere().recover(wrongOf(right))).toMatchObject(WRONG)
  world.advance(1_000)
  expect((await elsewhere().recover(codes[1] ?? '')).status).toBe(200)
})

test('guesses from one address wait longer each time, whatever they are at; the right one of an own account does not wipe them out', async () => {
  const { codes } = await signedUp(world, customer)
  const guesser = elsewhere()
  for (let count = 0; count < 5; count += 1) expect(await guesser.recover(`${count}`)).toMatchObject(WRONG)
  expect(await guesser.recover('5')).toMatchObject(WAIT)
  expect(await guesser.recover(codes[0] ?? '')).toMatchObject(WAIT)
  world.advance(1_000)
  expect((await guesser.recover(codes[0] ?? '')).status).toBe(200)
  expect(await guesser.recover('6')).toMatchObject(WRONG)
  world.advance(1_999)
  expect(await guesser.recover('7')).toMatchObject(WAIT)
  expect((await elsewhere().recover(codes[1] ?? '')).status).toBe(200)
})

test('a hundred guesses at once are one guess', async () => {
  const { codes } = await signedUp(world, customer)
  const guessers = Array.from({ length: 100 }, () => elsewhere())
  const answers = await Promise.all(guessers.map(async (guesser) => guesser.recover(wrongOf(codes[0] ?? ''))))
  expect(answers.filter(({ status }) => status === WRONG.status)).toHaveLength(1)
  expect(answers.filter(({ status }) => status === WAIT.status)).toHaveLength(99)
})

test('failures are forgotten after a day', async () => {
  const { codes } = await signedUp(world, customer)
  for (let count = 0; count < 5; count += 1) {
    await elsewhere().recover(wrongOf(codes[0] ?? ''))
    world.advance(60_000)
  }
  world.advance(86_400_000)
  await world.backend.sweep()
  expect(await world.db.selectFrom('recovery_waits').selectAll().execute()).toEqual([])
  await elsewhere().recover(wrongOf(codes[0] ?? ''))
  world.advance(1_000)
  expect((await elsewhere().recover(codes[0] ?? '')).status).toBe(200)
})

test('waits double from a second to a quarter of an hour and no further', () => {
  expect([1, 2, 3, 10, 11, 5_000].map((failures) => waitAfter(failures, 0))).toEqual([1_000, 2_000, 4_000, 512_000, 900_000, 900_000])
  expect([1, 4, 5, 6].map((failures) => waitAfter(failures, 4))).toEqual([0, 0, 1_000, 2_000])
})

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '::ffff:203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})
