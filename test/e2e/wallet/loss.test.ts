/** Goal: somebody who has never seen the wallet stops a thief in under a minute. Method: the presses of such a person, counted. */
import type { Browser, Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { submit } from '#shared/contracts/backend-api.ts'
import { tabTo } from '#test/e2e/support/keyboard.ts'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import type { BackendWorld } from '#test/support/backend-world.ts'
import { invited } from '#test/support/owner-browser.ts'
import { type LivedIn, liveIn } from './support/lived-in.ts'
import { haveWallet, type OpenWallet, openBackend, openWallet, signUp } from './support/open-wallet.ts'

const MINUTE_MS = 60_000

let browser: Browser
let world: BackendWorld
let origin: string
let lived: LivedIn
let wallet: OpenWallet
let codes: readonly string[]

beforeAll(async () => {
  await haveWallet()
  browser = await launchChromium()
})
afterAll(async () => browser.close())
beforeEach(async () => {
  ;({ world, origin } = await openBackend())
  lived = await liveIn(world)
  wallet = await openWallet(browser)
  codes = await signUp(wallet.page, origin, await invited(lived.customer))
  await wallet.page.context().clearCookies()
  await wallet.page.goto('about:blank')
})
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  await world.close()
})

/** Band and unlocked phone in a thief's hand, at a till. */
async function steal(): Promise<string> {
  const { json } = await world.submit({ ...lived, amount: 1_000 })
  const { kind, hint } = submit.reply.parse(json)
  return `${kind} ${hint}`
}

/** Presses, counted. */
function presser(page: Page) {
  const presses: string[] = []
  const press = async (name: string) => {
    presses.push(name)
    await page.locator(`[data-act="${name}"]`).click()
  }
  return { presses, press }
}

test('three presses and a passkey stop the thief; what was lost is dealt with afterwards', async () => {
  const { page, complaints } = wallet
  expect(await steal()).toBe('authorization none')
  const { presses, press } = presser(page)
  const startedMs = performance.now()
  await page.goto(`${origin}/wallet/`)
  await press('loss')
  await press('passkey')
  await press('stop')
  await page.getByTestId('stopped').waitFor()
  expect(performance.now() - startedMs).toBeLessThan(MINUTE_MS)
  expect(presses).toEqual(['loss', 'passkey', 'stop'])
  expect(await steal()).toBe('decline frozen')
  expect(await page.locator('h1').textContent()).toBe('Everything is stopped')

  // A while later the passkey is asked for again, by itself, and what was wanted is done.
  world.advance(6 * MINUTE_MS)
  await press('release')
  await press('confirm')
  await page.getByText('It pays no more.').first().waitFor()
  await press('retire')
  await press('confirm')
  await page.getByText('is retired.').waitFor()
  await press('invite')
  expect(await page.getByTestId('phone-code').textContent()).toMatch(/^\w{5}(?:-\w{5}){3}$/u)
  await press('close')
  const band = await world.db.selectFrom('wristbands').select('state').where('id', '=', lived.customer.bandId).executeTakeFirst()
  expect(band?.state).toBe('released')
  await press('unfreeze')
  await page.locator('[data-act="stop"]').waitFor()
  // Payments go on, and still not for the thief: the phone is retired.
  expect((await world.submit({ ...lived, amount: 1_000 })).status).toBeGreaterThanOrEqual(400)
  expect(complaints).toEqual([])
})

test('with no device of their own left, a recovery code in somebody else’s browser does it, without a mouse', async () => {
  const { page } = await openWallet(browser)
  const startedMs = performance.now()
  await page.goto(`${origin}/wallet/`)
  await page.locator('[data-act="passkey"]').waitFor()
  await tabTo(page, /Lost your band or phone\?.*Stop all payments now/u)
  await page.keyboard.press('Enter')
  await page.locator('[data-act="code"]').waitFor()
  await tabTo(page, /Use a recovery code/u)
  await page.keyboard.press('Enter')
  await page.locator('input[name="code"]').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.locator('input[name="code"]').focus()
  await page.keyboard.type((codes[3] ?? '').toLowerCase().replaceAll('-', ' '))
  await page.keyboard.press('Enter')
  await page.locator('[data-act="stop"]').waitFor()
  await tabTo(page, /Stop everything now/u)
  await page.keyboard.press('Enter')
  await page.getByTestId('stopped').waitFor()
  expect(performance.now() - startedMs).toBeLessThan(MINUTE_MS)
  expect(await steal()).toBe('decline frozen')
  await page.getByText('Stopped by you, with a recovery code.').waitFor()
})

test('stopped by the operator, it says who to call, and offers no button that would be refused', async () => {
  const { page } = wallet
  await world.operator('PATCH', `/v1/registry/accounts/${lived.customer.accountId}`, { frozen: true })
  await page.goto(`${origin}/wallet/#/loss`)
  await page.locator('[data-act="passkey"]').click()
  await page.getByText('Only they can let payments go on').waitFor()
  expect(await page.locator('[data-act="unfreeze"]').count()).toBe(0)
})
