/** A band payment that ends without money says so in both languages, and the same sale is then paid in cash. */
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CustomerId } from '#reference/practice/customers.ts'
import { REASONS, type Reason } from '#shared/domain/reasons.ts'
import type { Language } from '#shared/domain/words.ts'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { addSnacks, type Counter, expectSoundScreen, openCounter, untilText } from './support/counter.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(async () => browser.close())

const WORDS = {
  'zh-CN': {
    charge: /^收款 ¥32\.00$/,
    atCounter: '就在柜台',
    chargeBand: /^向手环 \w 收款$/,
    notPaid: '未付款',
    nothing: '没有扣款。',
    cash: '现金付款',
    exact: /^正好/,
    take: '确认收款',
  },
  en: {
    charge: /^Charge ¥32\.00$/,
    atCounter: 'At the counter',
    chargeBand: /^Charge band \w$/,
    notPaid: 'Not paid',
    nothing: 'No money was taken.',
    cash: 'Pay in cash',
    exact: /^Exact/,
    take: 'Take cash',
  },
} as const

/** Sends everybody away and waits until the pay screen has heard it. */
async function emptyCounter({ stack, page }: Counter, atCounter: string): Promise<void> {
  await page.locator('.band').first().waitFor()
  await stack.sendAllAway()
  await page.locator('.band').filter({ hasText: atCounter }).first().waitFor({ state: 'detached' })
}

const ROWS: readonly { readonly language: Language; readonly customer: CustomerId; readonly what: string; readonly reason: Reason }[] = [
  { language: 'zh-CN', customer: 'off-wrist', what: 'off the wrist', reason: 'not-worn' },
  { language: 'en', customer: 'broke', what: 'of an empty wallet', reason: 'wallet-refused' },
]

test.each(ROWS)('$language: a band $what does not pay; cash does, for the same sale', async ({ language, customer, reason }) => {
  const counter = await openCounter(browser, { language })
  const { page, stack } = counter
  const words = WORDS[language]
  const other = language === 'en' ? 'zh-CN' : 'en'
  await addSnacks(page, ['popcorn-l'])
  await page.getByRole('button', { name: words.charge }).click()
  await emptyCounter(counter, words.atCounter)
  await stack.bringToCounter(customer)
  await page.locator('.band').filter({ hasText: words.atCounter }).click()
  await page.getByRole('button', { name: words.chargeBand }).click()
  const panel = page.getByTestId('not-paid')
  await panel.waitFor()
  expect(await panel.getAttribute('data-reason')).toBe(reason)
  const said = await panel.innerText()
  for (const sentence of [
    words.notPaid,
    REASONS[reason].say[language],
    REASONS[reason].say[other],
    REASONS[reason].next[language],
    words.nothing,
  ]) {
    expect(said).toContain(sentence)
  }
  await expectSoundScreen(counter, `${language} not paid`)
  await page.getByRole('button', { name: words.cash }).click()
  await page.getByRole('button', { name: words.exact }).click()
  await page.getByRole('button', { name: words.take }).click()
  await untilText(page, 'paid-total', '¥32.00')
  expect(await page.getByTestId('change-due').textContent()).toBe('¥0.00')
  expect(await page.getByTestId('receipt-number').textContent()).toBe('A-000001')
})

test('nobody is proposed when two people are equally near, and the one who knocks pays', async () => {
  const counter = await openCounter(browser, { language: 'en' })
  const { page, stack } = counter
  await stack.untilReachable(['twin-a', 'twin-b'])
  await addSnacks(page, ['popcorn-l'])
  await page.getByRole('button', { name: 'Charge ¥32.00' }).click()
  await emptyCounter(counter, 'At the counter')
  await stack.bringToCounter('twin-a')
  await stack.bringToCounter('twin-b')
  const atCounter = page.locator('.band').filter({ hasText: 'At the counter' })
  await atCounter.nth(1).waitFor()
  await atCounter.nth(0).click()
  await page.locator('.bands-knock').waitFor()
  await expectSoundScreen(counter, 'en nobody proposed')
  await page.locator('.charge[aria-disabled="false"]').click()
  const count = Number(await page.locator('.knock-count strong').textContent())
  await expectSoundScreen(counter, 'en knock')
  await stack.tellWorld({ type: 'knock', customer: 'twin-b', count })
  await page.locator('.outcome-payer').waitFor()
  expect(await page.locator('.outcome-payer').textContent()).toContain('Right Sandal')
})
