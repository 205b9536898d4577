/** A web service that knows nothing of ours signs a person in by their wallet, in a real browser with a passkey. */
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { ASSERTION_PATHS } from '#shared/contracts/assertions-api.ts'
import { IDENTITY_PATHS } from '#shared/contracts/identity-api.ts'
import { addAuthenticator, registerPasskey } from '#test/e2e/support/page-passkeys.ts'
import { haveWallet, WALLET_DIR } from '#test/e2e/wallet/support/open-wallet.ts'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { barriersOf, cutTextsOf } from '#test/renderer/support/sound-screen.ts'
import { BackendWorld, type Customer } from '#test/support/backend-world.ts'
import { invited } from '#test/support/owner-browser.ts'
import { WebService } from './web-service.ts'

let browser: Browser
let world: BackendWorld
let issuer: string
let service: WebService
let customer: Customer
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  await haveWallet()
  browser = await launchChromium()
})
afterAll(async () => browser.close())

beforeEach(async () => {
  world = await BackendWorld.open({ walletDir: WALLET_DIR })
  await world.backend.app.listen({ host: '127.0.0.1', port: 0 })
  const address = world.backend.app.server.address()
  if (address === null || typeof address !== 'object') throw new Error('not listening')
  issuer = `http://localhost:${address.port}`
  await world.addTerminal()
  customer = await world.addCustomer()
  const names = { '{accountId}': customer.accountId, '{merchantId}': 'aurora' }
  const path = (of: string) => Object.entries(names).reduce((filled, [name, id]) => filled.replace(name, id), of)
  await world.operator('PUT', path(IDENTITY_PATHS.name), { name: 'Golden Carp' })
  await world.operator('PUT', path(IDENTITY_PATHS.memberNumber), { number: 'AC-1001' })
  service = new WebService('hotel.example', () => new Date(world.nowMs()))
  await service.listen()
  await service.discover(issuer)
  const registered = { name: 'Hotel Lotus 莲花酒店', redirectUris: [service.callback], merchantId: 'aurora' }
  const put = await world.operator('PUT', ASSERTION_PATHS.webService.replace('{clientId}', 'hotel.example'), registered)
  expect(put.status).toBe(200)
  page = await ownersPage()
})
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  await service.close()
  await world.close()
})

/** A browser with a passkey of the customer's, whose session has ended since. */
async function ownersPage(): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, locale: 'en-GB', reducedMotion: 'reduce' })
  const opened = await context.newPage()
  complaints.length = 0
  opened.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
  opened.on('pageerror', (error) => complaints.push(error.message))
  await addAuthenticator(opened)
  await opened.goto(`${issuer}/docs/json`)
  expect((await registerPasskey(opened, await invited(customer))).status).toBe(200)
  await context.clearCookies()
  return opened
}

const agree = '[data-act="agree"]'

test('from the service to the wallet and back: a passkey, an agreement, and a token that no log has seen', async () => {
  await page.goto(`${service.origin}/sign-in`)
  await page.locator(agree).waitFor()
  expect(await page.locator('.consent-who').innerText()).toBe(`Hotel Lotus 莲花酒店\n${new URL(service.origin).host}`)
  expect([...(await barriersOf(page, ['best-practice'])), ...(await cutTextsOf(page))]).toEqual([])
  expect(complaints).toEqual([])
  await page.locator(agree).click()
  await page.getByText('Welcome, Golden Carp').waitFor()
  expect(service.signedIn).toMatchObject([{ aud: 'hotel.example', iss: issuer, name: 'Golden Carp', member_number: 'AC-1001' }])
  expect(page.url()).toBe(service.callback)
  expect([...service.log, ...world.logged].join('\n')).not.toMatch(/eyJ|id_token=/)
  // Again, signed in already: the same person, by the same id, with one press.
  await page.goto(`${service.origin}/sign-in`)
  await page.locator('input[name="name"]').uncheck()
  await page.locator(agree).click()
  await page.getByText('Welcome, guest').waitFor()
  expect(new Set(service.signedIn.map(({ sub }) => sub)).size).toBe(1)
  expect(service.signedIn[1]).not.toHaveProperty('name')
})

test('a no goes back as a no, and nothing is told', async () => {
  await page.goto(`${service.origin}/sign-in`)
  await page.locator('[data-act="refuse"]').click()
  await page.getByText('Not signed in').waitFor()
  expect(service.refused).toEqual(['access_denied'])
  expect(await world.db.selectFrom('assertions').selectAll().execute()).toEqual([])
})

test('an altered request is shown nowhere and sent nowhere, and the policy of the page holds its form', async () => {
  const begun = new URL(service.begin())
  for (const [name, value] of [
    ['redirect_uri', `${service.origin}/elsewhere`],
    ['redirect_uri', 'https://evil.example/signed-in'],
    ['client_id', 'evil.example'],
    ['nonce', ''],
    ['response_mode', 'query'],
  ] as const) {
    const altered = new URL(begun)
    altered.searchParams.set(name, value)
    const reply = await page.goto(altered.href)
    expect([reply?.status(), page.url()], `${name}=${value}`).toEqual([400, altered.href])
    expect(await page.locator('form, script').count()).toBe(0)
    expect(await page.content()).not.toContain('evil')
  }
  const reply = await page.goto(begun.href)
  const policy = reply?.headers()['content-security-policy'] ?? ''
  expect(policy).toContain(`form-action ${service.callback};`)
  expect([policy.includes("frame-ancestors 'none'"), reply?.headers()['cache-control']]).toEqual([true, 'no-store'])
  await page.locator(agree).waitFor()
  complaints.length = 0
  await page.evaluate(() => {
    const form = document.createElement('form')
    form.method = 'post'
    form.action = 'https://evil.example/signed-in'
    document.body.append(form)
    form.submit()
  })
  await expect.poll(() => complaints.join(' ')).toContain('form-action')
  expect(page.url()).toBe(begun.href)
})

test('a token that comes twice, or for a sign-in that this browser did not begin, signs nobody in', async () => {
  await page.goto(`${service.origin}/sign-in`)
  const [sent] = await Promise.all([page.waitForRequest((request) => request.url() === service.callback), page.locator(agree).click()])
  await page.getByText('Welcome').waitFor()
  const body = sent.postData() ?? ''
  const post = async (form: string) =>
    fetch(service.callback, { method: 'POST', body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  expect(await (await post(body)).text()).toBe('Not signed in')
  const stolen = new URLSearchParams(body)
  stolen.set('state', new URL(service.begin()).searchParams.get('state') ?? '')
  expect(await (await post(stolen.toString())).text()).toBe('Not signed in')
  expect(service.refused).toEqual(['nobody began this', 'another nonce'])
  expect(service.signedIn).toHaveLength(1)
})
