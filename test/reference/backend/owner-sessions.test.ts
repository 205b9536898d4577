/** Owner sessions: how long they live, what their cookie is worth, and who may use them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  FRESH_MS,
  invitePhone,
  OWNER_PATHS,
  OWNER_SESSION_IDLE_MS,
  OWNER_SESSION_LIFETIME_MS,
  signInOptions,
} from '#shared/contracts/owner-api.ts'
import { BackendWorld, type Customer, type Method } from '../../support/backend-world.ts'
import { invited, OwnerBrowser, ownerPath, signedUp } from '../../support/owner-browser.ts'

const MINUTE_MS = 60_000
const SIGNED_OUT = { status: 401, json: { code: 'unsigned' } }

let world: BackendWorld
let customer: Customer

beforeEach(async () => {
  world = await BackendWorld.open()
  customer = await world.addCustomer()
})
afterEach(async () => world.close())

test('a session ends half an hour after it was used last', async () => {
  const { browser } = await signedUp(world, customer)
  world.advance(OWNER_SESSION_IDLE_MS - 1)
  expect((await browser.call('GET', OWNER_PATHS.standing)).status).toBe(200)
  world.advance(OWNER_SESSION_IDLE_MS - 1)
  expect((await browser.call('GET', OWNER_PATHS.standing)).status).toBe(200)
  world.advance(OWNER_SESSION_IDLE_MS)
  expect(await browser.call('GET', OWNER_PATHS.standing)).toMatchObject(SIGNED_OUT)
  world.advance(-MINUTE_MS)
  await world.backend.sweep()
  expect(await world.db.selectFrom('owner_sessions').selectAll().execute()).toHaveLength(1)
  world.advance(MINUTE_MS)
  await world.backend.sweep()
  expect(await world.db.selectFrom('owner_sessions').selectAll().execute()).toEqual([])
})

test('a session ends after twelve hours, however much it is used', async () => {
  const { browser } = await signedUp(world, customer)
  for (let passedMs = 0; passedMs < OWNER_SESSION_LIFETIME_MS - 20 * MINUTE_MS; passedMs += 20 * MINUTE_MS) {
    world.advance(20 * MINUTE_MS)
    expect((await browser.call('GET', OWNER_PATHS.standing)).status).toBe(200)
  }
  world.advance(20 * MINUTE_MS)
  expect(await browser.call('GET', OWNER_PATHS.standing)).toMatchObject(SIGNED_OUT)
})

test('what only the owner may do needs a passkey shown in the last five minutes', async () => {
  const { browser, passkeyId } = await signedUp(world, customer)
  const calls: readonly (readonly [Method, string])[] = [
    ['DELETE', OWNER_PATHS.freeze],
    ['POST', OWNER_PATHS.recoveryCodes],
    ['POST', OWNER_PATHS.phoneInvitations],
    ['DELETE', ownerPath('phone', customer.phoneId)],
    ['DELETE', ownerPath('passkey', passkeyId)],
  ]
  world.advance(FRESH_MS)
  for (const [method, path] of calls) {
    expect(await browser.call(method, path), path).toMatchObject({ status: 403, json: { code: 'not-fresh' } })
  }
  expect((await browser.call('POST', OWNER_PATHS.passkeyOptions, {})).json['code']).toBe('not-fresh')
  expect((await browser.call('GET', OWNER_PATHS.standing)).json['freshUntil']).toBeUndefined()
  await browser.signIn()
  world.advance(FRESH_MS - 1)
  expect((await browser.call('POST', OWNER_PATHS.phoneInvitations)).status).toBe(200)
})

test('showing a passkey again gives a new session, and the one before is worth nothing', async () => {
  const { browser } = await signedUp(world, customer)
  const before = OwnerBrowser.of(world, { cookies: browser.cookies })
  await browser.signIn()
  expect(await before.call('GET', OWNER_PATHS.standing)).toMatchObject(SIGNED_OUT)
  expect((await browser.call('GET', OWNER_PATHS.standing)).status).toBe(200)
})

test('signing out ends this session, or all of them', async () => {
  const { browser } = await signedUp(world, customer)
  const [here, there] = [OwnerBrowser.of(world, browser), OwnerBrowser.of(world, browser)]
  await here.signIn()
  await there.signIn()
  const copy = OwnerBrowser.of(world, { cookies: here.cookies })
  await here.call('POST', OWNER_PATHS.signOut, { everywhere: false })
  expect(await copy.call('GET', OWNER_PATHS.standing)).toMatchObject(SIGNED_OUT)
  expect((await there.call('GET', OWNER_PATHS.standing)).status).toBe(200)
  const stranger = await signedUp(world, await world.addCustomer())
  await there.call('POST', OWNER_PATHS.signOut, { everywhere: true })
  for (const browserOfAll of [here, there, browser]) {
    expect(await browserOfAll.call('GET', OWNER_PATHS.standing)).toMatchObject(SIGNED_OUT)
  }
  expect((await stranger.browser.call('GET', OWNER_PATHS.standing)).status).toBe(200)
})

test('an owner is signed in on twenty browsers at most', async () => {
  const { browser } = await signedUp(world, customer)
  for (let count = 0; count < 20; count += 1) {
    world.advance(1)
    await OwnerBrowser.of(world, { authenticator: browser.authenticator }).signIn()
  }
  expect(await browser.call('GET', OWNER_PATHS.standing)).toMatchObject(SIGNED_OUT)
  expect(await world.db.selectFrom('owner_sessions').select('digest').execute()).toHaveLength(20)
})

describe('the cookie', () => {
  test('is out of reach of scripts and of other sites', async () => {
    const { browser } = await signedUp(world, customer)
    expect(browser.setCookie).toMatch(/^bandtill-owner=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/u)
  })

  test('travels over https alone outside this machine, and belongs to this host', async () => {
    const ownerPage = { rpId: 'wallet.example', origin: 'https://wallet.example' }
    const far = await BackendWorld.open({ ownerPage })
    try {
      const browser = OwnerBrowser.of(far, ownerPage)
      const registered = await browser.register({ invitation: await invited(await far.addCustomer()) })
      expect(registered.status).toBe(200)
      expect(browser.setCookie).toMatch(/^__Host-bandtill-owner=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/u)
      expect((await browser.call('GET', OWNER_PATHS.standing)).status).toBe(200)
      const plain = new Map([['bandtill-owner', browser.cookies.get('__Host-bandtill-owner') ?? '']])
      expect(await OwnerBrowser.of(far, { ...ownerPage, cookies: plain }).call('GET', OWNER_PATHS.standing)).toMatchObject(SIGNED_OUT)
    } finally {
      await far.close()
    }
  })

  test.each(['', 'A'.repeat(43), 'x; bandtill-owner', "' OR 1=1 --"])('%j opens nothing', async (value) => {
    await signedUp(world, customer)
    const browser = OwnerBrowser.of(world, { cookies: new Map([['bandtill-owner', value]]) })
    expect(await browser.call('GET', OWNER_PATHS.standing)).toMatchObject(SIGNED_OUT)
  })
})

describe('another site’s page', () => {
  test.each([
    ['a form or fetch from elsewhere', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['another program on this machine', { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' }],
    ['a page without an origin', { origin: 'null' }],
    ['a browser that says no origin', { origin: '' }],
    ['a frame that hides where it is', { 'sec-fetch-site': 'cross-site' }],
  ])('%s changes nothing', async (_name, headers) => {
    const { browser } = await signedUp(world, customer)
    expect(await browser.call('PUT', OWNER_PATHS.freeze, undefined, headers)).toMatchObject({ status: 403, json: { code: 'not-allowed' } })
    for (const path of [OWNER_PATHS.signInOptions, OWNER_PATHS.signIn, OWNER_PATHS.recoverySignIn, OWNER_PATHS.passkeyOptions]) {
      expect((await browser.call('POST', path, {}, headers)).json['code'], path).toBe('not-allowed')
    }
    expect((await browser.call('GET', OWNER_PATHS.standing)).json['freeze']).toBeUndefined()
  })

  test('reads nothing either', async () => {
    const { browser } = await signedUp(world, customer)
    for (const site of ['cross-site', 'same-site']) {
      expect((await browser.call('GET', OWNER_PATHS.notices, undefined, { 'sec-fetch-site': site })).json['code']).toBe('not-allowed')
    }
    expect((await browser.call('GET', OWNER_PATHS.notices, undefined, { 'sec-fetch-site': 'none' })).status).toBe(200)
  })
})

test('notices are the owner’s own, newest first, and are read once', async () => {
  const { browser } = await signedUp(world, customer)
  const other = await signedUp(world, await world.addCustomer())
  world.advance(1_000)
  await browser.call('PUT', OWNER_PATHS.freeze)
  type Told = { id: string; kind: string; detail: string; readAt?: string }
  const told = async (who: OwnerBrowser) => (await who.call('GET', OWNER_PATHS.notices)).json['notices'] as Told[]
  const notices = await told(browser)
  expect(notices.map(({ kind, detail }) => [kind, detail])).toEqual([
    ['account-frozen', 'passkey'],
    ...notices.slice(1).map(({ kind, detail }) => [kind, detail]),
  ])
  const ids = notices.map(({ id }) => id)
  expect((await other.browser.call('POST', OWNER_PATHS.readNotices, { ids })).status).toBe(200)
  expect((await browser.call('GET', OWNER_PATHS.standing)).json['unreadNotices']).toBe(3)
  await browser.call('POST', OWNER_PATHS.readNotices, { ids: ids.slice(0, 1) })
  const readAt = new Date(world.nowMs()).toISOString()
  world.advance(1_000)
  await browser.call('POST', OWNER_PATHS.readNotices, { ids: ids.slice(0, 1) })
  expect((await told(browser))[0]?.readAt).toBe(readAt)
  expect((await browser.call('GET', OWNER_PATHS.standing)).json['unreadNotices']).toBe(2)
  expect((await other.browser.call('GET', OWNER_PATHS.standing)).json['unreadNotices']).toBe(2)
})

test('no token, code or challenge is in a log or in the database in the clear', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'bandtill-owner-'))
  const kept = await BackendWorld.open({ database: join(dir, 'backend.sqlite') })
  try {
    const mei = await kept.addCustomer()
    const ticket = await invited(mei)
    const spare = await invited(mei)
    const browser = OwnerBrowser.of(kept)
    const registered = await browser.register({ invitation: spare })
    const codes = registered.json['recoveryCodes'] as string[]
    const options = signInOptions.reply.parse((await browser.call('POST', OWNER_PATHS.signInOptions)).json)
    const first = browser.cookies.get('bandtill-owner') ?? ''
    await browser.signIn()
    const { code } = invitePhone.reply.parse((await browser.call('POST', OWNER_PATHS.phoneInvitations)).json)
    await OwnerBrowser.of(kept).recover(codes[0] ?? '')
    await OwnerBrowser.of(kept).recover(codes[0] ?? '')
    const secrets = [ticket, spare, ...codes, code, options.challenge, first, browser.cookies.get('bandtill-owner') ?? '']
    expect(secrets.filter((secret) => secret.length < 20)).toEqual([])
    // People's codes are also looked for as they are hashed, without hyphens.
    const wanted = [...secrets, ...secrets.map((secret) => secret.replaceAll('-', ''))]
    const found = (text: string) => wanted.filter((secret) => text.includes(secret))
    for (const name of readdirSync(dir)) expect(found(readFileSync(join(dir, name), 'latin1')), name).toEqual([])
    expect(found(kept.logged.join('\n'))).toEqual([])
    expect(kept.logged.join('\n')).toContain(OWNER_PATHS.signIn)
  } finally {
    await kept.close()
    rmSync(dir, { recursive: true, force: true })
  }
})
