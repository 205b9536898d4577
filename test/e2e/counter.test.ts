/** A whole sale at the real counter: by touch in Chinese, by the keyboard alone in English, by band and by cash. */
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { untilArmed } from '#test/renderer/support/armed.ts'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { type Counter, expectSoundScreen, openCounter, seat, show, untilText } from './support/counter.ts'
import { tabTo } from './support/keyboard.ts'
import { expectSmooth } from './support/smoothness.ts'

/** Room for a whole sale to be observed a second time. */
const OBSERVED_TWICE_MS = 240_000

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(async () => browser.close())

test(
  'zh-CN by touch: two seats, one as a child, and popcorn are paid by the band at the counter, synced, and printed again',
  async () => {
    const open = () => openCounter(browser, { context: { hasTouch: true } })
    await expectSmooth({ browser, name: 'zh-CN by touch', open }, sellByTouch)
  },
  OBSERVED_TWICE_MS,
)

async function sellByTouch(counter: Counter): Promise<void> {
  const { page } = counter
  expect(await page.getByTestId('practice').textContent()).toBe('练习')
  await expectSoundScreen(counter, 'zh-CN sell')
  await show(page).tap()
  await seat(page, 'F7').tap()
  await page
    .getByRole('radio', { name: /儿童.*¥35\.00/ })
    .locator('..')
    .tap()
  await seat(page, 'F8').tap()
  await page.locator('.hall .seat-ours').nth(1).waitFor()
  await page.getByRole('button', { name: 'F8 座：儿童，更改票种' }).waitFor()
  await expectSoundScreen(counter, 'zh-CN seats')
  await page.getByRole('button', { name: 'F7 座：成人，更改票种' }).tap()
  await page.getByRole('menuitem', { name: /长者/ }).tap()
  await untilText(page, 'cart-total', '¥74.00')
  await page.getByRole('button', { name: '卖品' }).tap()
  await page.locator('[data-product="popcorn-l"]').tap()
  await untilText(page, 'cart-total', '¥106.00')
  await expectSoundScreen(counter, 'zh-CN cart')
  await page.getByRole('button', { name: '收款 ¥106.00' }).tap()
  expect(await page.getByTestId('amount-due').textContent()).toBe('¥106.00')
  await page.locator('.band-proposed').waitFor()
  await expectSoundScreen(counter, 'zh-CN pay')
  await page.getByRole('button', { name: '向手环 A 收款' }).tap()
  await page.getByTestId('done').waitFor()
  expect(await page.getByTestId('paid-total').textContent()).toBe('¥106.00')
  expect(await page.locator('.outcome-payer').textContent()).toBe('付款人：Golden Carp · 手环付款')
  await page.getByText('已上传后台').waitFor()
  await expectSoundScreen(counter, 'zh-CN done')
  await page.getByRole('button', { name: '打印', exact: true }).tap()
  await page.getByText('小票 A-000001 已送往打印机。').waitFor()
  await page.getByRole('button', { name: '下一单' }).tap()
  await page.getByText('本单还是空的。').waitFor()
  await page.getByRole('navigation').getByRole('button', { name: '记录' }).tap()
  await page.locator('.row').filter({ hasText: 'A-000001' }).filter({ hasText: '¥106.00' }).filter({ hasText: '已上传' }).waitFor()
  await page.getByRole('button', { name: '重新打印' }).tap()
  await page.getByText('小票 A-000001 已送往打印机。').waitFor()
  await page.getByText('已打印 2 次').waitFor()
  await expectSoundScreen(counter, 'zh-CN history')
}

test(
  'en by the keyboard alone: a seat and popcorn by band, then snacks by cash with change',
  async () => {
    await expectSmooth({ browser, name: 'en by keyboard', open: () => openCounter(browser) }, sellByKeyboard)
  },
  OBSERVED_TWICE_MS,
)

