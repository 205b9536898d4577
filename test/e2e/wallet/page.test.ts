/** The wallet's page in a real browser: what it keeps, what it does without network, and what becomes of what was typed. */
import type { Browser } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { OWNER_SESSION_IDLE_MS } from '#shared/contracts/owner-api.ts'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import type { BackendWorld } from '#test/support/backend-world.ts'
import { invited } from '#test/support/owner-browser.ts'
import { type LivedIn, liveIn } from './support/lived-in.ts'
import { goTo, haveWallet, openBackend, openWallet, signUp } from './support/open-wallet.ts'

let browser: Browser
let world: BackendWorld
let origin: string
let lived: LivedIn

beforeAll(async () => {
  await haveWallet()
  browser = await launchChromium()
})
afterAll(async () => browser.close())
beforeEach(async () => {
  ;({ world, origin } = await openBackend())
  lived = await liveIn(world)
})
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  await world.close()
})

test('what was typed outlives the session, and a raise asks for the passkey by itself', async () => {
  const { page, complaints } = await openWallet(browser)
  await signUp(page, origin, await invited(lived.customer))
  await goTo(page, 'limits')
  await page.locator('input[name="perDay"]').fill('6000')
  await page.getByText('This allows more than before').waitFor()
  world.advance(OWNER_SESSION_IDLE_MS + 1)
  await page.locator('[data-act="save"]').click()
  await page.getByText('You have been signed out').waitFor()
  expect(await page.getByText('Limits', { exact: true }).first().isVisible()).toBe(false)
  await page.locator('[data-act="passkey"]').click()
  await page.locator('input[name="perDay"]').waitFor({ state: 'visible' })
  expect(await page.locator('input[name="perDay"]').inputValue()).toBe('6000')
  // Fresh no more, so that saving has to ask.
  world.advance(6 * 60_000)
  await page.locator('[data-act="save"]').click()
  await page.locator('.note-good').waitFor()
  const { per_day: perDay } = await world.db.selectFrom('limits').select('per_day').executeTakeFirstOrThrow()
  expect(perDay).toBe(600_000)
  expect(complaints).toEqual([])
})

test('the owner keeps the card: a passkey changes it, and what the operator checked counts so until something else is typed', async () => {
  const { page, complaints, setPresent } = await openWallet(browser)
  await signUp(page, origin, await invited(lived.customer))
  await goTo(page, 'card')
  await page.getByText('it no longer counts as checked').waitFor()
  await page.locator('[data-act="save-name"]').click()
  await page.getByText('The name is on your card.').waitFor()
  const nameOf = async () => (await world.db.selectFrom('card_names').selectAll().executeTakeFirst())?.set_by
  expect(await nameOf()).toBe('operator')
  // Fresh no more: whoever has this browser for a moment becomes nobody else.
  world.advance(6 * 60_000)
  await setPresent(false)
  await page.locator('input[name="cardName"]').fill('Silver Carp')
  await page.locator('[data-act="save-name"]').click()
  await page.getByText('No passkey was shown.').waitFor()
  expect(await nameOf()).toBe('operator')
  await setPresent(true)
  await page.locator('[data-act="save-name"]').click()
  await page.getByText('nobody has checked it').first().waitFor()
  expect(await nameOf()).toBe('owner')
  await page.locator('[data-act="remove-name"]').click()
  await page.locator('[data-act="confirm"]').click()
  await page.getByText('The name is removed.').waitFor()
  expect(await nameOf()).toBeUndefined()
  await page.locator('select').selectOption('lotus')
  await page.locator('input[name="memberNumber"]').fill('７')
  await page.locator('[data-act="save-number"]').click()
  await page.getByText('Your number with Lotus Hotel by the Lake is on your card.').waitFor()
  await page.locator('[data-set-by="operator"] [data-act="remove-number"]').click()
  await page.locator('[data-act="confirm"]').click()
  await page.getByText('Your number with Aurora Cinema is removed.').waitFor()
  const numbers = await world.db.selectFrom('member_numbers').select(['merchant_id', 'number', 'set_by']).execute()
  expect(numbers).toEqual([{ merchant_id: 'lotus', number: '7', set_by: 'owner' }])
  expect(complaints).toEqual([])
})

test('whoever signs out leaves nothing on the page, in its storage or in its address', async () => {
  const { page } = await openWallet(browser)
  const ticket = await invited(lived.customer)
  const asked: string[] = []
  page.on('request', (request) => asked.push(`${request.url()} ${JSON.stringify(request.headers())}`))
  await signUp(page, origin, ticket)
  expect(asked.filter((text) => text.includes(ticket))).toEqual([])
  await goTo(page, 'more')
  await page.locator('[data-act="sign-out-everywhere"]').click()
  await page.getByText('You are signed out.').waitFor()
  expect(await page.content()).not.toMatch(/Golden Carp|12,57/u)
  const kept = await page.evaluate(() =>
    [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, location.href].join(' '),
  )
  expect(kept).not.toMatch(new RegExp(`Golden|${ticket}`, 'u'))
  expect(await world.db.selectFrom('owner_sessions').selectAll().execute()).toEqual([])
})

test('language and colours stay as they were left', async () => {
  const { page } = await openWallet(browser, { language: 'zh-CN' })
  await signUp(page, origin, await invited(lived.customer))
  expect(await page.title()).toBe('Bandtill 钱包')
  await page.locator('.top-language').click()
  await goTo(page, 'more')
  await page.getByText('Dark', { exact: true }).click()
  await page.reload()
  await page.locator('h1', { hasText: 'More' }).waitFor()
  expect(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset['scheme'], document.title])).toEqual([
    'en',
    'dark',
    'Bandtill wallet',
  ])
})

test('without network the page opens and says so, and no answer of the backend was kept', async () => {
  const { page } = await openWallet(browser, { context: { serviceWorkers: 'allow' } })
  await signUp(page, origin, await invited(lived.customer))
  expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state)).toMatch(/activat/u)
  await page.reload()
  await page.getByTestId('balance').waitFor()
  const kept = await page.evaluate(async () => {
    const names = await caches.keys()
    const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
    return requests.flat().map(({ url }) => new URL(url).pathname)
  })
  expect(kept.filter((path) => !path.startsWith('/wallet/'))).toEqual([])
  expect(kept).toContain('/wallet/')
  await page.context().setOffline(true)
  await page.reload()
  await page.getByText('No connection.').first().waitFor()
  expect(await page.getByTestId('balance').count()).toBe(0)
  await page.context().setOffline(false)
  await page.locator('[data-act="retry"]').click()
  await page.getByTestId('balance').waitFor()
})

test('by its number the page leads to its name, where passkeys work', async () => {
  const { page } = await openWallet(browser)
  await page.goto(`${origin.replace('localhost', '127.0.0.1')}/wallet/`)
  expect(page.url()).toBe(`${origin}/wallet/`)
})
