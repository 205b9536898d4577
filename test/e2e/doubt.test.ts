/** An answer that is lost on its way back: the counter says what is known, settles by itself, and leaves the cashier one way out. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { addSnacks, type Counter, chargeProposed, expectSoundScreen, openCounter, untilText } from './support/counter.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(async () => browser.close())

const FOR_EVERY_ANSWER = 1_000

async function chargePopcorn(page: Page): Promise<void> {
  await addSnacks(page, ['popcorn-l'])
  await page.keyboard.press('F8')
  await chargeProposed(page)
}

async function expectDoubt(counter: Counter, name: string): Promise<void> {
  await counter.page.getByTestId('in-doubt').waitFor()
  await untilText(counter.page, 'status-in-doubt', /1/)
  await expectSoundScreen(counter, name)
}

test('a lost answer is in doubt, then settled by asking again: paid once', async () => {
  const counter = await openCounter(browser, { language: 'en' })
  const { page, stack } = counter
  await stack.tellWorld({ type: 'fault', customer: 'rich', fault: 'cut-on-answer' })
  await chargePopcorn(page)
  await expectDoubt(counter, 'en in doubt')
  await untilText(page, 'paid-total', '¥32.00')
  await page.getByText('Paid by Golden Carp').waitFor()
  await page.getByText('Sent to the backend').waitFor()
  await page.keyboard.press('F4')
  await page.locator('.row').first().waitFor()
  expect(await page.locator('.row').count()).toBe(1)
})

test('a customer who never confirms is waited for in words, and the cashier can stop asking', async () => {
  const counter = await openCounter(browser, { language: 'en' })
  const { page, stack } = counter
  await stack.tellWorld({ type: 'set', customer: 'rich', confirmAbove: 0, confirms: 'never' })
  await chargePopcorn(page)
  await page.locator('.stage-now').filter({ hasText: 'Waiting for the customer' }).waitFor()
  const asking = await page.locator('.asking').innerText()
  for (const sentence of ['Please confirm on your phone.', '请在手机上确认。']) expect(asking).toContain(sentence)
  expect(await page.getByRole('button', { name: 'Pay in cash' }).count()).toBe(0)
  await expectSoundScreen(counter, 'en asking')
  await page.getByRole('button', { name: 'Cancel this payment' }).click()
  await page.getByTestId('not-paid').waitFor()
  await expectSoundScreen(counter, 'en cancelled')
  await page.keyboard.press('Escape')
  await untilText(page, 'cart-total', '¥32.00')
  await page.getByTestId('status-in-doubt').waitFor({ state: 'detached' })
})

test('zh-CN: the one way out takes the charge back first, then frees the sale for cash', async () => {
  const counter = await openCounter(browser)
  const { page, stack } = counter
  // The phone has no network, so the backend never hears of it either: the doubt lasts until somebody decides.
  await stack.tellWorld({ type: 'set', customer: 'rich', network: false })
  await stack.tellWorld({ type: 'fault', customer: 'rich', fault: 'cut-on-answer', count: FOR_EVERY_ANSWER })
  await chargePopcorn(page)
  await expectDoubt(counter, 'zh-CN in doubt')
  expect(await page.getByTestId('in-doubt').innerText()).toContain('顾客的钱包可能已经扣款。')
  await page.keyboard.press('F9')
  expect(await page.getByTestId('cash-received').count()).toBe(0)
  await page.getByRole('button', { name: '取消，改用其他方式付款' }).click()
  await page.getByTestId('not-paid').waitFor()
  await expectSoundScreen(counter, 'zh-CN reversed')
  await page.getByRole('button', { name: '现金付款' }).click()
  await page.getByRole('button', { name: /^正好/ }).click()
  await page.getByRole('button', { name: '确认收款' }).click()
  await untilText(page, 'paid-total', '¥32.00')
  await untilText(page, 'status-outbox', '已全部上传')
  await page.getByTestId('status-in-doubt').waitFor({ state: 'detached' })
})
