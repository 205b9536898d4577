/** What a screen reader is told by itself: a payment as it goes on, what fails, and not what only flickers. */
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { BANDS } from './support/fake-bands.ts'
import { addCola, STORY_TIMEOUT_MS, screensForTests } from './support/open-screens.ts'

const open = screensForTests()

async function untilSaid(page: Page, words: string): Promise<void> {
  await page.getByTestId('announcer').filter({ hasText: words }).waitFor({ state: 'attached' })
}

test(
  'one region says how a payment goes on and ends, and that the backend is away',
  async () => {
    const { page, till } = await open()
    await addCola(page)
    await page.keyboard.press('F8')
    await page.locator('[data-act="charge"][aria-disabled="false"]').waitFor()
    till.setBands(BANDS.map((band) => ({ ...band, nearness: 1 })))
    await page.getByText('Far', { exact: true }).first().waitFor()
    // Who stands where flickers all the time: it is read when it is asked for, never by itself.
    expect(await page.locator('.pay [aria-live], .pay [role="status"]').count()).toBe(0)
    expect(await page.getByTestId('announcer').textContent()).toBe('')
    till.script('A', { stages: ['connecting', 'sent', 'waiting-for-customer'], outcome: 'stop' })
    await page.locator('[data-primary][aria-disabled="false"]').click()
    await untilSaid(page, 'Waiting for the customer')
    till.finish('wallet-refused')
    await untilSaid(page, 'Not paid.')
    till.setStatus({ backend: { state: 'offline' } })
    await untilSaid(page, 'Backend offline')
    await page.keyboard.press('F9')
    await page.getByRole('button', { name: /^Exact/ }).click()
    await page.keyboard.press('F8')
    await untilSaid(page, 'Paid: ¥14.00.')
    till.setLanguage({ language: 'zh-CN' })
    await page.getByRole('button', { name: '下一单' }).waitFor()
    till.setStatus({ backend: { state: 'online' } })
    await untilSaid(page, '后台在线')
  },
  STORY_TIMEOUT_MS,
)