async function sellByKeyboard(counter: Counter): Promise<void> {
  const { page } = counter
  await switchToEnglish(page)
  await expectSoundScreen(counter, 'en sell')
  await sellByBand(page, counter)
  await sellByCash(page, counter)
  await page.keyboard.press('F4')
  const rows = page.locator('.row')
  await rows.filter({ hasText: 'A-000002' }).filter({ hasText: '¥47.00' }).filter({ hasText: 'sent' }).waitFor()
  expect(await rows.count()).toBe(2)
  await page.keyboard.type('0001')
  await rows.filter({ hasText: 'A-000002' }).waitFor({ state: 'detached' })
  await page.locator('.desk-head').filter({ hasText: 'A-000001' }).waitFor()
  await expectSoundScreen(counter, 'en history')
  // The first press clears what was searched for, the second one leaves.
  for (const key of ['Escape', 'Escape']) await page.keyboard.press(key)
  await page.getByText('Nothing in this sale yet.').waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await expectSoundScreen(counter, 'en help')
}

async function switchToEnglish(page: Page): Promise<void> {
  await tabTo(page, /Switch to English/)
  await page.keyboard.press('Enter')
  await page.locator('html[lang="en"]').waitFor()
}

async function sellByBand(page: Page, counter: Counter): Promise<void> {
  await page.keyboard.press('F2')
  await tabTo(page, /19:10/)
  await page.keyboard.press('Enter')
  await page.locator('[data-seat]:focus').waitFor()
  // The entrance is in the middle of the back half; from there two rows forward and to the end of the row.
  for (const key of ['ArrowUp', 'ArrowUp', 'End']) await page.keyboard.press(key)
  await page.locator('[data-seat="C14"]:focus').waitFor()
  await page.keyboard.press('Space')
  await page.locator('.seat-ours[data-seat="C14"]').waitFor()
  for (const key of ['ArrowLeft', 'Enter', 'Enter']) await page.keyboard.press(key)
  await page.locator('.seat-free[data-seat="C13"]').waitFor()
  await untilText(page, 'cart-total', '¥58.00')
  await expectSoundScreen(counter, 'en seats')
  await page.keyboard.press('F3')
  await page.locator('[data-product="popcorn-s"]:focus').waitFor()
  await page.keyboard.press('Enter')
  await untilText(page, 'cart-total', '¥76.00')
  await page.keyboard.press('F8')
  await page.locator('.charge[aria-disabled="false"]:focus').filter({ hasText: 'Charge band A' }).waitFor()
  await expectSoundScreen(counter, 'en pay')
  await page.keyboard.press('Enter')
  await untilText(page, 'paid-total', '¥76.00')
  await page.getByText('Paid by Golden Carp').waitFor()
  await page.getByText('Sent to the backend').waitFor()
  await expectSoundScreen(counter, 'en done')
  await untilArmed(page)
  await page.keyboard.press('Enter')
  await page.getByText('Nothing in this sale yet.').waitFor()
}

async function sellByCash(page: Page, counter: Counter): Promise<void> {
  await page.keyboard.press('F3')
  await tabTo(page, /Popcorn, large/)
  await page.keyboard.press('Enter')
  await tabTo(page, /Cola/)
  await page.keyboard.press('Enter')
  await untilText(page, 'cart-total', '¥47.00')
  await page.keyboard.press('F9')
  await untilText(page, 'cash-received', '¥0.00')
  await page.keyboard.type('40')
  await page.getByText('Still missing').waitFor()
  expect(await page.getByRole('button', { name: 'Take cash' }).isDisabled()).toBe(true)
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Backspace')
  await page.keyboard.type('100.5')
  await untilText(page, 'cash-change', '¥53.50')
  await expectSoundScreen(counter, 'en cash')
  await page.keyboard.press('Enter')
  await untilText(page, 'change-due', '¥53.50')
  expect(await page.getByTestId('receipt-number').textContent()).toBe('A-000002')
  await expectSoundScreen(counter, 'en done, cash')
  await untilArmed(page)
  await page.keyboard.press('Enter')
  await page.getByText('Nothing in this sale yet.').waitFor()
}
