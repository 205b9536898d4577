/** The counter while the backend, or the till itself, is gone. */
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '#test/renderer/support/chromium.ts'
import { addSnacks, chooseSeats, expectSoundScreen, openCounter, seat, show, untilText } from './support/counter.ts'
import { withoutCutLine } from './support/trouble.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(async () => browser.close())

test('without the backend no seat is promised, snacks sell for cash; when it is back everything is sent and seats sell again', async () => {
  const counter = await openCounter(browser, { language: 'en' })
  const { page, stack } = counter
  const port = Number(new URL(stack.backend.url).port)
  await show(page).click()
  await page.locator('.seat-free[data-seat="F7"]').waitFor()
  await stack.backend.part.kill()
  await seat(page, 'F7').click()
  await page.getByTestId('notice').filter({ hasText: 'no new seats can be promised' }).waitFor()
  expect(await page.getByTestId('notice').getAttribute('data-code')).toBe('backend-offline')
  await untilText(page, 'status-backend', 'Backend offline')
  expect(await page.locator('.hall .seat-ours, .hall .seat-pending').count()).toBe(0)
  await expectSoundScreen(counter, 'en seats, offline')
  await page.keyboard.press('F2')
  await page.locator('.offline').filter({ hasText: 'No new seats can be promised until it is back. Snacks and cash go on.' }).waitFor()
  await addSnacks(page, ['cola', 'nachos'])
  await expectSoundScreen(counter, 'en sell, offline')
  await page.keyboard.press('F9')
  await page.getByRole('button', { name: '¥50.00' }).click()
  await page.getByRole('button', { name: 'Take cash' }).click()
  await untilText(page, 'change-due', '¥7.00')
  await page.getByText('Kept here, to be sent').waitFor()
  await untilText(page, 'status-outbox', /1 sale, ¥43\.00 unsynced/)
  await expectSoundScreen(counter, 'en done, offline')
  await page.getByRole('button', { name: 'Next sale' }).click()

  await stack.startBackend(port)
  await untilText(page, 'status-backend', 'Backend online')
  await untilText(page, 'status-outbox', 'All sent')
  await chooseSeats(page, ['F7'])
  await page.keyboard.press('F9')
  await page.getByRole('button', { name: /^Exact/ }).click()
  await page.getByRole('button', { name: 'Take cash' }).click()
  await untilText(page, 'paid-total', '¥58.00')
  await page.getByText('Sent to the backend').waitFor()
})

test('when the till dies the screen says so at once, over everything, in the language of the counter', async () => {
  const counter = await openCounter(browser)
  const { page, stack, complaints } = counter
  await addSnacks(page, ['cola'])
  await stack.terminal.part.kill()
  const overlay = page.getByRole('alertdialog', { name: '收银机没有响应' })
  await overlay.waitFor()
  expect(await overlay.innerText()).toContain('恢复之前无法售卖。')
  // The sale behind it cannot be reached, by pointer or by key.
  expect(await page.locator('.frame').getAttribute('inert')).not.toBeNull()
  // The browser itself reports each reconnection that fails; nothing else may be wrong.
  expect(withoutCutLine(complaints.splice(0))).toEqual([])
})
