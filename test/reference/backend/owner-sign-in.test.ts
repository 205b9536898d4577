/** Owners and their passkeys: made, shown, refused, removed. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CHALLENGE_LIFETIME_MS, FRESH_MS, INVITATION_LIFETIME_MS, OWNER_PATHS, signInOptions } from '#shared/contracts/owner-api.ts'
import { BackendWorld, type Customer } from '../../support/backend-world.ts'
import { invited, OwnerBrowser, ownerPath, signedUp } from '../../support/owner-browser.ts'
import { type Quirks, USER_PRESENT, USER_VERIFIED } from '../../support/software-authenticator.ts'

const REFUSED = { status: 403, json: { code: 'not-allowed', message: 'the passkey was not accepted' } }
const someText: unknown = expect.any(String)

let world: BackendWorld
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  customer = await world.addCustomer({ displayName: 'Mei' })
})
afterEach(async () => world.close())

const isSignedIn = async (browser: OwnerBrowser) => (await browser.call('GET', OWNER_PATHS.standing)).status === 200
const kindsTold = async () => (await world.db.selectFrom('notices').select('kind').orderBy('kind').execute()).map(({ kind }) => kind)

test('from a phone’s invitation to a passkey, and in with it on another day, over real HTTP', async () => {
  await world.backend.app.listen({ host: '127.0.0.1', port: 0 })
  const address = world.backend.app.server.address()
  if (address === null || typeof address !== 'object') throw new Error('not listening')
  const browser = OwnerBrowser.overHttp(address.port)
  const registered = await browser.register({ invitation: await invited(customer), label: 'Mei’s laptop' })
  expect(registered).toMatchObject({ status: 200, json: { passkeyId: someText } })
  expect(registered.json['recoveryCodes']).toHaveLength(10)
  expect(registered.headers.get('cache-control')).toBe('no-store')
  expect((await browser.call('GET', OWNER_PATHS.standing)).json).toEqual({
    displayName: 'Mei',
    currency: 'CNY',
    signedInBy: 'passkey',
    freshUntil: new Date(world.nowMs() + FRESH_MS).toISOString(),
    expiresAt: new Date(world.nowMs() + 12 * 3_600_000).toISOString(),
    recoveryCodesLeft: 10,
    unreadNotices: 2,
  })
  expect(await browser.call('POST', OWNER_PATHS.signOut, { everywhere: false })).toMatchObject({ status: 200 })
  expect(browser.cookies.size).toBe(0)
  world.advance(86_400_000)
  expect(await browser.signIn()).toMatchObject({ status: 200, json: { displayName: 'Mei', signedInBy: 'passkey' } })
  const { json } = await browser.call('GET', OWNER_PATHS.passkeys)
  const lastUsedAt = new Date(world.nowMs()).toISOString()
  expect(json['passkeys']).toEqual([{ passkeyId: registered.json['passkeyId'], label: 'Mei’s laptop', createdAt: someText, lastUsedAt }])
})

test('the options ask for a passkey that needs no name and knows its person; none say who has an account', async () => {
  const browser = OwnerBrowser.of(world)
  const { json } = await browser.call('POST', OWNER_PATHS.passkeyOptions, { invitation: await invited(customer) })
  expect(json).toMatchObject({
    rp: { id: 'localhost' },
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
    attestation: 'none',
    excludeCredentials: [],
  })
  expect(JSON.stringify(json)).not.toContain(customer.accountId)
  const options = (await browser.call('POST', OWNER_PATHS.signInOptions)).json
  expect(options).toMatchObject({ rpId: 'localhost', allowCredentials: [], userVerification: 'required' })
})

test('a passkey that attests with its own key is taken too', async () => {
  const browser = OwnerBrowser.of(world)
  const ask = { invitation: await invited(customer), quirks: { attestation: 'packed' } as const }
  expect((await browser.register(ask)).status).toBe(200)
  expect((await browser.signIn()).status).toBe(200)
})

describe('an invitation', () => {
  test('is good once', async () => {
    const invitation = await invited(customer)
    expect((await OwnerBrowser.of(world).register({ invitation })).status).toBe(200)
    expect(await OwnerBrowser.of(world).register({ invitation })).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
  })

  test('outlives a prompt that was cancelled, not its ten minutes', async () => {
    const invitation = await invited(customer)
    const browser = OwnerBrowser.of(world)
    expect((await browser.register({ invitation, quirks: { challenge: 'AAAA' } })).status).toBe(403)
    world.advance(INVITATION_LIFETIME_MS - 1)
    expect((await browser.call('POST', OWNER_PATHS.passkeyOptions, { invitation })).status).toBe(200)
    world.advance(1)
    expect((await browser.register({ invitation })).json['code']).toBe('not-allowed')
  })

  test('ends with the next one', async () => {
    const first = await invited(customer)
    await invited(customer)
    expect((await OwnerBrowser.of(world).register({ invitation: first })).json['code']).toBe('not-allowed')
  })

  test('is not enough for a second passkey: who stole the phone does not become the owner', async () => {
    await signedUp(world, customer)
    const thief = OwnerBrowser.of(world)
    expect(await thief.register({ invitation: await invited(customer) })).toMatchObject({ status: 403, json: { code: 'not-fresh' } })
    // A session of somebody else, however fresh, does not help.
    const other = await signedUp(world, await world.addCustomer())
    expect((await other.browser.register({ invitation: await invited(customer) })).json['code']).toBe('not-fresh')
  })

  test('and a recovery code together replace a passkey that is lost', async () => {
    const { codes } = await signedUp(world, customer)
    const browser = OwnerBrowser.of(world)
    await browser.recover(codes[0] ?? '')
    expect((await browser.register()).json['code']).toBe('not-fresh')
    expect(await browser.register({ invitation: await invited(customer) })).toMatchObject({ status: 200, json: { passkeyId: someText } })
    expect((await browser.call('GET', OWNER_PATHS.standing)).json).toMatchObject({ signedInBy: 'passkey', freshUntil: someText })
  })
})

const WRONG: readonly (readonly [string, Quirks])[] = [
  ['another origin', { origin: 'http://localhost.evil.example' }],
  ['another port', { origin: 'http://localhost:8080' }],
  ['another rp id', { rpId: 'evil.example' }],
  ['another challenge', { challenge: 'A'.repeat(43) }],
  ['no verified user', { flags: USER_PRESENT }],
  ['no present user', { flags: USER_VERIFIED }],
  ['a frame of another site', { crossOrigin: true }],
  ['another kind of act', { type: 'payment.get' }],
]

test.each(WRONG)('a passkey made with %s is refused', async (_name, quirks) => {
  expect(await OwnerBrowser.of(world).register({ invitation: await invited(customer), quirks })).toMatchObject(REFUSED)
  expect(await kindsTold()).toEqual([])
})

test.each([...WRONG, ['another user’s handle', { userHandle: 'A'.repeat(43) }]] satisfies readonly (readonly [string, Quirks])[])(
  'a passkey shown with %s is refused',
  async (_name, quirks) => {
    const { browser } = await signedUp(world, customer)
    await browser.call('POST', OWNER_PATHS.signOut, { everywhere: true })
    expect(await browser.signIn(quirks)).toMatchObject(REFUSED)
    expect(await isSignedIn(browser)).toBe(false)
    expect((await browser.signIn()).status).toBe(200)
  },
)

describe('a challenge', () => {
  const shown = async (browser: OwnerBrowser) =>
    browser.authenticator.get(signInOptions.reply.parse((await browser.call('POST', OWNER_PATHS.signInOptions)).json))

  test('is good once', async () => {
    const { browser } = await signedUp(world, customer)
    const credential = await shown(browser)
    expect((await browser.call('POST', OWNER_PATHS.signIn, { credential })).status).toBe(200)
    expect(await browser.call('POST', OWNER_PATHS.signIn, { credential })).toMatchObject(REFUSED)
  })

  test('is good for five minutes', async () => {
    const { browser } = await signedUp(world, customer)
    const [intime, late] = [await shown(browser), await shown(browser)]
    world.advance(CHALLENGE_LIFETIME_MS - 1)
    expect((await browser.call('POST', OWNER_PATHS.signIn, { credential: intime })).status).toBe(200)
    world.advance(1)
    expect(await browser.call('POST', OWNER_PATHS.signIn, { credential: late })).toMatchObject(REFUSED)
  })

  test('to make a passkey does not serve to show one', async () => {
    const { browser } = await signedUp(world, customer)
    const { challenge } = (await browser.call('POST', OWNER_PATHS.passkeyOptions, {})).json
    expect(await browser.signIn({ challenge: String(challenge) })).toMatchObject(REFUSED)
  })

  test('made for one account adds no passkey to another', async () => {
    const { browser } = await signedUp(world, customer)
    const other = await signedUp(world, await world.addCustomer())
    const { challenge } = (await other.browser.call('POST', OWNER_PATHS.passkeyOptions, {})).json
    expect(await browser.register({ quirks: { challenge: String(challenge) } })).toMatchObject(REFUSED)
  })
})

test('a passkey whose counter does not grow was copied: refused, and taken again once it grows', async () => {
  const { browser } = await signedUp(world, customer)
  expect((await browser.signIn({ counter: 7 })).status).toBe(200)
  expect(await browser.signIn({ counter: 7 })).toMatchObject(REFUSED)
  expect(await browser.signIn({ counter: 6 })).toMatchObject(REFUSED)
  expect((await browser.signIn({ counter: 8 })).status).toBe(200)
})

test('one counter shown twice at once signs in once', async () => {
  const { browser } = await signedUp(world, customer)
  const [one, two] = [OwnerBrowser.of(world, browser), OwnerBrowser.of(world, browser)]
  const both = await Promise.all([one.signIn({ counter: 9 }), two.signIn({ counter: 9 })])
  expect(both.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 403]))
})

test('a credential nobody registered is refused like a wrong one', async () => {
  const { browser } = await signedUp(world, customer)
  const stranger = OwnerBrowser.of(world)
  const { json } = await stranger.call('POST', OWNER_PATHS.passkeyOptions, { invitation: await invited(await world.addCustomer()) })
  stranger.authenticator.create(json as Parameters<typeof stranger.authenticator.create>[0])
  expect(await stranger.signIn()).toMatchObject(REFUSED)
  expect((await browser.signIn()).status).toBe(200)
})

test('a passkey opens its own account and no other', async () => {
  const { browser } = await signedUp(world, customer)
  const other = await signedUp(world, await world.addCustomer({ displayName: 'Bo' }))
  expect((await other.browser.signIn()).json['displayName']).toBe('Bo')
  const { passkeys } = (await browser.call('GET', OWNER_PATHS.passkeys)).json
  const own = (passkeys as { passkeyId: string }[])[0]?.passkeyId ?? ''
  const taken = await other.browser.call('DELETE', ownerPath('passkey', own))
  expect(taken).toMatchObject({ status: 404, json: { code: 'unknown' } })
})

test('a removed passkey signs nobody in, ends its sessions, and is never the last', async () => {
  const { browser, passkeyId } = await signedUp(world, customer)
  const path = ownerPath('passkey', passkeyId)
  expect(await browser.call('DELETE', path)).toMatchObject({ status: 409, json: { code: 'conflict' } })
  const tablet = OwnerBrowser.of(world)
  // The tablet makes its passkey in the laptop's session, as one does by scanning a code.
  const laptopsPage = OwnerBrowser.of(world, { authenticator: tablet.authenticator, cookies: browser.cookies })
  expect((await laptopsPage.register({ label: 'Tablet' })).status).toBe(200)
  expect((await tablet.signIn()).status).toBe(200)
  expect((await tablet.call('DELETE', path)).status).toBe(200)
  expect(await isSignedIn(browser)).toBe(false)
  expect(await browser.signIn()).toMatchObject(REFUSED)
  expect(await isSignedIn(tablet)).toBe(true)
  expect(await kindsTold()).toEqual(['passkey-added', 'passkey-added', 'passkey-removed', 'recovery-codes-made'])
})

test('a credential id that is registered, to whomever, is not registered again', async () => {
  const { browser } = await signedUp(world, customer)
  const { credential_id: credentialId } = await world.db.selectFrom('passkeys').select('credential_id').executeTakeFirstOrThrow()
  const stranger = OwnerBrowser.of(world)
  const copied = await stranger.register({ invitation: await invited(await world.addCustomer()), quirks: { credentialId } })
  expect(copied).toMatchObject({ status: 409, json: { code: 'conflict' } })
  expect((await browser.signIn()).json['displayName']).toBe('Mei')
})

test('an account has ten passkeys at most', async () => {
  const { browser } = await signedUp(world, customer)
  for (let count = 1; count < 10; count += 1) expect((await browser.register({ label: `Key ${count}` })).status).toBe(200)
  expect(await browser.register()).toMatchObject({ status: 409, json: { code: 'conflict' } })
})

test('a label that steers the text around it is malformed', async () => {
  const { browser } = await signedUp(world, customer)
  expect((await browser.register({ label: 'Lap\u202Etop' })).json['code']).toBe('malformed')
})
